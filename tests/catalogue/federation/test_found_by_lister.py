"""What is found follows who lists it: as logs are copied, grow and erase, and as peers come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from small_federation import ListSite, Member, Web
from world import Clock, Provider

from catalogue.node import Node
from credentials.signing import PrivateKey
from search.query import Query

THERE, FAR, HERE = "there.example", "far.example", "here.example"
Index = Callable[[Node], None]
Found = Callable[..., dict[str, list[tuple[str, bool]]]]


@pytest.fixture
def found(member: Member, index: Index) -> Found:
    """What is found once all is indexed: by name, the nodes that list it and whether they are stale."""

    def search(**filters: str) -> dict[str, list[tuple[str, bool]]]:
        index(member.node)
        query = Query(filters={name: (value,) for name, value in filters.items()})
        items: list[dict[str, Any]] = member.node.discovery.search(query, ("en",))["items"]
        return {item["name"]: [(one["name"], one["stale"]) for one in item["listed_by"]] for item in items}

    return search


@pytest.fixture
def far(web: Web, clock: Clock) -> ListSite:
    """One more log to follow."""
    made = ListSite(f"https://{FAR}", PrivateKey.from_ed25519_seed(bytes(32)), clock.now)
    web.add(made)
    return made


@pytest.fixture
def both(member: Member, site: ListSite, far: ListSite, provider: Provider) -> bytes:
    """A service that two peers list."""
    data = provider.sign(provider.offering("Both"))
    for one in (site, far):
        member.add(one)
        one.add(data)
        member.sync(one)
    return data


def test_one_more_lister_is_found_and_one_that_erased_it_no_more(
    member: Member, site: ListSite, both: bytes, found: Found
) -> None:
    assert found() == {"Both": [(FAR, False), (THERE, False)]}
    (digest,) = site.held
    site.erase(digest)
    member.sync(site)
    assert found() == {"Both": [(FAR, False)]}
    assert found(listed_by=THERE) == {}


def test_what_is_submitted_here_as_well_is_at_home_from_then_on(
    member: Member, both: bytes, found: Found
) -> None:
    assert set(found(home="no")) == {"Both"}
    member.node.publisher.publish(both, address=None)
    assert found(home="yes") == {"Both": [(HERE, False), (FAR, False), (THERE, False)]}
    assert found(home="no") == {}


def test_a_peer_that_signs_no_more_becomes_stale_and_its_services_stay(
    member: Member, site: ListSite, both: bytes, clock: Clock, found: Found
) -> None:
    clock.advance(seconds=700)
    site.signed_at = clock.now
    member.poll(site)
    assert found() == {"Both": [(FAR, True), (THERE, False)]}
    assert set(found(listed_by=FAR)) == {"Both"}


def test_what_a_removed_peer_listed_is_marked_or_dropped(
    member: Member, both: bytes, site: ListSite, far: ListSite, found: Found
) -> None:
    member.node.peers.remove(FAR)
    assert found() == {"Both": [(FAR, True), (THERE, False)]}
    member.node.peers.remove(FAR, drop=True)
    assert found() == {"Both": [(THERE, False)]}
    member.node.peers.remove(THERE, drop=True)
    assert found() == {}
