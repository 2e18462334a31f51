"""Certificates that their authority revokes, at the node's door and on its schedule, over real plain http."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import certificates
import pytest
from cryptography import x509
from https_servers import Authority, Web, page
from revocation_answers import HOUR, asked_at, crl, entry, ocsp_answer, revoked
from world import Clock, Provider

from catalogue.errors import LimitExceeded
from catalogue.ledger import report_of
from catalogue.log import events_after
from catalogue.node import Node
from catalogue.rechecking import Rechecker
from catalogue.replay import rebuild
from catalogue.store.tables import evidence
from credentials.report import Outcome, Report
from credentials.signing import did_document, generate_key
from credentials.verification import Refused

CA = certificates.root()
PROVIDER = "provider.example"
SERVER = "localhost"


@pytest.fixture
def authority_s_web(tmp_path: Path) -> Iterator[Web]:
    """The web server of CA: plain http."""
    served = Web(Authority(tmp_path), SERVER, plain=True)
    yield served
    served.close()


class Certified(Provider):
    """A did:web on P-256 whose key carries a certificate by CA."""

    def __init__(self, clock: Clock, folder: Path, web: Web, *, number: int = 0, lists: bool = False) -> None:
        host = f"p{number}.{PROVIDER}"
        super().__init__(clock, host=host, folder=folder)
        self.web = web
        self.key = generate_key("P-256")
        self.leaf: x509.Certificate = CA.leaf(
            self.key.public().native,
            hosts=[host],
            extensions=asked_at(
                ocsp_at=web.url("/ocsp", SERVER), crl_at=[web.url("/ca.crl", SERVER)] if lists else []
            ),
        )
        document = did_document(self.did, {"k": self.key.public()}, x5c=certificates.x5c(self.leaf))
        (folder / f"{host}.json").write_text(json.dumps(document))

    def responder_says(self, body: bytes, status: int = 200) -> None:
        self.web.pages["/ocsp/"] = page(body, status)

    def good(self) -> None:
        now = self.clock.now
        self.responder_says(ocsp_answer(self.leaf, CA, made_at=now, until=now + 24 * HOUR))


@pytest.fixture
def certified(clock: Clock, did_folder: Path, authority_s_web: Web) -> Callable[..., Certified]:
    return lambda **options: Certified(clock, did_folder, authority_s_web, **options)


@pytest.fixture
def anchored(make_node: Callable[..., Node], tmp_path: Path, authority_s_web: Web) -> Callable[..., Node]:
    """Make a node that trusts CA and may ask its web server."""

    def make(**overrides: Any) -> Node:
        anchors = tmp_path / "lab.pem"
        anchors.write_bytes(certificates.pem(CA))
        allowed = frozenset({f"{SERVER}:{authority_s_web.port}"})
        return make_node(trust_anchors=str(anchors), fetch_allow_hosts=allowed, **overrides)

    return make


def publish(node: Node, provider: Provider, name: str = "o") -> Report:
    offering = provider.offering(name, subject=f"https://p.example/{name}")
    return node.publisher.publish(provider.sign(offering), address="192.0.2.1").report


def outcome(report: Report) -> str:
    found = report.check("chain").evidence["revocation"]["outcome"]
    assert isinstance(found, str)
    return found


def recheck(node: Node, clock: Clock) -> None:
    rechecker = Rechecker(node.database, node.verification, clock, timedelta(hours=6), {})
    while rechecker.step():
        pass


def states(node: Node) -> list[str]:
    return [item.state.value for item in node.records.statements(size=100).items]


def happened(node: Node) -> list[str]:
    with node.database.read() as connection:
        return [event.kind for event in events_after(connection, 0, 1_000)]


def test_answer_is_asked_for_once_an_hour_and_kept_for_a_rebuild(
    anchored: Callable[..., Node], certified: Callable[..., Certified], clock: Clock, authority_s_web: Web
) -> None:
    provider, node = certified(), anchored()
    provider.good()
    assert outcome(publish(node, provider, "first")) == "passed"
    clock.advance(minutes=30)
    data = provider.sign(provider.offering("second", subject="https://p.example/second"))
    second = node.publisher.publish(data, address=None)
    (found,) = second.report.check("chain").evidence["revocation"]["certificates"]
    assert (found["outcome"], found["fetched_at"]) == ("passed", "2026-06-01T12:00:00Z")
    assert len(authority_s_web.seen) == 1
    clock.advance(hours=1)
    publish(node, provider, "third")
    assert len(authority_s_web.seen) == 2

    authority_s_web.pages.clear()
    assert rebuild(node.database, clock, max_bytes=10**6).refused == ()
    assert len(authority_s_web.seen) == 2
    with node.database.read() as connection:
        assert report_of(connection, second.digest) == second.report


def test_revoked_certificate_refuses_and_a_silent_responder_does_not(
    anchored: Callable[..., Node], certified: Callable[..., Certified]
) -> None:
    provider, node = certified(), anchored()
    provider.responder_says(b"", 503)
    assert outcome(publish(node, provider)) == "not_checked"
    with node.database.read() as connection:
        kinds = {row.kind for row in connection.execute(evidence.select())}
    assert kinds == {"did-document", "chain", "trust-anchor"}
    other = certified(number=1)
    node = anchored()
    other.responder_says(revoked(other.leaf, CA))
    with pytest.raises(Refused) as refusal:
        publish(node, other, "other")
    check = refusal.value.report.check("chain")
    assert (check.outcome, check.evidence["missing"]) == (Outcome.FAILED, "revocation")


def test_list_answers_where_there_is_no_responder(
    anchored: Callable[..., Node], certified: Callable[..., Certified], authority_s_web: Web
) -> None:
    provider, node = certified(lists=True), anchored()
    authority_s_web.pages["/ca.crl"] = page(crl(CA, entry(provider.leaf)))
    with pytest.raises(Refused):
        publish(node, provider)


def test_revocation_after_publication_hides_what_was_signed_until_it_is_lifted(
    anchored: Callable[..., Node], certified: Callable[..., Certified], clock: Clock
) -> None:
    provider, node = certified(), anchored()
    provider.good()
    publish(node, provider)
    provider.responder_says(revoked(provider.leaf, CA, clock.now))
    clock.advance(hours=6)
    recheck(node, clock)
    assert (states(node), happened(node)) == (["unverifiable"], ["unverifiable"])
    with node.database.read() as connection:
        (event,) = events_after(connection, 0, 9)
    assert event.reason.startswith(
        "Its authority has revoked the certificate CN=leaf as of 2026-06-01T12:00:00Z"
    )
    assert "(keyCompromise)" in event.reason

    # Silence takes nothing back, whether of the responder or because it is asked for too long ago.
    provider.responder_says(b"", 503)
    clock.advance(hours=6)
    recheck(node, clock)
    provider.responder_says(ocsp_answer(provider.leaf, CA))
    clock.advance(days=2)
    recheck(node, clock)
    assert (states(node), happened(node)) == (["unverifiable"], ["unverifiable"])
    before = states(node)
    rebuild(node.database, clock, max_bytes=10**6)
    assert states(node) == before

    provider.good()
    clock.advance(hours=6)
    recheck(node, clock)
    assert (states(node), happened(node)) == (["listed"], ["unverifiable", "reinstated"])


def test_silent_responder_is_waited_for_once_for_all_who_publish(
    anchored: Callable[..., Node], certified: Callable[..., Certified], clock: Clock, authority_s_web: Web
) -> None:
    providers, node = [certified(number=number) for number in range(3)], anchored()
    providers[0].responder_says(b"", 503)
    for provider in providers:
        assert outcome(publish(node, provider, provider.did[-20:])) == "not_checked"
    assert len(authority_s_web.seen) == 1
    clock.advance(minutes=10)
    publish(node, providers[0], "again")
    assert len(authority_s_web.seen) == 2


def test_responder_asked_too_often_is_not_asked_and_refuses_nobody(
    anchored: Callable[..., Node], certified: Callable[..., Certified], authority_s_web: Web
) -> None:
    first, second = certified(), certified(number=1)
    node = anchored(rate_fetch_host="1/hour")
    first.good()
    assert outcome(publish(node, first, "first")) == "passed"
    report = publish(node, second, "second")
    assert outcome(report) == "not_checked"
    assert "too often" in report.check("chain").detail
    assert len(authority_s_web.seen) == 1


def test_requests_that_a_client_causes_count_against_it_dry_runs_too(
    anchored: Callable[..., Node], certified: Callable[..., Certified], authority_s_web: Web
) -> None:
    first, second = certified(), certified(number=1)
    node = anchored(rate_fetch_address="1/hour")
    first.good()
    data = first.sign(first.offering())
    assert outcome(node.publisher.check(data, address="192.0.2.1")) == "passed"
    with pytest.raises(LimitExceeded):
        node.publisher.check(second.sign(second.offering()), address="192.0.2.1")
    assert len(authority_s_web.seen) == 1
