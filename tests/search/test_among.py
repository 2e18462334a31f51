"""A search among a few documents answers as an index of them would."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_contract import documents, queries
from search_samples import document

from search.among import search_among
from search.document import Document
from search.embedded import EmbeddedEngine
from search.query import Query, QueryInvalid


@settings(max_examples=15, deadline=None)
@given(
    some=st.lists(documents(), max_size=8, unique_by=lambda one: one.id),
    asked=st.lists(queries(), min_size=3, max_size=6),
)
def test_an_index_of_the_same_documents_gives_the_same_answers(
    tmp_path_factory: pytest.TempPathFactory, some: list[Document], asked: list[Query]
) -> None:
    engine = EmbeddedEngine(tmp_path_factory.mktemp("index"), writable=True)
    engine.apply(some, (), "1")
    engine.refresh()
    for query in asked:
        page, other = search_among(some, query), engine.search(query)
        assert {hit.id for hit in page.hits} == {hit.id for hit in other.hits}
        assert (page.total, page.matching, page.facets) == (other.total, other.matching, other.facets)
    engine.close()


def test_among_no_documents_nothing_is_found() -> None:
    assert search_among([], Query(text="storage")).hits == ()


def test_a_wrong_question_is_refused_as_ever() -> None:
    with pytest.raises(QueryInvalid):
        search_among([document("a")], Query(filters={"home": ("maybe",)}))


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert search_among([document("a", "Alpha")], Query(text="alpha")).total == 1
    assert not list(tmp_path.iterdir())
