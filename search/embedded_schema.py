"""The tantivy schema, documents and queries: the only module that builds tantivy's objects.

Everything is analysed before (`search.indexing`), so tantivy only splits at spaces. Queries are made of
objects; tantivy's own query language sees nothing but sort keys in hex.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tantivy import Document as TantivyDocument
from tantivy import Index, Occur, Schema, SchemaBuilder, SearchResult
from tantivy import Query as TantivyQuery

from search.document import Document
from search.indexing import TEXT_FIELDS, WORDS_FIELD, indexed, provider_lookup, value_field
from search.plan import Question, typos_in
from search.query import FILTER_FIELDS, Matching
from search.text import Word

#: What a word found in several fields adds beyond its best field.
_OTHER_FIELDS = 0.2
#: What a word weighs that is only similar: less than any exact find.
_SIMILAR = 0.05
_LOOK_UPS = ("provider_id", "provider_named")
NAME_KEY = "name_key"
LISTED_KEY = "listed_key"
ITEM = "item"


def build_schema() -> Schema:
    """The fields of `search.indexing.Indexed`, the id to delete by, and the stored item."""
    builder = SchemaBuilder()
    for name in ("id", "kind", *_LOOK_UPS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in FILTER_FIELDS:
        builder.add_text_field(value_field(name), tokenizer_name="raw", index_option="basic", fast=True)
    for name in (NAME_KEY, LISTED_KEY):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field(WORDS_FIELD, tokenizer_name="whitespace", index_option="basic")
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
    made.add_text(WORDS_FIELD, " ".join(form.words))
    made.add_text(NAME_KEY, form.name_key)
    made.add_text(LISTED_KEY, form.listed_key)
    made.add_bytes(ITEM, json.dumps(document.item, ensure_ascii=False, separators=(",", ":")).encode())
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
        kind = TantivyQuery.term_query(schema, "kind", question.query.kind, "basic")
        self._kind = (Occur.Must, TantivyQuery.const_score_query(kind, 0.0))
        self._filters: Mapping[str, tuple[Occur, TantivyQuery]] = {
            name: (Occur.Must, TantivyQuery.const_score_query(self._filter(name, values), 0.0))
            for name, values in question.filters().items()
        }

    def matches(
        self, matching: Matching, *, without: str = "", after: str | None = None, sort_key: str = ""
    ) -> TantivyQuery:
        """All hits; without one field's filter, or only those behind the sort key `after`, if asked for."""
        clauses = [clause for name, clause in self._filters.items() if name != without]
        if self._question.has_text:
            clauses.append((Occur.Must, self._text(matching)))
        if after is not None:
            # Hex digits (`search.cursor` lets nothing else through): the one thing tantivy has no object for.
            behind = self._index.parse_query(f"{sort_key}:{{{after} TO *}}")
            clauses.append((Occur.Must, TantivyQuery.const_score_query(behind, 0.0)))
        return TantivyQuery.boolean_query([self._kind, *clauses])

    def _text(self, matching: Matching) -> TantivyQuery:
        if not self._question.words:
            return TantivyQuery.empty_query()
        similar = matching in (Matching.TYPOS, Matching.ANY_TYPOS)
        one_will_do = matching in (Matching.ANY, Matching.ANY_TYPOS)
        occur = Occur.Should if one_will_do else Occur.Must
        return TantivyQuery.boolean_query(
            [(occur, self._word(word, similar=similar)) for word in self._question.words]
        )

    def _word(self, word: Word, *, similar: bool) -> TantivyQuery:
        """Documents with the word in any field, valued by the best of them."""
        terms = [
            TantivyQuery.boost_query(TantivyQuery.term_query(self._schema, name, stem, "freq"), weight)
            for name, weight in TEXT_FIELDS.items()
            for stem in word.stems
        ]
        typos = typos_in(word.text) if similar else 0
        if typos:
            alike = TantivyQuery.fuzzy_term_query(
                self._schema, WORDS_FIELD, word.text, distance=typos, transposition_cost_one=True
            )
            terms.append(TantivyQuery.const_score_query(alike, _SIMILAR))
        return TantivyQuery.disjunction_max_query(terms, _OTHER_FIELDS)

    def _filter(self, name: str, values: tuple[str, ...]) -> TantivyQuery:
        wanted = dict.fromkeys(values)
        pairs = [provider_lookup(value) for value in wanted] if name == "provider" else []
        pairs = pairs or [(value_field(name), value) for value in wanted]
        terms = [TantivyQuery.term_query(self._schema, field, value, "basic") for field, value in pairs]
        if len(terms) == 1:
            return terms[0]
        return TantivyQuery.boolean_query([(Occur.Should, term) for term in terms])
