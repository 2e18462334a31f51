"""Requests to Elasticsearch and the form of what it keeps: the only module that builds them.

Everything is analysed before (`search.indexing`), so Elasticsearch only splits at spaces: both engines know
the same terms, and no plugin is needed. The mapping is a versioned file and strict: a document with a field
that it doesn't name is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from search.conditions import Condition
from search.document import Document
from search.indexing import (
    INDEX_VERSION,
    OTHER_FIELDS,
    SIMILAR_WORDS,
    TELLING_WORDS_FIELD,
    TERMS_FIELD,
    TEXT_FIELDS,
    WORDS_FIELD,
    Indexed,
    indexed,
)
from search.plan import ALL_WORDS_WEIGHT, Question, typos_in
from search.query import FACET_FIELDS, FACET_SIZE, MAX_RELEVANCE_HITS, FacetValue, Matching
from search.suggesting import STARTS_FIELD, Start
from search.text import Word
from search.values import LOOK_UPS, NUMBER_FIELDS, value_field

#: Values that a shard counts per facet: with fewer than it has, counts of several shards would be wrong.
_SHARD_VALUES = 60_000
#: The document that isn't a record: how far the replay has come, and who writes (see `search.elastic`).
CONTROL_ID = "control"
CONTROL_FIELDS = frozenset({"position", "claims"})
ITEM = "item"

Body = dict[str, Any]


@cache
def mapping() -> Body:
    """The mapping of this version's index: the committed file of that number."""
    path = files("search") / "mappings" / f"records-v{INDEX_VERSION}.json"
    found: Body = json.loads(path.read_text(encoding="utf-8"))
    return found


def source_of(document: Document, form: Indexed | None = None) -> bytes:
    """`document` as the index takes it: one line of JSON. `form` is its indexed form, if it is at hand."""
    form = form or indexed(document)
    source: Body = {"id": document.id, "kind": document.kind}
    source |= {name: list(values) for name, values in form.values.items() if values}
    source |= form.numbers
    source |= {name: " ".join(terms) for name, terms in form.texts.items()}
    source |= {TERMS_FIELD: " ".join(form.terms), WORDS_FIELD: " ".join(form.words)}
    source[STARTS_FIELD] = " ".join(form.starts)
    source[TELLING_WORDS_FIELD] = " ".join(form.telling_words)
    source |= {"name_key": form.name_key, "listed_key": form.listed_key}
    # As text: JSON inside JSON would come back with its members and numbers written anew.
    source[ITEM] = orjson.dumps(document.item).decode()
    return orjson.dumps(source)


class SearchBody:
    """Builds the requests of one question: hits, their number and all facets in one go."""

    def __init__(self, question: Question) -> None:
        self._question = question
        asked = set(question.query.facets)
        filters = {name: _filter(condition) for name, condition in question.conditions.items()}
        # A facet ignores its own filter, so what filters a facet comes after counting.
        self._before = [clause for name, clause in filters.items() if name not in asked]
        self._after = {name: clause for name, clause in filters.items() if name in asked}

    @property
    def sort_key(self) -> str:
        """The field that an unranked answer is sorted by; unique, and what a cursor carries."""
        return "name_key" if self._question.by_name else "listed_key"

    def of(self, matching: Matching) -> Body:
        """The request for one page, with one hit more than it shows."""
        question, place = self._question, self._question.place
        body: Body = {
            "query": {"bool": self._clauses(matching)},
            "post_filter": {"bool": {"filter": list(self._after.values())}},
            "track_total_hits": True,
            "_source": [ITEM],
            "size": question.query.size + 1,
        }
        if question.ranked:
            offset = place.offset if place else 0
            body["from"] = offset
            body["size"] = min(question.query.size + 1, MAX_RELEVANCE_HITS - offset)
            body["sort"] = [{"_score": "desc"}, {"id": "asc"}]
        else:
            body["sort"] = [{self.sort_key: "asc"}]
            if place is not None and place.after is not None:
                body["search_after"] = [place.after]
        if question.query.facets:
            body["aggs"] = {facet: self._facet(facet) for facet in question.query.facets}
        return body

    def starting(self, starts: Sequence[Start]) -> Body:
        """The request for the first documents by name that have all of these beginnings."""
        clauses = [
            _fuzzy(STARTS_FIELD, start.term, start.typos)
            if start.typos
            else {"term": {STARTS_FIELD: start.term}}
            for start in starts
        ]
        wanted = [{"term": {"kind": self._question.query.kind}}, *self._before, *self._after.values()]
        return {
            "query": {"bool": {"filter": [*wanted, *clauses]}},
            "_source": [ITEM],
            "size": self._question.query.size,
            "sort": [{"name_key": "asc"}],
        }

    def _clauses(self, matching: Matching) -> Body:
        unscored = [{"term": {"kind": self._question.query.kind}}, *self._before]
        if not self._question.has_text:
            return {"filter": unscored}
        if not self._question.ranked:
            return {"filter": [*unscored, self._text(matching, _present)]}
        extras = [_valued(word, 0) for word in self._question.words if not word.needed]
        extras += [
            {"term": {hint.field: {"value": hint.value, "boost": hint.weight}}}
            for hint in self._question.hints(matching)
        ]
        if matching is Matching.MOST:
            complete = self._text(Matching.TYPOS, _present)
            extras.append({"constant_score": {"filter": complete, "boost": ALL_WORDS_WEIGHT}})
        return {"filter": unscored, "must": [self._text(matching, _valued)], "should": extras}

    def _text(self, matching: Matching, query_of: Callable[[Word, int], Body]) -> Body:
        needed = self._question.needed
        if not needed:
            return {"match_none": {}}
        clauses = [query_of(word, typos_in(word.text) if matching.forgives else 0) for word in needed]
        return {"bool": {"should": clauses, "minimum_should_match": self._question.least(matching)}}

    def _facet(self, facet: str) -> Body:
        others = [clause for name, clause in self._after.items() if name != facet]
        counts = {
            "field": value_field(facet),
            "size": FACET_SIZE,
            "shard_size": _SHARD_VALUES,
            "order": [{"_count": "desc"}, {"_key": "asc"}],
        }
        return {"filter": {"bool": {"filter": others}}, "aggs": {"values": {"terms": counts}}}


