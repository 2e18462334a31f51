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
from vocab.labels import labels

TABLE = read_table()
Index = Callable[[Node], None]


@pytest.fixture(params=["in publishing order", "the last first"])
def node(request: pytest.FixtureRequest, make_node: Callable[..., Node], clock: Clock, index: Index) -> Node:
    clock.now = utc_now()
    node = make_node(samples=True, did_documents="")
    files = sample_files() if request.param == "in publishing order" else sample_files()[::-1]
    for number, path in enumerate(files, start=1):
        node.publisher.publish(path.read_bytes(), address="192.0.2.1")
        # Now and then, so that evidence comes after what it bears on has been described, and the other way.
        if number in {3, 40, len(files)}:
            index(node)
    return node


def items(node: Node, kind: str, text: str = "", **filters: tuple[str, ...]) -> dict[str, dict]:
    query = Query(kind=kind, text=text, filters=filters, size=100)
    found = node.discovery.search(query, ("en",))["items"]
    return {item["subject"] if "subject" in item else item["id"]: item for item in found}


def names(node: Node, kind: str, text: str = "", **filters: tuple[str, ...]) -> set[str]:
    return {item["name"].split(",")[0] for item in items(node, kind, text, **filters).values()}


def first_names(node: Node, text: str, **filters: tuple[str, ...]) -> list[str]:
    query = Query(kind="offering", text=text, filters=filters, size=3)
    return [item["name"].split(",")[0] for item in node.discovery.search(query, ("en",))["items"]]


def shown(name: str | dict[str, str]) -> str:
    """What a reader of English sees of a name, up to the comma."""
    return (name if isinstance(name, str) else name.get("en") or next(iter(name.values()))).split(",")[0]


def told(field: str, value: str) -> set[str]:
    """The offerings whose table expects that value."""
    return {
        shown(entry.members["name"])
        for entry in TABLE.entries.values()
        if entry.about == "offering" and value in entry.expect.get(field, ())
    }


def test_samples_are_found_as_the_tables_say(node: Node) -> None:
    for kind in ("offering", "participant"):
        wanted = {shown(e.members["name"]) for e in TABLE.entries.values() if e.about == kind}
        assert names(node, kind) == wanted
    for level in ("gaia-x:SC", "gaia-x:L1", "gaia-x:L2", "gaia-x:L3"):
        # Whoever holds a label holds those below it.
        holders = set().union(*(told("labels", one.id) for one in labels() if level in (one.id, *one.below)))
        assert names(node, "offering", label=(level,), basis=("attested",)) == holders != set()
        assert names(node, "offering", label=(level,)) >= holders
    for scheme in ("secnumcloud", "secnumcloud:3.1", "bsi-c5:type2", "iso-27001", "hds", "iso-50001"):
        assert names(node, "offering", certification=(scheme,)) == told("certifications", scheme) != set()
    assert names(node, "offering", programme=("ipcei-cis",)) == told("programmes", "ipcei-cis") != set()
    assert names(node, "offering", participant_kind=("public-body",)) == {"Nef", "Préau"}
    assert names(node, "participant", participant_kind=("notary",)) == {"Arzinel Registre S.à r.l."}
    for country in ("FR", "US", "LV"):
        assert names(node, "offering", jurisdiction=(country,)) == told("jurisdictions", country)
    assert "Socle" in names(node, "offering", identity=("notarised",))
    assert names(node, "offering", label=("gaia-x:L3",)) == {"Socle"}
    assert names(node, "offering", capability=("edge-computing",)) == {"Orilla", "Antena", "Riva", "Orée"}


def test_own_words_strangers_words_and_what_has_ended_certify_nothing(node: Node) -> None:
    attested = {
        e.members["certificate"]["scheme"] for e in TABLE.entries.values() if e.about == "certification"
    }
    certified = set[str]().union(*(names(node, "offering", certification=(name,)) for name in attested))
    # Harbour calls itself qualified, as does an issuer whom nobody trusts; Mérleg's certificate ended.
    assert {"Harbour", "Mérleg"}.isdisjoint(certified)
    (harbour,) = items(node, "offering", "Harbour", provider=("did:web:palodune-eu.example",)).values()
    shown = node.discovery.offering(harbour["id"], ("en",))
    reasons = [reason for reason in shown["reasons"] if reason["field"] == "certification"]
    assert {reason["basis"] for reason in reasons} == {"declared"}
    (detector,) = items(node, "offering", "Spähwarte", capability=("threat-detection",)).values()
    assert detector["programmes"] == []


def test_a_label_for_an_earlier_text_is_a_doubt_and_no_label(node: Node) -> None:
    (cluster,) = items(node, "offering", "Füzér", provider=("did:web:zuzmaratorony.example",)).values()
    shown = node.discovery.offering(cluster["id"], ("en",))
    assert shown["labels"] == []
    (doubt,) = shown["doubts"]
    assert (doubt["field"], doubt["value"]) == ("label", "gaia-x:L1")
    assert doubt["issuer"] == "did:web:wrzosomost.example"


def test_one_need_in_three_languages_finds_the_three_office_suites(node: Node) -> None:
    suites = {"Samen", "Tandem", "Galerie"}
    for text in ("suite bureautique collaborative", "collaborative office suite", "Bürosoftware"):
        assert set(first_names(node, text)) == suites
