"""Whom this node believes about what: a versioned file of issuers, what each may attest, and when.

An issuer that isn't listed may say what it likes: its attestations are kept and count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vocab.certifications import certification, is_certification
from vocab.json_file import JsonFileUnusable, read_json_file
from vocab.programmes import is_programme

#: The only version of the file format so far.
FORMAT_VERSION = 1
#: What can be attested, and thus stand in an entry's `attests`.
ATTESTATIONS = (
    "registration-number",
    "gaia-x-label",
    "certification",
    "programme-participation",
    "status-list",
)
#: A list is written and reviewed by people; Gaia-X's own registry of clearing houses has some dozens.
MAX_ENTRIES = 10_000
MAX_FILE_BYTES = 4_000_000
MAX_DID = 2_048
MAX_NAME = 300
#: Schemes or programmes that one entry is limited to; the vocabulary knows some dozens.
MAX_LIMITS = 100


class TrustListInvalid(ValueError):
    """The trust list can't be used: `where` is the file, entry or member, `problem` what to put right."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


@dataclass(frozen=True, slots=True)
class TrustEntry:
    """An issuer trusted to attest `attests` in statements from `valid_from` until before `valid_until`.

    `schemes` limits what it may certify and `programmes` whose participants it may name; empty: all.
    """

    did: str
    attests: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime | None = None
    name: str = ""
    schemes: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()

    def covers(self, what: str, at: datetime, about: str = "") -> bool:
        """Whether the entry allows to attest `what` at that moment; `about`: which scheme or programme."""
        limits = {"certification": self.schemes, "programme-participation": self.programmes}.get(what, ())
        return (
            what in self.attests
            and self.valid_from <= at
            and (self.valid_until is None or at < self.valid_until)
            and (not limits or about in limits)
        )

    def to_dict(self) -> dict[str, Any]:
        """The entry as it stands in a file."""
        return {
            "did": self.did,
            "name": self.name,
            "attests": list(self.attests),
            "valid_from": _text(self.valid_from),
            "valid_until": _text(self.valid_until) if self.valid_until else None,
            **({"schemes": list(self.schemes)} if self.schemes else {}),
            **({"programmes": list(self.programmes)} if self.programmes else {}),
        }


class TrustList:
    """The entries of one trust list, and what its file says it is. The empty list trusts nobody."""

    def __init__(self, entries: tuple[TrustEntry, ...] = (), about: str = "") -> None:
        self.entries = entries
        self.about = about
        self._by_did: dict[str, tuple[TrustEntry, ...]] = {}
        for entry in entries:
            self._by_did[entry.did] = (*self._by_did.get(entry.did, ()), entry)

    @classmethod
    def load(cls, source: Path | str | Mapping[str, Any]) -> TrustList:
        """Read a list from a file or from its parsed form. Raises `TrustListInvalid`."""
        if isinstance(source, Mapping):
            return _list(source)
        try:
            document = read_json_file(source, MAX_FILE_BYTES)
        except JsonFileUnusable as error:
            raise TrustListInvalid(str(source), error.problem) from error
        return _list(document)

    def trusts(self, did: str, what: str, at: datetime, about: str = "") -> bool:
        """Whether `did` may attest `what` in a statement made at that moment (aware datetime).

        `about` is the scheme of a certification or the programme of a participation, by its id.
        """
        return any(entry.covers(what, at, about) for entry in self._by_did.get(did, ()))

    def to_dict(self) -> dict[str, Any]:
        """The list in the form of its file."""
        return {
            "version": FORMAT_VERSION,
            **({"about": self.about} if self.about else {}),
            "entries": [entry.to_dict() for entry in self.entries],
        }


