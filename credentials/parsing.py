"""Bytes to JSON, strictly: what two parsers could read differently is refused before anything is believed.

Implements I-JSON (RFC 7493) and bounds on size, depth and number of values.
"""

from __future__ import annotations

import json
import math
import re
import string
from collections.abc import Iterator
from typing import Any, Literal, NoReturn

import orjson

from credentials.errors import Rejection

#: A self-description is a few kB; with a long presentation some hundred. More is not a self-description.
MAX_BYTES = 1_000_000
#: Published credentials nest about ten levels; far below the interpreter's own recursion limit.
MAX_DEPTH = 64
#: Object members and array items together: bounds the time of every later step (about 10 µs each).
MAX_VALUES = 20_000
#: Integers beyond this lose digits in readers that keep numbers as IEEE 754 doubles (RFC 7493 section 2.2),
#: and have no canonical form (RFC 8785).
MAX_INTEGER = 2**53 - 1
#: No integer within MAX_INTEGER is longer; keeps the conversion of absurd numbers from costing time.
_MAX_INTEGER_DIGITS = 17

#: What a compact JWS is made of, besides its two dots.
_BASE64URL_LETTERS = (string.ascii_letters + string.digits + "-_").encode("ascii")
#: The types that the decoder makes of objects and arrays.
_CONTAINERS = frozenset({dict, list})
_WHITESPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_FORBIDDEN_CHARACTER = re.compile("[\x00\ud800-\udfff]")


class Unrecognised(Rejection):
    """The bytes are neither a JSON object nor a JWS in compact form."""

    def __init__(self, detail: str, **evidence: object) -> None:
        super().__init__("parse", detail, evidence)


def sniff(data: bytes) -> Literal["json", "jws"]:
    """Tell a JSON object from a compact JWS by its outside alone. Raises `Unrecognised` for anything else."""
    content = data.strip(_WHITESPACE)
    if not content:
        raise Unrecognised("There is nothing in it. Send a JSON object or a JWS in compact form.")
    if content.removeprefix(_BOM).startswith(b"{"):
        return "json"
    # Taking the letters out is ten times as fast as matching a pattern, and tokens are long.
    if content.translate(None, _BASE64URL_LETTERS) == b".." and not content.startswith(b"."):
        return "jws"
    if content.startswith(b"["):
        raise Unrecognised(
            "It is a JSON array. Send each credential on its own, or wrap them in a presentation."
        )
    raise Unrecognised("It is neither a JSON object nor a JWS in compact form (three parts joined by dots).")


def parse_json(data: bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Parse one JSON object; `Rejection("parse", ...)` for what I-JSON forbids or is beyond a bound.

    What isn't JSON at all (RFC 8259) is `Unrecognised`. Refused: more than `max_bytes`, a byte order mark,
    ill-formed UTF-8, duplicate member names, NaN and infinities, numbers beyond doubles, integers beyond
    `MAX_INTEGER`, NUL and lone surrogates in strings, nesting beyond `MAX_DEPTH`, more than `MAX_VALUES`
    members and items.
    """
    check_size(data, max_bytes)
    plain = _read_plain(data)
    if plain is not None:
        return plain
    if data.startswith(_BOM):
        raise _refusal("It starts with a byte order mark; JSON must not (RFC 8259 section 8.1).")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unrecognised(
            f"Byte {error.start} is not part of well-formed UTF-8.", byte=error.start
        ) from error
    try:
        document = _DECODER.decode(text)
    except RecursionError as error:
        raise _too_deep() from error
    except json.JSONDecodeError as error:
        raise Unrecognised(
            f"It is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).",
            line=error.lineno,
            column=error.colno,
        ) from error
    if not isinstance(document, dict):
        raise _refusal("The JSON is not an object.")
    # Only an escape can bring NUL or half a surrogate pair past the UTF-8 decoder and the JSON scanner.
    _bound(document, look_at_strings="\\u" in text)
    return document


def check_size(data: bytes, max_bytes: int) -> None:
    """Raises `Rejection("parse", ...)` when `data` is longer than `max_bytes`."""
    if len(data) > max_bytes:
        raise _refusal(
            f"It has {len(data):,} bytes; at most {max_bytes:,} are taken.", bytes=len(data), limit=max_bytes
        )


def _read_plain(data: bytes) -> dict[str, Any] | None:
    """The object where it is quickly seen that nothing is wrong with it; None leaves it to the slow reader.

    What the quick library reads is written by it again, and must be the same text but for white space: then
    no member was left out as a duplicate and no number changed in the reading. Escapes of characters, which
    could spell one thing in two ways or hide what is no text, are left to the slow reader; and so is what has
    brackets or commas enough for the bounds to need counting.
    """
    brackets = data.count(b"{") + data.count(b"[")
    if b"\\u" in data or brackets > MAX_DEPTH or brackets + data.count(b",") > MAX_VALUES:
        return None
    try:
        document = orjson.loads(data)
        # Integers beyond MAX_INTEGER are an error of this option.
        again = orjson.dumps(document, option=orjson.OPT_STRICT_INTEGER)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    if not isinstance(document, dict) or again.translate(None, _WHITESPACE) != data.translate(
        None, _WHITESPACE
    ):
        return None
    return document


def _refusal(detail: str, **evidence: object) -> Rejection:
    return Rejection("parse", detail, evidence)


def _too_deep() -> Rejection:
    return _refusal(f"Objects and arrays are nested more than {MAX_DEPTH} levels deep.", limit=MAX_DEPTH)


def _bound(document: dict[str, Any], *, look_at_strings: bool) -> None:
    """Walk level by level, so that depth is the number of rounds and nothing recurses."""
    level: list[Any] = [document]
    depth = values = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        below: list[Any] = []
        for container in level:
            values += len(container)
            if values > MAX_VALUES:
                raise _refusal(
                    f"It has more than {MAX_VALUES:,} object members and array items.", limit=MAX_VALUES
                )
            items = container.values() if isinstance(container, dict) else container
            if look_at_strings:
                _refuse_broken_text(container if isinstance(container, dict) else ())
                _refuse_broken_text(items)
            below += [item for item in items if type(item) in _CONTAINERS]
        level = below


def _refuse_broken_text(items: Any) -> None:
    for item in items:
        if isinstance(item, str) and _FORBIDDEN_CHARACTER.search(item):
            raise _refusal("A string has a NUL or half of a surrogate pair; neither is text.")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _refusal(f"An object has two members named {_first_duplicate(pairs)!r}.")
    return members


def _first_duplicate(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    duplicates: Iterator[str] = (name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return next(duplicates)[:80]


def _integer(digits: str) -> int:
    if len(digits) > _MAX_INTEGER_DIGITS or abs(value := int(digits)) > MAX_INTEGER:
        raise _refusal(f"The integer {digits[:24]} is beyond ±(2^53 - 1): readers would disagree on it.")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _refusal(f"The number {digits[:24]} is beyond what a double can hold.")
    return value


def _constant(name: str) -> NoReturn:
    raise _refusal(f"{name} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_duplicates,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_constant,
)
