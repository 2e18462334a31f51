"""What the exposure picture shows of an offering: who is named, and a box for what nobody states."""

from __future__ import annotations

from typing import Any

import pytest
from fact_cases import merged, service_facts

from catalogue.web.exposure_boxes import Box, Part, Surroundings, surroundings

pytestmark = pytest.mark.usefixtures("english")

SOUND: dict[str, Any] = {
    "provider": {
        "name": "Provider SAS",
        "seat": "FR",
        "headquarters": "FR",
        "owners": [{"name": "Family", "country": "FR", "capital": 100, "votes": 100}],
    },
    "operators": [{"participant": "did:web:provider.example", "name": "Provider SAS", "country": "FR"}],
    "operation_places": ["FR"],
    "data_places": [{"country": "FR", "locality": "Lyon"}, {"country": "FR", "locality": "Mende"}],
    "metadata_places": ["FR"],
    "does_without": ["licensed-technology", "subcontractors"],
}


def around(**said: Any) -> Surroundings:
    return surroundings(service_facts(merged(SOUND, said)))


def of(found: Surroundings, part: Part) -> list[Box]:
    return [box for box in found.all() if box.part is part]


def test_a_sound_offering_has_nothing_unknown_and_nobody_outside() -> None:
    found = around()
    assert {box.tone for box in found.all()} == {"good"}
    assert found.provider.note == "identity notarised"
    assert [place.what for place in found.provider.places] == ["registered seat"]
    (owner,) = of(found, Part.PARENT)
    assert (owner.name, owner.note) == ("Family", "holds 100%")


def test_towns_of_one_country_stand_together() -> None:
    (data,) = of(around(), Part.DATA)
    assert [(place.code, place.what) for place in data.places] == [("FR", "Lyon, Mende")]


def test_that_there_is_none_is_told_on_the_providers_word() -> None:
    found = around()
    assert [box.note for box in of(found, Part.SUBCONTRACTOR) + of(found, Part.LICENSOR)] == [
        "none, says the provider"
    ] * 2
    silent = around(does_without=[])
    boxes = of(silent, Part.SUBCONTRACTOR) + of(silent, Part.LICENSOR)
    assert [(box.note, box.tone) for box in boxes] == [("", "warn")] * 2


@pytest.mark.parametrize(
    ("missing", "part"),
    [
        ("operators", Part.OPERATOR),
        ("operation_places", Part.OPERATED_FROM),
        ("data_places", Part.DATA),
        ("metadata_places", Part.METADATA),
    ],
)
def test_what_nobody_states_has_a_box_that_says_so(missing: str, part: Part) -> None:
    (box,) = of(around(**{missing: []}), part)
    assert box.tone == "warn"
    assert box.unknown.endswith("isn't stated.")


def test_owners_that_are_not_stated_have_a_box_too() -> None:
    nobody = around(provider={"owners": []})
    assert [box.unknown for box in of(nobody, Part.SHAREHOLDER)] == ["Who owns the provider isn't stated."]
    some = around(provider={"owners": [{"name": "Fund", "country": "FR", "capital": 60, "votes": 60}]})
    assert [box.unknown for box in of(some, Part.SHAREHOLDER)] == ["Who holds the other 40% isn't stated."]


def test_laws_follow_from_control_and_not_from_a_small_share() -> None:
    small = around(
        provider={
            "owners": [
                {"name": "Family", "country": "FR", "capital": 90, "votes": 90},
                {"name": "Fund", "country": "US", "capital": 10, "votes": 10, "veto": True},
            ]
        }
    )
    (fund,) = of(small, Part.SHAREHOLDER)
    assert (fund.tone, fund.note) == ("bad", "holds 10% and has a veto")
    assert [place.laws for place in fund.places] == [()]
    large = around(
        provider={"owners": [{"name": "Fund", "country": "US", "capital": 60, "votes": 60}]},
    )
    (fund,) = of(large, Part.PARENT)
    assert any("CLOUD Act" in law for law in fund.places[0].laws)


def test_who_stands_behind_a_holder_is_one_level_up() -> None:
    found = around(
        provider={
            "owners": [{"holder": "did:web:holding.example", "name": "Holding", "capital": 100, "votes": 100}]
        },
        parties=[
            {
                "did": "did:web:holding.example",
                "name": "Holding",
                "seat": "NL",
                "owners": [{"name": "Top Inc.", "country": "US", "capital": 100, "votes": 100}],
            }
        ],
    )
    assert [[box.name for box in level] for level in found.above] == [["Top Inc."], ["Holding"]]
    assert found.above[0][0].note == "holds 100% of Holding"


def test_holders_in_a_circle_come_to_an_end() -> None:
    found = around(
        provider={"owners": [{"holder": "did:web:a.example", "name": "A", "capital": 100, "votes": 100}]},
        parties=[
            {
                "did": "did:web:a.example",
                "name": "A",
                "owners": [{"holder": "did:web:provider.example", "name": "P", "capital": 100, "votes": 100}],
            }
        ],
    )
    assert [[box.name for box in level] for level in found.above] == [["A"]]


def test_a_subcontractor_is_shown_with_who_owns_it() -> None:
    found = around(
        does_without=["licensed-technology"],
        subcontractors=[{"participant": "did:web:s.example", "name": "S GmbH", "jurisdictions": ["DE"]}],
        parties=[
            {
                "did": "did:web:s.example",
                "name": "S GmbH",
                "seat": "DE",
                "owners": [{"name": "Top Inc.", "country": "US", "capital": 100, "votes": 100}],
            }
        ],
    )
    (box,) = of(found, Part.SUBCONTRACTOR)
    assert [(place.code, place.what) for place in box.places] == [("DE", ""), ("US", "belongs to Top Inc.")]
    assert any("CLOUD Act" in law for law in box.places[1].laws)


@pytest.mark.parametrize(("sees", "laws"), [(True, True), (False, False), (None, False)])
def test_a_licensor_brings_its_law_where_it_sees_data(sees: bool | None, laws: bool) -> None:
    found = around(
        does_without=["subcontractors"],
        licences=[
            {
                "technology": "Desk",
                "name": "L Inc.",
                "country": "US",
                "sees_data": sees,
                "sees_metadata": sees,
                "continues": False,
            }
        ],
    )
    (box,) = of(found, Part.LICENSOR)
    assert bool(box.places[0].laws) is laws
    assert box.note.startswith("Desk, ")
    assert box.note.endswith("is needed to go on")


def test_hundreds_of_holders_are_bounded() -> None:
    owners = [{"name": f"H{number}", "country": "FR", "capital": 0.1, "votes": 0.1} for number in range(300)]
    assert len(around(provider={"owners": owners}).above[-1]) == 40


def test_names_lose_what_turns_directions() -> None:
    found = around(provider={"name": "SAS \u202eEVIL\u202c <b>", "seat": "FR"})
    assert found.provider.name == "SAS EVIL <b>"
