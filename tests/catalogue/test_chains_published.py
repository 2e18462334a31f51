"""Certificate chains at the node's door: fetched over real TLS, kept for a rebuild, hostile addresses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import certificates
import pytest
from https_servers import Authority, Web, page, redirect
from world import Clock, Provider

from catalogue.admission import Admission
from catalogue.counters import open_counters
from catalogue.ledger import report_of
from catalogue.node import Node
from catalogue.outside import SharedAnswers
from catalogue.replay import rebuild
from credentials.report import Check, Outcome
from credentials.resolving import FetchFailed
from credentials.signing import generate_key
from credentials.verification import Refused

CA = certificates.root()
MIDDLE = CA.issue("Middle")
PROVIDER = "provider.example"
SERVER = "localhost"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def web(authority: Authority) -> Iterator[Web]:
    served = Web(authority, SERVER)
    served.addresses[SERVER] = ["127.0.0.1"]
    yield served
    served.close()


@pytest.fixture
def anchored(make_node: Callable[..., Node], tmp_path: Path, web: Web) -> Callable[[], Node]:
    """Make a node that trusts CA for chains and may fetch from the test's server."""

    def make() -> Node:
        anchors = tmp_path / "lab.pem"
        anchors.write_bytes(certificates.pem(CA))
        return make_node(
            trust_anchors=str(anchors),
            fetch_allow_hosts=frozenset({f"{SERVER}:{web.port}"}),
            fetch_ca_file=str(web.authority.file),
        )

    return make


@pytest.fixture
def chained(clock: Clock, did_folder: Path) -> Callable[[str], Provider]:
    """A did:web on P-256 whose key names the chain at this URL."""

    def make(url: str) -> Provider:
        provider = Provider(clock, host=PROVIDER, folder=did_folder)
        provider.key = generate_key("P-256")
        file = did_folder / f"{PROVIDER}.json"
        document = json.loads(file.read_bytes())
        document["verificationMethod"][0]["publicKeyJwk"] = {**provider.key.public().jwk(), "x5u": url}
        file.write_text(json.dumps(document))
        return provider

    return make


def good_chain(provider: Provider) -> bytes:
    return certificates.pem(MIDDLE.leaf(provider.key.public().native), MIDDLE)


def refused_chain(node: Node, data: bytes) -> Check:
    with pytest.raises(Refused) as refusal:
        node.publisher.publish(data, address="192.0.2.1")
    check = refusal.value.report.check("chain")
    assert check.outcome is Outcome.FAILED
    return check


def test_chain_is_fetched_once_for_an_hour_and_a_rebuild_needs_neither_network_nor_today_s_anchors(
    anchored: Callable[[], Node], chained: Callable[[str], Provider], web: Web, clock: Clock
) -> None:
    provider = chained(web.url("/chain.pem", SERVER))
    web.pages["/chain.pem"] = page(good_chain(provider))
    node = anchored()
    for number in range(3):
        offering = provider.offering(subject=f"https://p.example/{number}")
        published = node.publisher.publish(provider.sign(offering), address=None)
    assert published.report.check("chain").outcome is Outcome.PASSED
    assert published.report.check("host_binding").outcome is Outcome.PASSED
    assert len(web.seen) == 1
    clock.advance(hours=2)
    node.publisher.publish(provider.sign(provider.offering(subject="https://p.example/9")), address=None)
    assert len(web.seen) == 2

    web.pages.clear()
    rebuilt = rebuild(node.database, clock, max_bytes=10**6)
    assert (rebuilt.entries, rebuilt.refused) == (4, ())
    with node.database.read() as connection:
        assert report_of(connection, published.digest) == published.report


def test_failed_chain_refuses_with_what_is_missing_and_lists_nothing(
    anchored: Callable[[], Node], chained: Callable[[str], Provider], web: Web
) -> None:
    provider = chained(web.url("/chain.pem", SERVER))
    web.pages["/chain.pem"] = page(certificates.pem(MIDDLE.leaf(provider.key.public().native)))
    node = anchored()
    assert refused_chain(node, provider.sign(provider.offering())).evidence["missing"] == "intermediate"
    assert node.records.is_empty()


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/chain.pem",
        "https://[::1]/chain.pem",
        "https://[::ffff:7f00:1]/chain.pem",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://2130706433/",
        "http://localhost/chain.pem",
        "file:///etc/passwd",
        "https://user:secret@localhost/",
        "https://localhost:22/",
        "https://[/",
    ],
)
def test_chain_at_a_forbidden_address_is_not_fetched(
    anchored: Callable[[], Node], chained: Callable[[str], Provider], web: Web, url: str
) -> None:
    provider = chained(url)
    node = anchored()
    begun = time.perf_counter()
    check = refused_chain(node, provider.sign(provider.offering()))
    assert time.perf_counter() - begun < 2
    assert check.evidence["missing"] == "chain"
    assert web.seen == []


def test_chain_that_redirects_inside_or_for_ever_is_not_followed(
    anchored: Callable[[], Node], chained: Callable[[str], Provider], web: Web
) -> None:
    provider = chained(web.url("/chain.pem", SERVER))
    data = provider.sign(provider.offering())
    node = anchored()
    web.pages["/chain.pem"] = redirect("https://127.0.0.1:8443/inside")
    assert "not a domain name" in refused_chain(node, data).detail
    web.pages["/chain.pem"] = redirect("/other")
    web.pages["/other"] = redirect("/chain.pem")
    assert "redirects" in refused_chain(node, data).detail


def test_endless_and_dripping_chains_are_cut_off(node: Node, web: Web, clock: Clock) -> None:
    def drip(handler: object) -> None:
        handler.send_response(200)  # type: ignore[attr-defined]
        handler.end_headers()  # type: ignore[attr-defined]
        for _ in range(100):
            handler.wfile.write(b"-")  # type: ignore[attr-defined]
            handler.wfile.flush()  # type: ignore[attr-defined]
            time.sleep(0.05)

    web.pages["/drip"] = drip
    web.pages["/large"] = page(b"-" * 70_000)
    settings = node.settings
    admission = Admission(settings, open_counters(settings.store_url, settings.data), clock)
    fetcher = web.fetcher(f"{SERVER}:{web.port}", total_seconds=0.5)
    answers = SharedAnswers(node.database, fetcher, admission, clock).for_client("192.0.2.1")
    for path in ("/drip", "/large"):
        begun = time.perf_counter()
        with pytest.raises(FetchFailed):
            answers.fetch(web.url(path, SERVER), accept="*/*", max_bytes=65_536)
        assert time.perf_counter() - begun < 2
    admission.close()
