"""Public programmes that participants can belong to, and which states backed them when.

Membership changed between announcement, manifesto and approval; each period therefore carries its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from vocab.data import load
from vocab.languages import choose


@dataclass(frozen=True, slots=True)
class Period:
    """The states of a programme from `since` up to, and not including, `until` (None: until further notice).

    `precision` is `day`, or `year` where only the year is known and `since` is its first day.
    """

    id: str
    since: date
    until: date | None
    precision: str
    states: frozenset[str]
    source: str


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme with its names by language and its periods, oldest first."""

    id: str
    labels: Mapping[str, str]
    short: Mapping[str, str]
    periods: tuple[Period, ...]

    def label(self, language: str) -> str:
        """The full name for a reader of `language`."""
        return choose(self.labels, language)

    def period(self, on: date) -> Period | None:
        """The period that a day falls into, or None before the programme began."""
        for period in self.periods:
            if period.since <= on and (period.until is None or on < period.until):
                return period
        return None

    def states(self, on: date) -> frozenset[str]:
        """The states (ISO 3166-1 alpha-2) that took part on a day; none before the programme began."""
        period = self.period(on)
        return period.states if period else frozenset()


@lru_cache(maxsize=1)
def _programmes() -> Mapping[str, Programme]:
    return MappingProxyType(
        {
            entry["id"]: Programme(
                id=entry["id"],
                labels=MappingProxyType(entry["labels"]),
                short=MappingProxyType(entry["short"]),
                periods=_periods(entry["periods"]),
            )
            for entry in load("programmes.json")["programmes"]
        }
    )


def _periods(rows: list[dict[str, Any]]) -> tuple[Period, ...]:
    starts = [date.fromisoformat(row["from"]) for row in rows]
    ends = [end for _, end in pairwise([*starts, None])]
    return tuple(
        Period(
            id=row["id"],
            since=start,
            until=end,
            precision=row["precision"],
            states=frozenset(row["states"]),
            source=row["source"],
        )
        for row, start, end in zip(rows, starts, ends, strict=True)
    )


def programmes() -> tuple[Programme, ...]:
    """All programmes."""
    return tuple(_programmes().values())


def programme(identifier: str) -> Programme:
    """The programme with this id; KeyError if there is none."""
    return _programmes()[identifier]


def is_programme(identifier: str) -> bool:
    """Whether `identifier` is a programme's id."""
    return identifier in _programmes()


def name(identifier: str, language: str) -> str:
    """The full name of a programme for a reader of `language`; KeyError if there is none."""
    return programme(identifier).label(language)
