"""Peers tended in turn: hints, pauses, and that nobody waits for somebody else's trouble."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from small_federation import ListSite, Member, NodeSite, Web
from sqlalchemy import update
from world import Clock, Provider

from catalogue.federation import inbox
from catalogue.federation import tending as module
from catalogue.federation.inbox import Batch, Step
from catalogue.federation.model import Peer, PeerState
from catalogue.federation.tending import Tending
from catalogue.fetching import Form
from catalogue.store.tables import peers, stored_time
from credentials.signing import PrivateKey

#: Seconds in which a turn is over, on a machine that does much else.
PATIENCE = 20.0


@pytest.fixture
def tend(member: Member, clock: Clock) -> Iterator[Tending]:
    tending = Tending(member.node.settings, member.node.database, member.follower, member.inbox, clock)
    yield tending
    tending.close()


def until(what: Callable[[], bool], tending: Tending) -> None:
    """Look for who is due until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline
        tending.look()
        time.sleep(0.01)


def hint(member: Member, site: ListSite) -> None:
    with member.node.database.write() as connection:
        connection.execute(
            update(peers).where(peers.c.name == site.name).values(due_at=stored_time(member.clock.now))
        )


def test_a_hint_is_followed_at_once_and_taken_back(
    member: Member, site: ListSite, provider: Provider, tend: Tending
) -> None:
    member.add(site)
    tend.look()
    assert site.asked == [], "its turn in the period has not come"
    site.add(provider.sign(provider.offering()))
    hint(member, site)
    until(lambda: member.states(site) == ["accepted"], tend)
    assert member.peer(site).due_at is None


def test_a_hint_of_a_peer_that_doesn_t_answer_is_followed_once(
    member: Member, site: ListSite, tend: Tending
) -> None:
    member.add(site)
    polls: list[str] = []
    poll = member.follower.poll

    def counted(peer: Peer) -> object:
        polls.append(peer.name)
        return poll(peer)

    member.follower.poll = counted  # type: ignore[method-assign, assignment]
    site.away = True
    hint(member, site)
    until(lambda: member.peer(site).last_error is not None, tend)
    for _ in range(20):
        tend.look()
        time.sleep(0.01)
    assert polls == [site.name]


def test_a_peer_that_hangs_holds_up_nobody(
    member: Member, site: ListSite, web: Web, provider: Provider, clock: Clock, tend: Tending
) -> None:
    release = threading.Event()

    class Hanging(ListSite):
        def answer(self, path: str, post: Form | None) -> bytes | None:
            release.wait(PATIENCE)
            return super().answer(path, post)

    slow = Hanging("https://slow.example", PrivateKey.from_ed25519_seed(bytes(32)), clock.now)
    web.add(slow)
    for one in (slow, site):
        member.add(one)
        one.add(provider.sign(provider.offering(subject=f"https://p.example/{one.name}")))
        hint(member, one)
    until(lambda: member.states(site) == ["accepted"], tend)
    assert member.states(slow) == []
    release.set()
    until(lambda: member.states(slow) == ["accepted"], tend)


def test_a_fault_of_the_program_over_one_peer_stops_no_other(
    member: Member, site: ListSite, web: Web, provider: Provider, clock: Clock, tend: Tending
) -> None:
    class Breaking(ListSite):
        def answer(self, path: str, post: Form | None) -> bytes | None:
            raise RecursionError("a fault of the program")

    broken = Breaking("https://broken.example", PrivateKey.from_ed25519_seed(bytes(32)), clock.now)
    web.add(broken)
    for one in (broken, site):
        member.add(one)
        site.add(provider.sign(provider.offering(subject=f"https://p.example/{one.name}")))
        hint(member, one)
    until(lambda: member.states(site) == ["accepted", "accepted"], tend)
    until(lambda: tend._care[broken.name].turn is None, tend)
    assert tend._care[broken.name].due - time.monotonic() > module.AFTER_FAULT.total_seconds() / 2


def test_wrong_bytes_again_and_again_lead_into_quarantine(
    member: Member, site: ListSite, provider: Provider, clock: Clock, tend: Tending
) -> None:
    member.add(site)
    digest = site.add(provider.sign(provider.offering()))
    site.held[digest] = b"other bytes"
    while member.peer(site).state is PeerState.FOLLOWED:
        before = member.peer(site).faults
        tend.tend(site.name)
        assert member.peer(site).faults == before + 1
        clock.advance(hours=7)
    assert member.states(site) == ["deferred"]


def test_what_a_silent_peer_listed_comes_from_others(
    member: Member, site: ListSite, web: Web, provider: Provider, clock: Clock, tend: Tending
) -> None:
    other = ListSite("https://elsewhere.example", PrivateKey.from_ed25519_seed(bytes(32)), clock.now)
    web.add(other)
    member.add(site)
    member.add(other)
    digest = site.add(provider.sign(provider.offering()))
    member.poll(site)
    site.away = True
    other.held[digest] = site.held[digest]
    pause = tend.tend(site.name)
    assert member.states(site) == ["accepted"]
    assert pause.total_seconds() >= member.node.settings.peer_poll_seconds


def test_a_long_inbox_is_decided_batch_after_batch_in_one_turn(
    member: Member, site: ListSite, provider: Provider, tend: Tending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "FRESH", 8)
    monkeypatch.setattr(inbox, "_FRESH", inbox._FRESH.limit(8))
    sizes: list[int] = []
    decide = member.inbox.decide

    def counted(peer: Peer, batch: Batch) -> Step:
        sizes.append(len(batch.entries))
        return decide(peer, batch)

    member.inbox.decide = counted  # type: ignore[method-assign]
    member.add(site)
    for number in range(20):
        site.add(provider.sign(provider.offering(subject=f"https://p.example/o/{number}")))
    tend.tend(site.name)
    assert member.states(site) == ["accepted"] * 20
    assert sizes == [8, 8, 4]
    assert site.asked.count("blobs") == 3


def test_a_paused_peer_is_not_asked(
    make_member: Callable[..., tuple[Member, NodeSite]], site: ListSite, clock: Clock
) -> None:
    member, _ = make_member("other")
    member.add(site)
    with member.node.database.write() as connection:
        connection.execute(update(peers).values(state=PeerState.PAUSED.value, due_at=stored_time(clock.now)))
    tending = Tending(member.node.settings, member.node.database, member.follower, member.inbox, clock)
    for _ in range(5):
        tending.look()
    tending.close()
    assert site.asked == []


def test_polls_of_peers_are_spread_over_the_period_and_the_same_at_every_start(tend: Tending) -> None:
    shares = [tend._share(f"node-{number}.example") for number in range(100)]
    assert shares == [tend._share(f"node-{number}.example") for number in range(100)]
    assert len({int(share) for share in shares}) == 5
