"""The tantivy schema, documents and queries: the only module that builds tantivy's objects.

Everything is analysed before (`search.indexing`), so tantivy only splits at spaces. Queries are made of
objects; tantivy's own query language sees nothing but sort keys in hex.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson
from tantivy import Document as TantivyDocument
from tantivy import Index, Occur, Schema, SchemaBuilder, SearchResult
from tantivy import Query as TantivyQuery

from search.document import Document
from search.indexing import TERMS_FIELD, TEXT_FIELDS, WORDS_FIELD, indexed, provider_lookup, value_field
from search.plan import Question, typos_in
from search.query import FACET_FIELDS, Matching
from search.text import Word

#: What a word found in several fields adds beyond its best field.
_OTHER_FIELDS = 0.2
#: What a word weighs that is only similar: less than any exact find.
_SIMILAR = 0.05
_LOOK_UPS = ("provider_id", "provider_named", "subject")
NAME_KEY = "name_key"
LISTED_KEY = "listed_key"
ITEM = "item"


def build_schema() -> Schema:
    """The fields of `search.indexing.Indexed`, the id to delete by, and the stored item."""
    builder = SchemaBuilder()
    for name in ("id", "kind", *_LOOK_UPS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in FACET_FIELDS:
        builder.add_text_field(value_field(name), tokenizer_name="raw", index_option="basic", fast=True)
    for name in (NAME_KEY, LISTED_KEY):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    for name in (TERMS_FIELD, WORDS_FIELD):
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
    for name, terms in form.texts.items():
        made.add_text(name, " ".join(terms))
    made.add_text(TERMS_FIELD, " ".join(form.terms))
    made.add_text(WORDS_FIELD, " ".join(form.words))
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
        self._filters = {name: self._filter(name, values) for name, values in question.filters().items()}

    def ranked(self, matching: Matching) -> TantivyQuery:
        """All hits, each with its score."""
        return self._all(list(self._filters.values()), [self._text(matching, self._valued)])

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

    def _all(self, unscored: list[TantivyQuery], scored: list[TantivyQuery]) -> TantivyQuery:
        clauses = [TantivyQuery.const_score_query(clause, 0.0) for clause in (self._kind, *unscored)]
        return TantivyQuery.boolean_query([(Occur.Must, clause) for clause in (*clauses, *scored)])

    def _text(self, matching: Matching, query_of: Callable[[Word, int], TantivyQuery]) -> TantivyQuery:
        if not self._question.words:
            return TantivyQuery.empty_query()
        similar = matching in (Matching.TYPOS, Matching.ANY_TYPOS)
        one_will_do = matching in (Matching.ANY, Matching.ANY_TYPOS)
        occur = Occur.Should if one_will_do else Occur.Must
        return TantivyQuery.boolean_query(
            [(occur, query_of(word, typos_in(word.text) if similar else 0)) for word in self._question.words]
        )

    def _valued(self, word: Word, typos: int) -> TantivyQuery:
        """Documents with the word in any field, valued by the best of them."""
        found = [
            TantivyQuery.boost_query(TantivyQuery.term_query(self._schema, name, stem, "freq"), weight)
            for name, weight in TEXT_FIELDS.items()
            for stem in word.stems
        ]
        if typos:
            found.append(TantivyQuery.const_score_query(self._similar(word, typos), _SIMILAR))
        return TantivyQuery.disjunction_max_query(found, _OTHER_FIELDS)

    def _present(self, word: Word, typos: int) -> TantivyQuery:
        """The same documents by the shortest way."""
        found = [TantivyQuery.term_query(self._schema, TERMS_FIELD, stem, "basic") for stem in word.stems]
        if typos:
            found.append(self._similar(word, typos))
        return _any_of(found)

    def _similar(self, word: Word, typos: int) -> TantivyQuery:
        return TantivyQuery.fuzzy_term_query(
            self._schema, WORDS_FIELD, word.text, distance=typos, transposition_cost_one=True
        )

    def _filter(self, name: str, values: tuple[str, ...]) -> TantivyQuery:
        wanted = dict.fromkeys(values)
        pairs = [provider_lookup(value) for value in wanted] if name == "provider" else []
        pairs = pairs or [(value_field(name), value) for value in wanted]
        return _any_of(
            [TantivyQuery.term_query(self._schema, field, value, "basic") for field, value in pairs]
        )


def _any_of(queries: list[TantivyQuery]) -> TantivyQuery:
    if len(queries) == 1:
        return queries[0]
    return TantivyQuery.boolean_query([(Occur.Should, query) for query in queries])
