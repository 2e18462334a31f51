"""What is listed is verified again: keys that go, revocation, hosts out of reach, over real TLS."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from https_servers import Authority, Web, page
from web_provider import HOST, WebProvider
from world import Clock, Provider

from catalogue.ledger import report_of
from catalogue.lifecycle import State
from catalogue.log import events_after
from catalogue.node import Node
from catalogue.rechecking import BATCH, PATIENCE, Rechecker, run
from catalogue.replay import rebuild
from catalogue.store.tables import DERIVED
from credentials.signing import did_document, generate_key
from credentials.verification import Refused
from search.query import Query

INTERVAL = timedelta(hours=6)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def web(authority: Authority) -> Iterator[Web]:
    served = Web(authority, HOST)
    yield served
    served.close()


@pytest.fixture
def provider(clock: Clock, web: Web) -> WebProvider:
    return WebProvider(clock, web)


@pytest.fixture
def node(make_node: Callable[..., Node], web: Web) -> Node:
    return make_node(
        fetch_allow_hosts=frozenset({f"{HOST}:{web.port}"}), fetch_ca_file=str(web.authority.file)
    )


@pytest.fixture
def recheck(node: Node, clock: Clock) -> Callable[[], None]:
    """All that is due, as the indexer's process does it; each time as a new process would."""

    def run_all() -> None:
        rechecker = Rechecker(node.database, node.verification, clock, INTERVAL, {})
        while rechecker.step():
            pass

    return run_all


def publish(node: Node, provider: Provider, name: str = "Nuage", **options: Any) -> str:
    """The content_id of a new offering."""
    data = provider.sign(provider.offering(name, subject=f"https://p.example/{name}", **options))
    return node.publisher.publish(data, address=None).records[0].content_id


def states(node: Node) -> list[str]:
    return [item.state.value for item in node.records.statements(size=100).items]


def happened(node: Node) -> list[str]:
    with node.database.read() as connection:
        return [event.kind for event in events_after(connection, 0, 1_000)]


def last_reason(node: Node) -> str:
    with node.database.read() as connection:
        return events_after(connection, 0, 1_000)[-1].reason


def test_what_is_fine_stays_listed_and_is_looked_at_once_an_interval(
    node: Node, provider: WebProvider, clock: Clock, web: Web, recheck: Callable[[], None]
) -> None:
    publish(node, provider)
    recheck()
    assert len(web.seen) == 1
    clock.advance(hours=6)
    recheck()
    recheck()
    assert (states(node), happened(node), len(web.seen)) == (["listed"], [], 2)


@pytest.mark.parametrize("gone", ["method", "purpose"])
def test_key_that_left_its_document_hides_what_it_signed_until_it_is_back(
    node: Node,
    provider: WebProvider,
    clock: Clock,
    recheck: Callable[[], None],
    index: Callable[[Node], None],
    gone: str,
) -> None:
    publish(node, provider)
    if gone == "method":
        provider.serve_keys("other")
    else:
        provider.serve_keys("k", assertion=False)
    clock.advance(hours=6)
    recheck()
    assert (states(node), happened(node)) == (["unverifiable"], ["unverifiable"])
    index(node)
    assert found(node) == []
    assert found(node, "unverifiable") == ["Nuage"]

    provider.serve_keys("k")
    clock.advance(hours=6)
    recheck()
    index(node)
    assert (states(node), happened(node)[1:], found(node)) == (["listed"], ["reinstated"], ["Nuage"])


def found(node: Node, *chosen: str) -> list[str]:
    query = Query(filters={"state": chosen} if chosen else {})
    return [item["name"] for item in node.discovery.search(query, ("en",))["items"]]


def test_revocation_is_noticed_and_ends_what_was_suspended(
    node: Node, provider: WebProvider, clock: Clock, recheck: Callable[[], None]
) -> None:
    provider.serve_list()
    provider.serve_list(3, purpose="suspension")
    both = [provider.status(7), provider.status(3, "suspension")]
    publish(node, provider, credentialStatus=both)
    assert (states(node), happened(node)) == (["suspended"], ["suspended"])
    provider.serve_list(purpose="suspension")
    clock.advance(hours=6)
    recheck()
    assert (states(node), happened(node)[1:]) == (["listed"], ["reinstated"])
    provider.serve_list(7)
    clock.advance(hours=6)
    recheck()
    assert (states(node), happened(node)[2:]) == (["revoked"], ["revoked"])
    with pytest.raises(Refused):
        publish(node, provider, "Anew", credentialStatus=both)