def _list(document: object) -> TrustList:
    if not isinstance(document, Mapping):
        raise TrustListInvalid("trust list", "must be a JSON object with the members version and entries")
    if document.get("version") != FORMAT_VERSION or isinstance(document.get("version"), bool):
        raise TrustListInvalid("version", f"must be {FORMAT_VERSION}, the version of the format")
    _only(document, {"version", "entries", "about"}, "trust list")
    about = document.get("about", "")
    if not isinstance(about, str):
        raise TrustListInvalid("about", "must be text for those who read the file")
    entries = document.get("entries")
    if not isinstance(entries, list):
        raise TrustListInvalid("entries", "must be a list, empty if nobody is trusted")
    if len(entries) > MAX_ENTRIES:
        raise TrustListInvalid("entries", f"must not be more than {MAX_ENTRIES}")
    return TrustList(tuple(_entry(entry, f"entries[{index}]") for index, entry in enumerate(entries)), about)


def _entry(entry: object, where: str) -> TrustEntry:
    if not isinstance(entry, Mapping):
        raise TrustListInvalid(where, "must be an object with did, attests and valid_from")
    _only(entry, {"did", "name", "attests", "valid_from", "valid_until", *_LIMITS}, where)
    did = entry.get("did")
    if not isinstance(did, str) or not did.startswith("did:") or len(did) > MAX_DID or set(did) & set("#?/ "):
        raise TrustListInvalid(f"{where}.did", "must be a DID without path, query or fragment")
    name = entry.get("name", "")
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise TrustListInvalid(f"{where}.name", f"must be text of at most {MAX_NAME} characters")
    attests = entry.get("attests")
    if not isinstance(attests, list) or not attests:
        raise TrustListInvalid(f"{where}.attests", "must be a list that names at least one thing")
    for what in attests:
        if what not in ATTESTATIONS:
            raise TrustListInvalid(
                f"{where}.attests", f"may only hold {', '.join(ATTESTATIONS)}, not {str(what)[:60]!r}"
            )
    valid_from = _moment(entry.get("valid_from"), f"{where}.valid_from")
    until = entry.get("valid_until")
    valid_until = None if until is None else _moment(until, f"{where}.valid_until")
    if valid_until is not None and valid_until <= valid_from:
        raise TrustListInvalid(f"{where}.valid_until", "must be later than valid_from")
    schemes, programmes = (_limits(entry, member, where) for member in _LIMITS)
    return TrustEntry(did, tuple(dict.fromkeys(attests)), valid_from, valid_until, name, schemes, programmes)


def _limits(entry: Mapping[str, Any], member: str, where: str) -> tuple[str, ...]:
    attestation, known = _LIMITS[member]
    limits = entry.get(member)
    if limits is None:
        return ()
    if attestation not in entry["attests"]:
        raise TrustListInvalid(f"{where}.{member}", f"limits {attestation}, which attests doesn't name")
    # An empty list could mean "none" or "all": neither is what somebody meant to write.
    if not isinstance(limits, list) or not 1 <= len(limits) <= MAX_LIMITS:
        raise TrustListInvalid(
            f"{where}.{member}", f"must be a list of 1 to {MAX_LIMITS}; left out, it means all"
        )
    for limit in limits:
        if not isinstance(limit, str) or not known(limit):
            raise TrustListInvalid(f"{where}.{member}", f"{str(limit)[:60]!r} is not known; see /vocabulary")
    return tuple(dict.fromkeys(limits))


def _is_scheme(identifier: str) -> bool:
    return is_certification(identifier) and certification(identifier).broader is None


#: The members of an entry that limit one kind of attestation: to what, and what may stand there.
_LIMITS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "schemes": ("certification", _is_scheme),
    "programmes": ("programme-participation", is_programme),
}


def _only(document: Mapping[str, Any], known: set[str], where: str) -> None:
    # A misspelt `valid_until` must not silently mean "for ever".
    unknown = sorted(str(key)[:60] for key in set(document) - known)
    if unknown:
        raise TrustListInvalid(
            where, f"has unknown members: {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )


def _moment(value: object, where: str) -> datetime:
    if isinstance(value, str) and "T" in value:
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise TrustListInvalid(where, "must be a time with an offset, such as 2026-01-01T00:00:00Z")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
