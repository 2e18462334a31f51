"""The sample table as values. Only the script that signs and the tests read it; a running node never does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from credentials.signing import KeyKind

TABLE = Path(__file__).with_name("table.yaml")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who signs: a DID and the kind of key made for it."""

    did: str
    key: KeyKind

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
    vocabulary: str
    members: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """One signed file: the form of its proof and the entries in it, by name."""

    name: str
    form: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The whole sample world."""

    years_valid: int
    holders: Mapping[str, Holder]
    trusted: tuple[Mapping[str, Any], ...]
    entries: Mapping[str, Entry]
    files: tuple[File, ...]


def read_table() -> Table:
    """Read `table.yaml`. KeyError or ValueError where it contradicts itself."""
    document = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    holders = {name: Holder(**row) for name, row in document["holders"].items()}
    entries = {name: _entry(name, row, holders) for name, row in document["documents"].items()}
    files = tuple(File(row["file"], row["form"], tuple(row["documents"])) for row in document["files"])
    used = [name for file in files for name in file.entries]
    if sorted(used) != sorted(entries):
        raise ValueError(f"not in exactly one file: {sorted(set(used) ^ set(entries)) or 'one is in two'}")
    return Table(document["years_valid"], holders, tuple(document["trusted"]), entries, files)


def _entry(name: str, row: dict[str, Any], holders: Mapping[str, Holder]) -> Entry:
    return Entry(
        name=name,
        about=row.pop("about"),
        issuer=holders[row.pop("issuer")],
        vocabulary=row.pop("vocabulary"),
        expect=row.pop("expect"),
        members=row,
    )
