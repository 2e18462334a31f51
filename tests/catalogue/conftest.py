"""A node in this process, on a folder of its own, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from world import Clock, Provider

from catalogue.describing import Describer
from catalogue.indexer import Indexer
from catalogue.node import Node, prepare
from catalogue.ruling import RuleChanges
from catalogue.settings import Settings
from catalogue.trusting import TrustChanges
from search.embedded import EmbeddedEngine


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def did_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dids"
    folder.mkdir()
    return folder


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store, on each of the two databases; "" is SQLite in the data folder."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")


@pytest.fixture
def make_node(tmp_path: Path, clock: Clock, did_folder: Path, store: str) -> Iterator[Callable[..., Node]]:
    """Make a node; call it after the providers have written their DID documents."""
    nodes: list[Node] = []

    def make(**overrides: Any) -> Node:
        values = {
            "data": tmp_path / "data",
            "did_documents": str(did_folder),
            "database_url": store,
        } | overrides
        settings = Settings(**values)
        prepare(settings)
        nodes.append(Node(settings, clock))
        return nodes[-1]

    yield make
    for node in nodes:
        node.close()


@pytest.fixture
def node(make_node: Callable[..., Node]) -> Node:
    return make_node()


@pytest.fixture
def provider(clock: Clock) -> Provider:
    return Provider(clock)


@pytest.fixture
def index(clock: Clock) -> Iterator[Callable[[Node], None]]:
    """Bring a node's index up to its store, as its indexer process would."""
    followers: dict[Path, tuple[Indexer, Any]] = {}
    sweeps: dict[Path, tuple[Callable[[], int], ...]] = {}

    def follow(node: Node) -> None:
        folder = node.settings.data
        if folder not in followers:
            engine = EmbeddedEngine(node.settings.index_folder, writable=True)
            describer = Describer(node.settings)
            followers[folder] = (Indexer(node.database, engine, describer, clock), engine)
            sweeps[folder] = (
                node.operations.catch_up,
                TrustChanges(node.settings, node.database, describer.trust, clock).catch_up,
                RuleChanges(node.settings, node.database, clock).catch_up,
            )
        while sum(sweep() for sweep in sweeps[folder]):
            pass
        followers[folder][0].catch_up()
        node.discovery.refresh()

    yield follow
    for _, engine in followers.values():
        engine.close()
