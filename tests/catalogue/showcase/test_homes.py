"""Each sample is at home where its issuer has its seat."""

from __future__ import annotations

from collections import Counter

import pytest

from catalogue.samples import sample_files
from catalogue.showcase.homes import ELSEWHERE, MEMBER_STATES, samples_at_home

HOMES = {sample.path.stem.partition("-")[2]: sample.home for sample in samples_at_home()}


def test_every_sample_has_a_home_in_the_order_of_publication() -> None:
    assert tuple(sample.path for sample in samples_at_home()) == sample_files()
    assert set(HOMES.values()) <= set(MEMBER_STATES)


def test_every_one_of_the_eleven_nodes_has_something_to_publish() -> None:
    assert len(MEMBER_STATES) == 11
    assert set(Counter(HOMES.values())) == set(MEMBER_STATES)


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("brumelac-socle", "FR"),
        ("zwirnfels-werkbank", "DE"),
        ("drevora-gozd", "SI"),
        ("miglasosta-tilts", "LV"),
        # A consortium with its seat in Brussels.
        ("ampelunis-tandem", "BE"),
    ],
)
def test_a_service_is_at_home_with_its_provider(name: str, home: str) -> None:
    assert HOMES[name] == home


@pytest.mark.parametrize(
    ("name", "home"),
    [("socle-secnumcloud", "FR"), ("werkbank-c5", "DE"), ("registration-numbers", "LU"), ("labels", "PL")],
)
def test_evidence_is_at_home_with_who_attests_it(name: str, home: str) -> None:
    assert HOMES[name] == home


@pytest.mark.parametrize("name", ["polderkwast-gemaal", "palodune", "palodune-eu-harbour", "harbour-c5"])
def test_whoever_has_no_seat_in_the_eleven_states_publishes_in_luxembourg(name: str) -> None:
    assert ELSEWHERE == "LU"
    assert HOMES[name] == ELSEWHERE
