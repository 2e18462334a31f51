"""Literals as SHACL looks at them: their parts, whether they are well formed, which is the greater.

Terms are those of `credentials.nquads.Quad`. Datatypes: XML Schema 1.1 Part 2; comparison: SPARQL 1.1 section
17.3, for numbers and times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from credentials.nquads import unescape
from vocab.namespaces import RDF, XSD

STRING = f"<{XSD}string>"
LANG_STRING = f"<{RDF}langString>"

#: Digits of a number that are compared; more are no measurement, and Python's int() would refuse them loudly.
MAX_DIGITS = 400

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)

#: Integer datatypes with their least and greatest value.
_INTEGERS: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
}


def parts_of(term: str) -> tuple[str, str, str]:
    """Text, datatype (a term) and language of a literal. ValueError for what is none."""
    if term[0] != '"':
        raise ValueError("not a literal")
    end = term.rfind('"')
    text, suffix = term[1:end], term[end + 1 :]
    if "\\" in text:
        text = unescape(text)
    if not suffix:
        return text, STRING, ""
    return (text, LANG_STRING, suffix[1:]) if suffix[0] == "@" else (text, suffix[2:], "")


def has_datatype(term: str, datatype: str) -> bool:
    """Whether a term is a literal of that datatype, and well formed where the datatype is one known here."""
    if term[0] != '"':
        return False
    end = term.rfind('"')
    suffix = term[end + 1 :]
    if not suffix:
        return datatype == STRING
    if suffix[0] == "@":
        return datatype == LANG_STRING
    if suffix[2:] != datatype:
        return False
    read = _READERS.get(datatype)
    return read is None or read(parts_of(term)[0]) is not None


def comparable(term: str) -> Any:
    """Something to compare a literal's value by with another's of the same family: a number, or a time.

    A pair (family, value); None for what has no order here, is ill-formed, or is no literal at all.
    """
    if term[0] != '"':
        return None
    text, datatype, _ = parts_of(term)
    read = _READERS.get(datatype)
    value = read(text) if read is not None else None
    if value is None or isinstance(value, bool):
        return None
    return _FAMILY.get(datatype, "number"), value


def _integer(least: int | None, greatest: int | None) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        if len(text) > MAX_DIGITS or not _INTEGER.fullmatch(text):
            return None
        value = int(text)
        fits = (least is None or value >= least) and (greatest is None or value <= greatest)
        return value if fits else None

    return read


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if len(text) <= MAX_DIGITS and _DECIMAL.fullmatch(text) else None


def _float(text: str) -> float | None:
    return float(text) if len(text) <= MAX_DIGITS and _FLOAT.fullmatch(text) else None


def _boolean(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text)


def _date(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _date_time(text: str) -> datetime | None:
    match = _DATE_TIME.fullmatch(text)
    if not match:
        return None
    # Beyond microseconds nothing is compared; a time without a zone is taken for UTC.
    fraction = (match[2] or "")[:7]
    try:
        moment = (
            datetime.fromisoformat(match[1] + fraction.ljust(7, "0") + (match[3] or ""))
            if fraction
            else (datetime.fromisoformat(match[1] + (match[3] or "")))
        )
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


_READERS: dict[str, Callable[[str], Any]] = {
    **{f"<{XSD}{name}>": _integer(*bounds) for name, bounds in _INTEGERS.items()},
    f"<{XSD}decimal>": _decimal,
    f"<{XSD}float>": _float,
    f"<{XSD}double>": _float,
    f"<{XSD}boolean>": _boolean,
    f"<{XSD}date>": _date,
    f"<{XSD}dateTime>": _date_time,
}
_FAMILY = {f"<{XSD}date>": "date", f"<{XSD}dateTime>": "time"}