def test_list_that_could_not_be_had_is_asked_again_at_once_and_then_every_ten_minutes(
    node: Node, provider: WebProvider, clock: Clock, web: Web, recheck: Callable[[], None]
) -> None:
    web.pages["/revocation"] = page(b"", 503)
    publish(node, provider, credentialStatus=provider.status(7))
    recheck()
    assert (states(node), happened(node)) == (["listed"], ["unreachable"])
    provider.serve_list(7)
    clock.advance(minutes=9)
    recheck()
    assert states(node) == ["listed"]
    clock.advance(minutes=1)
    recheck()
    assert (states(node), happened(node)) == (["revoked"], ["unreachable", "revoked"])


def test_a_did_out_of_reach_keeps_the_verdict_for_seven_days_marked(
    node: Node, provider: WebProvider, clock: Clock, recheck: Callable[[], None]
) -> None:
    publish(node, provider)
    provider.go_away()
    clock.advance(hours=6)
    recheck()
    assert (states(node), happened(node)) == (["listed"], ["unreachable"])
    clock.advance(days=6, hours=23)
    recheck()
    assert (states(node), happened(node)) == (["listed"], ["unreachable"])
    clock.advance(hours=1)
    recheck()
    assert states(node) == ["unverifiable"]
    assert last_reason(node).startswith("Out of reach since ")
    provider.serve_keys("k")
    clock.advance(minutes=10)
    recheck()
    assert (states(node), happened(node)[-1]) == (["listed"], "reinstated")


def test_a_did_back_in_time_is_marked_no_more(
    node: Node, provider: WebProvider, clock: Clock, recheck: Callable[[], None]
) -> None:
    publish(node, provider)
    provider.go_away()
    clock.advance(hours=6)
    recheck()
    provider.serve_keys("k")
    clock.advance(minutes=10)
    recheck()
    assert (states(node), happened(node)) == (["listed"], ["unreachable", "reachable"])
    # Being away again begins to count anew.
    provider.go_away()
    clock.advance(hours=6)
    recheck()
    clock.advance(seconds=(PATIENCE - timedelta(hours=1)).total_seconds())
    recheck()
    assert states(node) == ["listed"]


def test_a_dead_host_is_asked_once_for_all_that_rests_on_it(
    node: Node, provider: WebProvider, clock: Clock, web: Web
) -> None:
    for number in range(BATCH + 5):
        publish(node, provider, f"N{number}")
    provider.go_away()
    clock.advance(hours=6)
    asked = len(web.seen)
    rechecker = Rechecker(node.database, node.verification, clock, INTERVAL, {})
    assert rechecker.step() == BATCH
    assert rechecker.step() == 5
    assert rechecker.step() == 0
    assert len(web.seen) == asked + 1
    assert happened(node) == ["unreachable"] * (BATCH + 5)


def test_token_that_ends_before_its_credential_expires_then(
    node: Node, provider: WebProvider, clock: Clock, recheck: Callable[[], None]
) -> None:
    from credentials.signing import sign_compact

    payload = json.dumps(provider.offering()).encode()
    header = {
        "typ": "vc+jwt",
        "kid": provider.method,
        "exp": int(clock.now.timestamp()) + 3600,
        "alg": provider.key.public().algorithm,
    }
    token = sign_compact(header, payload, provider.key)
    node.publisher.publish(token.encode(), address=None)
    clock.advance(hours=6)
    recheck()
    assert (states(node), happened(node)) == (["expired"], ["expired"])


def test_states_outlive_a_rebuild_and_the_process(
    node: Node, provider: WebProvider, clock: Clock, recheck: Callable[[], None]
) -> None:
    provider.serve_list(1)
    provider.serve_list(2, purpose="suspension")
    for number in range(4):
        status = [provider.status(number), provider.status(number, "suspension")] if number != 1 else []
        publish(node, provider, f"N{number}", credentialStatus=status)
    publish(node, provider, "Away", valid_until=clock.now + timedelta(days=1))
    provider.serve_list(0, purpose="revocation")
    provider.serve_list(3, purpose="suspension")
    clock.advance(hours=6)
    recheck()
    provider.go_away()
    clock.advance(hours=6)
    recheck()
    clock.advance(days=1)
    while node.operations.catch_up():
        pass
    before, kinds = states(node), happened(node)
    assert before == ["revoked", "listed", "listed", "suspended", "expired"]
    rows = contents(node)
    rebuilt = rebuild(node.database, clock, max_bytes=10**6)
    assert (rebuilt.refused, states(node), happened(node)) == ((), before, kinds)
    assert contents(node) == rows


