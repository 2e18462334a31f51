"""Certification schemes by id, with their versions and levels: who runs them, where, and about what.

`secnumcloud` is a scheme, `secnumcloud:3.2` one of its versions, `eucs:high` a level. Whoever asks for the
scheme finds its versions and levels. Who may attest one is the trust list's business, not said here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from vocab.data import load
from vocab.languages import choose

#: What a certification may be about.
SUBJECTS = ("security", "privacy", "portability", "continuity", "quality", "environment")
#: `candidate`: drafted and not adopted; `ended`: no longer given, though certificates may still run.
STATUSES = ("in-force", "candidate", "ended")


@dataclass(frozen=True, slots=True)
class Certification:
    """A scheme, or a version or level of one (`kind`: `scheme`, `version`, `level`; `broader`: its scheme).

    `country` is ISO 3166-1 alpha-2, `EU` for schemes of the Union or Europe, "" for international ones.
    `validity_months` is how long one is given for at most, None where the scheme sets no common term.
    """

    id: str
    kind: str
    broader: str | None
    labels: Mapping[str, str]
    authority: str
    country: str
    subject: str
    status: str
    validity_months: int | None

    def label(self, language: str) -> str:
        """The name for a reader of `language`."""
        return choose(self.labels, language)


@lru_cache(maxsize=1)
def _certifications() -> Mapping[str, Certification]:
    return MappingProxyType({entry.id: entry for entry in _entries(load("certifications.json")["schemes"])})


def _entries(schemes: list[dict[str, Any]]) -> Iterator[Certification]:
    for scheme in schemes:
        for part in ({"id": "", "kind": "scheme", "labels": scheme["labels"]}, *scheme["variants"]):
            identifier = scheme["id"]
            yield Certification(
                id=f"{identifier}:{part['id']}" if part["id"] else identifier,
                kind=part["kind"],
                broader=identifier if part["id"] else None,
                labels=MappingProxyType(part["labels"]),
                authority=scheme["authority"],
                country=scheme["country"] or "",
                subject=scheme["subject"],
                status=part.get("status", scheme["status"]),
                validity_months=scheme["validity_months"],
            )


def certifications() -> tuple[Certification, ...]:
    """All schemes, each followed by its versions and levels."""
    return tuple(_certifications().values())


def certification(identifier: str) -> Certification:
    """The scheme, version or level with this id; KeyError if there is none."""
    return _certifications()[identifier]


def is_certification(identifier: str) -> bool:
    """Whether `identifier` is the id of a scheme, version or level."""
    return identifier in _certifications()


def name(identifier: str, language: str) -> str:
    """The name of a scheme, version or level for a reader of `language`; KeyError if there is none."""
    return certification(identifier).label(language)


def identifiers(scheme: str, version: str = "", level: str = "") -> tuple[str, ...]:
    """The ids that a certificate stands for: its scheme's first, then those of its version and level.

    `scheme` may itself be a version's or level's id. What isn't known is left out, all of it where the
    scheme is unknown.
    """
    stated, _, part = scheme.strip().lower().partition(":")
    if stated not in _certifications():
        return ()
    parts = (one.strip().lower().replace(" ", "") for one in (part, version, level))
    found = (f"{stated}:{one}" for one in parts if one)
    return tuple(dict.fromkeys((stated, *filter(is_certification, found))))
