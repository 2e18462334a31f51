"""Questions that buyers ask find what they want, first: judged by hand, measured on each engine."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from elasticsearch_servers import Cluster
from judging import Judged, Score, mean, ndcg, read_queries, table

from catalogue.samples.documents import Writer
from catalogue.samples.table import read_table
from search.elastic import ElasticEngine
from search.embedded import EmbeddedEngine
from search.engine import Engine
from search.query import Query

#: What is reached, less a little: what falls below has been made worse.
LEAST_MEAN = 0.95
LEAST_OF_A_LANGUAGE = 0.93

TABLE = read_table()
QUERIES = read_queries()


def key_of_subject() -> dict[str, str]:
    writer = Writer(TABLE, datetime(2026, 1, 1, tzinfo=UTC))
    return {
        writer.subject(entry): key
        for key, entry in TABLE.entries.items()
        if entry.about in ("offering", "participant")
    }


@pytest.fixture(
    scope="module",
    params=["embedded", pytest.param("elasticsearch", marks=[pytest.mark.slow, pytest.mark.timeout(300)])],
)
def engine(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    fill_with_samples: Callable[[Engine], None],
) -> Iterator[Engine]:
    if request.param == "embedded":
        made: Engine = EmbeddedEngine(tmp_path_factory.mktemp("index"), writable=True)
        fill_with_samples(made)
        yield made
        made.close()
        return
    cluster: Cluster = request.getfixturevalue("elasticsearch_node")
    prefix = f"catalogue-{uuid.uuid4().hex[:8]}"
    made = ElasticEngine(cluster.place(prefix, shards=1), writable=True)
    made.wipe()
    fill_with_samples(made)
    yield made
    made.close()
    cluster.forget(prefix)


def test_judged_questions_find_what_is_wanted_first(engine: Engine) -> None:
    keys = key_of_subject()

    def score(judged: Judged) -> Score:
        query = Query(kind=judged.kind, text=judged.text, filters={"state": ("listed",)})
        found = tuple(keys[str(hit.item["subject"])] for hit in engine.search(query).hits)
        return Score(judged, ndcg(found, judged.grades), found)

    scores = [score(judged) for judged in QUERIES]
    print(table(scores))
    assert mean(scores) >= LEAST_MEAN
    for language in ("en", "fr", "de"):
        assert mean(one for one in scores if one.judged.language == language) >= LEAST_OF_A_LANGUAGE
    held_out = [one for one in scores if one.judged.held_out]
    assert mean(held_out) >= LEAST_OF_A_LANGUAGE


def test_there_are_thirty_questions_in_each_language_and_a_third_is_held_out() -> None:
    for language in ("en", "fr", "de"):
        mine = [judged for judged in QUERIES if judged.language == language]
        assert len(mine) >= 30
        assert 0.3 <= sum(judged.held_out for judged in mine) / len(mine) <= 0.4
    assert len({(judged.text, judged.kind) for judged in QUERIES}) == len(QUERIES)


def test_grades_are_of_samples_there_are() -> None:
    for judged in QUERIES:
        assert set(judged.grades.values()) <= {1, 2, 3}
        assert 3 in judged.grades.values()
        assert {TABLE.entries[key].about for key in judged.grades} == {judged.kind}, judged.text


def test_measure_has_the_values_of_its_definition() -> None:
    grades = {"a": 3, "b": 2, "c": 3, "e": 1, "f": 2}
    # Gains 7, 3, 7, 0, 1, 3 at places 1 to 6, against 7, 7, 3, 3, 1.
    got = 7 + 3 / math.log2(3) + 7 / 2 + 1 / math.log2(6) + 3 / math.log2(7)
    best = 7 + 7 / math.log2(3) + 3 / 2 + 3 / math.log2(5) + 1 / math.log2(6)
    assert ndcg(["a", "b", "c", "d", "e", "f"], grades) == pytest.approx(got / best)
    assert ndcg(["a", "c", "b", "f", "e"], grades) == 1
    assert ndcg(["x", "y"], grades) == ndcg([], grades) == 0
    assert ndcg(["x"] * 10 + ["a"], {"a": 3}) == 0
    assert ndcg(["x", "a"], {"a": 3}) == pytest.approx(1 / math.log2(3))
