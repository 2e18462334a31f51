"""What the samples state in the federation's own terms: read as the tables say, and worth judging."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from catalogue.samples import sample_files
from catalogue.samples.documents import Writer
from catalogue.samples.table import read_table
from credentials.contexts import ContextStore
from credentials.envelope import statements_in
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from vocab.attestations import certification_in, participation_in
from vocab.fact_reading import (
    certifications_of,
    consortia_of,
    declared_criteria_of,
    does_without_of,
    energy_of,
    licences_of,
    members_of,
    memberships_of,
    operators_of,
    ownership_of,
    places_of,
)
from vocab.facts import SITE_KINDS
from vocab.graph import Graph
from vocab.jurisdictions import eu_members

TABLE = read_table()
WRITER = Writer(TABLE, datetime(2026, 1, 1, tzinfo=UTC))
STATING = [name for name, entry in TABLE.entries.items() if entry.members.get("facts")]
READERS = {
    "certification": certifications_of,
    "energy": energy_of,
    "member": members_of,
    "operator": operators_of,
    "ownership": ownership_of,
    "technologyLicence": licences_of,
}
#: Terms whose values are identifiers.
LINKS = {"consortium": consortia_of, "memberOf": memberships_of}
#: Terms whose values are plain texts, in the order in which they are written.
TEXTS = {"declaresCriterion": declared_criteria_of, "doesWithout": does_without_of}
#: What the terms are called in the values read from them, where that isn't the same word.
READ_AS = {"start_date": "start", "end_date": "end", "standard": "standards", "certificate_number": "number"}


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    """The graph of every credential, by its name in the tables."""
    jsonld = JsonLd(ContextStore())
    files = {file.name: file.entries for file in TABLE.files}
    return {
        entry: interpret(envelope.claims, jsonld)
        for path in sample_files()
        for entry, envelope in zip(files[path.stem], statements_in(path.read_bytes()), strict=True)
    }


def plain(fact: Any) -> Any:
    """A value of `vocab.facts` as the tables write it, by the names of its fields, without what is unsaid."""
    if is_dataclass(fact):
        found = {field.name: plain(getattr(fact, field.name)) for field in fields(fact)}
        return {name: value for name, value in found.items() if value not in ("", None, [], {})}
    if isinstance(fact, tuple):
        return sorted(map(plain, fact), key=str)
    return str(fact) if isinstance(fact, Decimal | date) else fact


def as_read(row: Any) -> Any:
    """A row of the tables under the names that the values read from it have."""
    if isinstance(row, dict):
        names = {term: re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", term) for term in row}
        return {READ_AS.get(name, name): as_read(row[term]) for term, name in names.items()}
    return sorted(map(as_read, row), key=str) if isinstance(row, list) else row


def rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", STATING)
def test_every_fact_is_read_as_the_table_states_it(name: str, graphs: dict[str, Graph]) -> None:
    entry, graph = TABLE.entries[name], graphs[name]
    node = graph.nodes[WRITER.subject(entry)]
    for term, value in entry.members["facts"].items():
        if term in LINKS:
            assert list(LINKS[term](node)) == rows(value)
        elif term in TEXTS:
            assert sorted(TEXTS[term](graph, node)) == sorted(rows(value))
        elif term == "certification":
            (read,) = certifications_of(graph, node)
            (said,) = rows(value)
            assert read.scheme == said["scheme"]
            assert read.number == said["certificateNumber"]
        else:
            read = READERS[term](graph, node) if term in READERS else places_of(graph, node, term)
            assert plain(read) == as_read(rows(value)), term


def test_energy_is_stated_with_its_standard_and_without_one(graphs: dict[str, Graph]) -> None:
    figures = [
        figure
        for name, graph in graphs.items()
        if (node := graph.nodes.get(WRITER.subject(TABLE.entries[name])))
        for figure in energy_of(graph, node)
    ]
    assert all(figure.pue for figure in figures)
    assert {bool(figure.pue_standard) for figure in figures} == {True, False}


def stated(term: str) -> list[dict[str, Any]]:
    return [
        row for name in STATING for row in rows(TABLE.entries[name].members["facts"].get(term, [])) if row
    ]


def test_every_kind_of_site_and_both_kinds_of_licence_occur() -> None:
    assert {place["siteKind"] for place in stated("dataPlace") if "siteKind" in place} == set(SITE_KINDS)
    sees = {(row["seesCustomerData"], row["seesMetadata"]) for row in stated("technologyLicence")}
    assert sees == {(False, False), (False, True)}


def test_owners_from_outside_the_union_stand_at_each_limit_and_just_beyond() -> None:
    inside = eu_members(date(2026, 1, 1))
    single, together = set[str](), set[Decimal]()
    for name in STATING:
        shares = TABLE.entries[name].members["facts"].get("ownership", [])
        outside = [row["capitalPercent"] for row in shares if row.get("country", "FR") not in inside]
        single.update(outside)
        together.add(sum(map(Decimal, outside), Decimal(0)))
    assert {"24", "24.01", "100"} <= single
    assert {Decimal(39), Decimal("39.5")} <= together
    assert any("country" not in row for row in stated("ownership"))
    assert any(
        row["hasVeto"] and row["country"] not in inside for row in stated("ownership") if "country" in row
    )


def test_members_confirm_one_consortium_and_one_of_another_is_silent() -> None:
    confirmed = {
        (consortium, entry.issuer.did)
        for entry in TABLE.entries.values()
        for consortium in entry.members.get("facts", {}).get("memberOf", ())
    }
    missing = {
        entry.name: [
            row["participant"]
            for row in entry.members["facts"]["member"]
            if (entry.issuer.did, row["participant"]) not in confirmed
        ]
        for entry in TABLE.entries.values()
        if entry.members.get("facts", {}).get("member")
    }
    assert missing == {"ampelunis": [], "lisierane": ["did:web:carsofrana.example"]}


def test_each_attestation_is_read_whole(graphs: dict[str, Graph]) -> None:
    for name, entry in TABLE.entries.items():
        graph = graphs[name]
        node = graph.nodes[WRITER.subject(entry)]
        if entry.about == "certification":
            read = certification_in(graph, node)
            assert read
            assert read.ids
            assert read.period.start
            assert read.period.end
            assert set(read.covers) == {
                WRITER.subject(TABLE.entries[covered]) for covered in entry.members["covers"]
            }
        elif entry.about == "programme-participation":
            participation = participation_in(graph, node)
            assert participation
            assert participation.role == entry.members["participation"]["role"]
