"""What differs between two nodes, and why, is told from the store, and from the peer if it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from small_federation import ListSite, Member, NodeSite, Site, Web
from sqlalchemy import insert, select, update
from world import Clock, Provider

from catalogue.api import federation_forms
from catalogue.federation import difference
from catalogue.federation.difference import Difference, Differences, Live, LogSizes, read_place
from catalogue.federation.model import EntryState, PeerState
from catalogue.fetching import Form
from catalogue.node import Node
from catalogue.store.tables import checkpoints, peers, received, stored_time
from credentials.identity import digest_of

ADDRESS = "192.0.2.1"


def differences(member: Member, web: Web) -> Differences:
    return Differences(member.node.settings, member.node.database, web)  # type: ignore[arg-type]


def there(member: Member, web: Web, site: Site, after: int = 0, size: int = 100) -> Difference:
    compare = differences(member, web)
    peer = compare.peer(site.name)
    return compare.there(peer, after, size, None, compare.known(peer))


def here(member: Member, web: Web, site: Site, size: int = 100) -> list[Any]:
    """All pages of what the peer doesn't list."""
    compare = differences(member, web)
    peer = compare.peer(site.name)
    found: list[Any] = []
    cursor = None
    while True:
        place = read_place(cursor) if cursor is not None else None
        page = compare.here(peer, place, size, None, compare.known(peer))
        assert page.here is not None
        assert len(page.here) <= size
        found += page.here
        cursor = page.next
        if cursor is None:
            return found


def outcomes(found: Difference) -> list[tuple[int, str, str | None]]:
    assert found.there is not None
    return [(one.leaf, one.outcome, one.check) for one in found.there]


def offering(provider: Provider, number: int, **options: Any) -> bytes:
    return provider.sign(
        provider.offering(f"Nuage {number}", subject=f"https://p.example/o/{number}", **options)
    )


def test_entries_that_are_in_force_are_no_difference(
    member: Member, site: ListSite, web: Web, provider: Provider
) -> None:
    member.add(site)
    site.add(offering(provider, 1))
    assert there(member, web, site).log.outcome == "unknown"
    member.sync(site)
    found = there(member, web, site)
    assert found.there == ()
    assert (found.log.outcome, found.log.received, found.log.signed) == ("same", 1, 1)
    assert found.log.received_root == found.log.signed_root


def test_an_entry_that_was_refused_is_told_with_the_check_and_the_reason(
    member: Member, site: ListSite, web: Web, provider: Provider
) -> None:
    member.add(site)
    site.add(offering(provider, 1))
    digest = site.add(offering(provider, 2)[:-4] + b"AAAA")
    member.sync(site)
    (found,) = there(member, web, site).there or ()
    assert (found.leaf, found.outcome, found.check, found.digest) == (1, "refused", "signature", digest)
    assert found.detail


def test_entries_that_are_not_decided_yet_are_told_as_such(
    member: Member, site: ListSite, web: Web, provider: Provider
) -> None:
    member.add(site)
    digest = site.add(offering(provider, 1))
    del site.held[digest]
    site.add(offering(provider, 2))
    member.poll(site)
    assert outcomes(there(member, web, site)) == [(0, "pending", None), (1, "pending", None)]
    member.sync(site)
    assert outcomes(there(member, web, site)) == [(0, "deferred", None)]


def test_what_the_operator_blocks_here_is_a_difference_with_his_reason(
    member: Member, site: ListSite, web: Web, provider: Provider, clock: Clock
) -> None:
    other = Provider(clock)
    member.add(site)
    site.add(offering(provider, 1))
    site.add(offering(other, 2))
    member.sync(site)
    member.node.operations.block(other.did, "under investigation")
    (found,) = there(member, web, site).there or ()
    assert (found.leaf, found.outcome, found.detail) == (1, "blocked", "under investigation")


def test_a_page_has_the_first_of_all_reasons_in_the_order_of_the_log(
    member: Member, site: ListSite, web: Web, provider: Provider, clock: Clock
) -> None:
    other = Provider(clock)
    member.add(site)
    for number in range(3):
        site.add(offering(other, number))
        site.add(offering(provider, 10 + number)[:-4] + b"AAAA")
    member.sync(site)
    member.node.operations.block(other.did, "no")
    pages = []
    after = "0"
    while True:
        page = there(member, web, site, int(after), 4)
        pages.append([leaf for leaf, _, _ in outcomes(page)])
        if page.next is None:
            break
        after = page.next
    assert pages == [[0, 1, 2, 3], [4, 5]]


