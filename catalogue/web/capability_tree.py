"""What services can do, as a tree, with how many services can do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response

from catalogue.api.blueprint import node
from catalogue.api.negotiation import JSON, JSON_LD, languages
from catalogue.web.language import language
from catalogue.web.pages import beside
from catalogue.web.rendering import at, own_address, render
from search.query import FACET_SIZE, Query
from vocab import capabilities


@dataclass(frozen=True, slots=True)
class Branch:
    """A capability: its name, other names for it, how many services have it, and what is narrower."""

    id: str
    name: str
    synonyms: tuple[str, ...]
    count: int
    href: str
    inside: tuple[Branch, ...]


@beside("vocabulary.list_capabilities")
def tree() -> Response:
    """GET /vocabulary/capabilities for people."""
    found = node().discovery.search(Query(size=1, facets=("capability",)), languages())
    counts = {one["value"]: one["count"] for one in found["facets"]["capability"]}
    if len(counts) < FACET_SIZE:
        # Whoever isn't among them has none.
        counts = dict.fromkeys((concept.id for concept in capabilities.concepts()), 0) | counts
    top = [concept.id for concept in capabilities.concepts() if concept.broader is None]
    return render(
        "capabilities.html",
        alternates=[(JSON, own_address()), (JSON_LD, own_address())],
        branches=[_branch(identifier, counts) for identifier in top],
        total=found["total"],
    )


def _branch(identifier: str, counts: Mapping[str, int]) -> Branch:
    concept = capabilities.concept(identifier)
    count = counts[identifier] if identifier in counts else _counted(identifier)
    below = counts if count else dict.fromkeys(capabilities.descendants(identifier), 0)
    return Branch(
        identifier,
        concept.label(language()),
        tuple(concept.synonyms.get(language(), ()))[:6],
        count,
        at("/offerings", capability=identifier),
        tuple(_branch(one, below) for one in capabilities.narrower(identifier)),
    )


def _counted(identifier: str) -> int:
    """Of one that isn't among the most frequent."""
    query = Query(filters={"capability": (identifier,)}, size=1)
    total: int = node().discovery.search(query, languages())["total"]
    return total
