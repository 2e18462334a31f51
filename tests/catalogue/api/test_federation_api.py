"""What anybody sees of a node's log and peers over HTTP, and the operator's hand on them."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from api_support import ApiNode, MakeApi, Provider, problem
from sqlalchemy import insert, update
from strangers import Stranger, Web
from werkzeug.test import TestResponse

from catalogue.federation.difference import Differences
from catalogue.federation.hints import event_of
from catalogue.federation.model import EntryState, PeerState
from catalogue.federation.peers import Peers
from catalogue.ledger import pack_report
from catalogue.observability import exposition
from catalogue.store.tables import checkpoints, contradictions, heads, peers, received, stored_time
from credentials.times import to_rfc3339, utc_now
from credentials.transparency.notes import NoteKey
from credentials.verification import Refused

TOKEN = "a token that is long enough"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
URL = "https://nord.example"
PATH = "/operator/peers/nord.example"
ENTRIES = "/operator/peer-entries/nord.example"


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def ruled(make_api: MakeApi, web: Web) -> ApiNode:
    """A node with an operator's token, which meets other nodes on `web`."""
    made = make_api(operator_token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest())
    made.node.peers = Peers(made.settings, made.node.database, web, utc_now)  # type: ignore[arg-type]
    return made


@pytest.fixture
def nord(web: Web) -> Stranger:
    return Stranger(web, URL).serve(utc_now())


def follow(api: ApiNode, stranger: Stranger) -> dict[str, Any]:
    form = {"url": stranger.url, "key": stranger.vkey}
    response = api.client.post("/operator/peers", json=form, headers=OPERATOR)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.get_json()
    return body


def change(api: ApiNode, **values: Any) -> None:
    with api.node.database.write() as connection:
        connection.execute(update(peers).where(peers.c.name == "nord.example").values(**values))


def receive(api: ApiNode, leaf: int, state: EntryState, **values: Any) -> None:
    with api.node.database.write() as connection:
        connection.execute(
            insert(received).values(
                peer=1,
                leaf=leaf,
                op="list",
                digest=f"{leaf:064x}",
                at=stored_time(utc_now()),
                state=state.value,
                **values,
            )
        )
        connection.execute(update(peers).values(size=leaf + 1, signed_size=leaf + 3))


def federation(api: ApiNode) -> dict[str, Any]:
    body: dict[str, Any] = api.client.get("/federation").get_json()
    return body


CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "/operator/peers", None),
    ("POST", "/operator/peers", {"url": URL}),
    ("GET", PATH, None),
    ("PATCH", PATH, {"state": "paused"}),
    ("DELETE", PATH, None),
    ("GET", ENTRIES, None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_only_the_operator_has_a_hand_on_peers(
    api: ApiNode, ruled: ApiNode, method: str, path: str, body: dict[str, Any] | None
) -> None:
    problem(api.client.open(path, method=method, json=body, headers=OPERATOR), "command-line-only", 403)
    problem(ruled.client.open(path, method=method, json=body), "operator-token-required", 401)


def test_a_node_without_peers_tells_of_its_own_log(api: ApiNode) -> None:
    before = federation(api)
    assert (before["size"], before["root"], before["signed_at"], before["held"]) == (None, None, None, None)
    assert (before["peers"], before["contradictions"]) == ([], [])
    assert before["origin"].startswith(f"{before['name']}/log/")
    assert NoteKey.parse(before["key"]).name == before["origin"]
    now = utc_now()
    with api.node.database.write() as connection:
        for size, digit in ((9, "a"), (10, "b")):
            connection.execute(
                insert(checkpoints).values(size=size, root=digit * 64, note=b"", signed_at=stored_time(now))
            )
        connection.execute(update(heads).values(held="restored from a backup"))
    after = federation(api)
    assert (after["size"], after["root"], after["signed_at"]) == (10, "b" * 64, to_rfc3339(now))
    assert after["held"] == "restored from a backup"


def test_without_a_key_a_node_is_shown_and_nothing_is_stored(ruled: ApiNode, nord: Stranger) -> None:
    response = ruled.client.post("/operator/peers", json={"url": URL}, headers=OPERATOR)
    assert response.status_code == 200
    body = response.get_json()
    assert (body["name"], body["origin"], body["key"]) == ("nord.example", nord.origin, nord.vkey)
    assert (body["voucher"], body["did"]) == ("host", "did:web:nord.example")
    assert (body["known"], body["former"]) == (None, None)
    assert federation(ruled)["peers"] == []


def test_with_its_key_a_node_is_followed(ruled: ApiNode, nord: Stranger) -> None:
    form = {"url": URL, "key": nord.vkey}
    response = ruled.client.post("/operator/peers", json=form, headers=OPERATOR)
    assert response.status_code == 201
    assert response.headers["Location"] == PATH
    read = ruled.client.get(PATH, headers=OPERATOR).get_json()
    assert read == response.get_json()
    assert (read["state"], read["keys"], read["size"], read["lag"]) == ("followed", [nord.vkey], 0, None)
    listed = ruled.client.get("/operator/peers", headers=OPERATOR).get_json()
    assert listed == {"items": [read], "total": 1, "next": None}
    again = ruled.client.post("/operator/peers", json=form, headers=OPERATOR)
    assert problem(again, "peer-refused", 422)["where"] == "url"


def test_a_key_that_did_not_sign_is_not_pinned(ruled: ApiNode, nord: Stranger, web: Web) -> None:
    form = {"url": URL, "key": Stranger(web, URL).vkey}
    response = ruled.client.post("/operator/peers", json=form, headers=OPERATOR)
    assert problem(response, "peer-refused", 422)["where"] == "key"
    assert federation(ruled)["peers"] == []


def test_a_node_that_is_not_there_is_refused_with_the_reason(ruled: ApiNode) -> None:
    response = ruled.client.post("/operator/peers", json={"url": URL}, headers=OPERATOR)
    assert "takes no connection" in problem(response, "peer-refused", 422)["detail"]


@pytest.mark.parametrize(
    ("form", "where"),
    [
        ({}, "url"),
        ({"url": "nord.example"}, "url"),
        ({"url": URL, "key": ""}, "key"),
        ({"url": URL, "name": "x"}, "name"),
    ],
)
def test_a_form_that_cannot_be_used_is_400(ruled: ApiNode, form: dict[str, Any], where: str) -> None:
    response = ruled.client.post("/operator/peers", json=form, headers=OPERATOR)
    assert problem(response, "invalid-parameter", 400)["where"] == where


def test_a_name_with_port_and_path_is_one_segment(ruled: ApiNode, web: Web) -> None:
    stranger = Stranger(web, "https://nord.example:8443/catalogue").serve(utc_now())
    assert follow(ruled, stranger)["name"] == "nord.example:8443/catalogue"
    name = "nord.example:8443%2Fcatalogue"
    path = f"/operator/peers/{name}"
    # Not the checked client: it takes paths apart at slashes that are none.
    client = type(ruled.app.test_client()).__mro__[1](ruled.app)
    assert client.get(path, headers=OPERATOR).get_json()["url"] == stranger.url
    assert client.get(f"/operator/peer-entries/{name}", headers=OPERATOR).get_json()["total"] == 0
    assert client.patch(path, json={"state": "paused"}, headers=OPERATOR).get_json()["state"] == "paused"
    assert client.delete(path, headers=OPERATOR).status_code == 200


# A name may end as another path does: neither is taken for the other.
@pytest.mark.parametrize("name", ["nobody.example", "x", "[::1]:8080", "x%2Fentries"])
def test_a_peer_that_is_not_there_is_404(ruled: ApiNode, name: str) -> None:
    path = f"/operator/peers/{name}"
    for method, form in (("GET", None), ("DELETE", None), ("PATCH", {"state": "paused"})):
        problem(ruled.client.open(path, method=method, json=form, headers=OPERATOR), "not-found", 404)
    problem(ruled.client.get(f"/operator/peer-entries/{name}", headers=OPERATOR), "not-found", 404)


def test_a_peer_is_paused_and_followed_again(ruled: ApiNode, nord: Stranger) -> None:
    follow(ruled, nord)
    paused = ruled.client.patch(PATH, json={"state": "paused"}, headers=OPERATOR).get_json()
    assert (paused["state"], paused["due_at"]) == ("paused", None)
    assert federation(ruled)["peers"][0]["state"] == "paused"
    resumed = ruled.client.patch(PATH, json={"state": "followed"}, headers=OPERATOR).get_json()
    assert resumed["state"] == "followed"
    assert resumed["due_at"] is not None


def test_what_was_put_off_is_due_at_once_when_the_operator_says_so(ruled: ApiNode, nord: Stranger) -> None:
    follow(ruled, nord)
    later = stored_time(utc_now() + timedelta(hours=6))
    for leaf, state in enumerate((EntryState.DEFERRED, EntryState.REFUSED)):
        receive(ruled, leaf, state, tries=9, due_at=later if state is EntryState.DEFERRED else None)

    def due() -> list[str | None]:
        return [one["due_at"] for one in ruled.client.get(ENTRIES, headers=OPERATOR).get_json()["items"]]

    before, none = due()
    assert none is None
    ruled.client.patch(PATH, json={"state": "followed"}, headers=OPERATOR)
    after, none = due()
    assert none is None
    assert after is not None
    assert before is not None
    assert after < before


def test_a_new_key_is_pinned_on_the_operators_word(ruled: ApiNode, nord: Stranger, web: Web) -> None:
    follow(ruled, nord)
    new = Stranger(web, URL).vkey
    body = ruled.client.patch(PATH, json={"key": new}, headers=OPERATOR).get_json()
    assert (body["key"], body["keys"]) == (new, [nord.vkey, new])
    foreign = ruled.client.patch(
        PATH, json={"key": Stranger(web, "https://x.example").vkey}, headers=OPERATOR
    )
    assert problem(foreign, "peer-refused", 422)["where"] == "key"


@pytest.mark.parametrize(
    ("form", "where"),
    [({"state": "removed"}, "state"), ({"key": 7}, "key"), ({"url": URL}, "url")],
)
def test_a_change_that_cannot_be_is_400(
    ruled: ApiNode, nord: Stranger, form: dict[str, Any], where: str
) -> None:
    follow(ruled, nord)
    response = ruled.client.patch(PATH, json=form, headers=OPERATOR)
    assert problem(response, "invalid-parameter", 400)["where"] == where


def test_a_removed_peer_that_listed_something_is_shown_as_such(ruled: ApiNode, nord: Stranger) -> None:
    follow(ruled, nord)
    receive(ruled, 0, EntryState.ACCEPTED)
    done = ruled.client.delete(PATH, headers=OPERATOR)
    assert done.get_json() == {"name": "nord.example", "dropped": 0, "left": 0, "kept": 1}
    (peer,) = federation(ruled)["peers"]
    assert (peer["state"], peer["stale"]) == ("removed", True)
    dropped = ruled.client.delete(f"{PATH}?drop=true", headers=OPERATOR)
    assert dropped.get_json() == {"name": "nord.example", "dropped": 1, "left": 0, "kept": 0}
    assert federation(ruled)["peers"] == []


def test_a_removal_takes_no_unknown_word(ruled: ApiNode, nord: Stranger) -> None:
    follow(ruled, nord)
    for query in ("drop=yes", "drop=true&drop=true", "all=true"):
        problem(ruled.client.delete(f"{PATH}?{query}", headers=OPERATOR), "invalid-parameter", 400)
    assert federation(ruled)["peers"][0]["state"] == "followed"


def test_a_peer_is_shown_with_lag_counts_and_what_went_wrong(ruled: ApiNode, nord: Stranger) -> None:
    follow(ruled, nord)
    states = [EntryState.ACCEPTED] * 3 + [EntryState.REFUSED] * 2 + [EntryState.DEFERRED, EntryState.GONE]
    for leaf, state in enumerate(states):
        receive(ruled, leaf, state)
    now = utc_now()
    change(
        ruled,
        last_error="the host takes no\nconnection",
        renewed_at=stored_time(now),
        signed_at=stored_time(now - timedelta(days=2)),
    )
    (peer,) = federation(ruled)["peers"]
    assert (peer["size"], peer["signed_size"], peer["lag"]) == (7, 9, 2)
    assert peer["entries"] == {
        "pending": 0,
        "accepted": 3,
        "refused": 2,
        "deferred": 1,
        "gone": 1,
        "erased": 0,
    }
    assert peer["last_error"] == "the host takes no\ufffdconnection"
    assert (peer["stale"], peer["stale_since"]) == (False, None)
    assert peer["clock_skew"] == -2 * 86_400
    # What is the operator's business is no one else's.
    assert not {"reason", "faults", "due_at"} & peer.keys()


def test_a_peer_without_a_new_signature_is_stale_since_then(ruled: ApiNode, nord: Stranger) -> None:
    follow(ruled, nord)
    seen = utc_now() - timedelta(hours=1)
    change(
        ruled, renewed_at=stored_time(seen), signed_at=stored_time(seen), answered_at=stored_time(utc_now())
    )
    (peer,) = federation(ruled)["peers"]
    assert (peer["stale"], peer["seen_at"]) == (True, to_rfc3339(seen))
    assert peer["stale_since"] == to_rfc3339(seen + timedelta(seconds=600))


def test_evidence_is_given_as_it_was_made(ruled: ApiNode, nord: Stranger) -> None:
    follow(ruled, nord)
    evidence = b'{"format": "catalogue-log-evidence"}'
    name = hashlib.sha256(evidence).hexdigest()
    with ruled.node.database.write() as connection:
        connection.execute(
            insert(contradictions).values(
                id=name,
                peer="nord.example",
                origin=nord.origin,
                kind="fork",
                found_at=stored_time(utc_now()),
                evidence=evidence,
            )
        )
    change(ruled, state=PeerState.CONTRADICTED.value)
    whole = federation(ruled)
    assert whole["peers"][0]["contradictions"] == [name]
    assert [(one["id"], one["kind"], one["origin"]) for one in whole["contradictions"]] == [
        (name, "fork", nord.origin)
    ]
    assert ruled.client.get(f"/federation/contradictions/{name}").data == evidence
    problem(ruled.client.get(f"/federation/contradictions/{'0' * 64}"), "not-found", 404)
    ruled.client.delete(PATH, headers=OPERATOR)
    assert federation(ruled)["contradictions"] == whole["contradictions"]


def test_entries_are_listed_by_state_with_their_reports_page_by_page(
    ruled: ApiNode, nord: Stranger, provider: Provider
) -> None:
    follow(ruled, nord)
    broken = provider.signed("Broken").replace(b"which a test", b"which no test")
    with pytest.raises(Refused) as refused:
        ruled.node.verification.verify(broken, None)
    report = refused.value.report
    states = [EntryState.REFUSED, EntryState.ACCEPTED, EntryState.REFUSED, EntryState.DEFERRED] * 2
    for leaf, state in enumerate(states):
        values: dict[str, Any] = {}
        if state is EntryState.REFUSED:
            values = {"report": pack_report(report), "detail": "signature: it doesn't hold"}
        if state is EntryState.DEFERRED:
            values = {"tries": 3, "due_at": stored_time(utc_now()), "detail": "the host takes no connection"}
        receive(ruled, leaf, state, **values)

    def pages(query: str) -> list[dict[str, Any]]:
        found, after = [], 0
        while True:
            url = f"{ENTRIES}?size=3&after={after}{query}"
            page = ruled.client.get(url, headers=OPERATOR).get_json()
            found += page["items"]
            if page["next"] is None:
                assert page["total"] == len(found)
                return found
            assert len(page["items"]) == 3
            after = page["next"]

    assert [one["leaf"] for one in pages("")] == list(range(8))
    assert [one["leaf"] for one in pages("&state=accepted")] == [1, 5]
    first, *_ = found = pages("&state=refused")
    assert [one["leaf"] for one in found] == [0, 2, 4, 6]
    assert (first["check"], first["report"]["verdict"]) == ("signature", "refused")
    (deferred, _) = pages("&state=deferred")
    assert (deferred["tries"], deferred["check"], deferred["report"]) == (3, None, None)
    assert pages("&state=gone") == []
    assert ruled.client.get(f"{ENTRIES}?after={2**62}", headers=OPERATOR).get_json()["items"] == []
    problem(ruled.client.get(f"{ENTRIES}?state=lost", headers=OPERATOR), "invalid-parameter", 400)


def diff(api: ApiNode, query: str) -> dict[str, Any]:
    response = api.client.get(f"/federation/diff?{query}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.get_json()
    return body


def test_what_differs_is_told_in_pages_on_each_side(
    ruled: ApiNode, nord: Stranger, provider: Provider
) -> None:
    follow(ruled, nord)
    for leaf in range(5):
        receive(ruled, leaf, EntryState.REFUSED if leaf % 2 else EntryState.DEFERRED, detail="why")
    first = diff(ruled, "peer=nord.example&size=3")
    assert [(one["leaf"], one["outcome"]) for one in first["there"]] == [
        (0, "deferred"),
        (1, "refused"),
        (2, "deferred"),
    ]
    assert (first["next"], first["live"]) == ("3", None)
    assert "here" not in first
    rest = diff(ruled, f"peer=nord.example&size=3&cursor={first['next']}")
    assert [one["leaf"] for one in rest["there"]] == [3, 4]
    assert rest["next"] is None
    # Of a log of which nothing was proven nothing is said.
    assert (first["log"]["outcome"], first["log"]["signed"]) == ("unknown", None)
    for name in ("One", "Two"):
        ruled.listed(provider.signed(name))
    one = diff(ruled, "peer=nord.example&side=here&size=1")
    two = diff(ruled, f"peer=nord.example&side=here&size=1&cursor={one['next']}")
    assert [len(one["here"]), len(two["here"])] == [1, 1]
    assert one["here"] != two["here"]
    assert one["here"][0]["listed_by"] == [federation(ruled)["name"]]


def test_comparing_live_asks_the_peer_and_counts_like_a_verification(
    make_api: MakeApi, nord: Stranger
) -> None:
    api = make_api(rate_verify="1/minute", operator_token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest())
    api.node.peers = Peers(api.settings, api.node.database, nord.web, utc_now)  # type: ignore[arg-type]
    api.node.differences = Differences(api.settings, api.node.database, nord.web)  # type: ignore[arg-type]
    follow(api, nord)
    del nord.web.served[f"{URL}/log/checkpoint"]
    nord.web.asked.clear()
    assert diff(api, "peer=nord.example")["live"] is None
    assert nord.web.asked == []
    asked = diff(api, "peer=nord.example&live=true")["live"]
    assert (asked["outcome"], asked["detail"]) == ("unreachable", "the host takes no connection")
    assert nord.web.asked == [f"{URL}/log/checkpoint"]
    problem(api.client.get("/federation/diff?peer=nord.example&live=true"), "rate-limited", 429)
    assert diff(api, "peer=nord.example&live=false")["live"] is None


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("", "peer"),
        ("peer=a b", "peer"),
        ("peer=nord.example&side=both", "side"),
        ("peer=nord.example&live=yes", "live"),
        ("peer=nord.example&cursor=x", "cursor"),
        ("peer=nord.example&cursor=" + "9" * 19, "cursor"),
        ("peer=nord.example&side=here&cursor=7", "cursor"),
        ("peer=nord.example&size=0", "size"),
        ("peer=nord.example&after=7", "after"),
    ],
)
def test_a_comparison_that_cannot_be_is_400(ruled: ApiNode, nord: Stranger, query: str, where: str) -> None:
    follow(ruled, nord)
    response = ruled.client.get(f"/federation/diff?{query}")
    assert problem(response, "invalid-parameter", 400)["where"] == where


