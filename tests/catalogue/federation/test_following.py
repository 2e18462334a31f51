"""One poll of one peer: what is taken of its log, and what each kind of lie ends in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import pytest
from small_federation import ListSite, Member, NodeSite, Site, Web
from sqlalchemy import select, update
from world import Clock, Provider

from catalogue.errors import LimitExceeded
from catalogue.federation.following import Contradiction
from catalogue.federation.limits import FAULTS_TOLERATED
from catalogue.federation.model import PeerState
from catalogue.federation.peer_client import PeerFault, PeerUnreachable
from catalogue.fetching import Form
from catalogue.store.tables import contradictions, peers, received
from credentials.signing import PrivateKey
from credentials.transparency.checkpoints import origin_key
from credentials.transparency.entries import LogEntry, Op
from credentials.transparency.evidence import Evidence, verify
from credentials.transparency.log_keys import sign_rotation
from credentials.transparency.refusals import (
    BadSignature,
    EvidenceProvesNothing,
    InconsistentTree,
    MalformedBundle,
    WrongOrigin,
)

#: Of an answer with headers, the headers: a status line, dates and types.
HEADERS = 400


def fill(site: ListSite, count: int, history: str = "first") -> None:
    """Entries that name nothing that is to be had."""
    for _ in range(count):
        digest = sha256(f"{history} {len(site.log)}".encode()).hexdigest()
        site.log.append(LogEntry(Op.LIST, digest, site.signed_at).to_bytes())


def later(site: Site, **delta: float) -> None:
    site.signed_at += timedelta(**(delta or {"minutes": 1}))


def digests(member: Member, site: Site) -> list[str]:
    return [row.digest for row in member.rows(site)]


def logged(site: ListSite) -> list[str]:
    return [json.loads(entry)["digest"] for entry in site.log]


def take_all(member: Member, site: Site) -> None:
    while member.poll(site).more:
        pass


def evidence_here(member: Member) -> list[Evidence]:
    with member.node.database.read() as connection:
        rows = connection.execute(select(contradictions.c.evidence)).scalars()
        return [Evidence.parse(bytes(row)) for row in rows]


def test_every_entry_is_received_once_in_the_order_of_the_log(member: Member, site: ListSite) -> None:
    member.add(site)
    for count in (1, 255, 1, 300, 0, 1000):
        fill(site, count)
        later(site)
        member.poll(site)
        assert digests(member, site) == logged(site)
        assert member.peer(site).size == len(site.log) == member.peer(site).signed_size


def test_a_poll_with_nothing_new_is_one_small_request_and_no_writing(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 700)
    member.sync(site)
    with member.node.database.engine.connect() as connection:
        before = connection.exec_driver_sql("PRAGMA data_version").scalar()
        site.asked.clear()
        site.sent = 0
        polled = member.poll(site)
        assert connection.exec_driver_sql("PRAGMA data_version").scalar() == before
    assert (polled.entries, polled.more) == (0, False)
    assert site.asked == ["log/checkpoint"]
    assert site.sent + HEADERS < 2_000


def test_bytes_grow_with_what_is_new_and_not_with_what_there_is(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 5_000)
    take_all(member, site)
    later(site)
    fill(site, 10)
    site.asked.clear()
    site.sent = 0
    member.poll(site)
    assert len(site.asked) == 2
    assert site.sent < 600 + 256 * 160
    assert digests(member, site) == logged(site)


def test_a_long_log_is_taken_in_proven_pieces(
    member: Member, site: ListSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member.follower, "_piece_size", 2)
    member.add(site)
    fill(site, 1_400)
    sizes = []
    while True:
        polled = member.poll(site)
        sizes.append(member.peer(site).size)
        assert digests(member, site) == logged(site)[: sizes[-1]]
        if not polled.more:
            break
    assert sizes == [512, 1024, 1400]


def test_a_piece_that_doesn_t_lie_in_the_signed_tree_is_not_kept(
    member: Member, site: ListSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member.follower, "_piece_size", 2)
    member.add(site)
    fill(site, 1_400)
    member.poll(site)
    honest = site.log
    site.log = honest[:600] + honest[601:602] + honest[601:]
    site.checkpoint = checkpoint_of(site, honest)  # type: ignore[method-assign]
    with pytest.raises(InconsistentTree):
        member.poll(site)
    assert member.peer(site).size == 512
    assert digests(member, site) == logged_of(honest)[:512]
    site.log = honest
    take_all(member, site)
    assert digests(member, site) == logged_of(honest)


def logged_of(entries: list[bytes]) -> list[str]:
    return [json.loads(entry)["digest"] for entry in entries]


def checkpoint_of(site: ListSite, entries: list[bytes]) -> Callable[[], bytes]:
    twin = ListSite(site.url, site.key, site.signed_at)
    twin.origin, twin.log = site.origin, entries
    note = twin.checkpoint()
    return lambda: note


def test_a_rewritten_history_is_a_fork_with_evidence_that_anybody_checks(
    member: Member, site: ListSite
) -> None:
    member.add(site)
    fill(site, 300)
    member.sync(site)
    site.log[7] = LogEntry(Op.LIST, "f" * 64, site.signed_at).to_bytes()
    fill(site, 5)
    later(site)
    with pytest.raises(Contradiction):
        member.poll(site)
    assert member.peer(site).state is PeerState.CONTRADICTED
    (evidence,) = evidence_here(member)
    assert evidence.kind == "fork"
    assert "300" in verify(evidence, [origin_key(site.origin, site.key)]).sentence()
    with pytest.raises(EvidenceProvesNothing):
        verify(evidence, [origin_key(site.origin, PrivateKey.from_ed25519_seed(bytes(32)))])
    # Nothing of the other history was taken.
    assert member.peer(site).size == 300


def test_a_log_that_is_right_again_is_followed_on_when_the_operator_resumes(
    member: Member, site: ListSite
) -> None:
    member.add(site)
    fill(site, 300)
    member.sync(site)
    honest = list(site.log)
    site.log[7] = LogEntry(Op.LIST, "f" * 64, site.signed_at).to_bytes()
    fill(site, 50)
    later(site)
    with pytest.raises(Contradiction):
        member.poll(site)
    with member.node.database.write() as connection:
        connection.execute(update(peers).values(state=PeerState.FOLLOWED.value))
    site.log = honest
    fill(site, 1)
    later(site)
    member.poll(site)
    assert member.peer(site).size == 301
    assert digests(member, site) == logged(site)


def test_two_roots_for_one_size_are_a_fork(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 3)
    member.sync(site)
    site.log[-1] = LogEntry(Op.LIST, "f" * 64, site.signed_at).to_bytes()
    later(site)
    with pytest.raises(Contradiction):
        member.poll(site)
    assert [evidence.kind for evidence in evidence_here(member)] == ["fork"]


def test_a_smaller_log_signed_later_is_a_rollback(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 30)
    member.sync(site)
    del site.log[20:]
    later(site)
    with pytest.raises(Contradiction):
        member.poll(site)
    assert [evidence.kind for evidence in evidence_here(member)] == ["rollback"]
    peer = member.peer(site)
    assert (peer.state, peer.size) == (PeerState.CONTRADICTED, 30)
    assert peer.reason is not None


def test_an_old_checkpoint_shown_again_convicts_nobody(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 30)
    old = site.checkpoint()
    later(site)
    fill(site, 3)
    member.sync(site)
    site.checkpoint = lambda: old  # type: ignore[method-assign]
    with pytest.raises(PeerUnreachable):
        member.poll(site)
    peer = member.peer(site)
    assert (peer.state, peer.faults, peer.size) == (PeerState.FOLLOWED, 0, 33)
    assert evidence_here(member) == []


def test_a_frozen_log_is_seen_by_its_age_and_changes_nothing_else(
    member: Member, site: ListSite, clock: Clock
) -> None:
    member.add(site)
    fill(site, 3)
    member.sync(site)
    seen = member.peer(site).renewed_at
    clock.advance(hours=2)
    member.poll(site)
    peer = member.peer(site)
    assert (peer.state, peer.faults, peer.renewed_at) == (PeerState.FOLLOWED, 0, seen)
    assert peer.answered_at == clock.now
    later(site)
    member.poll(site)
    assert member.peer(site).renewed_at == clock.now


def test_a_clock_that_is_wrong_by_days_stops_nothing(member: Member, site: ListSite, clock: Clock) -> None:
    member.add(site)
    site.signed_at = clock.now + timedelta(days=9)
    fill(site, 3)
    member.sync(site)
    site.signed_at = clock.now + timedelta(days=10)
    fill(site, 3)
    member.sync(site)
    peer = member.peer(site)
    assert (peer.size, peer.state, peer.renewed_at) == (6, PeerState.FOLLOWED, clock.now)
    assert peer.signed_at == site.signed_at


def test_somebody_else_s_signature_is_a_fault(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 3)
    site.key = PrivateKey.from_ed25519_seed(bytes(32))
    with pytest.raises(BadSignature):
        member.poll(site)
    peer = member.peer(site)
    assert (peer.faults, peer.size, peer.state) == (1, 0, PeerState.FOLLOWED)
    assert peer.last_error is not None
    assert site.asked[-1] == "log/keys"


def test_a_new_key_that_the_old_one_names_is_pinned(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 3)
    member.sync(site)
    for seed in (b"\x01" * 32, b"\x02" * 32):
        new = PrivateKey.from_ed25519_seed(seed)
        site.statements.append(sign_rotation(site.origin, site.key, new, len(site.log), site.signed_at))
        site.key = new
    fill(site, 3)
    later(site)
    member.sync(site)
    peer = member.peer(site)
    assert peer.keys[-1] == origin_key(site.origin, site.key).text()
    assert (peer.size, len(peer.keys)) == (6, 3)
    site.asked.clear()
    member.poll(site)
    assert site.asked == ["log/checkpoint"]


def test_another_log_at_the_same_address_is_not_followed(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 3)
    member.sync(site)
    site.origin = "there.example/log/2"
    with pytest.raises(WrongOrigin):
        member.poll(site)
    assert member.peer(site).size == 3


class Answering(ListSite):
    """A site of which one kind of answer is something else."""

    def __init__(self, url: str, key: PrivateKey, site: ListSite, part: str, answer: bytes) -> None:
        super().__init__(url, key, site.signed_at)
        self.part, self.instead = part, answer

    def answer(self, path: str, post: Form | None) -> bytes | None:
        return self.instead if self.part in path else super().answer(path, post)


@pytest.mark.parametrize(
    ("part", "answer", "error"),
    [
        ("checkpoint", b"x" * 200_000, PeerFault),
        ("checkpoint", b"<html>maintenance</html>", Exception),
        ("entries", b"x" * 200_000, PeerFault),
        ("entries", b"\x00\x05ab", MalformedBundle),
        ("entries", b"", MalformedBundle),
        ("blobs", b"[" * 100_000, PeerFault),
        ("blobs", b'{"blobs": [{"digest": "00", "text": "not asked for"}]}', PeerFault),
    ],
)
def test_what_no_node_answers_is_a_fault_and_nothing_is_taken(
    member: Member, web: Web, site: ListSite, part: str, answer: bytes, error: type[Exception]
) -> None:
    broken = Answering(site.url, site.key, site, part, answer)
    web.add(broken)
    fill(broken, 3)
    member.add(broken)
    with pytest.raises(error):
        member.sync(broken)
    if part != "blobs":
        assert member.peer(broken).size == 0
        assert member.peer(broken).faults == 1
    assert "accepted" not in member.states(broken)


def test_an_entry_of_a_later_form_is_refused_and_the_next_are_taken(
    member: Member, site: ListSite, provider: Provider
) -> None:
    member.add(site)
    site.log.append(b'{"at":"2026-06-01T12:00:00Z","digest":"' + b"0" * 64 + b'","op":"list","v":2}')
    site.add(provider.sign(provider.offering()))
    member.sync(site)
    assert member.states(site) == ["refused", "accepted"]
    assert "form 2" in member.rows(site)[0].detail


def test_repeated_faults_lead_into_quarantine_with_growing_pauses_and_an_honest_answer_out_of_it(
    member: Member, site: ListSite, clock: Clock
) -> None:
    member.add(site)
    fill(site, 3)
    honest, site.key = site.key, PrivateKey.from_ed25519_seed(bytes(32))
    pauses = []
    for fault in range(1, FAULTS_TOLERATED + 12):
        with pytest.raises(BadSignature):
            member.poll(site)
        peer = member.peer(site)
        assert peer.faults == fault
        assert (peer.state is PeerState.QUARANTINED) == (fault >= FAULTS_TOLERATED)
        if peer.due_at is not None:
            pauses.append(peer.due_at - clock.now)
    assert pauses[:3] == [timedelta(minutes=minutes) for minutes in (1, 2, 4)]
    assert pauses[-1] == timedelta(hours=6)
    site.key = honest
    member.sync(site)
    peer = member.peer(site)
    assert (peer.state, peer.faults, peer.last_error, peer.due_at) == (PeerState.FOLLOWED, 0, None, None)


def test_a_silent_peer_makes_no_fault(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 3)
    member.poll(site)
    site.away = True
    for _ in range(2 * FAULTS_TOLERATED):
        with pytest.raises(PeerUnreachable):
            member.poll(site)
    peer = member.peer(site)
    assert (peer.state, peer.faults, peer.size) == (PeerState.FOLLOWED, 0, 3)
    assert peer.last_error == "/log/checkpoint: no connection"


@pytest.mark.parametrize("limit", [{"peer_entries": 512}, {"peer_rate": "3/minute"}, {"peer_volume": 60_000}])
def test_what_one_peer_may_cost_is_bounded(
    make_member: Callable[..., tuple[Member, NodeSite]],
    site: ListSite,
    clock: Clock,
    limit: dict[str, object],
) -> None:
    member, _ = make_member("here", **limit)
    member.add(site)
    fill(site, 300)
    member.poll(site)
    later(site)
    fill(site, 300)
    with pytest.raises(LimitExceeded):
        take_all(member, site)
    peer = member.peer(site)
    assert (peer.state, peer.faults) == (PeerState.FOLLOWED, 0)
    assert 300 <= peer.size < 600
    assert peer.last_error is not None
    assert "limit" in peer.last_error
    clock.advance(days=1, seconds=1)
    take_all(member, site)
    assert member.peer(site).size == 600


def test_two_processes_that_follow_one_peer_receive_nothing_twice(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 300)
    seen = member.peer(site)
    member.follower.poll(seen)
    # The other one had read the peer's row before.
    member.follower.poll(seen)
    assert digests(member, site) == logged(site)


def test_a_paused_peer_is_not_revived_by_a_poll_that_was_under_way(member: Member, site: ListSite) -> None:
    member.add(site)
    fill(site, 3)
    seen = member.peer(site)
    with member.node.database.write() as connection:
        connection.execute(update(peers).values(state=PeerState.PAUSED.value))
    member.follower.poll(seen)
    peer = member.peer(site)
    assert (peer.state, peer.size) == (PeerState.PAUSED, 0)
    with member.node.database.read() as connection:
        assert connection.execute(select(received.c.leaf)).first() is None


def test_dropped_partial_bundles_are_read_from_full_ones(member: Member, web: Web, site: ListSite) -> None:
    class Sparing(ListSite):
        def answer(self, path: str, post: Form | None) -> bytes | None:
            if ".p/" in path and not path.endswith(f".p/{len(self.log) % 256}"):
                return None
            return super().answer(path, post)

    member.add(site)
    sparing = Sparing(site.url, site.key, site.signed_at)
    web.add(sparing)
    fill(sparing, 200)
    note = sparing.checkpoint()
    fill(sparing, 100)
    current = sparing.checkpoint
    sparing.checkpoint = lambda: note  # type: ignore[method-assign]
    member.poll(sparing)
    assert member.peer(sparing).size == 200
    sparing.checkpoint = current  # type: ignore[method-assign]
    later(sparing)
    member.poll(sparing)
    assert digests(member, sparing) == logged(sparing)
