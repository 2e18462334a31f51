"""A node whose Elasticsearch can't be reached, without any server: nothing listens where it should be."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from world import Clock, Provider

from catalogue.cli import catalogue
from catalogue.cli.output import Unusable
from catalogue.describing import Describer
from catalogue.engines import ReadingEngines, writing_engines
from catalogue.errors import IndexUnavailable
from catalogue.indexer import Indexer
from catalogue.node import Node
from search.engine import EngineUnreachable
from search.query import Query

ADDRESS = "192.0.2.1"


@pytest.fixture
def nobody() -> str:
    """A URL at which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


def test_publications_are_taken_and_searches_say_that_they_cannot_be_answered(
    make_node: Callable[..., Node], provider: Provider, clock: Clock, nobody: str
) -> None:
    node = make_node(search_url=nobody)
    assert node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS).records
    for ask in (node.discovery.lag, lambda: node.discovery.search(Query(), ("en",))):
        with pytest.raises(IndexUnavailable):
            ask()
    with writing_engines(node.settings) as engines:
        assert list(engines) == ["elasticsearch"]
        with pytest.raises(EngineUnreachable):
            Indexer(node.database, engines["elasticsearch"], Describer(node.settings), clock).step()


def test_fallback_answers_instead(
    make_node: Callable[..., Node], provider: Provider, clock: Clock, nobody: str
) -> None:
    node = make_node(search_url=nobody, search_fallback="embedded")
    node.publisher.publish(provider.sign(provider.offering("Nuage")), address=ADDRESS)
    with writing_engines(node.settings) as engines:
        assert list(engines) == ["elasticsearch", "embedded"]
        Indexer(node.database, engines["embedded"], Describer(node.settings), clock).catch_up()
        answer = node.discovery.search(Query(text="nuage"), ("en",))
    assert [item["name"] for item in answer["items"]] == ["Nuage"]
    lag = node.discovery.lag()
    assert lag.engines == {"elasticsearch": None, "embedded": 1}
    assert (lag.entries, lag.indexed) == (1, 1)


def test_engine_that_is_away_is_asked_first_again_after_a_while(
    make_node: Callable[..., Node],
    provider: Provider,
    clock: Clock,
    nobody: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = make_node(search_url=nobody, search_fallback="embedded")
    with writing_engines(node.settings) as engines:
        Indexer(node.database, engines["embedded"], Describer(node.settings), clock).catch_up()
    asked: list[str] = []
    reading = ReadingEngines(node.settings)
    for name, reader in reading._readers.items():
        made = reader._make

        def make(writable: bool, name: str = name, made: Any = made) -> Any:
            engine = made(writable)
            found = engine.search
            engine.search = lambda query: (asked.append(name), found(query))[1]
            return engine

        reader._make = make
    reading.search(Query())
    reading.search(Query())
    assert asked == ["elasticsearch", "embedded", "embedded"]
    monkeypatch.setattr("catalogue.engines.AWAY_SECONDS", 0.0)
    for reader in reading._readers.values():
        reader._away_until = 0.0
    reading.search(Query())
    assert asked[3:] == ["elasticsearch", "embedded"]
    reading.close()


def test_rebuild_says_that_the_engine_is_away_and_that_the_request_stands(
    make_node: Callable[..., Node], provider: Provider, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = make_node(search_url=nobody)
    node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)
    for name in ("data", "did_documents", "search_url", "database_url"):
        monkeypatch.setenv(f"CATALOGUE_{name.upper()}", str(getattr(node.settings, name)))
    done = CliRunner().invoke(catalogue, ["search", "rebuild"])
    assert done.exit_code == Unusable.exit_code
    assert "the request stands" in done.stderr
    assert "Traceback" not in done.stderr
