"""The sample world, published in this process, to be put into any engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from catalogue.describing import Describer
from catalogue.indexer import Indexer
from catalogue.node import Node, prepare
from catalogue.samples import sample_files
from catalogue.settings import Settings
from credentials.times import utc_now
from search.engine import Engine


@pytest.fixture(scope="session")
def sample_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that lists all samples."""
    settings = Settings(data=tmp_path_factory.mktemp("samples"), samples=True, did_documents="")
    prepare(settings)
    node = Node(settings, utc_now)
    for path in sample_files():
        node.publisher.publish(path.read_bytes(), address="192.0.2.1")
    yield node
    node.close()


@pytest.fixture(scope="session")
def fill_with_samples(sample_node: Node) -> Callable[[Engine], None]:
    """Put all samples into an engine."""

    def fill(engine: Engine) -> None:
        Indexer(sample_node.database, engine, Describer(sample_node.settings), utc_now).catch_up()
        engine.refresh()

    return fill
