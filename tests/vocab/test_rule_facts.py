"""What rules may ask: every fact has a name and a kind, and nothing that nobody states is known."""

import re
from decimal import Decimal

import pytest
from fact_cases import service_facts, source

from vocab.answers import Amount, Fact, Members, Outcome
from vocab.conclusions import Condition, Exposure, Path, PathKind, Reach
from vocab.rule_facts import FactKind, UnknownFact, fact, fact_names

NOTHING = Exposure(
    reaches=(),
    complete=False,
    missing=("Everything.",),
    immunity=Outcome.UNKNOWN,
    conditions=(Condition("19.6.a-seat", Outcome.UNKNOWN, "", "The seat.", ()),),
)
KINDS = {FactKind.AMOUNT: Amount, FactKind.MEMBERS: Members, FactKind.ANSWER: bool}
#: Known of everybody: how far an identity is established is what the catalogue itself found.
ALWAYS_KNOWN = {"identity"}


def value(name, exposure=NOTHING, **said):
    return fact(name, service_facts(said), exposure).value


def members(*codes, closed=True):
    return Members(frozenset(codes), closed)


@pytest.mark.parametrize("name", sorted(fact_names()))
def test_of_an_offering_that_says_nothing_nothing_is_known_and_what_is_missing_is_said(name):
    found = fact(name, service_facts({}), NOTHING)
    if name in ALWAYS_KNOWN:
        return
    assert found.value is None or (isinstance(found.value, Members) and not found.value.closed)
    assert found.missing


def test_names_and_sentences_are_for_authors():
    for name, described in fact_names().items():
        assert name == described.name
        assert re.fullmatch("[a-z][a-z0-9_]{0,63}", name)
        assert described.sentence.endswith(".")


def test_there_is_no_fact_of_another_name():
    with pytest.raises(UnknownFact) as raised:
        value("horoscope")
    assert raised.value.name == "horoscope"


@pytest.mark.parametrize("name", ["seat", "headquarters", "central_administration", "main_establishment"])
def test_where_the_provider_is_established_is_what_it_states(name):
    assert value(name, provider={name: ["FR", "US"]}) == members("FR", "US")


def test_a_provider_is_only_known_to_be_established_nowhere_else_when_all_three_are_stated():
    provider = {"seat": "FR", "headquarters": "US", "central_administration": "FR"}
    assert value("provider_established", provider=provider) == members("FR", "US", closed=False)
    provider["main_establishment"] = "DE"
    assert value("provider_established", provider=provider) == members("FR", "US", "DE")


@pytest.mark.parametrize("name", ["data_places", "metadata_places", "operation_places"])
def test_places_that_are_stated_are_all_there_are(name):
    assert value(name, **{name: ["FR", {"country": "DE", "locality": "Berlin"}]}) == members("FR", "DE")


def test_an_operator_is_where_it_says_itself_and_where_it_is_said_to_be():
    operators = [{"participant": "did:web:o.example", "country": "FR"}]
    parties = [{"did": "did:web:o.example", "seat": "US"}]
    assert value("operated_by", operators=operators, parties=parties) == members("FR", "US")


def test_an_operator_without_a_country_leaves_open_where_it_is_operated_from():
    operators = [{"name": "Ops", "country": "FR"}, {"name": "Night shift"}]
    found = fact("operated_by", service_facts({"operators": operators}), NOTHING)
    assert found.value == members("FR", closed=False)
    assert "Night shift" in found.missing


def test_no_subcontractors_and_no_technology_have_to_be_said():
    assert value("subcontractor_jurisdictions", does_without=["subcontractors"]) == members()
    assert value("technology_from", does_without=["licensed-technology"]) == members()
    assert value("technology_from", does_without=["subcontractors"]) is None


def test_what_is_stated_goes_before_that_there_is_none():
    said = {"does_without": ["licensed-technology"], "licences": [{"technology": "T", "country": "US"}]}
    assert value("technology_from", **said) == members("US")


def test_a_subcontractor_is_under_the_law_that_is_said_to_apply():
    subcontractors = [{"name": "S", "jurisdictions": ["FR", "IN"]}]
    assert value("subcontractor_jurisdictions", subcontractors=subcontractors) == members("FR", "IN")


def test_a_programme_may_always_have_more_to_it():
    participations = [{"programme": "ipcei-cis", "from": "2024-01-01", "until": "2026-12-31"}]
    assert value("programme", participations=participations) == members("ipcei-cis", closed=False)
    assert value("programme", participations=participations, on="2027-01-01") == members(closed=False)


