"""What a buyer may ask: one query model for every engine.

Filters are repeatable: OR inside a field, AND between fields. Limits are constants with their reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

#: A page larger than this serves no reader and costs memory on both sides.
MAX_SIZE = 100
DEFAULT_SIZE = 20
#: Relevance is a ranking, not a listing: nobody reads past this, and deep ranking costs grow without bound.
MAX_RELEVANCE_HITS = 1_000
#: Values of one filter field; more is a mistake or an attack on the query planner.
MAX_FILTER_VALUES = 50
#: Characters of free text; longer than any question a person types.
MAX_TEXT = 400

#: Fields that a query may filter by and count.
FILTER_FIELDS = ("jurisdiction", "capability", "label", "provider", "identity", "state")
DEFAULT_FACETS = ("jurisdiction", "capability", "label", "provider", "identity", "state")
#: Values shown per facet.
FACET_SIZE = 50


class Sort(StrEnum):
    """Orders of a result. Ties are always broken by record id, so that an order is total."""

    RELEVANCE = "relevance"
    NAME = "name"
    LISTED_AT = "listed_at"


@dataclass(frozen=True, slots=True)
class Query:
    """A validated question. `kind` is `offering` or `participant`; `filters` maps a field to its values.

    `cursor` is what an earlier page returned as `next`; it is bound to the rest of the query.
    """

    kind: str = "offering"
    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: Sort = Sort.RELEVANCE
    size: int = DEFAULT_SIZE
    cursor: str | None = None
    facets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet and how many hits carry it (ignoring the facet's own filter)."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One found document: the stored item (see `search.document`), its highlights by field, its score."""

    id: str
    item: Mapping[str, object]
    highlights: Mapping[str, tuple[str, ...]]
    score: float | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer. `total` counts all hits; `next` is an opaque cursor or None at the end."""

    hits: tuple[Hit, ...]
    total: int
    next: str | None
    facets: Mapping[str, tuple[FacetValue, ...]]


class QueryInvalid(Exception):
    """The question itself is wrong: `parameter` names where, `problem` says what."""

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(f"{parameter}: {problem}")
        self.parameter = parameter
        self.problem = problem