def test_rebuilt_report_tells_the_age_that_the_list_had(
    node: Node, provider: WebProvider, clock: Clock
) -> None:
    provider.serve_list()
    publish(node, provider, credentialStatus=provider.status(7))
    clock.advance(seconds=90)
    offering = provider.offering(subject="https://p.example/later", credentialStatus=provider.status(8))
    later = node.publisher.publish(provider.sign(offering), address=None)
    (line,) = later.report.check("status").evidence["entries"]
    assert line["age_seconds"] == 90
    clock.advance(hours=1)
    rebuild(node.database, clock, max_bytes=10**6)
    with node.database.read() as connection:
        assert report_of(connection, later.digest) == later.report


def contents(node: Node) -> dict[str, list[tuple[object, ...]]]:
    with node.database.read() as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(table.select()))
            for table in DERIVED
            if table.name in ("listings", "standings")
        }


def test_withdrawn_superseded_and_ended_statements_are_not_asked_about(
    node: Node, provider: WebProvider, clock: Clock, web: Web, recheck: Callable[[], None]
) -> None:
    first = publish(node, provider)
    node.publisher.withdraw(provider.withdrawal(first), address=None)
    publish(node, provider, "Ended", valid_until=clock.now + timedelta(hours=1))
    publish(node, provider, "Twice")
    clock.advance(hours=2)
    while node.operations.catch_up():
        pass
    provider.go_away()
    clock.advance(hours=6)
    recheck()
    assert happened(node) == ["expired", "unreachable"]


def test_blocked_issuer_s_revoked_statement_shows_as_revoked_once_unblocked(
    node: Node, provider: WebProvider, clock: Clock, recheck: Callable[[], None]
) -> None:
    provider.serve_list()
    publish(node, provider, credentialStatus=provider.status(7))
    node.operations.block(provider.did, "looked into")
    provider.serve_list(7)
    clock.advance(hours=6)
    recheck()
    assert states(node) == ["blocked"]
    node.operations.forget(provider.did)
    assert states(node) == ["revoked"]
    node.operations.block(provider.did, "looked into")
    assert states(node) == ["blocked"]


def test_host_asked_too_often_is_asked_later_and_not_marked(
    make_node: Callable[..., Node], provider: WebProvider, clock: Clock, web: Web
) -> None:
    node = make_node(
        fetch_allow_hosts=frozenset({f"{HOST}:{web.port}"}),
        fetch_ca_file=str(web.authority.file),
        rate_fetch_host="1/day",
    )
    publish(node, provider)
    clock.advance(hours=6)
    rechecker = Rechecker(node.database, node.verification, clock, INTERVAL, {})
    assert rechecker.step() == 1
    assert rechecker.step() == 0
    assert (states(node), happened(node)) == (["listed"], [])
    clock.advance(minutes=1)
    assert rechecker.step() == 1


def test_presentation_s_credentials_are_judged_one_by_one(
    node: Node, provider: WebProvider, clock: Clock, recheck: Callable[[], None]
) -> None:
    provider.serve_list()
    tokens = [
        provider.sign(
            provider.offering(
                f"N{number}", subject=f"https://p.example/{number}", credentialStatus=provider.status(number)
            )
        )
        for number in range(3)
    ]
    node.publisher.publish(provider.present(*tokens), address=None)
    provider.serve_list(1)
    clock.advance(hours=6)
    recheck()
    assert states(node) == ["listed", "revoked", "listed"]


def test_what_was_taken_under_lab_isn_t_held_against_a_chain_later(
    make_node: Callable[..., Node], provider: WebProvider, clock: Clock, web: Web, tmp_path: Path
) -> None:
    import certificates

    anchors = tmp_path / "lab.pem"
    anchors.write_bytes(certificates.pem(certificates.root()))
    provider.key = generate_key("P-256")
    document = did_document(provider.did, {"k": provider.key.public()}, x5u=web.url("/none", HOST))
    web.pages["/.well-known/did.json"] = page(json.dumps(document).encode())
    web.pages["/none"] = page(b"", 404)
    options: dict[str, Any] = {
        "fetch_allow_hosts": frozenset({f"{HOST}:{web.port}"}),
        "fetch_ca_file": str(web.authority.file),
        "trust_anchors": str(anchors),
    }
    publish(make_node(policy="lab", **options), provider)
    node = make_node(**options)
    clock.advance(hours=6)
    assert Rechecker(node.database, node.verification, clock, INTERVAL, {}).step() == 1
    assert (states(node), happened(node)) == ([State.LISTED.value], [])


def test_the_loop_ends_when_told(node: Node, clock: Clock) -> None:
    stop = threading.Event()
    thread = threading.Thread(
        target=run, args=(Rechecker(node.database, node.verification, clock, INTERVAL, {}), stop)
    )
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
