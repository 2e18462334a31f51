"""The federation's own terms as typed values, and what becomes of values that nobody can use."""

from datetime import date
from decimal import Decimal

import pytest
from cloud_federation_documents import (
    ATTESTED,
    CERTIFICATION,
    OFFERING,
    PARTICIPANT,
    PARTICIPATION,
    graph_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from vocab.attestations import turning_days
from vocab.fact_reading import (
    MAX_FACTS,
    certification_in,
    certifications_of,
    consortia_of,
    does_without_of,
    energy_of,
    licences_of,
    members_of,
    memberships_of,
    operators_of,
    ownership_of,
    participant_kinds_of,
    participation_in,
    places_of,
)
from vocab.facts import (
    CertificationFact,
    EnergyFigures,
    Membership,
    Operator,
    OwnershipShare,
    ParticipationFact,
    Period,
    Place,
    TechnologyLicence,
)
from vocab.graph import Graph, Literal, Node, Ref
from vocab.namespaces import CF, RDF, SCHEMA
from vocab.reading import MAX_VALUES

ROUBAIX = Place("FR", "FR-59", "Roubaix", "near-edge")
SERVICE = "https://provider.example/o/1"


def node_of(subject, **changes):
    graph = graph_of({**subject, **changes})
    return graph, graph.nodes[subject["id"]]


def test_only_what_can_be_done_without_is_read():
    assert does_without_of(*node_of(OFFERING)) == ("subcontractors",)
    assert does_without_of(*node_of(OFFERING, doesWithout=["worries", 7])) == ()
    assert does_without_of(*node_of(OFFERING, doesWithout=[])) == ()


def test_an_ownership_share_is_read_whole():
    assert ownership_of(*node_of(PARTICIPANT)) == (
        OwnershipShare(
            holder="https://fund.example/#it",
            holder_name="Overseas Fund",
            country="US",
            capital_percent=Decimal("24.01"),
            voting_percent=Decimal("12"),
            has_veto=True,
            appoints_majority=False,
            as_of=date(2026, 1, 31),
        ),
    )


def test_percentages_are_exact():
    """24 and 24.01 are on different sides of a rule; 0.1 + 0.2 must be 0.3."""
    shares = [{"holder": f"urn:h:{n}", "capitalPercent": text} for n, text in enumerate(("0.1", "0.2"))]
    read = ownership_of(*node_of(PARTICIPANT, ownership=shares))
    assert sum(share.capital_percent for share in read) == Decimal("0.3")


def test_a_participants_places_members_and_kinds_are_read():
    graph, node = node_of(PARTICIPANT)
    assert places_of(graph, node, "centralAdministration") == (ROUBAIX,)
    assert places_of(graph, node, "mainEstablishment") == (Place("DE"),)
    assert members_of(graph, node) == (
        Membership("did:web:member.example", "lead", "mail", "https://member.example/mail"),
    )
    assert memberships_of(node) == ("did:web:consortium.example",)
    said = CF + "participantKind"
    assert participant_kinds_of(graph, node) == {"sme": said, "start-up": said, "consortium": RDF + "type"}


def test_an_offerings_operator_licence_and_places_are_read():
    graph, node = node_of(OFFERING)
    assert operators_of(graph, node) == (
        Operator("did:web:operator.example", "Operator SAS", "FR", "support"),
    )
    assert licences_of(graph, node) == (
        TechnologyLicence(
            technology="Nimbus",
            licensor="https://licensor.example/#it",
            licensor_name="Licensor Inc.",
            licensor_country="US",
            sees_customer_data=False,
            sees_metadata=False,
            continues_without_licensor=True,
            updates_vetted_by_provider=True,
        ),
    )
    assert places_of(graph, node, "dataPlace") == (ROUBAIX, Place("DE"))
    assert places_of(graph, node, "metadataPlace") == (ROUBAIX,)
    assert places_of(graph, node, "operationPlace") == (ROUBAIX,)
    assert consortia_of(node) == ("did:web:consortium.example",)


def test_energy_figures_are_read_with_their_standards():
    assert energy_of(*node_of(OFFERING)) == (
        EnergyFigures(
            pue=Decimal("1.18"),
            pue_standard="ISO/IEC 30134-2:2016",
            renewable_percent=Decimal("97.5"),
            green_energy_coefficient=Decimal("0.97"),
            energy_reuse_factor=Decimal("0.12"),
            carbon_usage_effectiveness=Decimal("0.05"),
            water_usage_effectiveness=Decimal("0.4"),
            standards=("ISO 14069", "ISO 50001"),
            start=date(2025, 1, 1),
            end=date(2025, 12, 31),
            site=ROUBAIX,
        ),
    )


def test_a_certification_is_read_wherever_it_stands():
    expected = CertificationFact(
        ids=("secnumcloud", "secnumcloud:3.2"),
        scheme="secnumcloud",
        version="3.2",
        level="qualified",
        scope="Hosting of virtual machines",
        covers=("https://provider.example/o/1", "https://provider.example/o/2"),
        number="SNC-001",
        body="did:web:body.example",
        period=Period(date(2026, 1, 1), date(2028, 12, 31)),
    )
    assert certifications_of(*node_of(OFFERING)) == (expected,)
    assert certification_in(*node_of(ATTESTED)) == expected


def test_a_participation_is_read_whole():
    assert participation_in(*node_of(PARTICIPATION)) == ParticipationFact(
        programme="ipcei-cis",
        participant="did:web:provider.example",
        role="direct",
        project="Edge of the north",
        period=Period(date(2024, 1, 1), date(2028, 12, 31)),
    )


def test_an_unknown_programme_or_nobody_is_no_participation():
    assert participation_in(*node_of(PARTICIPATION, programme="my-own")) is None
    assert participation_in(*node_of(PARTICIPATION, participant="nobody")) is None
    assert participation_in(*node_of(PARTICIPATION, role="chief")).role == ""


def test_a_period_covers_its_first_and_its_last_day():
    period = Period(date(2026, 1, 1), date(2026, 12, 31))
    assert period.covers(date(2026, 1, 1))
    assert period.covers(date(2026, 12, 31))
    assert not period.covers(date(2025, 12, 31))
    assert not period.covers(date(2027, 1, 1))
    assert Period(None, None).covers(date(1, 1, 1))


@pytest.mark.parametrize("end", ["soon", "2026-02-30", "31.12.2026", 2026, ["2026-12-31", "never"]])
def test_an_end_that_cannot_be_read_does_not_mean_for_ever(end):
    assert certification_in(*node_of(ATTESTED, endDate=end)) is None
    assert participation_in(*node_of(PARTICIPATION, endDate=end)) is None
    assert certifications_of(*node_of(OFFERING, certification={**CERTIFICATION, "endDate": end})) == ()


def test_of_several_days_those_count_that_leave_least():
    fact = certification_in(
        *node_of(ATTESTED, startDate=["2026-01-01", "2026-03-01"], endDate=["2027-01-01", "2026-06-30"])
    )
    assert fact.period == Period(date(2026, 3, 1), date(2026, 6, 30))


def test_an_attestation_turns_on_its_first_day_and_after_its_last():
    graph = graph_of(ATTESTED)
    assert turning_days(graph, ATTESTED["id"]) == (date(2026, 1, 1), date(2029, 1, 1))
    graph = graph_of({**PARTICIPATION, "startDate": [], "endDate": "9999-12-31"})
    assert turning_days(graph, PARTICIPATION["id"]) == ()


def test_a_service_turns_with_the_certificates_that_it_says_it_has():
    assert turning_days(graph_of(OFFERING), OFFERING["id"]) == (date(2026, 1, 1), date(2029, 1, 1))


@pytest.mark.parametrize(
    "value",
    ["-1", "100.01", "1e2", "NaN", "Infinity", "٢٤", "", "24 %", "24,01", True, None, {}, "9" * 500],
)
def test_what_is_no_percentage_is_left_empty(value):
    (share,) = ownership_of(*node_of(PARTICIPANT, ownership={"holder": "urn:h", "capitalPercent": value}))
    assert share.capital_percent is None


@pytest.mark.parametrize(("value", "read"), [(24, "24"), (24.01, "24.01"), ("+24.010", "24.010")])
def test_numbers_are_read_as_their_author_wrote_them(value, read):
    graph = Graph("", {SERVICE: _offering(), "_:s": _share(Literal(value))})
    (share,) = ownership_of(graph, graph.nodes[SERVICE])
    assert str(share.capital_percent) == read


def _offering():
    return Node(SERVICE, (), {CF + "ownership": (Ref("_:s"),)})


def _share(percent):
    return Node("_:s", (), {CF + "holder": (Ref("urn:h"),), CF + "capitalPercent": (percent,)})


@pytest.mark.parametrize("value", ["yes", 1, 0, "", None, "TRUE"])
def test_what_is_no_answer_is_left_open(value):
    (share,) = ownership_of(*node_of(PARTICIPANT, ownership={"holder": "urn:h", "hasVeto": value}))
    assert share.has_veto is None


def test_nodes_that_say_nothing_usable_are_left_out():
    empty = {"type": "Thing", "ownership": [{}], "operator": [{}], "technologyLicence": [{}], "member": [{}]}
    graph, node = node_of(PARTICIPANT, **empty, centralAdministration={"country": "Atlantis"})
    assert ownership_of(graph, node) == operators_of(graph, node) == ()
    assert licences_of(graph, node) == members_of(graph, node) == ()
    assert places_of(graph, node, "centralAdministration") == ()


def test_a_stuffed_subject_is_cut():
    places = [{"type": "Place", "country": "FR", "locality": str(n)} for n in range(MAX_VALUES * 2)]
    assert len(places_of(*node_of(OFFERING, dataPlace=places), "dataPlace")) == MAX_FACTS


_LITERALS = st.builds(
    Literal,
    st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.just("2026-01-01")),
    st.sampled_from(["http://www.w3.org/2001/XMLSchema#string", "urn:x"]),
)
_REFS = st.builds(Ref, st.sampled_from(["_:0", "_:1", "", "x"]))
_NAMES = ["ownership", "scheme", "endDate", "covers", "site", "pue", "country", "hasVeto", "energy"]


@settings(max_examples=200)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([CF + name for name in _NAMES] + [SCHEMA + "endDate"]),
            st.lists(st.one_of(_LITERALS, _REFS)).map(tuple),
        ),
        min_size=1,
        max_size=2,
    )
)
def test_no_graph_makes_the_readers_raise(properties):
    found = {f"_:{n}": Node(f"_:{n}", (), one) for n, one in enumerate(properties)}
    graph, node = Graph("_:0", found), found["_:0"]
    for read in (ownership_of, operators_of, licences_of, energy_of, certifications_of, members_of):
        read(graph, node)
    for read in (certification_in, participation_in, participant_kinds_of, does_without_of):
        read(graph, node)
    memberships_of(node)
