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
#: Characters of one filter value: a did:jwk of a 4,096-bit RSA key is the longest that means anything.
MAX_VALUE = 2_048
#: Characters of free text; longer than any question a person types.
MAX_TEXT = 400
#: Telling words of free text: each costs a dozen look-ups, and nobody finds more by a thirtieth.
MAX_WORDS = 30

#: Fields that an answer counts unless it is asked for others: each costs every question something.
DEFAULT_FACETS = (
    "jurisdiction",
    "capability",
    "label",
    "certification",
    "programme",
    "participant_kind",
    "provider",
    "identity",
    "state",
)
#: Fields that a query may count by.
FACET_FIELDS = (
    *DEFAULT_FACETS,
    "level",
    "eligible_for",
    "exposed_to",
    "immune",
    "hosted_in",
    "operated_from",
    "technology_from",
    "consortium",
    "listed_by",
    "home",
)
#: Fields that a query may filter by. Subjects are nearly all different, so counting them says nothing;
#: figures and days are asked for as ranges, and `basis` and `unknown` say how others are meant.
FILTER_FIELDS = (
    *FACET_FIELDS,
    "subject",
    "basis",
    "profile",
    "not_exposed_to",
    "unknown",
    "pue_max",
    "renewable_min",
    "valid_on",
)
KINDS = ("offering", "participant")
#: Values shown per facet.
FACET_SIZE = 50


class Sort(StrEnum):
    """Orders of a result. Ties are always broken by record id, so that an order is total."""

    RELEVANCE = "relevance"
    NAME = "name"
    LISTED_AT = "listed_at"


class Matching(StrEnum):
    """How an answer came about: each step is tried only when the one before finds too little.

    `all`: every word. `typos`: every word, give or take a typo (when `all` finds fewer than a page).
    `most`: two words out of three, give or take a typo (when `typos` finds fewer than three); those with all
    words come first. `any`: at least one word (when `most` finds nothing). `any_typos`: the same with typos
    (when `any` finds nothing).
    """

    ALL = "all"
    TYPOS = "typos"
    MOST = "most"
    ANY = "any"
    ANY_TYPOS = "any_typos"

    @property
    def forgives(self) -> bool:
        """Whether typos are forgiven at this step."""
        return self in (Matching.TYPOS, Matching.MOST, Matching.ANY_TYPOS)


@dataclass(frozen=True, slots=True)
class Query:
    """A validated question. `kind` is `offering` or `participant`; `filters` maps a field to its values.

    `cursor` is what an earlier page returned as `next`; it is bound to `kind`, `text`, `filters` and `sort`
    (a later page may be of another size and leave the facets out).

    Filter values: `provider` is a participant's record id, a DID or an exact name (case and accents aside);
    `capability` a concept id, which finds its narrower concepts too, as a `certification` scheme's id finds
    its versions and levels; `jurisdiction` an alpha-2 code, `EU` or
    `EEA`; `subject` is compared exactly. `relevance` without text is `listed_at`.

    `label` finds who has that label or a level above on any basis but `declared`, or on one of `basis`.
    `profile` finds who reaches any of its levels. A value of `level` and `eligible_for` is `PROFILE:LEVEL`
    (by the version in force) or `PROFILE:VERSION:LEVEL`; beside one `profile`, `level` may be the mere level.

    `exposed_to` finds who is exposed to the law of a country and those of whom it isn't known,
    `not_exposed_to` the others; with `unknown` (`include`), those of whom it isn't known count as not
    exposed. `immune` is `yes`, `no` or `unknown`. `hosted_in`, `operated_from` and `technology_from` are
    alpha-2 codes, `EU` or `EEA`, and find who has at least one place there. `consortium` is like `provider`.

    `pue_max` and `renewable_min` are decimal numbers; who has no figure doesn't pass. `valid_on` is a day in
    UTC, at some moment of which the statement is valid. These three are given once.

    `listed_by` is the name of a node in whose log it is, `search.values.HERE` for this one's. `home` is `yes`
    for what was submitted to this node, `no` for what only others brought.
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
    """One page of an answer. `total` counts all hits; `next` is an opaque cursor or None at the end.

    Facet values are in falling order of count, then in the order of their code points; the provider facet's
    values are DIDs.
    """

    hits: tuple[Hit, ...]
    total: int
    next: str | None
    facets: Mapping[str, tuple[FacetValue, ...]]
    matching: Matching = Matching.ALL


class QueryInvalid(Exception):
    """The question itself is wrong: `parameter` names where, `problem` says what."""

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(f"{parameter}: {problem}")
        self.parameter = parameter
        self.problem = problem


def check(query: Query) -> None:
    """Raise QueryInvalid for a question that no engine answers; the cursor is checked by `search.cursor`."""
    if query.kind not in KINDS:
        raise QueryInvalid("kind", f"must be one of {', '.join(KINDS)}")
    if not 1 <= query.size <= MAX_SIZE:
        raise QueryInvalid("size", f"must be from 1 to {MAX_SIZE}")
    if query.sort not in tuple(Sort):
        raise QueryInvalid("sort", f"must be one of {', '.join(Sort)}")
    if len(query.text) > MAX_TEXT:
        raise QueryInvalid("q", f"must have at most {MAX_TEXT} characters")
    if not _is_text(query.text):
        raise QueryInvalid("q", "is not text")
    for field_name, values in query.filters.items():
        if field_name not in FILTER_FIELDS:
            raise QueryInvalid(field_name[:40], f"is not a filter; filters are {', '.join(FILTER_FIELDS)}")
        if len(values) > MAX_FILTER_VALUES:
            raise QueryInvalid(field_name, f"must have at most {MAX_FILTER_VALUES} values")
        for value in values:
            if not value or len(value) > MAX_VALUE or not _is_text(value):
                raise QueryInvalid(field_name, f"must be text of 1 to {MAX_VALUE} characters")
    for facet in query.facets:
        if facet not in FACET_FIELDS:
            raise QueryInvalid("facets", f"must be among {', '.join(FACET_FIELDS)}")


def _is_text(value: str) -> bool:
    """Neither NUL nor half of a surrogate pair: what UTF-8 and every engine can carry."""
    return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
