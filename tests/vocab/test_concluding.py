"""What follows for an offering: which labels on whose word, and where a clearing house says otherwise."""

from decimal import Decimal

import pytest
from cloud_federation_documents import ATTESTED, graph_of
from hypothesis import given
from hypothesis import strategies as st
from vocab_graphs import CLEARING_HOUSE, ON, PROVIDER, START, evidence, source

from vocab.answers import Outcome
from vocab.concluding import MAX_CRITERIA_NAMED, conclude
from vocab.conclusions import LabelHeld
from vocab.describe import describe
from vocab.evidence import Statement
from vocab.labels import label
from vocab.model import Basis, Identity
from vocab.namespaces import CF
from vocab.profiles import in_force, profile, shipped
from vocab.trust import TrustEntry, TrustList

SERVICE = "https://provider.example/o/1"
BODY = "did:web:body.example"
TRUST = TrustList(
    (
        TrustEntry(BODY, ("certification",), START),
        TrustEntry(CLEARING_HOUSE, ("gaia-x-label",), START),
    )
)
GAIA_X = profile("gaia-x", on=ON.date())
EVERY_CRITERION = [f"gaia-x:{one.id}" for one in GAIA_X.criteria]


def attestation(subject, issuer, mark="e"):
    return Statement(issuer, subject["id"], mark * 64, graph_of(subject, issuer=issuer), START, None)


def clearing_house(level, *criteria, mark="f", **claims):
    subject = {
        "id": f"https://clearing.example/labels/{level}",
        "type": "gx:LabelCredential",
        "gx:labelLevel": level,
        "gx:validatedCriteria": list(criteria),
        "gx:compliantCredentials": {"id": SERVICE},
        **claims,
    }
    return attestation(subject, CLEARING_HOUSE, mark)


def certificate(scheme="secnumcloud", version="3.2", mark="e"):
    subject = {**ATTESTED, "scheme": scheme, "schemeVersion": version, "level": [], "covers": SERVICE}
    return attestation({**subject, "id": f"https://body.example/{scheme}"}, BODY, mark)


def participant(did, **claims):
    document = {"id": did, "type": "gx:LegalPerson", **claims}
    return Statement(did, did, did[8:9] * 64, graph_of(document, issuer=did), START, None)


def described(*attestations, others=(), own=(), **claims):
    graph = graph_of({"id": SERVICE, "type": "gx:ServiceOffering", **claims})
    known = evidence(own, attestations, TRUST, others=others)
    return describe(SERVICE, graph, own=source(), identity=Identity.DOMAIN, evidence=known)


def bases(description):
    return {(held.label, held.basis) for held in description.conclusions.labels}


def test_an_offering_that_nobody_says_anything_of_holds_nothing():
    description = described()
    assert description.conclusions.labels == description.conclusions.levels == ()
    assert description.conclusions.exposure.immunity is Outcome.UNKNOWN
    assert description.labels == ()


def test_only_offerings_have_conclusions():
    graph = graph_of({"id": PROVIDER, "type": "gx:LegalPerson"})
    description = describe(PROVIDER, graph, own=source(), evidence=evidence())
    assert description.facts is None
    assert description.conclusions is None


def test_a_label_by_a_clearing_house_is_attested():
    description = described(clearing_house("L1"))
    assert ("gaia-x:L1", Basis.ATTESTED) in bases(description)
    (reason,) = [one for one in description.reasons if one.field == "label"]
    assert (reason.basis, reason.issuer, reason.detail) == (Basis.ATTESTED, CLEARING_HOUSE, "")
    assert description.labels == ("gaia-x:L1",)


def test_of_labels_on_one_basis_the_highest_is_kept():
    description = described(clearing_house("SC"), clearing_house("L2", mark="d"))
    assert [one for one in description.conclusions.labels if one.basis is Basis.ATTESTED] == [
        LabelHeld("gaia-x:L2", Basis.ATTESTED)
    ]


def test_a_certificate_gives_the_label_of_its_plain_profile():
    description = described(certificate(version="3.1"))
    assert ("secnumcloud", Basis.CERTIFIED) in bases(description)
    assert "secnumcloud" in description.labels
    (reason,) = [one for one in description.reasons if one.field == "label"]
    assert (reason.basis, reason.content_id, reason.issuer, reason.path) == (Basis.CERTIFIED, "", "", "")
    assert reason.detail.startswith("All is met that secnumcloud ")


