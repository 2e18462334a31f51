"""Reading status lists: what a credential's entry names, and which value the list has there.

W3C Bitstring Status List 1.0 (sections 2 and 3) and its forerunner StatusList2021. Nothing here is fetched or
verified; a problem carries the code that the recommendation gives it.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from credentials.outside import MAX_ADDRESS
from credentials.statements import is_absolute_iri

#: Entries of one credential; published ones have one or two (revocation, suspension).
MAX_ENTRIES = 8
#: Bits that a list must have for each bit of an entry: a shorter one tells its reader's interest apart
#: (Bitstring Status List, section 3.2 step 10).
MIN_LENGTH = 131_072
#: Bytes of a list once unpacked: 16 million entries. A compressed list of this size takes 2 kB at the least.
MAX_LIST_BYTES = 2_097_152
#: Bits of one entry; messages need a few.
MAX_STATUS_SIZE = 16
#: How long a list is used again: as it says, within these bounds (`ttl`, by default 5 minutes).
DEFAULT_TTL, MIN_TTL, MAX_TTL = timedelta(minutes=5), timedelta(minutes=1), timedelta(hours=1)

#: Types of entry, and of the list that each names.
_LISTS = {
    "BitstringStatusListEntry": ("BitstringStatusListCredential", "BitstringStatusList"),
    "StatusList2021Entry": ("StatusList2021Credential", "StatusList2021"),
}
#: Purposes that take a statement out of force while the bit is set.
REVOCATION, SUSPENSION = "revocation", "suspension"


class StatusProblem(Exception):
    """No status can be told. `code` is the recommendation's, `temporary` whether later may be better."""

    def __init__(self, code: str, problem: str, *, temporary: bool = False) -> None:
        super().__init__(f"{code}: {problem}")
        self.code = code
        self.problem = problem
        self.temporary = temporary


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `credentialStatus`: where in which list, for what purpose. `size` is in bits."""

    type: str
    purpose: str
    url: str
    index: int
    size: int
    messages: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class StatusList:
    """A list as its credential carries it, unpacked."""

    purposes: frozenset[str]
    bits: bytes
    ttl: timedelta

    def value(self, entry: Entry) -> int:
        """The value at the entry's place, counted from the most significant bit. Raises `StatusProblem`."""
        if entry.purpose not in self.purposes:
            raise StatusProblem(
                "STATUS_VERIFICATION_ERROR", f"the list is not for the purpose {entry.purpose[:40]!r}"
            )
        length = len(self.bits) * 8
        if length // entry.size < MIN_LENGTH:
            raise StatusProblem("STATUS_LIST_LENGTH_ERROR", f"the list has fewer than {MIN_LENGTH} entries")
        first = entry.index * entry.size
        if first + entry.size > length:
            raise StatusProblem("RANGE_ERROR", f"the list ends before entry {entry.index}")
        value = 0
        for place in range(first, first + entry.size):
            value = value << 1 | (self.bits[place >> 3] >> (7 - (place & 7)) & 1)
        return value


def read_entry(entry: object) -> Entry | None:
    """One entry of `credentialStatus`; None when it is of a kind that isn't known. Raises `StatusProblem`."""
    if not isinstance(entry, Mapping):
        raise _malformed("an entry of credentialStatus must be an object")
    types = entry.get("type", entry.get("@type"))
    kind = next((one for one in (types if isinstance(types, list) else [types]) if one in _LISTS), None)
    if kind is None:
        return None
    purpose, url = entry.get("statusPurpose"), entry.get("statusListCredential")
    if not isinstance(purpose, str) or not isinstance(url, str) or not is_absolute_iri(url):
        raise _malformed("an entry needs statusPurpose and statusListCredential, a URL")
    if len(url) > MAX_ADDRESS:
        raise _malformed(f"statusListCredential is longer than {MAX_ADDRESS} characters")
    size = entry.get("statusSize", 1)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAX_STATUS_SIZE:
        raise _malformed(f"statusSize must be a number from 1 to {MAX_STATUS_SIZE}")
    return Entry(kind, purpose, url, _index(entry.get("statusListIndex")), size, _messages(entry))


def read_list(entry: Entry, claims: Mapping[str, Any]) -> StatusList:
    """The list in the claims of a list credential, as `entry` needs it. Raises `StatusProblem`."""
    credential_type, list_type = _LISTS[entry.type]
    subject = claims.get("credentialSubject")
    if (
        not _is_a(claims, credential_type)
        or not isinstance(subject, Mapping)
        or not _is_a(subject, list_type)
    ):
        raise _malformed(f"what lies at {entry.url[:200]} is no {credential_type} with one {list_type}")
    encoded, purposes = subject.get("encodedList"), subject.get("statusPurpose")
    if not isinstance(encoded, str):
        raise _malformed("the list has no encodedList")
    wanted = purposes if isinstance(purposes, list) else [purposes]
    ttl = subject.get("ttl")
    given = timedelta(milliseconds=ttl) if isinstance(ttl, int) and 0 <= ttl < 2**40 else DEFAULT_TTL
    return StatusList(
        frozenset(purpose for purpose in wanted if isinstance(purpose, str)),
        unpack(encoded, multibase=entry.type == "BitstringStatusListEntry"),
        min(max(given, MIN_TTL), MAX_TTL),
    )


def unpack(encoded: str, *, multibase: bool) -> bytes:
    """The bits of `encodedList`: base64url without padding of GZIP, in multibase for the newer form.

    Never more than `MAX_LIST_BYTES` are unpacked. Raises `StatusProblem`.
    """
    if multibase:
        if not encoded.startswith("u"):
            raise _malformed("encodedList must be multibase base64url (it begins with u)")
        encoded = encoded[1:]
    text = encoded.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        bits = unpacker.decompress(packed, MAX_LIST_BYTES + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise _malformed("encodedList is not GZIP in base64url") from error
    if len(bits) > MAX_LIST_BYTES:
        raise _malformed(f"the list is larger than {MAX_LIST_BYTES} bytes when unpacked")
    if not unpacker.eof or unpacker.unused_data:
        raise _malformed("encodedList is cut off, or has something behind its end")
    return bits


def _malformed(problem: str) -> StatusProblem:
    return StatusProblem("MALFORMED_VALUE_ERROR", problem)


def _is_a(claims: Mapping[str, Any], wanted: str) -> bool:
    types = claims.get("type", claims.get("@type"))
    return wanted in (types if isinstance(types, list) else [types])


def _index(value: object) -> int:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise _malformed("statusListIndex must be a whole number, not negative")
    return int(text)


def _messages(entry: Mapping[str, Any]) -> Mapping[int, str]:
    """What the values mean: `statusMessage` is a list of `{status: "0x2", message: "..."}`."""
    given = entry.get("statusMessage")
    found: dict[int, str] = {}
    for line in given if isinstance(given, list) else [given]:
        if isinstance(line, Mapping) and isinstance(line.get("status"), str):
            try:
                value = int(line["status"][:10], 16)
            except ValueError:
                continue
            found[value] = str(line.get("message"))[:300]
    return found
