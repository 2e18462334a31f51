"""Nodes on temporary folders, called over HTTP without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_support import LD_JSON, ApiNode, MakeApi, Provider

from catalogue.samples import did_documents_folder, sample_files, trust_list_path


@pytest.fixture
def make_api(tmp_path: Path) -> Iterator[MakeApi]:
    """Make nodes with settings of one's own; closed at the end of the test."""
    made: list[ApiNode] = []

    def make(**settings: Any) -> ApiNode:
        made.append(ApiNode(tmp_path / f"node{len(made)}", **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def api(make_api: MakeApi) -> ApiNode:
    """A node with the settings that tests of one thing need."""
    return make_api()


@pytest.fixture(scope="session")
def provider() -> Provider:
    """Somebody who signs."""
    return Provider()


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiNode]:
    """A node with the samples; a test may add to it, and changes nothing of what is there."""
    node = ApiNode(
        tmp_path_factory.mktemp("samples"),
        did_documents=did_documents_folder(),
        trust_list=trust_list_path(),
    )
    for path in sample_files():
        node.listed(path.read_bytes(), "application/jwt" if path.suffix == ".jwt" else LD_JSON)
    node.index()
    yield node
    node.close()
