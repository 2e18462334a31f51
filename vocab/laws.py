"""Laws outside the EU that reach data held abroad: whose, since when, and by which paths they apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from vocab.conclusions import PathKind
from vocab.data import load
from vocab.languages import choose


@dataclass(frozen=True, slots=True)
class Law:
    """A law with its names by language, the country (alpha-2) and the days from `since` to `until`.

    `until` is the first day on which it no longer holds, None: until further notice. `paths` are the kinds of
    path by which it applies, `source` the text itself, `url` where it is found.
    """

    id: str
    country: str
    since: date
    until: date | None
    paths: frozenset[PathKind]
    labels: Mapping[str, str]
    source: str
    url: str

    def label(self, language: str) -> str:
        """The name for a reader of `language`."""
        return choose(self.labels, language)

    def holds(self, on: date) -> bool:
        """Whether the law is in force on a day."""
        return self.since <= on and (self.until is None or on < self.until)


@lru_cache(maxsize=1)
def _laws() -> Mapping[str, Law]:
    return MappingProxyType({law.id: law for law in map(_law, load("laws.json")["laws"])})


def _law(entry: dict[str, Any]) -> Law:
    return Law(
        id=entry["id"],
        country=entry["country"],
        since=date.fromisoformat(entry["since"]),
        until=date.fromisoformat(entry["until"]) if entry["until"] else None,
        paths=frozenset(map(PathKind, entry["paths"])),
        labels=MappingProxyType(entry["labels"]),
        source=entry["source"]["title"],
        url=entry["source"]["url"],
    )


def laws() -> tuple[Law, ...]:
    """All laws that are named."""
    return tuple(_laws().values())


def law(identifier: str) -> Law:
    """The law with this id; KeyError if there is none."""
    return _laws()[identifier]


def name(identifier: str, language: str) -> str:
    """The name of a law for a reader of `language`; KeyError if there is no such law."""
    return law(identifier).label(language)


def applying(country: str, kinds: frozenset[PathKind], on: date) -> tuple[str, ...]:
    """The ids of a country's laws that apply on a day by any of these kinds of path, in order."""
    return tuple(
        sorted(
            one.id
            for one in laws()
            if one.country == country and one.holds(on) and not one.paths.isdisjoint(kinds)
        )
    )
