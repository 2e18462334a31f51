"""A search among a few documents that stand in no index: the same question, the same hits, nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tantivy import Index

from search.document import Document
from search.embedded_schema import build_schema, tantivy_document
from search.embedded_search import Generation, Search
from search.plan import question_of
from search.query import Page, Query

#: Bytes in which the documents are gathered: tantivy's least. They are given back with the answer.
_WRITER_BYTES = 15_000_000


def search_among(documents: Sequence[Document], query: Query) -> Page:
    """What the embedded engine would answer if it held these documents, each id once, and no others.

    Some ten milliseconds, and a millisecond for each document. Raises QueryInvalid.
    """
    question = question_of(query)
    schema = build_schema()
    index = Index(schema)
    writer = index.writer(heap_size=_WRITER_BYTES, num_threads=1)
    for document in documents:
        writer.add_document(tantivy_document(document))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return Search(Generation(Path(), index, None, index.searcher()), schema, question).page()
