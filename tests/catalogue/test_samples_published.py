"""The samples in a node: what the table says is what a buyer finds, whatever arrived first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from world import Clock

from catalogue.node import Node
from catalogue.samples import sample_files
from catalogue.samples.table import read_table
from credentials.times import utc_now
from search.query import Query

TABLE = read_table()
Index = Callable[[Node], None]


@pytest.fixture(params=["in publishing order", "the last first"])
def node(request: pytest.FixtureRequest, make_node: Callable[..., Node], clock: Clock, index: Index) -> Node:
    clock.now = utc_now()
    node = make_node(samples=True, did_documents="")
    files = sample_files() if request.param == "in publishing order" else sample_files()[::-1]
    for number, path in enumerate(files, start=1):
        node.publisher.publish(path.read_bytes(), address="192.0.2.1")
        # Now and then, so that evidence comes after what it bears on has been described (03 before 04).
        if number in {3, 12, len(files)}:
            index(node)
    return node


def items(node: Node, kind: str, text: str = "", **filters: tuple[str, ...]) -> dict[str, dict]:
    query = Query(kind=kind, text=text, filters=filters, size=100)
    found = node.discovery.search(query, ("en",))["items"]
    return {item["subject"] if "subject" in item else item["id"]: item for item in found}


def names(node: Node, kind: str, text: str = "", **filters: tuple[str, ...]) -> set[str]:
    return {item["name"].split(",")[0] for item in items(node, kind, text, **filters).values()}


def test_samples_are_found_as_the_table_says(node: Node) -> None:
    wanted = {
        kind: {
            name if isinstance(name := entry.members["name"], str) else name["en"].split(",")[0]
            for entry in TABLE.entries.values()
            if entry.about == kind
        }
        for kind in ("offering", "participant")
    }
    assert names(node, "offering") == wanted["offering"]
    assert names(node, "participant") == wanted["participant"]
    assert names(node, "offering", label=("gaia-x:L1",)) == {"Socle"}
    assert names(node, "offering", identity=("notarised",)) == {"Socle"}
    assert names(node, "offering", jurisdiction=("US",)) == {"Werkbank"}
    assert names(node, "offering", capability=("edge-computing",)) == {"Orilla", "Antena"}
    for text in ("suite bureautique collaborative", "collaborative office suite", "Bürosoftware"):
        assert "Samen" in names(node, "offering", text)
