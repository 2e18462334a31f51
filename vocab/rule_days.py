"""When the shipped rules change: by themselves on a day, or with another version of the data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from importlib.resources import files

from vocab import profiles
from vocab.jurisdictions import memberships
from vocab.laws import laws


@lru_cache(maxsize=1)
def rule_days() -> tuple[date, ...]:
    """The days on which what follows from the same facts changes by itself, in order.

    Profiles and their limits, laws, and who belongs to the EU and the EEA.
    """
    return tuple(sorted({*profiles.turning_days(), *_periods()}))


def last_rule_day(on: date) -> date | None:
    """The last such day up to `on`, itself included; None before the first."""
    return max((day for day in rule_days() if day <= on), default=None)


@lru_cache(maxsize=1)
def rules_digest() -> str:
    """SHA-256 of the data that rules are made of, as hex: differs when any of it does."""
    digest = hashlib.sha256()
    for package in ("vocab.data", "vocab.profiles"):
        for file in sorted(files(package).iterdir(), key=lambda one: one.name):
            if file.name.endswith(".json"):
                digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _periods() -> Iterator[date]:
    for state in (*memberships("EU"), *memberships("EEA")):
        yield from (day for day in (state.since, state.until) if day is not None)
    for law in laws():
        yield from (day for day in (law.since, law.until) if day is not None)