def test_what_others_list_and_the_peer_does_not_is_the_other_side(
    member: Member, site: ListSite, web: Web, provider: Provider
) -> None:
    both, ours = offering(provider, 1), offering(provider, 2)
    for data in (both, ours):
        member.node.publisher.publish(data, address=ADDRESS)
    member.add(site)
    site.add(both)
    site.add(offering(provider, 3))
    member.sync(site)
    (found,) = here(member, web, site)
    assert found.subject == "https://p.example/o/2"
    # By its own name: others can't know what "here" is.
    assert found.listed_by == ("here.example",)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_pages_of_what_the_peer_does_not_list_have_everything_once(
    member: Member,
    site: ListSite,
    web: Web,
    provider: Provider,
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Pages end where as much was looked at as may be, too.
    monkeypatch.setattr(difference, "MAX_LOOKED_AT", 3)
    member.add(site)
    for number in range(10):
        data = offering(provider, number)
        member.node.publisher.publish(data, address=ADDRESS)
        if number in (3, 4, 5, 6):
            site.add(data)
    member.sync(site)
    found = here(member, web, site, size)
    assert [one.subject.rpartition("/")[2] for one in found] == ["0", "1", "2", "7", "8", "9"]


@pytest.mark.parametrize("cursor", ["", "x", "1", "-1-a", "1_000-a", "9" * 19 + "-a", "1-" + "a" * 33])
def test_a_cursor_of_nobodys_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        read_place(cursor)


class Speaking(NodeSite):
    """A node that tells of the federation too, as its endpoint does."""

    def answer(self, path: str, post: Form | None) -> bytes | None:
        if path == "federation":
            return json.dumps(federation_forms.federation(*self.node.overview.federation())).encode()
        return super().answer(path, post)


@pytest.fixture
def spoken(
    make_member: Callable[..., tuple[Member, NodeSite]], web: Web, clock: Clock, member: Member
) -> tuple[Member, Speaking]:
    """Another node that follows, with its site, which the first node follows."""
    other, _ = make_member("there")
    speaking = Speaking(other.node, clock)
    web.add(speaking)
    member.add(speaking)
    return other, speaking


def ask(member: Member, web: Web, site: Site) -> tuple[Any, Live]:
    compare = differences(member, web)
    return compare.ask(compare.peer(site.name))


def test_asked_for_live_the_peer_says_how_far_it_has_come_with_every_log(
    member: Member,
    spoken: tuple[Member, Speaking],
    web: Web,
    provider: Provider,
    clock: Clock,
) -> None:
    other, speaking = spoken
    site = ListSite("https://third.example", speaking.key, clock.now)
    web.add(site)
    site.add(offering(provider, 1))
    other.add(site)
    other.sync(site)
    other.node.publisher.publish(offering(provider, 2), address=ADDRESS)
    with other.node.database.write() as connection:
        now = stored_time(clock.now)
        connection.execute(insert(checkpoints).values(size=1, root="0" * 64, note=b"", signed_at=now))
    member.sync(speaking)
    log, live = ask(member, web, speaking)
    assert (log.outcome, log.received, log.signed) == ("same", 1, 1)
    assert (live.outcome, live.detail) == ("answered", None)
    with member.node.database.read() as connection:
        own = difference.own_head(connection, member.node.settings)
    assert live.logs == (
        LogSizes("here.example", own.origin, 0, None),
        LogSizes("there.example", speaking.origin, 1, 1),
        LogSizes("third.example", site.origin, None, 1),
    )


def test_asked_for_live_what_is_still_to_come_shows(
    member: Member, spoken: tuple[Member, Speaking], web: Web, provider: Provider
) -> None:
    other, speaking = spoken
    other.node.publisher.publish(offering(provider, 1), address=ADDRESS)
    member.sync(speaking)
    other.node.publisher.publish(offering(provider, 2), address=ADDRESS)
    log, _ = ask(member, web, speaking)
    assert (log.outcome, log.received, log.signed) == ("behind", 1, 2)


def test_another_history_shows_though_the_peer_tells_nothing_else(
    member: Member, spoken: tuple[Member, Speaking], web: Web, provider: Provider
) -> None:
    other, speaking = spoken
    other.node.publisher.publish(offering(provider, 1), address=ADDRESS)
    member.sync(speaking)
    entries = speaking.entries()
    speaking.entries = lambda: [entries[0].replace(b"list", b"erase")]  # type: ignore[method-assign]
    whole = speaking.answer
    speaking.answer = lambda path, post: None if path == "federation" else whole(path, post)  # type: ignore[method-assign]
    log, live = ask(member, web, speaking)
    assert (live.outcome, live.detail) == ("unreachable", "the answer is 404, not 200")
    assert log.outcome == "different"


def test_a_rewritten_log_is_different(
    member: Member, spoken: tuple[Member, Speaking], web: Web, provider: Provider
) -> None:
    other, speaking = spoken
    other.node.publisher.publish(offering(provider, 1), address=ADDRESS)
    member.sync(speaking)
    entries = speaking.entries()
    speaking.entries = lambda: [entries[0].replace(b"list", b"erase")]  # type: ignore[method-assign]
    log, live = ask(member, web, speaking)
    assert (live.outcome, log.outcome) == ("answered", "different")
    assert log.received_root != log.signed_root


def test_a_peer_that_is_away_is_said_to_be_and_the_rest_is_told(
    member: Member, spoken: tuple[Member, Speaking], web: Web
) -> None:
    _, speaking = spoken
    speaking.away = True
    _, live = ask(member, web, speaking)
    assert (live.outcome, live.logs) == ("unreachable", ())
    assert live.detail == "no connection"


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"[" * 100_000, b"{}", b'{"name":"x","origin":"x","size":null,"peers":[7]}',
     b'{"name":"' + b"x" * 300 + b'","origin":"x","size":1,"peers":[]}',
     b'{"name":"x","origin":"x","size":1,"peers":[{"name":"y","origin":"y","size":-1,"state":"followed"}]}'],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_refused_and_nothing_of_it_shown(
    member: Member, spoken: tuple[Member, Speaking], web: Web, answer: bytes
) -> None:
    _, speaking = spoken
    whole = speaking.answer
    speaking.answer = lambda path, post: answer if path == "federation" else whole(path, post)  # type: ignore[method-assign]
    _, live = ask(member, web, speaking)
    assert (live.outcome, live.logs) == ("refused", ())


