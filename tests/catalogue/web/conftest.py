"""What tests of pages need: a request to answer, facts as the tests of `vocab` write them, a node."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask

# `fact_cases` belongs to the tests of vocab, `api_support` to those of the API: pages show what both make.
TESTS = Path(__file__).parents[2]
sys.path += [str(TESTS / "vocab"), str(TESTS / "catalogue" / "api")]

from api_support import LD_JSON, ApiNode  # noqa: E402

from catalogue.samples import did_documents_folder, sample_files, trust_list_path  # noqa: E402

Reading = Callable[[str], AbstractContextManager[object]]


@pytest.fixture
def reading() -> Reading:
    """A request of somebody who reads that language: `with reading("fr"): ...`."""
    app = Flask(__name__)
    return lambda language: app.test_request_context(headers={"Accept-Language": language})


@pytest.fixture
def english(reading: Reading) -> Iterator[None]:
    """A request of somebody who reads English."""
    with reading("en"):
        yield


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


@pytest.fixture
def make_node(tmp_path: Path) -> Iterator[Callable[[], ApiNode]]:
    """Make an empty node; closed at the end of the test."""
    made: list[ApiNode] = []

    def make() -> ApiNode:
        made.append(ApiNode(tmp_path / f"node{len(made)}"))
        return made[-1]

    yield make
    for one in made:
        one.close()