def test_nobody_is_compared_with_who_is_not_followed(api: ApiNode) -> None:
    problem(api.client.get("/federation/diff?peer=nord.example"), "not-found", 404)


def hint(stranger: Stranger, **changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(
        event_of(stranger.origin, len(stranger.entries), stranger.note(utc_now()), utc_now())
    )
    return {name: value for name, value in (event | changes).items() if value is not None}


def post_hint(api: ApiNode, event: Any, **options: Any) -> TestResponse:
    options = {"content_type": "application/cloudevents+json"} | options
    return api.client.post("/federation/hints", data=json.dumps(event), **options)


def due(api: ApiNode) -> str | None:
    body = api.client.get(PATH, headers=OPERATOR).get_json()
    found: str | None = body["due_at"]
    return found


def test_a_hint_has_the_peer_asked_and_is_answered_like_any_other(ruled: ApiNode, nord: Stranger) -> None:
    follow(ruled, nord)
    change(ruled, due_at=None)
    strange = Stranger(Web(), "https://sud.example")
    for event in (hint(strange), hint(nord, source="//sud.example/log/1"), hint(nord, data="no note")):
        nothing = post_hint(ruled, event)
        assert (nothing.status_code, nothing.data) == (202, b"")
    assert due(ruled) is None
    nord.entries.append(b"new")
    taken = post_hint(ruled, hint(nord, subject="an attribute of another version"))
    assert (taken.status_code, taken.data) == (202, b"")
    assert due(ruled) is not None


def test_a_hint_is_heard_only_where_the_operator_wants_it(make_api: MakeApi, nord: Stranger) -> None:
    deaf = make_api(federation_hints=False, operator_token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest())
    deaf.node.peers = Peers(deaf.settings, deaf.node.database, nord.web, utc_now)  # type: ignore[arg-type]
    follow(deaf, nord)
    change(deaf, due_at=None)
    nord.entries.append(b"new")
    assert post_hint(deaf, hint(nord)).status_code == 202
    assert due(deaf) is None


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"type": "eu.cloud-federation.log.shrunk"}, "type"),
        ({"id": None}, "id"),
        ({"source": "nord.example/log/1"}, "source"),
        ({"data": {"size": 3}}, "data"),
        ({"data": "\ud800"}, "data"),
    ],
)
def test_what_is_no_hint_is_400(api: ApiNode, nord: Stranger, changes: dict[str, Any], where: str) -> None:
    assert problem(post_hint(api, hint(nord, **changes)), "invalid-parameter", 400)["where"] == where


