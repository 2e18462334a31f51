"""From the form's fields to an unsigned description, and what the shapes say of it."""

from __future__ import annotations

from datetime import date

import pytest

from catalogue.drafting import KINDS, check_draft, draft, lacking
from credentials.report import Outcome

TODAY = date(2026, 11, 26)
FIELDS = {
    "did": "did:web:provider.example",
    "id": "https://provider.example/service.json",
    "until": "2027-01-01",
    "name_fr": "Alouette",
    "description_de": "Speicher",
    "keywords": "S3, , archive",
    "terms": "https://provider.example/terms",
    "export_format": "application/json",
    "data_country": "FR",
    "data_locality": "Brest",
    "operation_country": "FR",
    "operator": "Example SAS",
    "operator_country": "FR",
    "technology": "Example Engine",
    "licensor": "Example, Inc.",
    "licensor_country": "US",
    "sees_data": "no",
    "subcontractors": "yes",
    "certification": "secnumcloud",
    "pue": "1.2",
    "renewable": "80",
    "energy_from": "2025-01-01",
    "energy_to": "2025-12-31",
}


@pytest.mark.parametrize("kind", [*KINDS, "other"])
def test_what_the_form_asks_for_is_as_the_terms_shapes_ask(kind: str) -> None:
    check = check_draft(draft(FIELDS | {"kind": kind}), None)
    assert check.outcome is Outcome.PASSED, check


def test_what_is_not_stated_is_left_out() -> None:
    subject = draft({"id": FIELDS["id"], "name_en": "Lark"})["credentialSubject"]
    assert set(subject) == {"id", "type", "name"}


def test_a_yes_and_a_no_are_stated_and_silence_is_not() -> None:
    (licence,) = draft(FIELDS)["credentialSubject"]["technologyLicence"]
    assert licence["seesCustomerData"] is False
    assert "continuesWithoutLicensor" not in licence


def test_what_can_be_several_is_stated_row_by_row_and_empty_rows_are_none() -> None:
    more = {
        "data_country-3": "DE",
        "technology-2": "Other Engine",
        "goes_on-2": "yes",
        "certification-2": "bsi-c5",
    }
    document = draft(FIELDS | more)
    subject = document["credentialSubject"]
    assert [place["country"] for place in subject["dataPlace"]] == ["FR", "DE"]
    assert [one.get("continuesWithoutLicensor") for one in subject["technologyLicence"]] == [None, True]
    assert [one["scheme"] for one in subject["certification"]] == ["secnumcloud", "bsi-c5"]
    assert check_draft(document, None).outcome is Outcome.PASSED


def test_a_figure_in_words_breaks_the_shapes_at_its_term() -> None:
    check = check_draft(draft(FIELDS | {"pue": "little"}), None)
    told = {(one["field"], one["component"]) for one in check.evidence["problems"]}
    assert {field for field, component in told if component != "Node"} == {"cf:pue"}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, set()),
        ({"until": "2026-11-26"}, {"until"}),
        ({"until": "soon"}, {"until"}),
        ({"did": "provider.example"}, {"did"}),
        ({"id": "http://provider.example"}, {"id"}),
    ],
)
def test_what_nothing_comes_of_is_named(changes: dict[str, str], missing: set[str]) -> None:
    assert lacking(FIELDS | changes, TODAY) == missing


def test_an_empty_form_lacks_what_every_description_needs() -> None:
    assert lacking({}, TODAY) == {"did", "id", "until", "name_en"}
