"""A real follower before hostile peers over real HTTP: each is seen for what it is, at a bounded cost, alone.

Beside every hostile peer there is an honest one, and what that one lists must come in meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from peer_servers import Reply, SimulatedPeer
from sqlalchemy import insert, select
from world import Clock, Provider

from catalogue.counters import open_counters
from catalogue.federation.following import Follower
from catalogue.federation.inbox import Inbox
from catalogue.federation.judging import Judge
from catalogue.federation.limits import FAULTS_TOLERATED, FIRST_PAUSE, PeerLimits
from catalogue.federation.model import Peer, PeerState
from catalogue.federation.peer_client import MAX_BLOBS_ANSWER, PeerClient
from catalogue.federation.roster import peer_named
from catalogue.federation.standing import standing_of
from catalogue.federation.tending import Tending
from catalogue.fetching import CHUNK, WebFetcher
from catalogue.node import Node
from catalogue.store.tables import contradictions, peers, received, stored_time
from credentials.signing import generate_key
from credentials.transparency.entries import Op
from credentials.transparency.evidence import Evidence, verify
from credentials.transparency.notes import MAX_NOTE, NoteKey
from credentials.transparency.tiles import MAX_BUNDLE_BYTES

#: What one poll of a peer may take, in seconds: the fetcher's bound is put down to this here.
SECONDS = 0.6
#: Bytes that an operating system buffers on the way, whatever the reader takes of them.
BUFFERED = 5_000_000
#: Seconds in which anything that is done in threads is done.
PATIENCE = 20.0


@dataclass(frozen=True)
class Here:
    """The node that follows, as its federation process does it."""

    node: Node
    tending: Tending
    clock: Clock

    def pin(self, peer: SimulatedPeer) -> None:
        with self.node.database.write() as connection:
            connection.execute(
                insert(peers).values(
                    name=peer.host,
                    url=peer.url,
                    origin=peer.origin,
                    keys=json.dumps([peer.vkey]),
                    state=PeerState.FOLLOWED.value,
                    size=0,
                    added_at=stored_time(self.clock.now),
                )
            )

    def turn(self, peer: SimulatedPeer) -> timedelta:
        """One turn of a peer; the pause until its next one."""
        self.clock.advance(seconds=1)
        return self.tending.tend(peer.host)

    def peer(self, peer: SimulatedPeer) -> Peer:
        with self.node.database.read() as connection:
            return peer_named(connection, peer.host)

    def states(self, peer: SimulatedPeer) -> list[str]:
        rows = select(received.c.state).where(received.c.peer == self.peer(peer).id).order_by(received.c.leaf)
        with self.node.database.read() as connection:
            return list(connection.execute(rows).scalars())

    def names(self) -> set[str]:
        """The digests of all that is listed here."""
        return {item.digest for item in self.node.records.statements(size=100).items}

    def evidence(self) -> list[Evidence]:
        with self.node.database.read() as connection:
            kept = connection.execute(select(contradictions.c.evidence)).scalars()
            return [Evidence.parse(bytes(data)) for data in kept]


@pytest.fixture
def make_peer(clock: Clock) -> Iterator[Callable[[], SimulatedPeer]]:
    made: list[SimulatedPeer] = []

    def make() -> SimulatedPeer:
        made.append(SimulatedPeer(clock))
        return made[-1]

    yield make
    for peer in made:
        peer.close()


@pytest.fixture
def hostile(make_peer: Callable[[], SimulatedPeer]) -> SimulatedPeer:
    return make_peer()


@pytest.fixture
def honest(make_peer: Callable[[], SimulatedPeer]) -> SimulatedPeer:
    return make_peer()


@pytest.fixture
def here(
    make_node: Callable[..., Node], hostile: SimulatedPeer, honest: SimulatedPeer, clock: Clock
) -> Iterator[Here]:
    hosts = frozenset({hostile.host, honest.host})
    node = make_node(fetch_allow_hosts=hosts, peer_entries=1_000)
    counters = open_counters(node.settings.store_url, node.settings.data)
    limits = PeerLimits(node.settings, counters, clock)
    fetcher = WebFetcher(allowed_hosts=hosts, clock=clock, total_seconds=SECONDS)

    def client_of(peer: Peer) -> PeerClient:
        return PeerClient(peer.name, peer.url, fetcher, limits)

    judge = Judge(node.settings, node.verification, clock)
    follower = Follower(node.settings, node.database, limits, client_of, clock)
    inbox = Inbox(node.settings, node.database, judge, limits, client_of, clock)
    tending = Tending(node.settings, node.database, follower, inbox, clock)
    made = Here(node, tending, clock)
    for peer in (hostile, honest):
        made.pin(peer)
    yield made
    tending.close()
    counters.close()


@pytest.fixture(autouse=True)
def the_honest_peer_is_followed_meanwhile(
    here: Here, honest: SimulatedPeer, hostile: SimulatedPeer, clock: Clock
) -> Iterator[None]:
    """In every test: what the honest peer lists before and after is taken."""
    provider = Provider(clock)

    def lists() -> None:
        size = len(honest.entries)
        digest = honest.list(provider.sign(provider.offering(subject=f"https://p.example/h/{size}")))
        here.turn(honest)
        assert here.states(honest) == ["accepted"] * (size + 1)
        assert digest in here.names()

    lists()
    yield
    lists()
    assert here.peer(honest).state is PeerState.FOLLOWED


def offering(provider: Provider, number: int = 0) -> bytes:
    return provider.sign(provider.offering(f"Nuage {number}", subject=f"https://p.example/o/{number}"))


def grown(hostile: SimulatedPeer, provider: Provider, count: int) -> None:
    for _ in range(count):
        hostile.list(offering(provider, len(hostile.entries)))


# --- a history that doesn't hold ---


def test_a_log_that_shrinks_and_is_signed_again_convicts_itself(
    here: Here, hostile: SimulatedPeer, provider: Provider, clock: Clock
) -> None:
    grown(hostile, provider, 3)
    here.turn(hostile)
    del hostile.entries[2]
    clock.advance(seconds=5)
    here.turn(hostile)
    assert here.peer(hostile).state is PeerState.CONTRADICTED
    (evidence,) = here.evidence()
    assert verify(evidence).kind == "rollback"
    # What it had listed stays, and it isn't asked again.
    assert here.states(hostile) == ["accepted"] * 3
    assert here.peer(hostile).size == 3


@pytest.mark.parametrize("more", [0, 2, 300])
def test_a_rewritten_history_is_a_fork_that_a_third_party_can_check(
    here: Here, hostile: SimulatedPeer, provider: Provider, clock: Clock, more: int
) -> None:
    grown(hostile, provider, 5)
    here.turn(hostile)
    hostile.sent = 0
    hostile.entries[1] = hostile.entries[2]
    hostile.entries += [hostile.entries[0]] * more
    clock.advance(seconds=5)
    here.turn(hostile)
    assert here.peer(hostile).state is PeerState.CONTRADICTED
    (evidence,) = here.evidence()
    finding = verify(evidence, [NoteKey.parse(hostile.vkey)])
    assert finding.kind == "fork"
    assert here.states(hostile) == ["accepted"] * 5
    assert hostile.sent < 2 * MAX_BUNDLE_BYTES


def test_an_altered_entry_of_the_part_that_is_new_is_no_proof_and_a_fault(
    here: Here, hostile: SimulatedPeer, provider: Provider
) -> None:
    grown(hostile, provider, 2)
    here.turn(hostile)
    grown(hostile, provider, 2)

    def another_entry(path: str, reply: Reply) -> Reply:
        altered = reply.body.replace(b'"op":"list"', b'"op":"wipe"')
        return replace(reply, body=altered) if "entries" in path else reply

    hostile.change = another_entry
    here.turn(hostile)
    assert (here.peer(hostile).state, here.peer(hostile).faults) == (PeerState.FOLLOWED, 1)
    assert here.evidence() == []
    assert here.states(hostile) == ["accepted"] * 2
    hostile.change = lambda _path, reply: reply
    here.turn(hostile)
    assert here.states(hostile) == ["accepted"] * 4


def test_an_old_checkpoint_shown_again_changes_nothing(
    here: Here, hostile: SimulatedPeer, provider: Provider, clock: Clock
) -> None:
    grown(hostile, provider, 2)
    old = hostile.note()
    clock.advance(seconds=5)
    grown(hostile, provider, 2)
    here.turn(hostile)
    hostile.frozen = old
    here.turn(hostile)
    seen = here.peer(hostile)
    assert (seen.state, seen.faults, seen.size) == (PeerState.FOLLOWED, 0, 4)
    assert here.evidence() == []


def test_a_frozen_log_becomes_stale_and_keeps_what_it_listed(
    here: Here, hostile: SimulatedPeer, provider: Provider, clock: Clock
) -> None:
    grown(hostile, provider, 1)
    hostile.frozen = hostile.note()
    allowed = timedelta(seconds=here.node.settings.peer_stale_seconds)
    here.turn(hostile)
    assert not standing_of(here.peer(hostile), clock.now, allowed).stale
    clock.advance(seconds=allowed.total_seconds())
    here.turn(hostile)
    assert standing_of(here.peer(hostile), clock.now, allowed).stale
    assert here.peer(hostile).faults == 0
    assert here.states(hostile) == ["accepted"]


def test_a_node_whose_clock_is_wrong_by_days_is_followed_like_any_other(
    here: Here, hostile: SimulatedPeer, provider: Provider, clock: Clock
) -> None:
    hostile.clock = lambda: clock.now + timedelta(days=9)
    grown(hostile, provider, 2)
    here.turn(hostile)
    seen = here.peer(hostile)
    standing = standing_of(seen, clock.now, timedelta(seconds=here.node.settings.peer_stale_seconds))
    assert (seen.state, standing.stale) == (PeerState.FOLLOWED, False)
    assert standing.clock_skew is not None
    assert standing.clock_skew > timedelta(days=8)
    assert here.states(hostile) == ["accepted"] * 2


def test_a_follower_whose_own_clock_was_days_ahead_goes_on_when_it_is_put_right(
    here: Here, hostile: SimulatedPeer, provider: Provider, clock: Clock
) -> None:
    allowed = timedelta(seconds=here.node.settings.peer_stale_seconds)
    hostile.frozen = hostile.note()
    clock.advance(days=9)
    here.turn(hostile)
    assert standing_of(here.peer(hostile), clock.now, allowed).clock_skew is not None
    # What it puts off now would be due in nine days.
    digest = hostile.list(offering(provider))
    kept = hostile.blobs.pop(digest)
    hostile.frozen = hostile.note(at=clock.now - timedelta(days=9))
    here.turn(hostile)
    assert here.states(hostile) == ["deferred"]
    clock.advance(days=-9)
    hostile.blobs[digest], hostile.frozen = kept, None
    grown(hostile, provider, 1)
    here.turn(hostile)
    seen = here.peer(hostile)
    assert (seen.state, seen.size) == (PeerState.FOLLOWED, 2)
    assert here.states(hostile)[1] == "accepted"
    clock.advance(days=9, minutes=1)
    here.turn(hostile)
    assert here.states(hostile) == ["accepted", "accepted"]


# --- answers that no node gives ---


def large(size: int) -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply, body=b"\n" * size)


GARBAGE: dict[str, tuple[str, Callable[[Reply], Reply]]] = {
    "an endless checkpoint": ("/log/checkpoint", large(50_000_000)),
    "a checkpoint of nothing": ("/log/checkpoint", large(0)),
    "a page for people": ("/log/checkpoint", lambda _: Reply(200, b"<html>", "text/html")),
    "a truncated bundle": ("/log/tile/entries/", lambda reply: replace(reply, body=reply.body[:-1])),
    "a longer bundle": ("/log/tile/entries/", lambda reply: replace(reply, body=reply.body + b"\0\1x")),
    "an endless bundle": ("/log/tile/entries/", large(50_000_000)),
    "empty entries": ("/log/tile/entries/", large(60_000)),
    "compressed": (
        "/log/tile/entries/",
        lambda reply: replace(reply, headers={"Content-Encoding": "gzip"}),
    ),
    "endless blobs": ("/blobs", large(60_000_000)),
    "blobs nested deeply": ("/blobs", lambda _: Reply(200, b"[" * 1_000_000, "application/json")),
    "a number without end": (
        "/blobs",
        lambda _: Reply(200, b'{"blobs":' + b"9" * 1_000_000 + b"}", "application/json"),
    ),
    "blobs nobody asked for": (
        "/blobs",
        lambda _: Reply(
            200,
            json.dumps({"blobs": [{"digest": "0" * 64, "media_type": "x", "text": ""}], "left": []}).encode(),
            "application/json",
        ),
    ),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_a_fault_each_time_and_ends_in_quarantine(
    here: Here, hostile: SimulatedPeer, provider: Provider, name: str
) -> None:
    where, garbage = GARBAGE[name]
    grown(hostile, provider, 2)
    hostile.change = lambda path, reply: garbage(reply) if path.startswith(where) else reply
    used = time.process_time()
    pauses = [here.turn(hostile) for _ in range(FAULTS_TOLERATED)]
    used = time.process_time() - used
    seen = here.peer(hostile)
    assert seen.state is PeerState.QUARANTINED, seen.last_error
    assert seen.last_error
    assert pauses[-1] >= FIRST_PAUSE
    assert not here.names() & hostile.blobs.keys()
    # A reader stops at its bound; what lies in buffers then was sent in vain.
    bound = max(MAX_NOTE, MAX_BUNDLE_BYTES, MAX_BLOBS_ANSWER if where == "/blobs" else 0)
    assert hostile.sent < FAULTS_TOLERATED * (bound + CHUNK + BUFFERED)
    assert used < 5.0, "seconds of CPU time, of which the peer's own server takes a part"


def test_a_slow_drip_is_cut_off_and_holds_up_nobody(
    here: Here, hostile: SimulatedPeer, honest: SimulatedPeer, provider: Provider, clock: Clock
) -> None:
    grown(hostile, provider, 1)
    hostile.change = lambda _path, reply: replace(reply, drip=0.02)
    began = time.monotonic()
    slow = threading.Thread(target=here.turn, args=(hostile,))
    slow.start()
    honest.list(offering(provider, 77))
    here.turn(honest)
    assert here.states(honest) == ["accepted"] * 2
    slow.join(PATIENCE)
    assert not slow.is_alive()
    assert time.monotonic() - began < PATIENCE
    seen = here.peer(hostile)
    # Who is slow is no liar: it is asked again, less and less often.
    assert (seen.state, seen.faults, seen.size) == (PeerState.FOLLOWED, 0, 0)
    assert "too long" in (seen.last_error or "")
    assert hostile.sent < 1_000


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{canary}/",
        "http://169.254.169.254/latest",
        "http://[::1]:{canary}/",
        "ftp://x.example/",
    ],
)
def test_a_redirect_to_private_addresses_is_not_followed(
    here: Here,
    hostile: SimulatedPeer,
    provider: Provider,
    make_peer: Callable[[], SimulatedPeer],
    target: str,
) -> None:
    canary = make_peer()
    grown(hostile, provider, 1)
    where = target.format(canary=canary.port)
    hostile.change = lambda _path, _reply: Reply(302, headers={"Location": where})
    here.turn(hostile)
    assert canary.requests == []
    seen = here.peer(hostile)
    assert (seen.faults, seen.size) == (1, 0)
    # A stranger learns nothing of what answers inside.
    assert str(canary.port) not in (seen.last_error or "")


# --- entries and bytes ---


def test_wrong_bytes_are_never_listed_and_lead_into_quarantine(
    here: Here, hostile: SimulatedPeer, provider: Provider
) -> None:
    digest = hostile.list(offering(provider, 1))
    other = offering(provider, 2)
    hostile.blobs[digest] = ("application/vc+jwt", other)
    for _ in range(FAULTS_TOLERATED):
        here.clock.advance(hours=1)
        here.turn(hostile)
    assert here.peer(hostile).state is PeerState.QUARANTINED
    assert here.states(hostile) == ["deferred"]
    assert not here.names() & {digest, hashlib.sha256(other).hexdigest()}


POISON: dict[str, bytes] = {
    "no credential": b"{}",
    "nested deeply": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a number without end": b'{"a":1' + b"0" * 100_000 + b"}",
    "a token of dots": b"." * 10_000,
    "no text": "\ufffe\u202e\0".encode(),
    "many blank nodes": json.dumps(
        {
            "@context": "https://www.w3.org/ns/credentials/v2",
            "type": "VerifiableCredential",
            "issuer": "did:key:z",
            "credentialSubject": [{"name": {"name": {}}} for _ in range(5_000)],
        }
    ).encode(),
    "too large": b'{"a":"' + b"x" * 1_100_000 + b'"}',
}


@pytest.mark.parametrize("name", POISON)
def test_bytes_that_never_verify_are_refused_and_the_next_are_taken(
    here: Here, hostile: SimulatedPeer, provider: Provider, name: str
) -> None:
    hostile.list(POISON[name])
    fine = hostile.list(offering(provider))
    used = time.process_time()
    here.turn(hostile)
    assert here.states(hostile) == ["refused", "accepted"]
    assert fine in here.names()
    # It is no fault of the node's: somebody may have published it there under another policy.
    assert here.peer(hostile).faults == 0
    assert time.process_time() - used < 5.0


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"\xff\xfe",
        b'{"at":"2026-06-01T12:00:00Z","digest":"' + b"0" * 64 + b'","op":"list","v":2}',
        b'{"at":"9999-99-99T99:99:99Z","digest":"' + b"0" * 64 + b'","op":"list","v":1}',
        b"[" * 500,
    ],
)
def test_an_entry_that_can_t_be_read_is_refused_and_the_next_are_taken(
    here: Here, hostile: SimulatedPeer, provider: Provider, entry: bytes
) -> None:
    hostile.entries.append(entry)
    hostile.list(offering(provider))
    here.turn(hostile)
    assert here.states(hostile) == ["refused", "accepted"]


def test_a_flood_of_entries_is_taken_within_the_limit_of_the_day(
    here: Here, hostile: SimulatedPeer, clock: Clock
) -> None:
    for number in range(2_000):
        hostile.enter(Op.LIST, f"{number:064x}")
    pauses = [here.turn(hostile) for _ in range(6)]
    taken = len(here.states(hostile))
    assert 0 < taken <= here.node.settings.peer_entries
    assert max(pauses) > timedelta(minutes=5)
    assert here.peer(hostile).state is PeerState.FOLLOWED
    clock.advance(days=1, seconds=1)
    here.turn(hostile)
    assert len(here.states(hostile)) > taken


# --- keys ---


def test_a_key_that_the_old_one_hands_over_to_is_followed(
    here: Here, hostile: SimulatedPeer, provider: Provider
) -> None:
    grown(hostile, provider, 1)
    here.turn(hostile)
    hostile.rotate()
    grown(hostile, provider, 1)
    here.turn(hostile)
    assert here.states(hostile) == ["accepted"] * 3
    assert here.peer(hostile).keys[-1] == hostile.vkey


def test_a_stolen_host_without_the_key_signs_in_vain(
    here: Here, hostile: SimulatedPeer, provider: Provider
) -> None:
    grown(hostile, provider, 1)
    here.turn(hostile)
    pinned = here.peer(hostile).keys
    hostile.key = generate_key("Ed25519")
    grown(hostile, provider, 1)
    for _ in range(FAULTS_TOLERATED):
        here.turn(hostile)
    seen = here.peer(hostile)
    assert (seen.state, seen.size, seen.keys) == (PeerState.QUARANTINED, 1, pinned)


def test_a_key_that_was_left_signs_in_vain(here: Here, hostile: SimulatedPeer, provider: Provider) -> None:
    grown(hostile, provider, 1)
    left = hostile.key
    here.turn(hostile)
    hostile.rotate()
    here.turn(hostile)
    hostile.key = left
    grown(hostile, provider, 1)
    here.turn(hostile)
    seen = here.peer(hostile)
    assert (seen.faults, seen.size) == (1, 2)


def test_another_log_under_the_same_key_is_another_log(
    here: Here, hostile: SimulatedPeer, provider: Provider
) -> None:
    grown(hostile, provider, 1)
    here.turn(hostile)
    hostile.log_id = "f" * 16
    grown(hostile, provider, 1)
    here.turn(hostile)
    seen: Any = here.peer(hostile)
    assert (seen.faults, seen.size) == (1, 1)
