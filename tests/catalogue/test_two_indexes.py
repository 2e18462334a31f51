"""Evidence that is gone is gone from every index of a node, also when an indexer was killed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import Clock, Provider

from catalogue.describing import Describer
from catalogue.indexer import Indexer
from catalogue.node import Node
from search.embedded import EmbeddedEngine
from search.query import Query

ADDRESS = "192.0.2.1"


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[EmbeddedEngine, EmbeddedEngine]]:
    made = (
        EmbeddedEngine(tmp_path / "one", writable=True),
        EmbeddedEngine(tmp_path / "other", writable=True),
    )
    yield made
    for engine in made:
        engine.close()


def provider_shown(engine: EmbeddedEngine) -> object:
    engine.refresh()
    (hit,) = engine.search(Query()).hits
    shown = hit.item["provider"]
    assert isinstance(shown, dict)
    return shown["name"]


def test_evidence_that_is_gone_is_gone_from_every_index(
    node: Node, provider: Provider, clock: Clock, engines: tuple[EmbeddedEngine, EmbeddedEngine]
) -> None:
    node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)
    participant = node.publisher.publish(
        provider.sign(provider.participant("Nuée SAS", country="FR")), address=ADDRESS
    )
    indexers = [Indexer(node.database, engine, Describer(node.settings), clock) for engine in engines]
    for indexer in indexers:
        indexer.catch_up()
    assert [provider_shown(engine) for engine in engines] == ["Nuée SAS", "Nuée SAS"]
    node.operations.erase(participant.digest, "asked for")
    for indexer in indexers:
        indexer.catch_up()
    assert [provider_shown(engine) for engine in engines] == ["", ""]


def test_evidence_that_is_gone_is_gone_although_the_indexer_was_killed_meanwhile(
    node: Node,
    provider: Provider,
    clock: Clock,
    engines: tuple[EmbeddedEngine, EmbeddedEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)
    participant = node.publisher.publish(
        provider.sign(provider.participant("Nuée SAS", country="FR")), address=ADDRESS
    )
    engine = engines[0]
    indexer = Indexer(node.database, engine, Describer(node.settings), clock)
    indexer.catch_up()
    node.operations.erase(participant.digest, "asked for")
    with monkeypatch.context() as killed:
        killed.setattr(EmbeddedEngine, "apply", _killed)
        with pytest.raises(KeyboardInterrupt):
            indexer.catch_up()
    Indexer(node.database, engine, Describer(node.settings), clock).catch_up()
    assert provider_shown(engine) == ""


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