def test_a_qualification_by_3_2_makes_a_trusted_cloud_by_computation():
    description = described(certificate(version="3.2"))
    assert ("cloud-de-confiance", Basis.COMPUTED) in bases(description)
    assert set(description.labels) == {"cloud-de-confiance", "secnumcloud"}
    assert ("cloud-de-confiance", Basis.COMPUTED) not in bases(described(certificate(version="3.1")))


def test_a_label_that_a_provider_gives_itself_is_declared_and_does_not_count():
    description = described(declaresLabel="gaia-x:L3")
    assert bases(description) == {("gaia-x:L3", Basis.DECLARED)}
    assert description.labels == ()
    (reason,) = [one for one in description.reasons if one.field == "label"]
    assert (reason.basis, reason.issuer, reason.path) == (Basis.DECLARED, PROVIDER, CF + "declaresLabel")


def test_what_a_provider_declares_reaches_no_more_than_a_declared_level():
    description = described(declaresCriterion=EVERY_CRITERION)
    held = bases(description)
    assert {basis for _, basis in held} == {Basis.DECLARED}
    assert held
    assert ("gaia-x:L2", Basis.DECLARED) not in held
    assert description.labels == ()


def test_levels_are_reached_in_every_shipped_version():
    versions = {(one.profile, one.version) for one in described(certificate()).conclusions.levels}
    every, applying = ({(one.id, one.version) for one in found} for found in (shipped(), in_force(ON.date())))
    assert versions <= every
    assert versions & applying
    assert versions - applying


def test_every_label_that_a_shipped_level_is_is_known():
    for one in in_force(ON.date()):
        for level in one.levels:
            assert not level.label or label(level.label)


def test_a_clearing_houses_higher_label_is_a_disagreement_that_names_what_is_missing():
    given = clearing_house("L2", **{"gx:rulesVersion": "CD24.06"})
    description = described(given, declaresCriterion=EVERY_CRITERION)
    (sentence,) = description.conclusions.disagreements
    assert sentence.startswith(
        f"{CLEARING_HOUSE} gives gaia-x:L2 by CD24.06; by gaia-x {GAIA_X.version} it reaches "
    )
    assert sentence.count("P") == MAX_CRITERIA_NAMED
    assert " more." in sentence
    assert f"{GAIA_X.version} it reaches L1 here." in sentence
    assert "reaches no level here" in described(given).conclusions.disagreements[0]


def test_a_clearing_houses_lower_label_contradicts_nothing():
    for level in ("SC", "L1"):
        given = clearing_house(level)
        assert described(given, declaresCriterion=EVERY_CRITERION).conclusions.disagreements == ()


def test_criteria_that_a_clearing_house_validated_are_met_on_its_word():
    criteria = [one.id for one in GAIA_X.criteria]
    description = described(clearing_house("L2", *criteria))
    given = [one for one in description.conclusions.labels if one.label == "gaia-x:L2"]
    assert given == [LabelHeld("gaia-x:L2", Basis.ATTESTED), LabelHeld("gaia-x:L2", Basis.COMPUTED)]
    assert description.conclusions.disagreements == ()


def test_who_reaches_a_level_above_contradicts_no_label_below():
    """Gaia-X's level 3 doesn't ask for all that level 2 does; what it asks beyond it, facts can show."""
    upper, lower = ({one.criterion for one in GAIA_X.required(GAIA_X.level(level))} for level in ("L3", "L2"))
    assert lower - upper
    france = {"type": "Place", "country": "FR"}
    holder = {"holderName": "Fonds", "country": "FR", "capitalPercent": "100", "votingPercent": "100"}
    own = participant(
        PROVIDER,
        ownership={"type": "OwnershipShare", **holder, "hasVeto": True, "appointsMajority": True},
        centralAdministration=france,
        mainEstablishment=france,
        **{name: {"gx:countryCode": "FR"} for name in ("gx:legalAddress", "gx:headquartersAddress")},
    )
    swipo = certificate("swipo", [])
    found = described(
        clearing_house("L2", *upper),
        swipo,
        own=[own],
        operator={"type": "Operator", "participant": PROVIDER},
        doesWithout=["licensed-technology", "subcontractors"],
        **dict.fromkeys(("dataPlace", "metadataPlace", "operationPlace"), france),
    ).conclusions
    assert [one.level for one in found.levels if one.profile == "gaia-x"] == ["L3"]
    assert found.disagreements == ()


