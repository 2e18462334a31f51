"""The sample tables as values. Only the script that signs and the tests read them, never a running node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from credentials.proof_signing import EmbeddedForm
from credentials.signing import KeyKind

#: The tables lie here, read in the order of their names.
FOLDER = Path(__file__).with_name("table")

#: How a holder signs: a JWT, or a proof embedded in the document, of the suite that is named.
Form = Literal["jwt"] | EmbeddedForm


@dataclass(frozen=True, slots=True)
class Holder:
    """Who signs: a DID, the kind of key made for it, the form of its proofs and the vocabulary it writes."""

    did: str
    key: KeyKind
    form: Form
    vocabulary: str

    @property
    def base(self) -> str:
        """The https address below which the holder's identifiers lie (did:web, section 3.2)."""
        return "https://" + self.did.removeprefix("did:web:").replace(":", "/")


@dataclass(frozen=True, slots=True)
class Entry:
    """One credential to be: what it is about, its issuer, its members by name, what must be read in it."""

    name: str
    about: str
    issuer: Holder
    members: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """One signed file: its name, and the entries in it by name. Two or more are a presentation."""

    name: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The whole sample world."""

    holders: Mapping[str, Holder]
    trusted: tuple[Mapping[str, Any], ...]
    entries: Mapping[str, Entry]
    files: tuple[File, ...]


def read_table() -> Table:
    """Read all tables of the folder as one. KeyError or ValueError where they contradict themselves."""
    parts = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))]
    holders = {name: Holder(**row) for name, row in _merged(parts, "holders")}
    entries = {name: _entry(name, row, holders) for name, row in _merged(parts, "documents")}
    lists = [(name, tuple(names)) for name, names in _merged(parts, "files")]
    used = [name for _, names in lists for name in names]
    if sorted(used) != sorted(entries):
        raise ValueError(f"not in exactly one file: {sorted(set(used) ^ set(entries)) or 'one is in two'}")
    return Table(
        holders=holders,
        trusted=tuple(row for part in parts for row in part.get("trusted", ())),
        entries=entries,
        # A number first, so that the order of names is that of publication.
        files=tuple(File(f"{n:02}-{name}", names) for n, (name, names) in enumerate(lists, start=1)),
    )


def _merged(parts: list[dict[str, Any]], member: str) -> Iterator[tuple[str, Any]]:
    """The rows of all tables by name; a name stands for one thing only."""
    seen: set[str] = set()
    for part in parts:
        for name, row in part[member].items():
            if name in seen:
                raise ValueError(f"{member}: {name} stands in two tables")
            seen.add(name)
            yield name, row


def _entry(name: str, row: dict[str, Any], holders: Mapping[str, Holder]) -> Entry:
    return Entry(
        name=name,
        about=row.pop("about"),
        issuer=holders[row.pop("issuer")],
        expect=row.pop("expect"),
        members=row,
    )
