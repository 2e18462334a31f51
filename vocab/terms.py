"""The federation's own terms as data: what each class and property is called, means, and takes as a value.

`data/terms.json` is the one place; ontology, shapes, pages and documentation are made from it, and a test
holds it against the context. A property's domain names classes of these terms, or `participant` and
`offering` for the subjects that Gaia-X's classes are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from vocab.certifications import certifications
from vocab.data import load
from vocab.facts import DOES_WITHOUT, PROGRAMME_ROLES, SITE_KINDS
from vocab.labels import labels
from vocab.languages import choose
from vocab.namespaces import CF
from vocab.participant_kinds import participant_kinds
from vocab.programmes import programmes

#: What a property's range may be beside one of the classes: kinds of literal, and identifiers.
RANGES = ("text", "country", "decimal", "boolean", "date", "iri", "capability")
#: Subjects that have classes of Gaia-X's.
SUBJECTS = ("participant", "offering")


@dataclass(frozen=True, slots=True)
class Term:
    """A class or property; names and definitions by language.

    For a property: `domain` and `range` as in the module's text, `required` the domains in which it must be
    there, `many` whether it may be repeated, `values` the ids allowed by domain (no entry: any), `minimum`
    and `maximum` of a figure, `example` a value as JSON.
    """

    id: str
    iri: str
    is_class: bool
    labels: Mapping[str, str]
    definitions: Mapping[str, str]
    domain: tuple[str, ...] = ()
    range: str = ""
    required: tuple[str, ...] = ()
    many: bool = True
    values: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    minimum: str | None = None
    maximum: str | None = None
    example: Any = None

    @property
    def is_own(self) -> bool:
        """Whether the term is in the federation's namespace rather than borrowed."""
        return self.iri.startswith(CF)

    def label(self, language: str) -> str:
        """The name for a reader of `language`."""
        return choose(self.labels, language)


@lru_cache(maxsize=1)
def _terms() -> Mapping[str, Term]:
    document = load("terms.json")
    found = [*map(_class, document["classes"]), *map(_property, document["properties"])]
    return MappingProxyType({term.id: term for term in found})


def _class(entry: Mapping[str, Any]) -> Term:
    return Term(
        id=entry["id"],
        iri=CF + entry["id"],
        is_class=True,
        labels=MappingProxyType(entry["labels"]),
        definitions=MappingProxyType(entry["definitions"]),
    )


def _property(entry: Mapping[str, Any]) -> Term:
    figure = entry["range"] == "decimal"
    return Term(
        id=entry["id"],
        iri=entry.get("iri", CF + entry["id"]),
        is_class=False,
        labels=MappingProxyType(entry["labels"]),
        definitions=MappingProxyType(entry["definitions"]),
        domain=tuple(entry["domain"]),
        range=entry["range"],
        required=tuple(entry.get("required", ())),
        many=entry.get("many", False),
        values=_values(entry),
        minimum=entry.get("minimum", "0" if figure else None),
        maximum=entry.get("maximum"),
        example=entry["example"],
    )


def _values(entry: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    named = entry.get("values", {})
    by_domain = named if isinstance(named, dict) else dict.fromkeys(entry["domain"], named)
    return MappingProxyType({domain: _ids(name) for domain, name in by_domain.items()})


def _ids(name: str) -> tuple[str, ...]:
    """The ids of one of the vocabulary's lists."""
    return {
        "participant-kinds": tuple(kind.id for kind in participant_kinds()),
        "programmes": tuple(programme.id for programme in programmes()),
        "schemes": tuple(entry.id for entry in certifications()),
        "labels": tuple(label.id for label in labels()),
        "does-without": DOES_WITHOUT,
        "site-kinds": SITE_KINDS,
        "programme-roles": PROGRAMME_ROLES,
    }[name]


def terms() -> tuple[Term, ...]:
    """All terms, classes first."""
    return tuple(_terms().values())


def term(identifier: str) -> Term:
    """The term with this name; KeyError if there is none."""
    return _terms()[identifier]


def properties_of(domain: str) -> tuple[Term, ...]:
    """The properties of a class, or of `participant` or `offering`, in the order of the data."""
    return tuple(term for term in terms() if domain in term.domain)
