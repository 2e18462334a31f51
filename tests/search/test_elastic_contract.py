"""The engine over a real Elasticsearch keeps the contract: on one server, and spread over three."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from elasticsearch_servers import Cluster
from search_contract import (
    ChangesContract,
    EngineContract,
    FiltersContract,
    OracleContract,
    SuggestionsContract,
    TextContract,
)

from search.elastic import ElasticEngine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

#: Servers, and shards of an index: facets and scores must not show how many there are.
PLACES = {"elasticsearch_node": 1, "elasticsearch_cluster": 3}


class Elastic(EngineContract):
    @pytest.fixture(scope="class", params=list(PLACES))
    @classmethod
    def made(cls, request: pytest.FixtureRequest) -> Iterator[ElasticEngine]:
        cluster: Cluster = request.getfixturevalue(request.param)
        prefix = f"catalogue-{uuid.uuid4().hex[:8]}"
        engine = ElasticEngine(cluster.place(prefix, shards=PLACES[request.param]), writable=True)
        yield engine
        engine.close()
        cluster.forget(prefix)


class TestChanges(Elastic, ChangesContract):
    pass


class TestText(Elastic, TextContract):
    pass


class TestSuggestions(Elastic, SuggestionsContract):
    pass


class TestFilters(Elastic, FiltersContract):
    pass


class TestWalks(Elastic, OracleContract):
    pass