def test_of_several_labels_by_one_clearing_house_only_the_highest_can_disagree():
    found = described(clearing_house("L1"), clearing_house("L2", mark="d")).conclusions.disagreements
    assert len(found) == 1
    assert "gives gaia-x:L2" in found[0]


def test_places_technology_and_energy_are_as_stated_and_the_worst_is_told():
    description = described(
        dataPlace=[{"type": "Place", "country": code} for code in ("PL", "FR", "ES", "DE", "IT", "NL")],
        metadataPlace={"type": "Place", "country": "LU"},
        operationPlace={"type": "Place", "country": "BE"},
        technologyLicence={"type": "TechnologyLicence", "technology": "Engine", "licensorCountry": "US"},
        energy=[
            {"type": "EnergyFigures", "pue": "1.18", "renewablePercent": "97"},
            {"type": "EnergyFigures", "pue": "1.4", "renewablePercent": "60.5"},
            {"type": "EnergyFigures"},
        ],
    )
    found = description.conclusions
    assert found.hosted_in == ("DE", "ES", "FR", "IT", "NL", "PL")
    assert (found.operated_from, found.technology_from) == (("BE",), ("US",))
    assert (found.pue, found.renewable_percent) == (Decimal("1.4"), Decimal("60.5"))
    nothing = described().conclusions
    assert (nothing.hosted_in, nothing.pue, nothing.renewable_percent) == ((), None, None)


@pytest.mark.parametrize("signed", [True, False])
def test_a_consortium_that_counts_is_a_value_with_a_reason(signed):
    group, member = "did:web:consortium.example", "did:web:member.example"
    consortium = participant(
        group,
        type="Consortium",
        member=[{"type": "ConsortiumMembership", "participant": who} for who in (PROVIDER, member)],
    )
    others = [consortium, participant(member, **({"memberOf": group} if signed else {}))]
    own = [participant(PROVIDER, memberOf=group)]
    description = described(consortium=group, others=others, own=own)
    reasons = [one for one in description.reasons if one.field == "consortium"]
    assert [one.value for one in reasons] == ([group] if signed else [])
    outcome = Outcome.MET if signed else Outcome.UNKNOWN
    assert [one.outcome for one in description.conclusions.consortia] == [outcome]


_ATTESTATIONS = (
    clearing_house("SC", "P1.1.1", mark="1"),
    clearing_house("L2", "P1.1.2", mark="2"),
    certificate(mark="3"),
    certificate("iso-27001", "2022", mark="4"),
    certificate("bsi-c5", "2020", mark="5"),
)
_OTHERS = (
    participant("did:web:parent.example", **{"gx:legalAddress": {"gx:countryCode": "US"}}),
    participant("did:web:holder.example", **{"gx:legalAddress": {"gx:countryCode": "FR"}}),
    participant("did:web:consortium.example", type="Consortium"),
)
_OWN = participant(
    PROVIDER,
    **{
        "gx:legalAddress": {"gx:countryCode": "FR"},
        "gx:subOrganisationOf": {"id": "did:web:parent.example"},
        "ownership": {"type": "OwnershipShare", "holder": "did:web:holder.example", "capitalPercent": "40"},
    },
)


@given(st.permutations(_ATTESTATIONS), st.permutations(_OTHERS))
def test_the_order_of_credentials_changes_nothing(attestations, others):
    claims = {"consortium": "did:web:consortium.example", "declaresCriterion": EVERY_CRITERION}
    first = described(*_ATTESTATIONS, others=_OTHERS, own=[_OWN], **claims)
    other = described(*attestations, others=others, own=[_OWN], **claims)
    assert first.conclusions == other.conclusions


def test_conclusions_are_made_of_facts_alone():
    description = described(certificate())
    assert conclude(description.facts) == description.conclusions