def test_a_hint_that_cannot_be_read_is_refused(api: ApiNode, nord: Stranger) -> None:
    for text in (b"", b"{", b"[]", b"[" * 100_000):
        response = api.client.post(
            "/federation/hints", data=text, content_type="application/cloudevents+json"
        )
        problem(response, "malformed-request", 400)
    json_body = post_hint(api, hint(nord), content_type="application/json")
    problem(json_body, "unsupported-media-type", 415)


def test_hints_count_as_reads(make_api: MakeApi, nord: Stranger) -> None:
    api = make_api(rate_read="2/minute")
    assert [post_hint(api, hint(nord)).status_code for _ in range(3)] == [202, 202, 429]


def test_metrics_tell_of_every_peer(ruled: ApiNode, nord: Stranger) -> None:
    follow(ruled, nord)
    receive(ruled, 0, EntryState.ACCEPTED)
    text = exposition(ruled.node)[0].decode()
    assert 'catalogue_peer_entries{peer="nord.example"} 1.0' in text
    assert 'catalogue_peer_lag_entries{peer="nord.example"} 2.0' in text
    assert 'catalogue_peer_stale{peer="nord.example"} 0.0' in text
    change(ruled, renewed_at=stored_time(utc_now() - timedelta(days=1)))
    assert 'catalogue_peer_stale{peer="nord.example"} 1.0' in exposition(ruled.node)[0].decode()
