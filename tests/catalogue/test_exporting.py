"""What a search finds, as a file: bounded, in the reader's language, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pyld import jsonld

from catalogue import linked
from catalogue.exporting import COLUMNS, MAX_EXPORTED, export, table
from search.query import Query

URL = "https://node.example"


def item(**changes: Any) -> dict[str, Any]:
    """An item as `Discovery.search` has it."""
    return {
        "id": "0" * 32,
        "kind": "offering",
        "name": "Plain",
        "description": "A service",
        "keywords": ["s3"],
        "provider": {"id": None, "name": "Somebody", "did": "did:web:some.example", "identity": "domain"},
        "labels": ["gaia-x:L1"],
        "certifications": ["secnumcloud", "secnumcloud:3.2"],
        "capabilities": ["object-storage"],
        "hosted_in": ["FR"],
        "jurisdiction": ["FR"],
        "exposure": {"exposed_to": ["US"], "complete": False, "immunity": "no"},
        "pue": 1.25,
        "renewable_percent": None,
        "subject": "urn:x",
        "valid_until": None,
        "listed_at": "2026-11-01T00:00:00Z",
        "digest": "a" * 64,
        **changes,
    }


def rows(data: bytes, delimiter: str = ",") -> list[list[str]]:
    """The cells of a table."""
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter))


class Endless:
    """A search that always has another page."""

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def search(self, query: Query, languages: Sequence[str]) -> Mapping[str, Any]:
        """A full page, and the cursor of the next."""
        self.asked.append(query)
        return {"items": [item()] * query.size, "total": 10**6, "next": f"c{len(self.asked)}"}


def test_an_export_follows_the_pages_and_ends_at_its_bound() -> None:
    endless = Endless()
    found = export(endless, Query(text="x", size=3, facets=("label",), cursor="z"), ("en",))  # type: ignore[arg-type]
    assert (len(found.items), found.total) == (MAX_EXPORTED, 10**6)
    assert [query.cursor for query in endless.asked] == [None, *(f"c{n}" for n in range(1, 10))]
    assert {query.facets for query in endless.asked} == {()}


@pytest.mark.parametrize(
    ("language", "delimiter", "heading", "place", "figure"),
    [
        ("en", ",", "Provider", "France", "1.25"),
        ("fr", ";", "Fournisseur", "France", "1,25"),
        ("de", ";", "Anbieter", "Frankreich", "1,25"),
    ],
)
def test_a_table_is_written_as_spreadsheets_of_the_language_read_it(
    language: str, delimiter: str, heading: str, place: str, figure: str
) -> None:
    head, row = rows(table([item()], URL, (language,)), delimiter)
    assert len(head) == len(row) == len(COLUMNS)
    assert heading in head
    assert place in row
    assert figure in row
    assert f"{URL}/offerings/{'0' * 32}" in row


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(start: str) -> None:
    hostile = f'{start}HYPERLINK("https://evil.example","x")'
    data = table([item(name=hostile, provider=item()["provider"] | {"name": hostile})], URL, ("en",))
    cells = rows(data)[1]
    assert cells.count("'" + hostile) == 2
    assert not any(cell.startswith(start) for cell in cells)


def test_separators_quotes_and_line_ends_stay_in_their_cell() -> None:
    name = 'a,b;c"d\r\ne\x00'
    assert rows(table([item(name=name)], URL, ("en",)))[1][0] == 'a,b;c"d\r\ne'


def test_linked_data_says_everything_in_terms_that_its_own_context_has() -> None:
    document = linked.catalogue([item()], 7, f"{URL}/offerings.jsonld?q=x", URL, ("en",))
    dropped: list[str] = []
    (expanded,) = jsonld.expand(document, {"onPropertyDropped": dropped.append, "documentLoader": None})
    assert dropped == []
    (resource,) = expanded["http://www.w3.org/ns/dcat#resource"]
    assert resource["@id"] == f"{URL}/offerings/{'0' * 32}"
    (theme,) = resource["http://www.w3.org/ns/dcat#theme"]
    assert theme["@id"].endswith("#object-storage")
    titles = [
        one["http://purl.org/dc/terms/title"][0]["@value"]
        for one in resource["http://purl.org/dc/terms/conformsTo"]
    ]
    assert titles == ["Gaia-X Label Level 1", "SecNumCloud qualification", "SecNumCloud 3.2"]
    assert all(":" in key or key.startswith("@") for key in resource)


def test_one_participant_is_linked_data_by_itself() -> None:
    found = linked.resource(item(kind="participant", hosted_in=[]), URL, ("en",))
    assert found["id"].startswith(f"{URL}/participants/")
    assert [place["identifier"] for place in found["spatial"]] == ["FR"]
