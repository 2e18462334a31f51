"""A log's key changes only by the word of the one before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from hostile_logs import KEY, ORIGIN, OTHER_KEY, START
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.keys import KeyUnusable
from credentials.signing import PrivateKey, generate_key, sign_compact
from credentials.transparency.checkpoints import origin_key
from credentials.transparency.log_keys import (
    MAX_ROTATION,
    MAX_ROTATIONS,
    follow_rotations,
    sign_rotation,
    verify_rotation,
)
from credentials.transparency.refusals import RotationInvalid

THIRD_KEY = PrivateKey.from_ed25519_seed(b"\3" * 32)
PINNED, SECOND, THIRD = (origin_key(ORIGIN, key) for key in (KEY, OTHER_KEY, THIRD_KEY))
STATEMENT = sign_rotation(ORIGIN, KEY, OTHER_KEY, 10, START)
NEXT = sign_rotation(ORIGIN, OTHER_KEY, THIRD_KEY, 12, START + timedelta(days=1))
CLAIMS: dict[str, Any] = {
    "origin": ORIGIN,
    "new_key": SECOND.text(),
    "from_size": 10,
    "iat": int(START.timestamp()),
}


def statement(claims: object, typ: str = "catalogue-log-key+jwt", key: PrivateKey = KEY) -> bytes:
    return sign_compact({"alg": key.algorithm, "typ": typ}, rfc8785.dumps(claims), key).encode()


def test_a_statement_names_the_next_key() -> None:
    rotation = verify_rotation(STATEMENT, ORIGIN, PINNED)
    assert (rotation.origin, rotation.new_key, rotation.from_size, rotation.issued_at) == (
        ORIGIN,
        SECOND,
        10,
        START,
    )
    assert statement(CLAIMS) == STATEMENT


def test_a_chain_leads_from_the_pinned_key_to_the_newest() -> None:
    assert follow_rotations(ORIGIN, PINNED, []) == (PINNED,)
    assert follow_rotations(ORIGIN, PINNED, [STATEMENT, NEXT]) == (PINNED, SECOND, THIRD)
    assert follow_rotations(ORIGIN, SECOND, [NEXT]) == (SECOND, THIRD)


def test_a_statement_by_any_other_key_is_refused() -> None:
    with pytest.raises(RotationInvalid, match="does not match"):
        verify_rotation(STATEMENT, ORIGIN, THIRD)
    # The new key can't call itself the next.
    with pytest.raises(RotationInvalid):
        verify_rotation(statement(CLAIMS, key=OTHER_KEY), ORIGIN, PINNED)
    with pytest.raises(RotationInvalid):
        follow_rotations(ORIGIN, PINNED, [NEXT, STATEMENT])


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"origin": "node-b.example/log"}, "not of 'node-a.example/log'"),
        ({"origin": 1}, "are text"),
        ({"new_key": None}, "are text"),
        ({"new_key": "x"}, "new key can't be used"),
        ({"new_key": origin_key("other.example", OTHER_KEY).text()}, "bear the log's name"),
        ({"new_key": PINNED.text()}, "is the old one"),
        ({"from_size": -1}, "from_size"),
        ({"from_size": True}, "from_size"),
        ({"from_size": "1"}, "from_size"),
        ({"iat": -1}, "iat"),
        ({"iat": 2**52}, "iat"),
        ({"iat": None}, "iat"),
        ({"exp": 1}, "and no others"),
    ],
)
def test_a_statement_that_says_something_else_is_refused(claims: dict[str, Any], problem: str) -> None:
    with pytest.raises(RotationInvalid, match=problem):
        verify_rotation(statement(CLAIMS | claims), ORIGIN, PINNED)


def test_another_kind_of_token_is_no_statement() -> None:
    with pytest.raises(RotationInvalid, match="typ is"):
        verify_rotation(statement(CLAIMS, typ="catalogue-withdrawal+jwt"), ORIGIN, PINNED)
    p256 = generate_key("P-256")
    with pytest.raises(RotationInvalid):
        verify_rotation(statement(CLAIMS, key=p256), ORIGIN, PINNED)
    with pytest.raises(KeyUnusable, match="Ed25519"):
        sign_rotation(ORIGIN, KEY, p256, 1, START)
    with pytest.raises(KeyUnusable, match="Ed25519"):
        sign_rotation(ORIGIN, p256, KEY, 1, START)


def test_a_log_does_not_return_to_a_key_that_it_left() -> None:
    back = sign_rotation(ORIGIN, OTHER_KEY, KEY, 12, START)
    with pytest.raises(RotationInvalid, match="returns to a key"):
        follow_rotations(ORIGIN, PINNED, [STATEMENT, back])


@pytest.mark.parametrize(("size", "days"), [(9, 1), (12, -1)])
def test_sizes_and_times_of_a_chain_do_not_go_back(size: int, days: int) -> None:
    later = sign_rotation(ORIGIN, OTHER_KEY, THIRD_KEY, size, START + timedelta(days=days))
    with pytest.raises(RotationInvalid, match="smaller size or an earlier time"):
        follow_rotations(ORIGIN, PINNED, [STATEMENT, later])


def test_chains_and_statements_are_bounded() -> None:
    with pytest.raises(RotationInvalid, match="at most 32"):
        follow_rotations(ORIGIN, PINNED, [STATEMENT] * (MAX_ROTATIONS + 1))
    with pytest.raises(RotationInvalid, match="at most 4096"):
        verify_rotation(b"a" * (MAX_ROTATION + 1), ORIGIN, PINNED)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=30), st.integers(0, len(STATEMENT)), st.integers(0, 30))
def test_no_bytes_raise_anything_but_the_refusal(data: bytes, place: int, length: int) -> None:
    changed = STATEMENT[:place] + data + STATEMENT[place + length :]
    try:
        verify_rotation(changed, ORIGIN, PINNED)
    except RotationInvalid:
        return
    assert changed == STATEMENT
