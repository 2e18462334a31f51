"""Nodes in real processes, on both stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from running import RunningNode

MakeNode = Callable[..., RunningNode]


@pytest.fixture
def make_node(tmp_path: Path) -> Iterator[MakeNode]:
    """Make nodes on folders under `tmp_path`; those still running at the end are killed."""
    made: list[RunningNode] = []

    def make(name: str = "node", environment: Mapping[str, str] | None = None) -> RunningNode:
        node = RunningNode(tmp_path / name, environment)
        made.append(node)
        return node

    yield make
    for node in made:
        node.kill()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings of a node on each of the two stores."""
    if request.param == "sqlite":
        return {}
    return {"CATALOGUE_DATABASE_URL": request.getfixturevalue("postgresql_url")}
