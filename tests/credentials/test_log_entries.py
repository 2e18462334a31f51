"""An entry of the log has one spelling, and everything else is refused with what is wrong."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.times import to_rfc3339
from credentials.transparency.entries import LogEntry, Op, parse_entry
from credentials.transparency.refusals import EntryMalformed
from credentials.transparency.tiles import MAX_ENTRY_BYTES

DIGEST = "0123456789abcdef" * 4
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
TIMES = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(Op), st.binary(min_size=32, max_size=32), TIMES)
def test_an_entry_is_its_rfc_8785_form_and_comes_back(op: Op, digest: bytes, at: datetime) -> None:
    entry = LogEntry(op, digest.hex(), at)
    form = {"v": 1, "op": op.value, "digest": digest.hex(), "at": to_rfc3339(at)}
    assert entry.to_bytes() == rfc8785.dumps(form)
    assert parse_entry(entry.to_bytes()) == entry
    assert len(entry.to_bytes()) <= MAX_ENTRY_BYTES


GOOD = LogEntry(Op.WITHDRAW, DIGEST, AT).to_bytes()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b'"v":1', b'"v":2', "form 2; this version reads 1"),
        (b'"v":1', b'"v":1.0', "RFC 8785"),
        (b'"v":1', b'"v":true', "RFC 8785"),
        (b'"v":1', b'"v": 1', "RFC 8785"),
        (b'"v":1', b'"v":1,"w":1', "members"),
        (b',"v":1', b"", "members"),
        (b"withdraw", b"block", "op or time"),
        (b"withdraw", b"List", "RFC 8785"),
        (b"0123", b"ABCD", "RFC 8785"),
        (b"0123", b"012", "RFC 8785"),
        (b"12:00:00Z", b"12:00:00+00:00", "RFC 8785"),
        (b"12:00:00Z", b"12:00:00.000000Z", "not written as it must be"),
        (b"12:00:00Z", b"12:00:00.5Z", "not written as it must be"),
        (b"12:00:00Z", b"12:00:60Z", "not written as it must be"),
        (b"12:00:00Z", b"25:00:00Z", "op or time"),
        (b"2026", b"0000", "op or time"),
        (b"{", b"[{", "no JSON"),
        (b"{", b'{"at":"",', "RFC 8785"),
        (GOOD, b"", "no JSON"),
        (GOOD, b"[1]", "no JSON object"),
        (GOOD, b"[" * 100_000, "no JSON"),
        (GOOD, b"\xff", "no JSON"),
        (GOOD, GOOD + b"\n", "RFC 8785"),
    ],
)
def test_every_other_form_is_refused_with_what_is_wrong(old: bytes, new: bytes, problem: str) -> None:
    assert old in GOOD
    with pytest.raises(EntryMalformed, match=problem):
        parse_entry(GOOD.replace(old, new, 1))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=30), st.integers(0, len(GOOD)), st.integers(0, 30))
def test_no_bytes_raise_anything_but_the_refusal(data: bytes, place: int, length: int) -> None:
    changed = GOOD[:place] + data + GOOD[place + length :]
    with contextlib.suppress(EntryMalformed):
        assert parse_entry(changed).to_bytes() == changed


def test_an_entry_without_a_digest_is_not_written() -> None:
    with pytest.raises(ValueError, match="64 lower-case hex"):
        LogEntry(Op.LIST, DIGEST.upper(), AT + timedelta(seconds=1)).to_bytes()
