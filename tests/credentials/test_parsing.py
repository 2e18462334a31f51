from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.errors import Rejection
from credentials.parsing import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_VALUES,
    Unrecognised,
    _read_plain,
    parse_json,
    sniff,
)

#: The strictest machine that runs these has two slow cores; nothing here may need more.
SECONDS = 2.0


def refusal(data: bytes, **limits: int) -> str:
    begun = time.process_time()
    with pytest.raises(Rejection) as refused:
        parse_json(data, **limits)
    assert time.process_time() - begun < SECONDS
    assert refused.value.check == "parse"
    return refused.value.detail


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": 1, "a": 1}', "two members named 'a'"),
        (b'{"a": {"b": [{"c": 1, "c": 2}]}}', "two members named 'c'"),
        (b'{"\\u0061": 1, "a": 1}', "two members named 'a'"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\udc00": "a"}', "surrogate"),
        (b'{"a": ["x", "\\u0000"]}', "NUL"),
        (b'{"a": "\x00"}', "not JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "UTF-8"),
        (b'{"a": 1e400}', "beyond what a double"),
        (b'{"a": 1' + b"0" * 400 + b"}", "2^53"),
        (b'{"a": 9007199254740992}', "2^53"),
        (b'{"a": -9007199254740992}', "2^53"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": -Infinity}', "not JSON"),
        (b'{"a": 1} x', "not JSON"),
        (b'{"a": 01}', "not JSON"),
        (b"[]", "not an object"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(data: bytes, reason: str) -> None:
    assert reason in refusal(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": "\\ud83d\\ude00"}',
        b'{"a": 9007199254740991, "b": -9007199254740991}',
        b'{"a": 1.5e300, "b": -0.0}',
        b' \r\n{"a": {}}\n',
    ],
)
def test_ordinary_json_is_taken(data: bytes) -> None:
    assert "a" in parse_json(data)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "levels deep"),
        (lambda: b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "levels deep"),
        (lambda: b'{"a":' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}", "levels deep"),
        (lambda: b'{"a": "' + b"x" * 10_000_000 + b'"}', "10,000,009 bytes"),
        (lambda: b'{"a": [' + b"1," * (MAX_VALUES + 1) + b"1]}", "members and array items"),
        (lambda: b'{"a": ' + b"9" * 900_000 + b"}", "2^53"),
    ],
)
def test_bounds_hold_and_are_cheap(make: Callable[[], bytes], reason: str) -> None:
    assert reason in refusal(make())


def test_a_hundred_thousand_claims_are_refused_even_where_the_operator_allows_five_megabytes() -> None:
    claims = ",".join(f'"claim{number}": "{number:040}"' for number in range(100_000))
    data = ("{" + claims + "}").encode()
    assert len(data) > 5_000_000
    assert "members and array items" in refusal(data, max_bytes=10_000_000)
    assert f"{MAX_BYTES:,}" in refusal(data)


@pytest.mark.parametrize(
    ("data", "kind"), [(b" {}", "json"), (b"\xef\xbb\xbf{", "json"), (b"a.b.c\n", "jws"), (b"a.b.", "jws")]
)
def test_objects_and_tokens_are_told_apart(data: bytes, kind: str) -> None:
    assert sniff(data) == kind


@pytest.mark.parametrize("data", [b"", b"   ", b"[{}]", b"hello", b"a.b", b"a.b.c.d", b"\x00{}", b'"{}"'])
def test_anything_else_is_not_recognised(data: bytes) -> None:
    with pytest.raises(Unrecognised):
        sniff(data)


@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: ("{" + text).encode(errors="replace"))
)
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    with suppress(Rejection):
        assert isinstance(parse_json(data), dict)


# The quick reader


def slowly(data: bytes) -> object:
    """What the slow reader makes of it: the object, or why not."""
    with mock.patch("credentials.parsing._read_plain", return_value=None):
        try:
            return parse_json(data)
        except Rejection as refused:
            return refused.detail


#: Numbers and strings that readers spell in several ways, and where they could disagree.
SCALARS = st.sampled_from(
    [
        *("0", "-0", "-0.0", "7", "1.0", "1.50", "1E2", "1e2", "100.0", "1e-7", "0.0000001", "1e16", "1e999"),
        *(
            "9007199254740991",
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551616",
            "1" + "0" * 20,
        ),
        *(
            "true",
            "null",
            "NaN",
            '""',
            '"a"',
            '" a : b, "',
            r'"\""',
            r'"\\"',
            r'"\/"',
            r'"\u0041"',
            r'"\ud800"',
        ),
        *('"é"', '"\x7f"', '"\u2028"', r'"\n"', '"\n"', "01", "1 2"),
    ]
)
SPACES = st.sampled_from(["", "", "", " ", "\n\t"])
TEXTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(
            lambda items, space: "[" + f",{space}".join(items) + f"{space}]",
            st.lists(inner, max_size=3),
            SPACES,
        ),
        st.builds(
            lambda members, space: "{" + f"{space},".join(f'"{k}":{space}{v}' for k, v in members) + "}",
            st.lists(st.tuples(st.sampled_from(["a", "b", "a b", "é", "a:", r"\n"]), inner), max_size=4),
            SPACES,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_the_quick_reader_gives_what_the_slow_one_gives_or_nothing(text: str) -> None:
    data = f'{{"x":{text}}}'.encode()
    quick = _read_plain(data)
    if quick is not None:
        assert repr(quick) == repr(slowly(data))


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":{"b":1},"a":{"b":1}}',
        '{"a b":1,"a b":1}',
        # One number is written longer and another shorter: as long as before, and not the same.
        '{"a":100000000000000000000,"b":1.50}',
        '{"a":1E2}',
        '{"a":-0}',
        '{"a":9007199254740992}',
        r'{"a":"\u0041"}',
        "[1]",
        '{"a":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}",
        '{"a":[' + "1," * MAX_VALUES + "1]}",
    ],
)
def test_what_is_not_plain_is_left_to_the_slow_reader(text: str) -> None:
    assert _read_plain(text.encode()) is None


def test_what_people_publish_is_read_the_quick_way() -> None:
    for indent in (None, 2):
        text = json.dumps(
            {"a": ["é", 1, 1.5, None, True], "b": {"c": 'x "y" \\ z'}}, indent=indent, ensure_ascii=False
        )
        assert _read_plain(text.encode()) == json.loads(text)