STATE = {"kinds": ["public-body"], "seat": "FR"}
ITSELF = [{"participant": "did:web:provider.example", "country": "FR"}]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"provider": STATE, "operators": ITSELF}, True),
        ({"provider": STATE, "operators": ITSELF, "identity": "domain"}, None),
        ({"provider": STATE}, None),
        ({"provider": {"kinds": ["sme"]}, "operators": ITSELF}, False),
        ({"provider": {}, "operators": ITSELF}, None),
        ({"provider": STATE, "operators": [{"name": "Another body", "country": "FR"}]}, None),
        (
            {
                "provider": STATE,
                "operators": [{"participant": "did:web:o.example"}],
                "parties": [{"did": "did:web:o.example", "kinds": ["sme"]}],
            },
            False,
        ),
    ],
    ids=["itself", "nobody-vouches", "no-operator", "no-body", "no-kind", "another", "a-company"],
)
def test_a_state_internal_cloud_is_one_that_a_known_public_body_runs_itself(said, expected):
    found = fact("state_internal", service_facts(said), NOTHING)
    assert found.value is expected
    assert bool(found.missing) == (expected is None)


CONSORTIUM = "did:web:consortium.example"
MEMBER = "did:web:member.example"
ALLIANCE = {
    "did": CONSORTIUM,
    "members": [{"participant": "did:web:provider.example"}, {"participant": MEMBER}],
}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"parties": [ALLIANCE, {"did": MEMBER, "member_of": [CONSORTIUM]}]}, True),
        ({"parties": [ALLIANCE, {"did": MEMBER}]}, None),
        ({"parties": []}, None),
        ({"consortia": [], "parties": []}, None),
        ({"parties": [{"did": CONSORTIUM, "members": [{"participant": MEMBER}]}]}, False),
    ],
    ids=["all", "one-missing", "not-here", "none", "not-a-member"],
)
def test_a_consortium_is_confirmed_when_all_members_signed(said, expected):
    provider = {"member_of": [CONSORTIUM]}
    found = fact(
        "consortium_confirmed",
        service_facts({"consortia": [CONSORTIUM], "provider": provider, **said}),
        NOTHING,
    )
    assert found.value is expected
    assert bool(found.missing) == (expected is None)


def test_of_several_sites_the_worst_counts():
    energy = [
        {"pue": 1.2, "renewable_percent": 90, "green_energy_coefficient": 0.9, "energy_reuse_factor": 0.2},
        {"pue": 1.4, "renewable_percent": 80, "green_energy_coefficient": 0.8, "energy_reuse_factor": 0.1},
    ]
    assert value("pue", energy=energy) == Amount(Decimal("1.4"), Decimal("1.4"))
    for name, worst in {
        "renewable_percent": "80",
        "green_energy_coefficient": "0.8",
        "energy_reuse_factor": "0.1",
    }.items():
        assert value(name, energy=energy) == Amount(Decimal(worst), Decimal(worst))


def test_a_site_that_says_nothing_may_be_worse_and_never_makes_it_better():
    energy = [{"pue": 1.2, "renewable_percent": 90}, {"site": "FR"}]
    assert value("pue", energy=energy) == Amount(Decimal("1.2"), None)
    assert value("renewable_percent", energy=energy) == Amount(Decimal(0), Decimal(90))


@pytest.mark.parametrize("name", ["carbon_usage_effectiveness", "water_usage_effectiveness"])
def test_of_what_is_used_up_the_most_counts(name):
    energy = [{name: 0.1}, {name: 0.3}]
    assert value(name, energy=energy) == Amount(Decimal("0.3"), Decimal("0.3"))


def test_a_pue_needs_its_standard_at_every_site():
    named = {"pue": 1.2, "pue_standard": "ISO/IEC 30134-2:2016"}
    assert value("pue_standard_named", energy=[named]) is True
    assert value("pue_standard_named", energy=[named, {"pue": 1.3}]) is None


def test_standards_are_told_apart_without_their_years():
    energy = [{"pue_standard": "iso/iec  30134-2:2016", "standards": ["ISO 14069:2013", "ISO 50001"]}]
    expected = members("ISO/IEC 30134-2", "ISO 14069", "ISO 50001", closed=False)
    assert value("energy_standards", energy=energy) == expected


def test_exposure_is_closed_when_it_is_complete():
    path = Path(PathKind.SEAT, "Provider", None, "US: the seat", (source("did:web:provider.example"),))
    reach = Reach("US", (path,), ())
    whole = Exposure((reach,), complete=True, missing=(), immunity=Outcome.NOT_MET, conditions=())
    assert value("exposed_to", whole) == members("US")
    assert value("exposed_to") == members(closed=False)


@pytest.mark.parametrize(
    ("outcome", "expected"), [(Outcome.MET, True), (Outcome.NOT_MET, False), (Outcome.UNKNOWN, None)]
)
def test_immunity_is_an_answer(outcome, expected):
    condition = Condition("19.6.a-seat", outcome, "the seat", "state it", ())
    found = fact("immune_to_extra_eu_law", service_facts({}), Exposure((), False, (), outcome, (condition,)))
    assert found.value is expected
    assert ("19.6.a-seat" in found.detail) == (outcome is not Outcome.MET)


def test_what_chains_of_owners_say_is_kept_with_the_exposure():
    share = Fact(Amount(Decimal(24), Decimal(24)))
    exposure = Exposure((), False, (), Outcome.UNKNOWN, (), {"outside_share_single": share})
    assert fact("outside_share_single", service_facts({}), exposure) is share
