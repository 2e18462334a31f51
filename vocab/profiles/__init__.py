"""Requirement profiles: those shipped, as data beside this file, and those that buyers bring.

How one is written: docs/profiles.md. What one makes of an offering: `vocab.evaluating`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from vocab.json_file import JsonFileUnusable, read_json_file
from vocab.profiles.form import MAX_BYTES, ProfileInvalid, check, schema
from vocab.profiles.model import Criterion, FactRule, Profile, leaves
from vocab.profiles.reading import profile_of

__all__ = [
    "Profile",
    "ProfileInvalid",
    "in_force",
    "profile",
    "read",
    "read_file",
    "schema",
    "shipped",
    "turning_days",
]

_SCHEMA_FILE = "profile.schema.json"


@lru_cache(maxsize=1)
def shipped() -> tuple[Profile, ...]:
    """All profiles that come with the catalogue, in every version: by id, the oldest version first.

    A test holds them against the schema; here that would only make each start slower.
    """
    found = (
        profile_of(json.loads(file.read_text(encoding="utf-8")))
        for file in files(__package__).iterdir()
        if file.name.endswith(".json") and file.name != _SCHEMA_FILE
    )
    return tuple(sorted(found, key=lambda one: (one.id, one.valid_from, one.version)))


def in_force(on: date) -> tuple[Profile, ...]:
    """The shipped profiles that apply on a day."""
    return tuple(one for one in shipped() if one.in_force(on))


def profile(identifier: str, version: str = "", *, on: date | None = None) -> Profile:
    """A shipped profile: the version named, else the newest that applies on the day, or of all.

    KeyError if there is none.
    """
    for one in reversed(shipped()):
        if one.id == identifier and (one.version == version if version else on is None or one.in_force(on)):
            return one
    raise KeyError(f"{identifier}:{version}" if version else identifier)


@lru_cache(maxsize=1)
def turning_days() -> tuple[date, ...]:
    """The days on which what the shipped profiles ask changes by itself, in order.

    A profile begins to apply or has ceased to, or a limit of one begins to hold.
    """
    found: set[date] = set()
    for one in shipped():
        found.add(one.valid_from)
        if one.valid_until is not None:
            found.add(one.valid_until + timedelta(days=1))
        for criterion in one.criteria:
            found.update(_turns(criterion))
    return tuple(sorted(found))


def _turns(criterion: Criterion) -> Iterator[date]:
    for rule in leaves(criterion.rule):
        if isinstance(rule, FactRule) and isinstance(rule.limit, tuple):
            yield from (threshold.since for threshold in rule.limit if threshold.since is not None)


def read(document: Mapping[str, Any]) -> Profile:
    """A profile that somebody brings, in its written form. Raises `ProfileInvalid`."""
    check(document)
    return profile_of(document)


def read_file(path: Path | str) -> Profile:
    """A profile in a JSON file. Raises `ProfileInvalid`."""
    try:
        document = read_json_file(path, MAX_BYTES)
    except JsonFileUnusable as error:
        raise ProfileInvalid(str(path), error.problem) from error
    check(document)
    assert isinstance(document, dict), "the schema asks for an object"
    return profile_of(document)
