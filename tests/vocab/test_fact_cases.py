"""The reader of the case tables says what a case says, and nothing that it doesn't."""

from datetime import date
from decimal import Decimal

import pytest
import yaml
from fact_cases import DID, cases_of, merged, service_facts

from vocab.model import Basis, Identity


def test_a_case_starts_from_its_base_and_says_what_differs():
    (case,) = cases_of(
        {
            "bases": {"sound": {"provider": {"seat": "FR", "headquarters": "FR"}, "data_places": ["FR"]}},
            "cases": [{"id": "one", "like": "sound", "provider": {"seat": "US"}, "expect": {"a": 1}}],
        }
    )
    assert case.expect == {"a": 1}
    provider = case.facts.provider
    assert [one.value for one in provider.seats] == ["US"]
    assert [one.value for one in provider.headquarters] == ["FR"]
    assert [one.value.country for one in case.facts.data_places] == ["FR"]


def test_null_takes_away_what_the_base_said():
    assert merged({"a": {"b": 1, "c": 2}, "d": [3]}, {"a": {"b": None}, "d": None}) == {"a": {"c": 2}}


def test_nothing_said_is_nothing_known():
    facts = service_facts({})
    assert facts.provider.did == DID
    assert facts.identity is Identity.NOTARISED
    assert not any((facts.provider.seats, facts.operators, facts.licences, facts.certifications))


def test_parties_are_found_by_each_of_their_names():
    facts = service_facts({"parties": [{"did": "did:web:p.example", "names": ["https://p.example/#it"]}]})
    assert facts.parties["https://p.example/#it"] is facts.parties["did:web:p.example"]
    assert facts.parties[DID] is facts.provider


def test_percentages_are_what_was_written():
    facts = service_facts(
        {"provider": {"owners": [{"country": "US", "capital": 24.01, "as_of": "2026-01-31"}]}}
    )
    (share,) = facts.provider.owners
    assert share.value.capital_percent == Decimal("24.01")
    assert share.value.voting_percent is None
    assert share.value.as_of == date(2026, 1, 31)


def test_what_doesnt_cover_the_day_is_left_out():
    said = {"certifications": [{"scheme": "secnumcloud", "version": "3.2", "until": date(2026, 6, 1)}]}
    (kept,) = service_facts(said).certifications
    assert kept.value.ids == ("secnumcloud", "secnumcloud:3.2")
    assert kept.source.basis is Basis.CERTIFIED
    assert service_facts({**said, "on": date(2026, 6, 2)}).certifications == ()


def test_the_day_may_be_written_without_quotes():
    (case,) = cases_of(yaml.safe_load("cases: [{id: one, on: 2021-06-01}]"))
    assert case.facts.on.date() == date(2021, 6, 1)


@pytest.mark.parametrize(
    "said",
    [
        {"operator": []},
        {"provider": {"seats": "FR"}},
        {"provider": {"owners": [{"capitalPercent": 1}]}},
        {"licences": [{"sees": True}]},
        {"energy": [{"PUE": 1}]},
        {"certifications": [{"scheme": "eucs", "levle": "high"}]},
    ],
    ids=["top", "party", "share", "licence", "energy", "certification"],
)
def test_a_misspelt_key_is_noticed(said):
    with pytest.raises((AssertionError, TypeError), match=r"nobody reads|unexpected"):
        service_facts(said)
