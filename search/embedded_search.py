"""Questions put to one state of a tantivy index: a page of hits, facets, beginnings of names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import orjson
from tantivy import DocAddress, Index, IndexWriter, Order, Schema, Searcher
from tantivy import Query as TantivyQuery

from search.cursor import Place, write_cursor
from search.embedded_schema import ITEM, LISTED_KEY, NAME_KEY, QueryBuilder, count_of
from search.facets import count_facets
from search.highlighting import Highlighter
from search.plan import Question, answer_loosening
from search.query import MAX_RELEVANCE_HITS, FacetValue, Hit, Matching, Page
from search.suggesting import Start

#: Items kept parsed per state of the index: what is found again and again, some ten megabytes at most.
_ITEMS_KEPT = 3_000
#: Facet counts and first pages kept per state of the index, some megabytes at most.
_ANSWERS_KEPT = 200
_Answer = TypeVar("_Answer")
_Asked = tuple[object, ...]
_Facets = Mapping[str, tuple[FacetValue, ...]]


@dataclass(frozen=True, slots=True)
class Generation:
    """One opened generation in one state, its writer if this process writes, and what was worked out from it.

    Facets and the first page of what everybody looks at are most of an answer's cost; they are kept, like the
    parsed items, until the next change.
    """

    folder: Path
    index: Index
    writer: IndexWriter | None
    searcher: Searcher
    items: dict[tuple[int, int], Mapping[str, object]] = field(default_factory=dict)
    facets: dict[_Asked, _Facets] = field(default_factory=dict)
    firsts: dict[_Asked, _Found] = field(default_factory=dict)

    def reloaded(self) -> Generation:
        """The same generation in its newest state."""
        self.index.reload()
        return Generation(self.folder, self.index, self.writer, self.index.searcher())


@dataclass(frozen=True, slots=True)
class _Found:
    """Hits as `(sort key or score, address)`, one more than the page if there are more, and their number."""

    hits: list[tuple[object, DocAddress]]
    total: int


class Search:
    """One question put to one state of the index."""

    def __init__(self, generation: Generation, schema: Schema, question: Question) -> None:
        self._searcher = generation.searcher
        self._kept = generation
        self._question = question
        self._queries = QueryBuilder(generation.index, schema, question)
        self._sort_key = NAME_KEY if question.by_name else LISTED_KEY

    def page(self) -> Page:
        """The answer: a page of hits, their number and the facets."""
        question = self._question
        size = question.query.size
        matching, found = answer_loosening(question, self._attempt, lambda answer: answer.total)
        return Page(
            hits=tuple(self._hits(found.hits[:size], matching)),
            total=found.total,
            next=self._next(matching, found) if len(found.hits) > size else None,
            facets=self._facets(matching),
            matching=matching,
        )

    def starting(self, starts: Sequence[Start]) -> tuple[Hit, ...]:
        """The first documents by name that have all of these beginnings."""
        found = self._ordered(self._queries.starting(starts), self._question.query.size)
        return tuple(
            Hit(str(item["id"]), item, {}, None)
            for item in (self._item(address) for _, address in found.hits)
        )

    def _attempt(self, matching: Matching) -> _Found:
        question, place = self._question, self._question.place
        size = question.query.size
        if question.ranked:
            offset = place.offset if place else 0
            limit = min(size + 1, MAX_RELEVANCE_HITS - offset)
            ranking = self._searcher.search(self._queries.ranked(matching), limit=limit, offset=offset)
            return _Found(ranking.hits, count_of(ranking))
        base = self._queries.matches(matching)
        if place is None:
            asked = (*self._asked(matching), self._sort_key, size)
            return _keep(self._kept.firsts, asked, lambda: self._ordered(base, size + 1))
        behind = self._queries.matches(matching, after=place.after, sort_key=self._sort_key)
        total = count_of(self._searcher.search(base, limit=1))
        return _Found(self._ordered(behind, size + 1).hits, total)

    def _ordered(self, query: TantivyQuery, limit: int) -> _Found:
        result = self._searcher.search(query, limit=limit, order_by_field=self._sort_key, order=Order.Asc)
        return _Found(result.hits, count_of(result))

    def _next(self, matching: Matching, found: _Found) -> str:
        query, place = self._question.query, self._question.place
        if self._question.ranked:
            return write_cursor(query, Place(matching, offset=(place.offset if place else 0) + query.size))
        return write_cursor(query, Place(matching, after=str(found.hits[query.size - 1][0])))

    def _facets(self, matching: Matching) -> _Facets:
        question = self._question
        return _keep(
            self._kept.facets,
            (*self._asked(matching), question.query.facets),
            lambda: count_facets(
                self._searcher, question, lambda facet: self._queries.matches(matching, without=facet)
            ),
        )

    def _asked(self, matching: Matching) -> _Asked:
        """What decides which documents are hits."""
        question = self._question
        conditions = frozenset(question.conditions.items())
        return question.query.kind, question.words, question.has_text, conditions, matching

    def _hits(self, shown: Sequence[tuple[object, DocAddress]], matching: Matching) -> Iterator[Hit]:
        ranked = self._question.ranked
        items = [self._item(address) for _, address in shown]
        marked = Highlighter(self._question.words, matching).highlights(items)
        for (key, _), item, highlights in zip(shown, items, marked, strict=True):
            score = key if ranked and isinstance(key, float) else None
            yield Hit(str(item["id"]), item, highlights, score)

    def _item(self, address: DocAddress) -> Mapping[str, object]:
        name = (address.segment_ord, address.doc)
        item = self._kept.items.get(name)
        if item is None:
            item = orjson.loads(self._searcher.doc(address)[ITEM][0])
            if len(self._kept.items) < _ITEMS_KEPT:
                self._kept.items[name] = item
        return item


def _keep(kept: dict[_Asked, _Answer], asked: _Asked, make: Callable[[], _Answer]) -> _Answer:
    answer = kept.get(asked)
    if answer is None:
        answer = make()
        if len(kept) < _ANSWERS_KEPT:
            kept[asked] = answer
    return answer
