"""`scope=live`: what peers have and was not copied yet is verified here; nothing is taken on their word."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from api_support import LD_JSON, ApiNode, MakeApi, Provider, problem
from peers_here import follow
from sqlalchemy import func, select

from catalogue.counters import Counters, open_counters
from catalogue.describing import Describer
from catalogue.federation import live
from catalogue.federation.live import LiveSearch
from catalogue.federation.model import PeerState
from catalogue.fetching import Form
from catalogue.store.tables import blobs, intake, listings
from credentials.identity import digest_of, record_id
from credentials.resolving import Fetched, FetchFailed
from credentials.times import to_rfc3339, utc_now

NEAR, FAR = "near.example", "far.example"
Answers = Callable[[str, Form | None], bytes]


@dataclass
class Web:
    """The way to peers: who is there, and what was asked of whom."""

    peers: dict[str, Answers] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def fetch(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        signed: bool = False,
        self_proving: bool = False,
        post: Form | None = None,
    ) -> Fetched:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.asked.append((parts.netloc, path))
        if parts.netloc not in self.peers:
            raise FetchFailed(url, "no connection", temporary=True)
        body = self.peers[parts.netloc](path, post)
        if len(body) > max_bytes:
            raise FetchFailed(url, "the answer is too large", temporary=False)
        return Fetched(body, accept, url, utc_now())

    def questions(self) -> list[dict[str, list[str]]]:
        """The parameters of every search, in order."""
        return [parse_qs(urlsplit(path).query) for _, path in self.asked if path.startswith("/offerings")]


def served(peer: ApiNode) -> Answers:
    """A real node as others reach it; its test client checks the questions and answers as it does all."""

    def answer(path: str, post: Form | None) -> bytes:
        if post is None:
            response = peer.client.get(path)
        else:
            response = peer.client.post(path, data=post.body, content_type=post.media_type)
        if response.status_code != 200:
            status = response.status_code
            raise FetchFailed(path, f"the answer is {status}", temporary=status >= 500, status=status)
        return response.data

    return answer


@dataclass
class Liar:
    """A peer without a node behind it: it finds and gives what a test says."""

    items: Any = field(default_factory=list)
    held: dict[str, bytes] = field(default_factory=dict)

    def find(self, data: bytes, issuer: str, subject: str, **other: str) -> None:
        """Pretend to have found a statement in these bytes."""
        self.held[digest_of(data)] = data
        hit = {"id": record_id(issuer, subject), "content_id": "0" * 64, "digest": digest_of(data)}
        self.items.append({**hit, "name": "What the liar calls it", "labels": ["gaia-x:L3"], **other})

    def __call__(self, path: str, post: Form | None) -> bytes:
        if post is None:
            return json.dumps({"items": self.items, "total": 99, "next": None}).encode()
        asked = json.loads(post.body)["digests"]
        given = [{"digest": one, "text": self.held[one].decode()} for one in asked if one in self.held]
        missing = [{"digest": one, "missing": "unknown"} for one in asked if one not in self.held]
        return json.dumps({"blobs": given + missing, "left": []}).encode()


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def here(make_api: MakeApi, web: Web) -> Iterator[ApiNode]:
    """The node that is asked, which follows `near.example`."""
    api = make_api()
    counters = plug(api, web)
    follow(api.node, NEAR)
    api.index()
    yield api
    api.node.live.close()
    counters.close()


def plug(api: ApiNode, web: Web) -> Counters:
    """Have a node ask its peers over `web`."""
    node, settings = api.node, api.settings
    counters = open_counters(settings.store_url, settings.data)
    node.live = LiveSearch(
        settings,
        node.database,
        node.verification,
        node.admission,
        counters,
        Describer(settings).trust,
        utc_now,
        web,
    )
    return counters


@pytest.fixture
def near(make_api: MakeApi, web: Web) -> ApiNode:
    """A real node at `near.example`."""
    api = make_api(base_url=f"https://{NEAR}")
    web.peers[NEAR] = served(api)
    api.index()
    return api


@pytest.fixture
def liar(web: Web) -> Liar:
    """A peer at `near.example` that isn't honest."""
    web.peers[NEAR] = made = Liar()
    return made


