"""The tantivy schema, documents and queries: the only module that builds tantivy's objects.

Everything is analysed before (`search.indexing`), so tantivy only splits at spaces. Queries are made of
objects; tantivy's own query language sees nothing but sort keys in hex.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson
from tantivy import Document as TantivyDocument
from tantivy import FieldType, Index, Occur, Schema, SchemaBuilder, SearchResult
from tantivy import Query as TantivyQuery

from search.conditions import Condition, Within
from search.document import Document
from search.indexing import (
    OTHER_FIELDS,
    SIMILAR_WORDS,
    TELLING_WORDS_FIELD,
    TERMS_FIELD,
    TEXT_FIELDS,
    WORDS_FIELD,
    indexed,
)
from search.plan import ALL_WORDS_WEIGHT, Question, typos_in
from search.query import FACET_FIELDS, Matching
from search.suggesting import STARTS_FIELD, Start
from search.text import Word
from search.values import LOOK_UPS, NUMBER_FIELDS, value_field

NAME_KEY = "name_key"
LISTED_KEY = "listed_key"
ITEM = "item"


def build_schema() -> Schema:
    """The fields of `search.indexing.Indexed`, the id to delete by, and the stored item."""
    builder = SchemaBuilder()
    for name in ("id", "kind", *LOOK_UPS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in FACET_FIELDS:
        builder.add_text_field(value_field(name), tokenizer_name="raw", index_option="basic", fast=True)
    for name in (NAME_KEY, LISTED_KEY):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in NUMBER_FIELDS:
        builder.add_integer_field(name, fast=True)
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    for name in (TERMS_FIELD, WORDS_FIELD, TELLING_WORDS_FIELD, STARTS_FIELD):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    builder.add_bytes_field(ITEM, stored=True)
    return builder.build()


def tantivy_document(document: Document) -> TantivyDocument:
    """`document` as tantivy takes it."""
    form = indexed(document)
    made = TantivyDocument()
    made.add_text("id", document.id)
    made.add_text("kind", document.kind)
    for name, values in form.values.items():
        for value in values:
            made.add_text(name, value)
    for name, number in form.numbers.items():
        made.add_integer(name, number)
    for name, terms in form.texts.items():
        made.add_text(name, " ".join(terms))
    made.add_text(TERMS_FIELD, " ".join(form.terms))
    made.add_text(WORDS_FIELD, " ".join(form.words))
    made.add_text(TELLING_WORDS_FIELD, " ".join(form.telling_words))
    made.add_text(STARTS_FIELD, " ".join(form.starts))
    made.add_text(NAME_KEY, form.name_key)
    made.add_text(LISTED_KEY, form.listed_key)
    made.add_bytes(ITEM, orjson.dumps(document.item))
    return made


def count_of(result: SearchResult) -> int:
    """How many documents a search found in all (tantivy's stubs forget to mention it)."""
    return int(result.count)  # type: ignore[attr-defined]


class QueryBuilder:
    """Builds the queries of one question over one index."""

    def __init__(self, index: Index, schema: Schema, question: Question) -> None:
        self._index = index
        self._schema = schema
        self._question = question
        self._kind = TantivyQuery.term_query(schema, "kind", question.query.kind, "basic")
        self._filters = {name: self._filter(condition) for name, condition in question.conditions.items()}

    def ranked(self, matching: Matching) -> TantivyQuery:
        """All hits, each with its score."""
        extras = [self._valued(word, 0) for word in self._question.words if not word.needed]
        extras += [
            TantivyQuery.boost_query(self._term(hint.field, hint.value, "basic"), hint.weight)
            for hint in self._question.hints(matching)
        ]
        if matching is Matching.MOST:
            complete = self._text(Matching.TYPOS, self._present)
            extras.append(TantivyQuery.const_score_query(complete, ALL_WORDS_WEIGHT))
        return self._all(list(self._filters.values()), [self._text(matching, self._valued)], extras)

    def matches(
        self, matching: Matching, *, without: str = "", after: str | None = None, sort_key: str = ""
    ) -> TantivyQuery:
        """All hits unscored; if asked, without one field's filter, or only those behind a sort key."""
        clauses = [clause for name, clause in self._filters.items() if name != without]
        if self._question.has_text:
            clauses.append(self._text(matching, self._present))
        if after is not None:
            # Hex digits (`search.cursor` lets nothing else through): the one thing tantivy has no object for.
            clauses.append(self._index.parse_query(f"{sort_key}:{{{after} TO *}}"))
        return self._all(clauses, [])

    def starting(self, starts: Sequence[Start]) -> TantivyQuery:
        """Documents of the question's kind and filters that have all of these beginnings; unscored."""
        clauses = [
            self._fuzzy(STARTS_FIELD, start.term, start.typos)
            if start.typos
            else self._term(STARTS_FIELD, start.term, "basic")
            for start in starts
        ]
        return self._all([*self._filters.values(), *clauses], [])

    def _all(
        self, unscored: list[TantivyQuery], scored: list[TantivyQuery], extras: Sequence[TantivyQuery] = ()
    ) -> TantivyQuery:
        clauses = [TantivyQuery.const_score_query(clause, 0.0) for clause in (self._kind, *unscored)]
        return TantivyQuery.boolean_query(
            [
                *((Occur.Must, clause) for clause in (*clauses, *scored)),
                *((Occur.Should, clause) for clause in extras),
            ]
        )

    def _text(self, matching: Matching, query_of: Callable[[Word, int], TantivyQuery]) -> TantivyQuery:
        needed = self._question.needed
        if not needed:
            return TantivyQuery.empty_query()
        clauses = [query_of(word, typos_in(word.text) if matching.forgives else 0) for word in needed]
        least = self._question.least(matching)
        if least == len(clauses):
            return TantivyQuery.boolean_query([(Occur.Must, clause) for clause in clauses])
        return TantivyQuery.boolean_query(
            [(Occur.Should, clause) for clause in clauses], minimum_number_should_match=least
        )

    def _valued(self, word: Word, typos: int) -> TantivyQuery:
        """Documents with the word in any field, valued by the best of them."""
        found = self._weighed(word.stems)
        if word.parts:
            parts = [
                TantivyQuery.disjunction_max_query(self._weighed(stems), OTHER_FIELDS) for stems in word.parts
            ]
            found.append(TantivyQuery.boolean_query([(Occur.Must, part) for part in parts]))
        if typos:
            found += (
                TantivyQuery.const_score_query(self._fuzzy(name, word.text, typos), weight)
                for name, weight in SIMILAR_WORDS.items()
            )
        return TantivyQuery.disjunction_max_query(found, OTHER_FIELDS)

    def _weighed(self, stems: Sequence[str]) -> list[TantivyQuery]:
        return [
            TantivyQuery.boost_query(self._term(name, stem, "freq"), weight)
            for name, weight in TEXT_FIELDS.items()
            for stem in stems
        ]

    def _present(self, word: Word, typos: int) -> TantivyQuery:
        """The same documents by the shortest way."""
        found = self._having(word.stems)
        if word.parts:
            parts = [_any_of(self._having(stems)) for stems in word.parts]
            found.append(TantivyQuery.boolean_query([(Occur.Must, part) for part in parts]))
        if typos:
            found.append(self._fuzzy(WORDS_FIELD, word.text, typos))
        return _any_of(found)

    def _having(self, stems: Sequence[str]) -> list[TantivyQuery]:
        return [self._term(TERMS_FIELD, stem, "basic") for stem in stems]

    def _term(self, field: str, term: str, index_option: str) -> TantivyQuery:
        return TantivyQuery.term_query(self._schema, field, term, index_option)

    def _fuzzy(self, field: str, text: str, typos: int) -> TantivyQuery:
        return TantivyQuery.fuzzy_term_query(
            self._schema, field, text, distance=typos, transposition_cost_one=True
        )

    def _filter(self, condition: Condition) -> TantivyQuery:
        needed = [self._within(bounds) for bounds in condition.within]
        if condition.any_of:
            needed.append(_any_of([self._term(field, value, "basic") for field, value in condition.any_of]))
        refused = [self._term(field, value, "basic") for field, value in condition.none_of]
        if len(needed) == 1 and not refused:
            return needed[0]
        return TantivyQuery.boolean_query(
            [*((Occur.Must, query) for query in needed), *((Occur.MustNot, query) for query in refused)]
        )

    def _within(self, bounds: Within) -> TantivyQuery:
        return TantivyQuery.range_query(
            self._schema, bounds.field, FieldType.Integer, bounds.low, bounds.high
        )


def _any_of(queries: list[TantivyQuery]) -> TantivyQuery:
    if len(queries) == 1:
        return queries[0]
    return TantivyQuery.boolean_query([(Occur.Should, query) for query in queries])
