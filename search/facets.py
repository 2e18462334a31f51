"""Facet counts from tantivy: how many hits carry each value, were the facet's own filter not set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tantivy import Query as TantivyQuery
from tantivy import Searcher

from search.plan import Question
from search.query import FACET_SIZE, FacetValue
from search.values import value_field

#: Values that tantivy counts per field and segment; fewer would make counts wrong, more it refuses.
_MAX_VALUES = 60_000
#: Values read at first: the whole taxonomy fits, and no second count is needed to settle ties.
_FREQUENT = 300
#: Values read in their own order to settle which of equally frequent ones are shown, should more be needed.
_TIED = 1_000

_Counts = dict[str, int]


def count_facets(
    searcher: Searcher, question: Question, hits_without: Callable[[str], TantivyQuery]
) -> Mapping[str, tuple[FacetValue, ...]]:
    """The facets that the question asks for; `hits_without` gives the hits without one field's filter."""
    asked = tuple(dict.fromkeys(question.query.facets))
    filtered = question.conditions
    groups = [[facet for facet in asked if facet not in filtered]]
    groups += [[facet] for facet in asked if facet in filtered]
    counted: dict[str, tuple[FacetValue, ...]] = {}
    for facets in groups:
        if facets:
            query = hits_without(facets[0] if facets[0] in filtered else "")
            for facet, counts in _frequent(searcher, query, facets).items():
                counted[facet] = _top(searcher, query, facet, counts)
    return {facet: counted[facet] for facet in asked}


def _frequent(searcher: Searcher, query: TantivyQuery, facets: Sequence[str]) -> dict[str, _Counts]:
    """The most frequent values of each facet, well more than shown."""
    asked = {facet: _terms(facet, _FREQUENT, "_count", "desc") for facet in facets}
    found = searcher.aggregate(query, asked)
    return {facet: _counts(found[facet]) for facet in facets}


def _top(searcher: Searcher, query: TantivyQuery, facet: str, counts: _Counts) -> tuple[FacetValue, ...]:
    """The values shown. Which of equally frequent values is cut off must not be left to chance."""
    if len(counts) == _FREQUENT:
        least = sorted(counts.values(), reverse=True)[FACET_SIZE - 1]
        if min(counts.values()) == least:
            counts = _settled(searcher, query, facet, counts, least)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(FacetValue(value, count) for value, count in ranked[:FACET_SIZE])


def _settled(searcher: Searcher, query: TantivyQuery, facet: str, counts: _Counts, least: int) -> _Counts:
    """The values that occur more than `least` times, with the first in order of those that occur as often."""
    above = {value: count for value, count in counts.items() if count > least}
    for size in (_TIED, _MAX_VALUES):
        in_order = _counts(searcher.aggregate(query, {facet: _terms(facet, size, "_key", "asc")})[facet])
        tied = {value: count for value, count in in_order.items() if count == least}
        if len(above) + len(tied) >= FACET_SIZE or len(in_order) < size:
            break
    return above | tied


def _terms(facet: str, size: int, order: str, direction: str) -> dict[str, object]:
    return {
        "terms": {
            "field": value_field(facet),
            "size": size,
            "segment_size": _MAX_VALUES,
            "order": {order: direction},
        }
    }


def _counts(answer: Mapping[str, Sequence[Mapping[str, object]]]) -> _Counts:
    return {str(bucket["key"]): int(str(bucket["doc_count"])) for bucket in answer["buckets"]}
