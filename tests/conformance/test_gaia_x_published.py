"""Real offerings and participants go the whole way: published to a node, indexed, found again by name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from test_gaia_x_vectors import documents, moment, named, signed_by_its_own, submission

from catalogue.describing import Describer
from catalogue.indexer import Indexer
from catalogue.node import Node, prepare
from catalogue.settings import Settings
from credentials.identity import digest_of
from search.embedded import EmbeddedEngine
from search.query import MAX_SIZE, Query, Sort


class Clock:
    """Says what the row on trial says."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Everything found on a node to which each acceptable row was published at its own time."""
    rows = [name for name in named("valid") if signed_by_its_own(name)]
    if not rows:
        # Why they are missing is told, and under CI failed, by `test_the_published_credentials_are_there`.
        pytest.skip("the published Gaia-X credentials are not here")
    folder: Path = tmp_path_factory.mktemp("dids")
    for name in rows:
        for did, raw in documents(name).items():
            (folder / f"{digest_of(did.encode())}.json").write_bytes(raw)
    clock = Clock()
    clock.now = moment(rows[0])
    settings = Settings(data=folder / "data", did_documents=str(folder), policy="lab")
    prepare(settings)
    node = Node(settings, clock)
    for name in rows:
        clock.now = moment(name)
        node.publisher.publish(submission(name), address=None)
    engine = EmbeddedEngine(settings.index_folder, writable=True)
    Indexer(node.database, engine, Describer(settings), clock).catch_up()
    found = [
        item
        for kind in ("offering", "participant")
        for item in node.discovery.search(Query(kind=kind, sort=Sort.NAME, size=MAX_SIZE), ("en",))["items"]
    ]
    for item in found:
        again = node.discovery.search(
            Query(kind=str(item["kind"]), text=str(item["name"]), size=MAX_SIZE), ("en",)
        )
        item["found_by_its_name"] = item["id"] in [hit["id"] for hit in again["items"]]
    engine.close()
    node.close()
    return found


def test_real_offerings_and_participants_are_on_the_node(items: list[dict[str, object]]) -> None:
    assert sum(item["kind"] == "offering" for item in items) >= 3
    assert sum(item["kind"] == "participant" for item in items) >= 4


def test_each_is_found_again_by_its_name(items: list[dict[str, object]]) -> None:
    assert [item["name"] for item in items if not item["found_by_its_name"]] == []
    assert all(item["name"] for item in items)
