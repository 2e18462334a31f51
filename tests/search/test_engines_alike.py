"""Both engines, given the same random documents, answer the same random questions alike."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from elasticsearch_servers import Cluster
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_contract import documents, emptied, queries
from search_samples import record

from search.document import Document
from search.elastic import ElasticEngine
from search.embedded import EmbeddedEngine
from search.engine import Engine
from search.query import Hit, Query, Sort

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def engines(
    elasticsearch_node: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, Engine]]:
    prefix = f"catalogue-{uuid.uuid4().hex[:8]}"
    elastic = ElasticEngine(elasticsearch_node.place(prefix, shards=2), writable=True)
    elastic.wipe()
    embedded = EmbeddedEngine(tmp_path_factory.mktemp("index"), writable=True)
    yield embedded, elastic
    for engine in (embedded, elastic):
        engine.close()
    elasticsearch_node.forget(prefix)


def walked(engine: Engine, query: Query) -> dict[str, Hit]:
    """The hits of all pages, without their scores."""
    found: dict[str, Hit] = {}
    cursor: str | None = None
    while True:
        page = engine.search(replace(query, cursor=cursor))
        found |= {hit.id: replace(hit, score=None) for hit in page.hits}
        cursor = page.next
        if cursor is None:
            return found


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.lists(documents(), max_size=25),
    gone=st.lists(st.integers(0, 25), max_size=5),
    asked=st.lists(queries(), min_size=5, max_size=12),
)
def test_same_documents_give_the_same_answers(
    engines: tuple[Engine, Engine], first: list[Document], gone: list[int], asked: list[Query]
) -> None:
    for engine in engines:
        emptied(engine)
        engine.apply(first, (), "1")
        engine.apply((), [record(str(key)) for key in gone], "2")
        engine.refresh()
    embedded, elastic = engines
    for query in asked:
        one, other = embedded.search(query), elastic.search(query)
        assert (one.total, one.matching, one.facets) == (other.total, other.matching, other.facets)
        assert (one.next is None) == (other.next is None)
        ranked = query.sort is Sort.RELEVANCE and bool(query.text.strip())
        if ranked:
            assert walked(embedded, query) == walked(elastic, query)
        else:
            assert one.hits == other.hits
            assert one.next == other.next