@pytest.mark.parametrize("state", [PeerState.PAUSED, PeerState.REMOVED])
def test_a_peer_that_the_operator_leaves_alone_is_not_asked(
    member: Member, spoken: tuple[Member, Speaking], web: Web, state: PeerState
) -> None:
    _, speaking = spoken
    with member.node.database.write() as connection:
        connection.execute(update(peers).values(state=state.value))
    speaking.asked.clear()
    _, live = ask(member, web, speaking)
    assert (live.outcome, live.detail) == ("not_asked", f"it is {state.value} here")
    assert speaking.asked == []


def test_both_databases_compare_alike(node: Node, provider: Provider, clock: Clock, web: Web) -> None:
    """On SQLite, and among the slow tests on PostgreSQL."""
    others = Provider(clock)
    published = [offering(others, 1), offering(provider, 2), offering(provider, 3), offering(provider, 4)]
    for data in published:
        node.publisher.publish(data, address=ADDRESS)
    node.operations.block(others.did, "no")
    now = stored_time(clock.now)
    with node.database.write() as connection:
        row = {"name": "x.example", "url": "https://x.example", "origin": "x.example/log/1", "keys": "[]"}
        connection.execute(insert(peers).values(**row, state="followed", size=3, added_at=now))
        peer = connection.execute(select(peers.c.id)).scalar_one()
        states = ("accepted", "accepted", "refused")
        for leaf, (data, state) in enumerate(zip(published, states, strict=False)):
            entry = {"leaf": leaf, "op": "list", "digest": digest_of(data), "at": now, "state": state}
            connection.execute(insert(received).values(peer=peer, **entry))
    compare = Differences(node.settings, node.database, web)  # type: ignore[arg-type]
    found = compare.peer("x.example")
    assert outcomes(compare.there(found, 0, 9, None, compare.known(found))) == [
        (0, "blocked", None),
        (2, "refused", None),
    ]
    first = compare.here(found, None, 1, None, compare.known(found))
    assert first.next is not None
    rest = compare.here(found, read_place(first.next), 9, None, compare.known(found))
    assert [one.subject[-1] for page in (first, rest) for one in page.here or ()] == ["3", "4"]
    assert [status.entries[EntryState.REFUSED] for status in node.overview.peers()] == [1]
    assert node.overview.entries("x.example", EntryState.REFUSED, after=0, size=9).items[0][0].leaf == 2