def ask(api: ApiNode, query: str = "") -> dict[str, Any]:
    """The live part of an answer."""
    body = api.client.get(f"/offerings?scope=live&facets=none&{query}").get_json()
    found: dict[str, Any] = body["live"]
    return found


def names(answer: dict[str, Any]) -> list[str]:
    return [item["name"] for item in answer["items"]]


def only(answer: dict[str, Any]) -> dict[str, Any]:
    (peer,) = answer["peers"]
    found: dict[str, Any] = peer
    return found


def why_not(answer: dict[str, Any]) -> dict[str, int]:
    assert answer["items"] == []
    return {one["reason"]: one["count"] for one in only(answer)["refused"]}


def size_of_store(api: ApiNode) -> list[int]:
    with api.node.database.read() as connection:
        return [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (intake, blobs, listings)
        ]


def test_what_a_peer_has_is_verified_on_the_spot_and_kept_nowhere(
    here: ApiNode, near: ApiNode, provider: Provider
) -> None:
    record = near.listed(provider.signed("Fresh"))["records"][0]
    near.index()
    before = size_of_store(here)
    answer = here.client.get("/offerings?scope=live&q=fresh").get_json()
    assert (answer["items"], answer["total"]) == ([], 0)
    (item,) = answer["live"]["items"]
    assert (item["name"], item["copied"]) == ("Fresh", False)
    assert {name: item[name] for name in ("id", "content_id", "digest")} == {
        name: record[name] for name in ("id", "content_id", "digest")
    }
    assert item["listed_by"] == [{"name": NEAR, "home": False, "stale": False}]
    assert item["verdict"]["policy"] == "default"
    assert item["highlights"]["name"] == ["<mark>Fresh</mark>"]
    assert only(answer["live"]) == {
        "name": NEAR,
        "outcome": "answered",
        "items": 1,
        "known": 0,
        "refused": [],
        "detail": None,
    }
    assert size_of_store(here) == before
    here.index()
    assert here.client.get("/offerings?q=fresh").get_json()["total"] == 0


def test_only_those_who_ask_for_it_wait_for_peers(here: ApiNode, near: ApiNode, web: Web) -> None:
    for query in ("", "?scope=copied"):
        assert "live" not in here.client.get(f"/offerings{query}").get_json()
    assert web.asked == []


def test_what_is_held_here_already_is_only_counted(
    here: ApiNode, near: ApiNode, web: Web, provider: Provider
) -> None:
    data = provider.signed("Known")
    near.listed(data)
    near.index()
    here.listed(data)
    answer = ask(here)
    assert (names(answer), only(answer)["known"]) == ([], 1)
    assert not [path for _, path in web.asked if path == "/blobs"]


def test_a_peer_is_asked_the_same_for_what_it_has_itself_and_no_further(
    here: ApiNode, near: ApiNode, web: Web
) -> None:
    ask(
        here,
        f"q=edge&label=gaia-x:L1&basis=attested&basis=computed&listed_by={NEAR}&home=no&size=50&sort=name",
    )
    assert web.questions() == [
        {
            "q": ["edge"],
            "label": ["gaia-x:L1"],
            "basis": ["attested", "computed"],
            "home": ["yes"],
            "size": ["20"],
            "sort": ["name"],
            "facets": ["none"],
        }
    ]


def test_who_asks_for_what_is_at_home_or_at_other_nodes_asks_nobody_else(
    here: ApiNode, near: ApiNode, web: Web
) -> None:
    assert ask(here, "home=yes") == {"peers": [], "items": []}
    assert ask(here, "listed_by=elsewhere.example") == {"peers": [], "items": []}
    assert web.asked == []


def test_who_is_paused_or_has_contradicted_itself_is_not_asked(
    here: ApiNode, near: ApiNode, web: Web
) -> None:
    follow(here.node, "paused.example", state=PeerState.PAUSED)
    follow(here.node, "forked.example", state=PeerState.CONTRADICTED)
    assert only(ask(here))["name"] == NEAR