def facets_of(answer: Mapping[str, Any], facets: Iterable[str]) -> dict[str, tuple[FacetValue, ...]]:
    """The facets that an answer to `SearchBody.of` holds."""
    return {
        facet: tuple(
            FacetValue(bucket["key"], bucket["doc_count"])
            for bucket in answer["aggregations"][facet]["values"]["buckets"]
        )
        for facet in facets
    }


def fields() -> frozenset[str]:
    """Every field that a record's document may have: what the mapping must name."""
    own = ("id", "kind", "name_key", "listed_key", ITEM)
    values = (*LOOK_UPS, *map(value_field, FACET_FIELDS), *NUMBER_FIELDS)
    return frozenset((*own, *values, *TEXT_FIELDS, TERMS_FIELD, *SIMILAR_WORDS, STARTS_FIELD))


def _valued(word: Word, typos: int) -> Body:
    """Documents with the word in any field, valued by the best of them."""
    found = _weighed(word.stems)
    if word.parts:
        parts = [_best_of(_weighed(stems)) for stems in word.parts]
        found.append({"bool": {"must": parts}})
    if typos:
        found += (
            {"constant_score": {"filter": _fuzzy(name, word.text, typos), "boost": weight}}
            for name, weight in SIMILAR_WORDS.items()
        )
    return _best_of(found)


def _weighed(stems: Iterable[str]) -> list[Body]:
    return [
        {"term": {name: {"value": stem, "boost": weight}}}
        for name, weight in TEXT_FIELDS.items()
        for stem in stems
    ]


def _best_of(queries: list[Body]) -> Body:
    return {"dis_max": {"queries": queries, "tie_breaker": OTHER_FIELDS}}


def _present(word: Word, typos: int) -> Body:
    """The same documents by the shortest way."""
    found: list[Body] = [{"terms": {TERMS_FIELD: list(word.stems)}}]
    if word.parts:
        found.append({"bool": {"must": [{"terms": {TERMS_FIELD: list(stems)}} for stems in word.parts]}})
    if typos:
        found.append(_fuzzy(WORDS_FIELD, word.text, typos))
    return {"bool": {"should": found, "minimum_should_match": 1}}


def _fuzzy(field: str, text: str, typos: int) -> Body:
    # Rewritten to a constant score, all similar terms count; else only the best fifty would.
    asked = {
        "value": text,
        "fuzziness": typos,
        "prefix_length": 0,
        "transpositions": True,
        "rewrite": "constant_score",
    }
    return {"fuzzy": {field: asked}}


def _filter(condition: Condition) -> Body:
    wanted: dict[str, list[str]] = {}
    for field, value in condition.any_of:
        wanted.setdefault(field, []).append(value)
    needed: list[Body] = [
        {"range": {bounds.field: {"gte": bounds.low, "lte": bounds.high}}} for bounds in condition.within
    ]
    if wanted:
        clauses: list[Body] = [{"terms": {field: values}} for field, values in wanted.items()]
        needed.append(
            clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses, "minimum_should_match": 1}}
        )
    refused = [{"term": {field: value}} for field, value in condition.none_of]
    if len(needed) == 1 and not refused:
        return needed[0]
    return {"bool": {"filter": needed, "must_not": refused}}
