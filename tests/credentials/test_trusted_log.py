"""A follower takes what an honest log adds, and refuses each kind of lie by its name."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hostile_logs import (
    KEY,
    ORIGIN,
    OTHER_KEY,
    START,
    HonestLog,
    altering,
    entry,
    follow,
    followed,
    restored,
    rewritten,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.signing import PrivateKey
from credentials.transparency.checkpoints import origin_key, sign_checkpoint
from credentials.transparency.evidence import Evidence, verify
from credentials.transparency.log_keys import sign_rotation
from credentials.transparency.refusals import (
    BadSignature,
    EvidenceProvesNothing,
    Fork,
    FutureCheckpoint,
    InconsistentTree,
    LogRefused,
    MalformedBundle,
    MalformedTile,
    OversizedBundle,
    ReplayedCheckpoint,
    Rollback,
    RotationInvalid,
    StaleCheckpoint,
    WrongOrigin,
)
from credentials.transparency.tiles import MAX_BUNDLE_BYTES, Bundle, Tile, print_bundle
from credentials.transparency.trusted_log import MAX_AHEAD, Edge, TrustedLog

PINNED = origin_key(ORIGIN, KEY)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=5))
def test_a_log_that_grows_is_followed_entry_by_entry(steps: list[int]) -> None:
    log = HonestLog()
    state = TrustedLog.start(ORIGIN, PINNED)
    received: list[bytes] = []
    for step in steps:
        log.grow(step)
        _, state, new = follow(log, state)
        assert len(new) == step
        received += new
        assert state.complete
        assert state.head is not None
        assert (state.head.size, state.head.root) == (len(log.entries), log.root())
        assert TrustedLog.from_bytes(state.to_bytes()) == state
    assert received == log.entries


def test_nothing_but_new_bundles_is_fetched() -> None:
    log, state = followed(1_000)
    log.grow(30)
    state = state.update_checkpoint(log.checkpoint(), START).log
    assert list(state.bundles()) == [Bundle(3), Bundle(4, 6)]
    added = state.add_bundle(3, log.bundle(Bundle(3)))
    assert (added.first, added.entries) == (1_000, tuple(log.entries[1_000:1_024]))


def test_a_checkpoint_that_says_nothing_new_changes_nothing() -> None:
    log, state = followed(5)
    update = state.update_checkpoint(log.checkpoint(), START)
    assert (update.outcome, update.log) == ("unchanged", state)
    log.signed_at += timedelta(hours=1)
    renewed, state, _ = follow(log, state)
    assert renewed.outcome == "renewed"
    assert state.head is not None
    assert state.head.signed_at == log.signed_at
    # The one from before is served again, by a cache perhaps.
    log.signed_at = START
    update = state.update_checkpoint(log.checkpoint(), START)
    assert (update.outcome, update.checkpoint.signed_at) == ("unchanged", START + timedelta(hours=1))


def test_an_empty_log_is_followed() -> None:
    _, state = followed(0)
    assert state.complete
    lying = HonestLog.of(1)
    note = sign_checkpoint(ORIGIN, 0, lying.root(), KEY, START)
    with pytest.raises(InconsistentTree):
        TrustedLog.start(ORIGIN, PINNED).update_checkpoint(note, START)


def test_a_rollback_is_refused_with_evidence() -> None:
    log, state = followed(10)
    with pytest.raises(Rollback) as refusal:
        follow(restored(log, 7), state)
    finding = verify(Evidence.parse(refusal.value.evidence.to_bytes()), [PINNED])
    assert (finding.kind, finding.smaller.size, finding.larger.size) == ("rollback", 7, 10)


def test_a_larger_tree_that_was_signed_earlier_is_a_rollback_too() -> None:
    log, state = followed(10)
    log.grow(1)
    log.signed_at = START - timedelta(seconds=1)
    with pytest.raises(Rollback) as refusal:
        follow(log, state)
    assert verify(refusal.value.evidence).smaller.size == 10


def test_a_replayed_checkpoint_is_refused_and_convicts_nobody() -> None:
    log, state = followed(10)
    old = log.checkpoint()
    log.grow(5)
    _, state, _ = follow(log, state)
    with pytest.raises(ReplayedCheckpoint) as refusal:
        state.update_checkpoint(old, START)
    assert (refusal.value.known_size, refusal.value.size, refusal.value.signed_at) == (15, 10, START)


def test_a_checkpoint_of_the_same_second_and_fewer_entries_is_a_replay() -> None:
    log, state = followed(10)
    log.entries.pop()
    with pytest.raises(ReplayedCheckpoint):
        follow(log, state)


def test_two_roots_for_one_size_are_a_fork_with_evidence() -> None:
    log, state = followed(10)
    with pytest.raises(Fork) as refusal:
        follow(rewritten(log, 3), state)
    finding = verify(Evidence.parse(refusal.value.evidence.to_bytes()), [PINNED])
    assert (finding.kind, finding.smaller.size, finding.contained) == ("fork", 10, None)


@pytest.mark.parametrize("size", [1, 10, 255, 256, 257, 600])
@pytest.mark.parametrize("more", [1, 300])
def test_a_past_that_was_altered_is_found_and_proven_by_the_next_poll(size: int, more: int) -> None:
    log, state = followed(size)
    hostile = rewritten(log, 0)
    hostile.grow(more)
    before = state
    with pytest.raises(InconsistentTree) as inconsistent:
        follow(hostile, state)
    # In a bundle that was partial the changed entry itself is seen; else the root of the whole is another.
    seen = size if size < 256 else size + more
    assert inconsistent.value.size == seen
    state = before.update_checkpoint(hostile.checkpoint(), START).log
    with pytest.raises(Fork) as refusal:
        state.accuse(hostile.tile)
    finding = verify(Evidence.parse(refusal.value.evidence.to_bytes()), [PINNED])
    assert finding.kind == "fork"
    assert (finding.smaller.size, finding.larger.size) == (size, size + more)
    assert finding.contained == HonestLog(hostile.entries[:size]).root()
    assert f"whose first {size} entries are others" in finding.sentence()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 600), st.integers(0, 300), st.data())
def test_whichever_entry_of_the_past_is_altered_it_is_proven(
    size: int, more: int, data: st.DataObject
) -> None:
    log, state = followed(size)
    hostile = rewritten(log, data.draw(st.integers(0, size - 1)))
    hostile.grow(more)
    with pytest.raises((Fork, InconsistentTree)) as refusal:
        follow(hostile, state)
    if refusal.type is InconsistentTree:
        state = state.update_checkpoint(hostile.checkpoint(), START).log
        with pytest.raises(Fork) as refusal:
            state.accuse(hostile.tile)
    finding = verify(refusal.value.evidence, [PINNED])
    assert (finding.smaller.size, finding.larger.size) == (size, size + more)


def test_an_entry_altered_on_the_way_is_refused_and_convicts_nobody() -> None:
    log, state = followed(300)
    log.grow(10)
    changed = altering(log, lambda entries: print_bundle([*entries[:-1], entry(0, "second")]))
    with pytest.raises(InconsistentTree) as refusal:
        follow(changed, state)
    assert (refusal.value.size, refusal.value.expected) == (310, log.root())
    state = state.update_checkpoint(log.checkpoint(), START).log
    with pytest.raises(EvidenceProvesNothing, match="as it should"):
        state.accuse(log.tile)
    # The refused step left no trace: from the right bytes it goes on.
    assert follow(log, state)[1].complete


def test_an_entry_that_is_known_already_is_compared() -> None:
    log, state = followed(300)
    log.grow(10)
    changed = altering(log, lambda entries: print_bundle([entry(0, "second"), *entries[1:]]))
    with pytest.raises(InconsistentTree) as refusal:
        follow(changed, state)
    assert (refusal.value.size, refusal.value.expected) == (300, HonestLog.of(300).root())
    known = HonestLog.of(300).entries
    assert refusal.value.found == HonestLog([*known[:256], entry(0, "second"), *known[257:]]).root()


def test_garbage_in_the_tiles_convicts_nobody() -> None:
    log, state = followed(10)
    hostile = rewritten(log, 3)
    hostile.grow(4)
    state = state.update_checkpoint(hostile.checkpoint(), START).log
    with pytest.raises(EvidenceProvesNothing, match="don't lead to the root"):
        state.accuse(lambda tile: bytes(32 * tile.width))
    with pytest.raises(EvidenceProvesNothing, match="only one checkpoint"):
        TrustedLog.start(ORIGIN, PINNED).accuse(log.tile)


def test_a_tile_that_is_cut_off_or_too_long_is_refused() -> None:
    log, state = followed(300)
    log.grow(300)
    state = state.update_checkpoint(log.checkpoint(), START).log
    for tile in (lambda tile: log.tile(tile)[:-1], lambda tile: log.tile(tile) + bytes(32)):
        with pytest.raises(MalformedTile, match="bytes instead of"):
            state.prove(tile)
        with pytest.raises(MalformedTile):
            state.accuse(tile)


@pytest.mark.parametrize(
    ("alter", "refused"),
    [
        (lambda entries: print_bundle(entries)[:-1], MalformedBundle),
        (lambda entries: print_bundle(entries[:-1]), MalformedBundle),
        (lambda entries: print_bundle([*entries, entries[0]]), MalformedBundle),
        (lambda entries: b"", MalformedBundle),
        (lambda entries: print_bundle(entries) + bytes(MAX_BUNDLE_BYTES), OversizedBundle),
    ],
)
def test_a_bundle_that_is_cut_off_or_too_long_is_refused(alter, refused) -> None:  # type: ignore[no-untyped-def]
    log, state = followed(10)
    log.grow(3)
    with pytest.raises(refused) as refusal:
        follow(altering(log, alter), state)
    assert refusal.value.index == 0


def test_a_full_bundle_does_for_the_partial_one_that_was_asked_for() -> None:
    log, state = followed(10)
    note = HonestLog(log.entries[:10]).checkpoint()
    state = TrustedLog.start(ORIGIN, PINNED).update_checkpoint(note, START).log
    log.grow(246)
    added = state.add_bundle(0, log.bundle(Bundle(0)))
    assert added.log.complete
    assert len(added.entries) == 10


def test_another_log_and_another_key_are_refused() -> None:
    log, state = followed(3)
    with pytest.raises(WrongOrigin):
        follow(replace(log, origin="node-b.example/log"), state)
    with pytest.raises(BadSignature):
        follow(replace(log, key=OTHER_KEY), state)


def test_a_frozen_log_is_marked_and_still_followed() -> None:
    log, state = followed(3)
    now = START + timedelta(hours=2)
    update, state, _ = follow(log, state, now)
    assert update.age == timedelta(hours=2)
    update.check_fresh(timedelta(hours=2))
    with pytest.raises(StaleCheckpoint) as stale:
        update.check_fresh(timedelta(hours=1))
    assert (stale.value.signed_at, stale.value.now) == (START, now)
    log.entries.append(entry(3))
    assert follow(log, state, now)[1].complete


def test_a_checkpoint_from_the_future_is_marked() -> None:
    log, state = followed(3)
    update = state.update_checkpoint(log.checkpoint(), START - timedelta(days=3))
    with pytest.raises(FutureCheckpoint):
        update.check_fresh(timedelta(hours=1))
    state.update_checkpoint(log.checkpoint(), START - timedelta(minutes=1)).check_fresh(timedelta(hours=1))


def test_only_the_bundle_that_is_next_is_taken() -> None:
    log, state = followed(10)
    with pytest.raises(ValueError, match="not the next"):
        state.add_bundle(0, log.bundle(Bundle(0, 10)))
    log.grow(600)
    state = state.update_checkpoint(log.checkpoint(), START).log
    with pytest.raises(ValueError, match="not the next"):
        state.add_bundle(1, log.bundle(Bundle(1)))


def test_a_long_log_is_taken_in_pieces_each_of_them_proven() -> None:
    log = HonestLog.of(2_000)
    state = TrustedLog.start(ORIGIN, PINNED).update_checkpoint(log.checkpoint(), START).log
    fetched: list[Tile] = []

    def fetch(tile: Tile) -> bytes:
        fetched.append(tile)
        return log.tile(tile)

    for _ in range(3):
        bundle = next(state.bundles())
        state = state.add_bundle(bundle.index, log.bundle(bundle)).log
    # What is not proven is not kept.
    assert TrustedLog.from_bytes(state.to_bytes()).reached.size == 0
    assert state.restart().reached.size == 0
    state = TrustedLog.from_bytes(state.prove(fetch).to_bytes())
    assert (state.proven.size, state.complete) == (768, False)
    assert fetched == [Tile(1, 0, 7), Tile(0, 7, 208)]
    with pytest.raises(InconsistentTree):
        state.prove(lambda tile: bytes(32 * tile.width))
    log.grow(10)
    _, state, received = follow(log, state)
    assert (state.complete, received) == (True, log.entries[768:])
    assert state.prove(fetch) == state


def test_a_checkpoint_whose_entries_never_came_is_held_against_the_log_all_the_same() -> None:
    log, state = followed(10)
    lie = rewritten(log, 3)
    lie.grow(4)
    state = state.update_checkpoint(lie.checkpoint(), START).log
    state = TrustedLog.from_bytes(state.to_bytes())
    # Now the honest history again, as if nothing had been signed in between.
    log.grow(10)
    log.signed_at = lie.signed_at
    with pytest.raises(InconsistentTree) as refusal:
        follow(log, state)
    assert refusal.value.size == 14
    state = state.update_checkpoint(log.checkpoint(), START).log
    with pytest.raises(Fork) as fork:
        state.accuse(log.tile)
    assert verify(fork.value.evidence).smaller.size == 14


def test_checkpoints_whose_entries_do_not_come_are_bounded() -> None:
    log, state = followed(1)
    for _ in range(MAX_AHEAD + 5):
        log.grow(1)
        state = state.update_checkpoint(log.checkpoint(), START).log
    assert len(state.ahead) == MAX_AHEAD
    assert state.newest is not None
    assert state.newest.size == len(log.entries)
    assert follow(log, state)[1].complete


def test_a_checkpoint_ahead_is_renewed() -> None:
    log, state = followed(1)
    log.grow(3)
    state = state.update_checkpoint(log.checkpoint(), START).log
    log.signed_at += timedelta(minutes=5)
    update, state, _ = follow(log, state)
    assert update.outcome == "renewed"
    assert state.head is not None
    assert (state.head.size, state.head.signed_at) == (4, log.signed_at)


def test_a_log_is_followed_to_its_next_key() -> None:
    log, state = followed(10)
    statement = sign_rotation(ORIGIN, KEY, OTHER_KEY, 10, START)
    state = state.rotate(statement)
    assert TrustedLog.from_bytes(state.to_bytes()) == state
    log.grow(1)
    with pytest.raises(BadSignature):
        follow(log, state)
    log.key = OTHER_KEY
    _, state, _ = follow(log, state)
    assert state.complete
    with pytest.raises(RotationInvalid):
        state.rotate(statement)
    # A fork across the change is proven from the first key.
    with pytest.raises(Fork) as refusal:
        follow(rewritten(log, 3), state)
    assert verify(refusal.value.evidence, [PINNED]).kind == "fork"


def test_a_fork_across_the_change_of_the_key_is_proven_from_the_old_one() -> None:
    log, state = followed(10)
    state = state.rotate(sign_rotation(ORIGIN, KEY, OTHER_KEY, 10, START))
    log.key = OTHER_KEY
    with pytest.raises(Fork) as refusal:
        follow(rewritten(log, 3), state)
    finding = verify(Evidence.parse(refusal.value.evidence.to_bytes()), [PINNED])
    assert finding.smaller.key != finding.larger.key


def test_a_key_that_the_operator_pins_is_believed_and_the_past_still_compared() -> None:
    log, state = followed(10)
    state = state.repin(origin_key(ORIGIN, OTHER_KEY))
    assert TrustedLog.from_bytes(state.to_bytes()) == state
    log.key = OTHER_KEY
    # Nothing signed links the two keys, so there is no evidence against either; refused all the same.
    with pytest.raises(InconsistentTree):
        follow(rewritten(log, 3), state)
    with pytest.raises(ReplayedCheckpoint):
        follow(restored(log, 7), state)
    log.grow(5)
    state = follow(log, state)[1]
    assert state.complete
    # What the new key signed against itself is evidence again.
    with pytest.raises(Fork) as refusal:
        follow(rewritten(log, 3), state)
    assert verify(refusal.value.evidence).key == origin_key(ORIGIN, OTHER_KEY)
    assert state.repin(origin_key(ORIGIN, OTHER_KEY)) is state


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_an_honest_log_is_never_accused_whatever_is_lost_on_the_way(data: st.DataObject) -> None:
    """Polls that end anywhere, old checkpoints from caches, restarts, signatures anew, changes of the key."""
    log, state = HonestLog(), TrustedLog.start(ORIGIN, PINNED)
    served: list[bytes] = []
    received: list[bytes] = []
    keys = iter([OTHER_KEY, *(PrivateKey.from_ed25519_seed(bytes([number]) * 32) for number in (7, 8))])
    for _ in range(data.draw(st.integers(1, 12))):
        match data.draw(st.sampled_from(["grow", "resign", "rotate", "restart", "poll", "replay"])):
            case "grow":
                log.grow(data.draw(st.sampled_from([0, 1, 3, 255, 256, 300])))
            case "resign":
                log.signed_at += timedelta(seconds=data.draw(st.integers(0, 90)))
            case "rotate" if new := next(keys, None):
                state = state.rotate(sign_rotation(ORIGIN, log.key, new, len(log.entries), log.signed_at))
                log.key, served = new, []
            case "restart":
                state = TrustedLog.from_bytes(state.to_bytes())
                del received[state.proven.size :]
            case "replay" if served:
                with suppress(ReplayedCheckpoint):
                    state = state.update_checkpoint(data.draw(st.sampled_from(served)), START).log
            case _:
                served.append(log.checkpoint())
                state = state.update_checkpoint(served[-1], START).log
                for bundle in list(state.bundles())[: data.draw(st.integers(0, 5))]:
                    added = state.add_bundle(bundle.index, log.bundle(bundle))
                    state = added.log
                    received += added.entries
                if data.draw(st.booleans()):
                    state = state.prove(log.tile)
        assert received == log.entries[: state.reached.size]
    _, state, rest = follow(log, state)
    assert (state.complete, received + rest) == (True, log.entries)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_whatever_is_changed_on_the_way_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    log, state = followed(data.draw(st.sampled_from([0, 3, 255, 256, 300])))
    log.grow(data.draw(st.sampled_from([1, 2, 260])))

    def changed(served: bytes) -> bytes:
        place = data.draw(st.integers(0, len(served)))
        return (
            served[:place] + data.draw(st.binary(max_size=3)) + served[place + data.draw(st.integers(0, 3)) :]
        )

    before = state.proven.size
    try:
        state = state.update_checkpoint(changed(log.checkpoint()), START).log
        received: list[bytes] = []
        for bundle in list(state.bundles()):
            added = state.add_bundle(bundle.index, changed(log.bundle(bundle)))
            state = added.log
            received += added.entries
    except (Fork, Rollback) as refusal:
        raise AssertionError("an honest log is convicted") from refusal
    except LogRefused:
        return
    assert received == log.entries[before:]


def test_a_kept_state_of_another_version_is_refused() -> None:
    form = json.loads(followed(3)[1].to_bytes())
    with pytest.raises(ValueError, match="form 2"):
        TrustedLog.from_bytes(json.dumps({**form, "v": 2}).encode())
    with pytest.raises(ValueError, match="tail"):
        Edge(followed(3)[1].proven.frontier)
