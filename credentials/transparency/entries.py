"""The entries of a node's log: `{v, op, digest, at}` in RFC 8785 form, and nothing else.

No DID, name or subject stands in them, so that they can be copied anywhere and stay when what they named is
erased.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from credentials.times import from_rfc3339, to_rfc3339
from credentials.transparency.refusals import EntryMalformed

#: The entry form. A later form gets a new number; readers refuse what they don't know.
ENTRY_VERSION = 1

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
# The members in the order and spelling of RFC 8785. None of them needs an escape.
_ENTRY = re.compile(rb'\{"at":"([0-9TZ:.-]{20,27})","digest":"([0-9a-f]{64})","op":"([a-z]{1,8})","v":1\}')


class Op(StrEnum):
    """What an entry says of the blob it names."""

    LIST = "list"
    WITHDRAW = "withdraw"
    ERASE = "erase"
    #: The blob is a statement that the log's key changes (`log_keys`).
    KEY = "key"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What one entry says. `digest` names the self-description, the withdrawal or the statement of a key."""

    op: Op
    digest: str
    at: datetime

    def to_bytes(self) -> bytes:
        """The exact, replicable form. ValueError when the digest is none."""
        if not _DIGEST.fullmatch(self.digest):
            raise ValueError("a digest has 64 lower-case hex digits")
        at = to_rfc3339(self.at)
        return f'{{"at":"{at}","digest":"{self.digest}","op":"{self.op.value}","v":{ENTRY_VERSION}}}'.encode()


def parse_entry(data: bytes) -> LogEntry:
    """The inverse of `LogEntry.to_bytes`. EntryMalformed for every other form, with what is wrong."""
    match = _ENTRY.fullmatch(data)
    if match is None:
        raise EntryMalformed(_problem(data))
    at, digest, op = (part.decode("ascii") for part in match.groups())
    try:
        entry = LogEntry(Op(op), digest, from_rfc3339(at))
    except ValueError as error:
        raise EntryMalformed(f"the entry's op or time is not one that can be: {op!r}, {at!r}") from error
    # One moment has one spelling: UTC, and digits after the seconds only where they are not all zero.
    if to_rfc3339(entry.at) != at:
        raise EntryMalformed(f"the entry's time is not written as it must be: {at!r}")
    return entry


def _problem(data: bytes) -> str:
    try:
        form = json.loads(data)
    except (ValueError, RecursionError):
        return "the entry is no JSON"
    if not isinstance(form, dict):
        return "the entry is no JSON object"
    version = form.get("v")
    if type(version) is int and version != ENTRY_VERSION:
        return f"the entry has form {version}; this version reads {ENTRY_VERSION}"
    if form.keys() != {"v", "op", "digest", "at"}:
        return "the entry's members are not v, op, digest and at"
    return "the entry is not in the form of RFC 8785 with a digest of 64 hex digits"
