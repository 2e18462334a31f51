"""Evidence convicts who signed two things that can't both be true, and nobody else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hostile_logs import KEY, ORIGIN, OTHER_KEY, START, HonestLog, restored, rewritten
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.transparency.checkpoints import (
    SignedCheckpoint,
    origin_key,
    sign_checkpoint,
    verify_checkpoint,
)
from credentials.transparency.evidence import (
    MAX_EVIDENCE,
    Evidence,
    fork_evidence,
    rollback_evidence,
    verify,
)
from credentials.transparency.merkle import EMPTY_ROOT
from credentials.transparency.refusals import EvidenceMalformed, EvidenceProvesNothing, LogRefused
from credentials.transparency.tiles import TileHashes

PINNED = origin_key(ORIGIN, KEY)
HONEST = HonestLog.of(10)


def signed(log: HonestLog) -> SignedCheckpoint:
    return verify_checkpoint(log.checkpoint(), log.origin, [log.note_key])


def altered() -> HonestLog:
    log = rewritten(HONEST, 3)
    log.entries += HonestLog.of(4, "more").entries
    return log


def fork() -> Evidence:
    log = altered()
    return fork_evidence(signed(HONEST), signed(log), PINNED, TileHashes(14, log.tile))


def same_size() -> Evidence:
    return fork_evidence(signed(HONEST), signed(rewritten(HONEST, 3)), PINNED)


def rollback() -> Evidence:
    return rollback_evidence(signed(restored(HONEST, 7)), signed(HONEST), PINNED)


@pytest.mark.parametrize("make", [fork, same_size, rollback])
def test_evidence_convicts_and_comes_back_from_its_bytes(make: Callable[[], Evidence]) -> None:
    evidence = make()
    assert Evidence.parse(evidence.to_bytes()) == evidence
    finding = verify(evidence, [origin_key("node-b.example/log", KEY), PINNED])
    assert (finding.kind, finding.origin, finding.key) == (evidence.kind, ORIGIN, PINNED)
    assert finding.sentence().startswith(f"{ORIGIN} signed ")
    assert verify(evidence) == finding


def test_a_log_that_only_grew_can_not_be_convicted() -> None:
    larger = HonestLog.of(14)
    with pytest.raises(EvidenceProvesNothing, match="contains the smaller one, as it should"):
        fork_evidence(signed(HONEST), signed(larger), PINNED, TileHashes(14, larger.tile))
    with pytest.raises(EvidenceProvesNothing, match="say the same"):
        fork_evidence(signed(HONEST), signed(HONEST), PINNED)
    with pytest.raises(EvidenceProvesNothing, match="not signed after"):
        rollback_evidence(signed(HONEST), signed(larger), PINNED)
    with pytest.raises(EvidenceProvesNothing, match="said to be smaller is not"):
        rollback_evidence(signed(larger), signed(HONEST), PINNED)
    with pytest.raises(EvidenceProvesNothing, match="need the larger one's hashes"):
        fork_evidence(signed(HONEST), signed(altered()), PINNED)


def test_two_checkpoints_the_wrong_way_round_prove_nothing() -> None:
    evidence = fork()
    with pytest.raises(EvidenceProvesNothing, match="said to be smaller is not"):
        verify(replace(evidence, smaller=evidence.larger, larger=evidence.smaller))


def test_an_empty_log_with_another_root_is_convicted() -> None:
    note = sign_checkpoint(ORIGIN, 0, bytes(32), KEY, START)
    empty = verify_checkpoint(note, ORIGIN, [PINNED])
    evidence = fork_evidence(empty, signed(HONEST), PINNED, TileHashes(10, HONEST.tile))
    assert verify(evidence).contained == EMPTY_ROOT


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "rollback"},
        {"origin": "node-b.example/log"},
        {"key": origin_key(ORIGIN, OTHER_KEY)},
        {"prefix": ()},
        {"rest": ()},
        {"prefix": (bytes(32), bytes(32))},
        {"rest": (bytes(32), bytes(32))},
        {"smaller": altered().checkpoint()},
        {"larger": HONEST.checkpoint()},
        {"larger": HonestLog.of(14).checkpoint()},
        {"smaller": replace(HONEST, key=OTHER_KEY).checkpoint()},
        {"smaller": b"no note"},
        {"rotations": (b"no statement",)},
    ],
)
def test_evidence_of_which_one_part_was_changed_proves_nothing(change: dict[str, Any]) -> None:
    with pytest.raises(EvidenceProvesNothing):
        verify(replace(fork(), **change))


def test_evidence_about_another_key_than_asked_proves_nothing() -> None:
    with pytest.raises(EvidenceProvesNothing, match="another key"):
        verify(fork(), [origin_key(ORIGIN, OTHER_KEY)])
    with pytest.raises(EvidenceProvesNothing, match="another key"):
        verify(fork(), [])


def test_nobody_is_convicted_by_a_rollback_within_one_second() -> None:
    log = restored(HONEST, 7)
    log.signed_at = START
    with pytest.raises(EvidenceProvesNothing, match="not signed after"):
        rollback_evidence(signed(log), signed(HONEST), PINNED)


FORM = json.loads(fork().to_bytes())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"format": "x"}, "format"),
        ({"v": 2}, "version 2"),
        ({"kind": "theft"}, "kind is 'theft'"),
        ({"kind": ["fork"]}, "kind is"),
        ({"more": 1}, "members"),
        ({"key": "x"}, "key can't be used"),
        ({"key": 1}, "key is no text"),
        ({"origin": None}, "origin is no text"),
        ({"smaller": 1}, "smaller is no text"),
        ({"prefix": "x"}, "prefix is no list"),
        ({"prefix": [1]}, "prefix is no list"),
        ({"prefix": ["AA=="]}, "not of 32 bytes"),
        ({"rest": ["?"]}, "not base64"),
        ({"rest": ["A" * 43 + "="] * 129}, "at most 128"),
        ({"rotations": ["x"] * 33}, "at most 32"),
    ],
)
def test_what_is_no_evidence_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(EvidenceMalformed, match=problem):
        Evidence.parse(json.dumps(FORM | change).encode())


def test_evidence_is_bounded() -> None:
    with pytest.raises(EvidenceMalformed, match="at most"):
        Evidence.parse(b" " * (MAX_EVIDENCE + 1))
    with pytest.raises(EvidenceMalformed, match="can't be read"):
        Evidence.parse(b"[]")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=30), st.integers(0, 4_000), st.integers(0, 30))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes, place: int, length: int) -> None:
    good = fork().to_bytes()
    place %= len(good)
    with contextlib.suppress(LogRefused):
        assert verify(Evidence.parse(good[:place] + data + good[place + length :])).kind == "fork"


def test_the_time_of_a_rollback_is_the_one_that_is_signed() -> None:
    finding = verify(rollback())
    assert finding.smaller.signed_at - finding.larger.signed_at == timedelta(minutes=1)
    assert "and later a smaller one of 7 entries" in finding.sentence()
