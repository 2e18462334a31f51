"""What only an engine behind a network has to stand: lost lines, late writes, refusals. On a real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cutting_proxy import CuttingProxy
from elasticsearch_servers import Cluster
from search_samples import document, record

from search.document import Document
from search.elastic import ElasticEngine
from search.elastic_schema import source_of
from search.engine import EngineUnreachable, IndexMissing
from search.query import Query, Sort

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def prefix(elasticsearch_node: Cluster) -> Iterator[str]:
    name = f"catalogue-{uuid.uuid4().hex[:8]}"
    yield name
    elasticsearch_node.forget(name)


@pytest.fixture
def engine(elasticsearch_node: Cluster, prefix: str) -> Iterator[ElasticEngine]:
    made = ElasticEngine(elasticsearch_node.place(prefix), writable=True)
    made.wipe()
    yield made
    made.close()


@pytest.fixture
def proxy(elasticsearch_node: Cluster) -> Iterator[CuttingProxy]:
    made = CuttingProxy(elasticsearch_node.nodes[0].http_port)
    yield made
    made.close()


@pytest.fixture
def behind_proxy(
    elasticsearch_node: Cluster, prefix: str, engine: ElasticEngine, proxy: CuttingProxy
) -> Iterator[ElasticEngine]:
    """A writer of the same index whose line can be broken."""
    place = replace(elasticsearch_node.place(prefix), urls=(f"https://127.0.0.1:{proxy.port}",))
    made = ElasticEngine(place, writable=True)
    yield made
    made.close()


def keys(engine: ElasticEngine) -> list[str]:
    return [str(hit.item["key"]) for hit in engine.search(Query(sort=Sort.NAME, size=100)).hits]


MANY = [document(f"{number:03d}", f"service {number:03d}", descriptions="text " * 50) for number in range(60)]
NAMES = [f"{number:03d}" for number in range(60)]


def test_half_written_change_leaves_the_position_and_is_completed_by_the_next_try(
    elasticsearch_node: Cluster,
    prefix: str,
    engine: ElasticEngine,
    behind_proxy: ElasticEngine,
    proxy: CuttingProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("search.elastic._BULK_BYTES", 10_000)
    behind_proxy.apply((), (), "1")
    proxy.cut_requests_after(25_000)
    with pytest.raises(EngineUnreachable):
        behind_proxy.apply(MANY, (), "2")
    assert engine.position() == "1"
    with elasticsearch_node.client() as client:
        client.indices.refresh(index=f"{prefix}-v*")
    assert 0 < len(keys(engine)) < len(NAMES)
    proxy.mend()
    behind_proxy.apply(MANY, (), "2")
    assert keys(engine) == NAMES
    assert engine.position() == "2"


def test_lost_answer_is_no_harm(
    engine: ElasticEngine, behind_proxy: ElasticEngine, proxy: CuttingProxy
) -> None:
    behind_proxy.apply(MANY[:5], (), "1")
    proxy.cut_answers()
    with pytest.raises(EngineUnreachable):
        behind_proxy.apply(MANY[5:], [MANY[0].id], "2")
    proxy.mend()
    behind_proxy.apply(MANY[5:], [MANY[0].id], "2")
    assert keys(engine) == NAMES[1:]
    assert engine.position() == "2"


def test_change_that_the_client_sends_twice_is_taken(
    behind_proxy: ElasticEngine, engine: ElasticEngine, proxy: CuttingProxy
) -> None:
    behind_proxy.apply(MANY[:1], (), "1")
    proxy.cut_next_answer()
    behind_proxy.apply(MANY, [record("b")], "2")
    assert keys(engine) == NAMES
    assert engine.position() == "2"


def test_index_made_beside_makes_nothing_visible_until_it_answers(
    elasticsearch_node: Cluster, prefix: str, engine: ElasticEngine
) -> None:
    beside = engine.beside()
    beside.apply(MANY, (), "1")
    name = elasticsearch_node.indexes(prefix)[-1]

    def interval() -> str:
        with elasticsearch_node.client() as client:
            found = client.indices.get_settings(index=name)[name]["settings"]["index"]["refresh_interval"]
        return str(found)

    assert interval() == "-1"
    beside.publish()
    assert interval() == "1s"
    assert keys(engine) == NAMES


def test_writer_that_was_overtaken_moves_no_position(
    elasticsearch_node: Cluster, prefix: str, engine: ElasticEngine
) -> None:
    engine.apply((), (), "1")
    newer = ElasticEngine(elasticsearch_node.place(prefix), writable=True)
    newer.apply((), (), "2")
    with pytest.raises(EngineUnreachable, match="another writer"):
        engine.apply((), (), "1")
    assert newer.position() == "2"
    newer.close()


def test_writer_that_was_overtaken_changes_nothing_any_more(
    elasticsearch_node: Cluster, prefix: str, engine: ElasticEngine
) -> None:
    engine.apply([document("a", "first"), document("b", "stays")], (), "1")
    newer = ElasticEngine(elasticsearch_node.place(prefix), writable=True)
    newer.apply([document("a", "newer")], [record("b")], "2")
    with pytest.raises(EngineUnreachable, match="another writer"):
        engine.apply([document("a", "older"), document("b", "back again")], (), "1")
    assert [hit.item["names"] for hit in newer.search(Query()).hits] == [{"": "newer"}]
    assert newer.position() == "2"
    newer.close()


def test_write_that_was_held_up_is_refused_by_its_version(
    elasticsearch_node: Cluster, prefix: str, engine: ElasticEngine
) -> None:
    engine.apply([document("a", "first")], (), "1")
    with elasticsearch_node.client() as client:
        (index,) = elasticsearch_node.indexes(prefix)
        found = client.get(index=index, id=record("a"))
        engine.apply([document("a", "second")], (), "2")
        late = client.bulk(
            index=index,
            operations=[
                {
                    "index": {
                        "_id": record("a"),
                        "version": found["_version"],
                        "version_type": "external_gte",
                    }
                },
                {"id": record("a"), "kind": "offering", "item": "{}"},
            ],
        )
    assert late["items"][0]["index"]["status"] == 409
    assert [hit.item["names"] for hit in engine.search(Query()).hits] == [{"": "second"}]


def test_one_refused_change_of_many_leaves_the_position(
    elasticsearch_node: Cluster, prefix: str, engine: ElasticEngine
) -> None:
    engine.apply([document("a")], (), "1")
    (index,) = elasticsearch_node.indexes(prefix)
    with elasticsearch_node.client() as client:
        ahead = {"_id": record("a"), "version": 2**62, "version_type": "external"}
        client.bulk(index=index, operations=[{"delete": ahead}])
    with pytest.raises(EngineUnreachable):
        engine.apply([document("a"), document("b")], (), "2")
    assert engine.position() == "1"


def test_deleted_index_is_missing_and_no_write_brings_it_back(
    elasticsearch_node: Cluster, prefix: str, engine: ElasticEngine
) -> None:
    engine.apply([document("a")], (), "1")
    elasticsearch_node.forget(prefix)
    with pytest.raises(IndexMissing):
        engine.apply([document("b")], (), "2")
    assert elasticsearch_node.indexes(prefix) == []
    for question in (engine.position, lambda: engine.search(Query())):
        with pytest.raises(IndexMissing):
            question()
    engine.wipe()
    engine.apply([document("b")], (), "2")
    assert keys(engine) == ["b"]


def test_wrong_password_is_out_of_reach_and_is_not_told(elasticsearch_node: Cluster, prefix: str) -> None:
    engine = ElasticEngine(elasticsearch_node.place(prefix, password="geheim"), writable=True)
    for question in (engine.position, engine.wipe, lambda: engine.search(Query())):
        with pytest.raises(EngineUnreachable) as refusal:
            question()
        assert "geheim" not in str(refusal.value)
        assert "401" in refusal.value.problem
    engine.close()


def test_certificate_of_an_unknown_authority_is_not_taken(elasticsearch_node: Cluster, prefix: str) -> None:
    engine = ElasticEngine(replace(elasticsearch_node.place(prefix), ca_file=""), writable=True)
    with pytest.raises(EngineUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        engine.position()
    engine.close()


def test_record_that_the_index_refuses_does_not_hold_up_the_others(
    engine: ElasticEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(made: Document) -> bytes:
        return b'{"kind":{"is":"no text"}}' if made.id == record("b") else source_of(made)

    monkeypatch.setattr("search.elastic.source_of", odd)
    engine.apply([document("a"), document("b"), document("c")], (), "1")
    assert sorted(keys(engine)) == ["a", "c"]
    assert engine.position() == "1"


def test_nodes_whose_prefixes_begin_alike_leave_each_other_alone(
    elasticsearch_node: Cluster, prefix: str, engine: ElasticEngine
) -> None:
    engine.apply([document("a")], (), "1")
    for other in (f"{prefix}-v3", f"{prefix}-other"):
        neighbour = ElasticEngine(elasticsearch_node.place(other), writable=True)
        neighbour.wipe()
        neighbour.beside().close()
        neighbour.wipe()
        neighbour.close()
    engine.beside().close()
    engine.wipe()
    assert len(elasticsearch_node.indexes(prefix)) == 3


def test_indexes_of_another_version_go_when_this_one_answers(
    elasticsearch_node: Cluster, prefix: str, engine: ElasticEngine
) -> None:
    with elasticsearch_node.client() as client:
        client.indices.create(index=f"{prefix}-v1-000007", aliases={f"{prefix}-v1": {}})
    assert engine.beside_position() is None
    fresh = engine.beside()
    fresh.apply([document("a")], (), "1")
    fresh.publish()
    assert len(elasticsearch_node.indexes(prefix)) == 1
    engine.refresh()
    assert keys(engine) == ["a"]
