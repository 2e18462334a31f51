"""What a service can do: a three-level taxonomy in the manner of SKOS, with names in every language.

The concepts stand in `data/capabilities.json`. A name (label or synonym, in any language) means at most one
concept, so that a declared keyword can be read as one; nothing here looks into free text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from vocab.data import load
from vocab.folding import fold
from vocab.languages import LANGUAGES, choose
from vocab.namespaces import CAPABILITIES

#: Deeper trees are not read by buyers, and facets could not show them.
MAX_LEVELS = 3
#: Longer text is no term of a taxonomy; folding it would be work for nothing.
MAX_TERM = 100


class TaxonomyInvalid(ValueError):
    """The taxonomy contradicts itself: `concept` is the id it happened at, `problem` says what."""

    def __init__(self, concept: str, problem: str) -> None:
        super().__init__(f"{concept}: {problem}")
        self.concept = concept
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Concept:
    """One capability. `labels` and `synonyms` are by language; `classes` are Gaia-X service class names."""

    id: str
    broader: str | None
    labels: Mapping[str, str]
    synonyms: Mapping[str, tuple[str, ...]]
    classes: tuple[str, ...] = ()

    @property
    def iri(self) -> str:
        """The identifier that signed documents use."""
        return CAPABILITIES + self.id

    def label(self, language: str) -> str:
        """The name for a reader of `language`, English where there is none."""
        return choose(self.labels, language)

    def terms(self) -> tuple[str, ...]:
        """Every label and synonym in every language, each once."""
        names = (term for language in LANGUAGES for term in (self.labels[language], *self.synonyms[language]))
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A checked set of concepts with the tables that make every question about it a look-up."""

    concepts: Mapping[str, Concept]
    narrower: Mapping[str, tuple[str, ...]]
    ancestors: Mapping[str, tuple[str, ...]]
    by_term: Mapping[str, str]
    by_class: Mapping[str, str]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Taxonomy:
        """Build and check a taxonomy of the form of `data/capabilities.json`. Raises `TaxonomyInvalid`."""
        concepts: dict[str, Concept] = {}
        for entry in document["concepts"]:
            concept = _concept(entry)
            if concept.id in concepts:
                raise TaxonomyInvalid(concept.id, "is there twice")
            concepts[concept.id] = concept
        ancestors = {id: _ancestors(id, concepts) for id in concepts}
        narrower: dict[str, list[str]] = {id: [] for id in concepts}
        for concept in concepts.values():
            if concept.broader is not None:
                narrower[concept.broader].append(concept.id)
        return cls(
            concepts=MappingProxyType(concepts),
            narrower=MappingProxyType({id: tuple(children) for id, children in narrower.items()}),
            ancestors=MappingProxyType(ancestors),
            by_term=MappingProxyType(_by_term(concepts)),
            by_class=MappingProxyType(_by_class(concepts)),
        )


def _concept(entry: Mapping[str, Any]) -> Concept:
    identifier = str(entry.get("id", ""))
    if not all(part.isascii() and part.isalnum() and part.islower() for part in identifier.split("-")):
        raise TaxonomyInvalid(identifier, "the id is not a slug of lower-case letters, digits and hyphens")
    unknown = set(entry) - {"id", "broader", "classes", *LANGUAGES}
    if unknown:
        raise TaxonomyInvalid(identifier, f"has unknown members: {', '.join(sorted(unknown))}")
    names = {language: tuple(entry.get(language, ())) for language in LANGUAGES}
    for language, terms in names.items():
        if not terms or not all(isinstance(term, str) and 0 < len(term) <= MAX_TERM for term in terms):
            raise TaxonomyInvalid(identifier, f"has no label, or one that is no term, in {language!r}")
    return Concept(
        id=identifier,
        broader=entry.get("broader"),
        labels=MappingProxyType({language: terms[0] for language, terms in names.items()}),
        synonyms=MappingProxyType({language: terms[1:] for language, terms in names.items()}),
        classes=tuple(entry.get("classes", ())),
    )


def _ancestors(identifier: str, concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    """The concept itself, then what is broader, up to the top; also the proof that there is no cycle."""
    chain = [identifier]
    while (broader := concepts[chain[-1]].broader) is not None:
        if broader not in concepts:
            raise TaxonomyInvalid(identifier, f"has the unknown broader concept {broader!r}")
        if broader in chain:
            raise TaxonomyInvalid(identifier, "is broader than itself")
        chain.append(broader)
        if len(chain) > MAX_LEVELS:
            raise TaxonomyInvalid(identifier, f"is deeper than {MAX_LEVELS} levels")
    return tuple(chain)


def _by_term(concepts: Mapping[str, Concept]) -> dict[str, str]:
    table: dict[str, str] = {}
    for concept in concepts.values():
        for term in (concept.id, *concept.terms()):
            other = table.setdefault(fold(term), concept.id)
            if other != concept.id:
                raise TaxonomyInvalid(concept.id, f"shares the term {term!r} with {other!r}")
    return table


def _by_class(concepts: Mapping[str, Concept]) -> dict[str, str]:
    table: dict[str, str] = {}
    for concept in concepts.values():
        for name in concept.classes:
            if table.setdefault(name, concept.id) != concept.id:
                raise TaxonomyInvalid(concept.id, f"shares the class {name!r} with {table[name]!r}")
    return table


@lru_cache(maxsize=1)
def taxonomy() -> Taxonomy:
    """The taxonomy of this release, read at first use."""
    return Taxonomy.from_document(load("capabilities.json"))


def concepts() -> tuple[Concept, ...]:
    """All concepts, broader ones before narrower ones of the same branch."""
    return tuple(taxonomy().concepts.values())


def concept(identifier: str) -> Concept:
    """The concept with this id; KeyError if there is none."""
    return taxonomy().concepts[identifier]


def is_capability(identifier: str) -> bool:
    """Whether `identifier` is the id of a concept."""
    return identifier in taxonomy().concepts


def narrower(identifier: str) -> tuple[str, ...]:
    """The ids directly below a concept; KeyError if there is no such concept."""
    return taxonomy().narrower[identifier]


def ancestors(identifier: str) -> tuple[str, ...]:
    """The concept's own id, then those above it, nearest first; KeyError if there is no such concept."""
    return taxonomy().ancestors[identifier]


def descendants(identifier: str) -> tuple[str, ...]:
    """The ids of everything below a concept, without itself; KeyError if there is no such concept."""
    children = narrower(identifier)
    return tuple(id for child in children for id in (child, *descendants(child)))


def match(text: str) -> str | None:
    """The concept that `text` as a whole is a name of, in any language, case and accents aside; else None."""
    return taxonomy().by_term.get(fold(text)) if len(text) <= MAX_TERM else None


def of_class(local_name: str) -> str | None:
    """The concept that a Gaia-X service class stands for, by the class's local name; else None."""
    return taxonomy().by_class.get(local_name)