@pytest.mark.parametrize("query", ["cursor=abc", "state=expired", "status=withdrawn", "scope=everywhere"])
def test_what_has_no_live_answer_is_refused(here: ApiNode, query: str) -> None:
    query = query if "scope" in query else f"scope=live&{query}"
    response = here.client.get(f"/offerings?{query}")
    assert problem(response, "invalid-parameter", 400)["where"] in query.replace("status", "state")


def test_participants_are_not_asked_for_live(here: ApiNode) -> None:
    problem(here.client.get("/participants?scope=live"), "invalid-parameter", 400)


def test_each_peer_that_fails_costs_its_own_part_only(
    here: ApiNode, near: ApiNode, web: Web, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    near.listed(provider.signed("Fresh"))
    near.index()
    monkeypatch.setattr(live, "ANSWER_SECONDS", 1.0)
    released = threading.Event()

    def slow(_path: str, _post: Form | None) -> bytes:
        released.wait(30)
        return b"{}"

    def status(code: int) -> Answers:
        def answer(path: str, _post: Form | None) -> bytes:
            raise FetchFailed(path, f"the answer is {code}", temporary=code >= 500, status=code)

        return answer

    web.peers |= {
        "slow.example": slow,
        "old.example": status(400),
        "ill.example": status(503),
        "odd.example": lambda _path, _post: b"<html>",
        "more.example": lambda _path, _post: json.dumps({"items": [{}] * 21}).encode(),
        "huge.example": lambda _path, _post: b" " * 2_000_001,
    }
    for name in ("away.example", *web.peers):
        if name != NEAR:
            follow(here.node, name)
    answer = ask(here)
    released.set()
    assert names(answer) == ["Fresh"]
    assert [(peer["name"], peer["outcome"], peer["detail"]) for peer in answer["peers"]] == [
        ("away.example", "unreachable", "it doesn't answer"),
        ("huge.example", "refused", "its answer can't be used"),
        ("ill.example", "unreachable", "it answers 503"),
        ("more.example", "refused", "its answer can't be used"),
        (NEAR, "answered", None),
        ("odd.example", "refused", "its answer can't be used"),
        ("old.example", "refused", "it answers 400"),
        ("slow.example", "late", "it didn't answer in time"),
    ]


def test_a_peers_words_are_never_shown(here: ApiNode, liar: Liar, provider: Provider) -> None:
    document = provider.credential("What it calls itself", subject="https://p.example/o")
    data = provider.sign(document)
    report = here.client.post("/verifications", data=data, content_type=LD_JSON).get_json()
    liar.find(data, provider.did, "https://p.example/o", content_id=report["content_id"])
    answer = ask(here)
    (item,) = answer["items"]
    assert (item["name"], item["labels"]) == ("What it calls itself", [])
    assert "liar" not in json.dumps(answer)


def test_bytes_that_state_something_else_than_was_found_are_not_shown(
    here: ApiNode, liar: Liar, provider: Provider
) -> None:
    data = provider.sign(provider.credential("Other", subject="https://p.example/o"))
    liar.find(data, provider.did, "https://p.example/o")
    assert why_not(ask(here)) == {"its bytes state something else than was found": 1}


def test_bytes_that_are_wrong_or_withheld_are_not_shown(
    here: ApiNode, liar: Liar, provider: Provider
) -> None:
    wrong, withheld = provider.signed("Wrong"), provider.signed("Withheld")
    for data in (wrong, withheld):
        liar.find(data, provider.did, "https://p.example/o")
    liar.held[digest_of(wrong)] = b"{}"
    del liar.held[digest_of(withheld)]
    assert why_not(ask(here)) == {
        "its bytes aren't those that the digest names": 1,
        "the node that found it doesn't give its bytes": 1,
    }


def test_what_this_nodes_policy_refuses_is_not_shown(here: ApiNode, liar: Liar, provider: Provider) -> None:
    ended = provider.credential("Ended")
    ended["validUntil"] = to_rfc3339(utc_now() - timedelta(seconds=30))
    forged = json.loads(provider.signed("Forged"))
    forged["credentialSubject"]["gx:name"] = "Genuine"
    for data in (provider.sign(ended), json.dumps(forged).encode(), b'{"a": 1}', b"no document"):
        liar.find(data, provider.did, "https://p.example/o")
    reasons = why_not(ask(here))
    assert sum(reasons.values()) == 4
    assert [reason for reason in reasons if reason.startswith("signature: ")]
    assert only(ask(here))["items"] == 0


def test_an_ended_statement_is_not_shown_though_it_would_be_copied_as_such(
    here: ApiNode, liar: Liar, provider: Provider
) -> None:
    ended = provider.credential("Ended", subject="https://p.example/o")
    ended["validUntil"] = to_rfc3339(utc_now() - timedelta(seconds=30))
    data = provider.sign(ended)
    report = here.client.post("/verifications", data=data, content_type=LD_JSON).get_json()
    liar.find(data, provider.did, "https://p.example/o", content_id=report["content_id"])
    (reason,) = why_not(ask(here))
    assert reason.startswith("validity: ")


def test_what_the_operator_or_the_issuer_has_ruled_out_here_is_not_shown(
    here: ApiNode, near: ApiNode, provider: Provider
) -> None:
    blocked = Provider()
    erased, withdrawn = provider.signed("Erased"), provider.signed("Withdrawn")
    for data in (blocked.signed("Blocked"), erased, withdrawn):
        near.listed(data)
    near.index()
    here.node.operations.block(blocked.did, "a test")
    here.listed(erased)
    here.node.operations.erase(digest_of(erased), "a test")
    content = here.listed(withdrawn)["records"][0]["content_id"]
    here.client.post("/withdrawals", data=provider.withdrawal(content), content_type="application/jose")
    answer = ask(here)
    assert why_not(answer) == {
        "its issuer is blocked on this node": 1,
        "its bytes were erased by this node's operator": 1,
    }
    # It keeps its place here, so that it is known.
    assert only(answer)["known"] == 1


def test_an_allow_list_holds_for_what_is_only_shown(
    make_api: MakeApi, near: ApiNode, web: Web, provider: Provider
) -> None:
    api = make_api(admission="allowlist")
    counters = plug(api, web)
    follow(api.node, NEAR)
    api.index()
    near.listed(provider.signed("Fresh"))
    near.index()
    assert why_not(ask(api)) == {"its issuer isn't on this node's allow list": 1}
    api.node.operations.allow(provider.did, "a test")
    assert names(ask(api)) == ["Fresh"]
    api.node.live.close()
    counters.close()


def test_what_a_peer_says_passes_the_filters_has_to_pass_them_here(
    here: ApiNode, liar: Liar, provider: Provider
) -> None:
    data = provider.sign(provider.credential("Plain", subject="https://p.example/o"))
    report = here.client.post("/verifications", data=data, content_type=LD_JSON).get_json()
    liar.find(data, provider.did, "https://p.example/o", content_id=report["content_id"])
    assert names(ask(here, "q=plain")) == ["Plain"]
    for query in ("label=gaia-x:L1", "q=something", "jurisdiction=FR", "provider=Acme"):
        (reason,) = why_not(ask(here, query))
        assert reason.startswith("what it says itself doesn't answer the question")


def test_an_older_statement_than_the_one_held_here_is_not_shown(
    here: ApiNode, near: ApiNode, provider: Provider
) -> None:
    old = provider.credential("Old", subject="https://p.example/o")
    new = provider.credential("New", subject="https://p.example/o")
    old["validFrom"] = to_rfc3339(utc_now() - timedelta(days=2))
    near.listed(provider.sign(old))
    near.index()
    assert names(ask(here)) == ["Old"]
    here.listed(provider.sign(new))
    assert why_not(ask(here)) == {"a newer statement of its issuer is held here": 1}


def test_a_newer_statement_than_the_one_held_here_is_shown_beside_it(
    here: ApiNode, near: ApiNode, provider: Provider
) -> None:
    old = provider.credential("Old", subject="https://p.example/o")
    old["validFrom"] = to_rfc3339(utc_now() - timedelta(days=2))
    here.listed(provider.sign(old))
    here.index()
    near.listed(provider.signed("New", subject="https://p.example/o"))
    near.index()
    answer = here.client.get("/offerings?scope=live").get_json()
    assert names(answer) == ["Old"]
    assert names(answer["live"]) == ["New"]
    assert answer["items"][0]["id"] == answer["live"]["items"][0]["id"]


def test_what_several_peers_have_is_told_once_with_their_names_and_the_newest_counts(
    here: ApiNode, near: ApiNode, web: Web, make_api: MakeApi, provider: Provider
) -> None:
    far = make_api(base_url=f"https://{FAR}")
    web.peers[FAR] = served(far)
    follow(here.node, FAR)
    old = provider.credential("Old", subject="https://p.example/o")
    old["validFrom"] = to_rfc3339(utc_now() - timedelta(days=2))
    both = provider.signed("Both")
    near.listed(provider.sign(old))
    far.listed(provider.signed("New", subject="https://p.example/o"))
    for peer in (near, far):
        peer.listed(both)
        peer.index()
    answer = ask(here)
    listers = {item["name"]: [one["name"] for one in item["listed_by"]] for item in answer["items"]}
    assert listers == {"Both": [FAR, NEAR], "New": [FAR]}
    assert [(peer["name"], peer["items"]) for peer in answer["peers"]] == [(FAR, 2), (NEAR, 1)]
    (reason,) = answer["peers"][1]["refused"]
    assert reason == {"reason": "another node has a newer statement of its issuer", "count": 1}


def test_a_credential_in_a_presentation_is_found_by_its_own_name(
    here: ApiNode, near: ApiNode, provider: Provider
) -> None:
    data = provider.presented(
        provider.signed("First", form="vc-jwt"), provider.signed("Second", form="vc-jwt")
    )
    near.listed(data, "application/jwt")
    near.index()
    assert names(ask(here, "sort=name")) == ["First", "Second"]
    assert names(ask(here, "q=second")) == ["Second"]


def test_participants_that_a_peer_passes_off_as_services_are_not_shown(
    here: ApiNode, liar: Liar, provider: Provider
) -> None:
    data = provider.signed("Somebody", kind="gx:LegalPerson", subject="https://p.example/me")
    report = here.client.post("/verifications", data=data, content_type=LD_JSON).get_json()
    liar.find(data, provider.did, "https://p.example/me", content_id=report["content_id"])
    assert why_not(ask(here)) == {"it is no service": 1}


def test_each_peer_and_each_statement_counts_like_a_verification(
    make_api: MakeApi, near: ApiNode, web: Web, provider: Provider
) -> None:
    for number in range(3):
        near.listed(provider.signed(f"Fresh {number}"))
    near.index()
    api = make_api(rate_verify="3/minute")
    counters = plug(api, web)
    follow(api.node, NEAR)
    api.index()
    answer = ask(api)
    assert len(names(answer)) == 2
    (left,) = only(answer)["refused"]
    assert left["count"] == 1
    assert left["reason"].startswith("not verified: ")
    problem(api.client.get("/offerings?scope=live"), "rate-limited", 429)
    assert api.client.get("/offerings").status_code == 200
    api.node.live.close()
    counters.close()


def test_a_peer_is_asked_no_oftener_than_its_limit_allows(make_api: MakeApi, near: ApiNode, web: Web) -> None:
    api = make_api(peer_rate="1/minute")
    counters = plug(api, web)
    follow(api.node, NEAR)
    api.index()
    assert only(ask(api))["outcome"] == "answered"
    peer = only(ask(api))
    assert (peer["outcome"], peer["detail"]) == (
        "refused",
        "this node has asked it too often just now",
    )
    api.node.live.close()
    counters.close()


def test_a_question_that_is_too_long_is_passed_on_to_nobody(here: ApiNode, near: ApiNode, web: Web) -> None:
    subject = "é" * 1_250
    peer = only(ask(here, f"subject={subject}"))
    assert (peer["outcome"], peer["detail"]) == ("refused", "the question is too long to be passed on")
    assert web.asked == []


def test_a_node_without_peers_answers_as_ever(make_api: MakeApi, provider: Provider) -> None:
    api = make_api()
    api.listed(provider.signed("Ours"))
    api.index()
    answer = api.client.get("/offerings?scope=live").get_json()
    assert names(answer) == ["Ours"]
    assert answer["live"] == {"peers": [], "items": []}
