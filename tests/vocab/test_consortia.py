"""Consortia count when each member signed its part, participations when the authority says so for the day."""

from datetime import date

import pytest
from cloud_federation_documents import PARTICIPATION, graph_of
from vocab_graphs import ON, PROVIDER, START, evidence, source

from vocab.answers import Outcome
from vocab.consortia import participations_on, standings_of
from vocab.evidence import Statement
from vocab.gathering import gather
from vocab.model import Basis, Identity
from vocab.trust import TrustEntry, TrustList

SERVICE = "https://provider.example/o/1"
CONSORTIUM, MEMBER = "did:web:consortium.example", "did:web:member.example"
AUTHORITY = "did:web:authority.example"
TRUST = TrustList((TrustEntry(AUTHORITY, ("programme-participation",), START),))


def credential(did, *, subject="", **claims):
    document = {"id": subject or did, "type": "gx:LegalPerson", **claims}
    return Statement(did, document["id"], did[8:9] * 64, graph_of(document, issuer=did), START, None)


def consortium(*members, did=CONSORTIUM, **changes):
    named = [{"type": "ConsortiumMembership", **one} for one in members]
    return credential(did, type="Consortium", member=named, **{"gx:legalName": "Tisserands", **changes})


def signed(did=MEMBER, name="Carsofrana", of=CONSORTIUM, **claims):
    return credential(did, **{"gx:legalName": name, "memberOf": of, **claims})


def standing(*others, own=None, names=CONSORTIUM):
    graph = graph_of({"id": SERVICE, "type": "gx:ServiceOffering", "consortium": names})
    known = evidence([own] if own else [], others=others)
    facts = gather(SERVICE, graph, own=source(), identity=Identity.DOMAIN, evidence=known)
    (found,) = standings_of(facts)
    return found


PROVIDES = signed(PROVIDER, "Nuage SAS")
BOTH = ({"participant": PROVIDER}, {"participant": MEMBER})


def test_a_consortium_counts_when_each_member_signed_that_it_belongs():
    found = standing(consortium(*BOTH), signed(), own=PROVIDES)
    assert (found.consortium, found.name, found.outcome) == (CONSORTIUM, "Tisserands", Outcome.MET)
    assert found.detail == ""
    assert [(one.name, one.outcome) for one in found.members] == [
        ("Nuage SAS", Outcome.MET),
        ("Carsofrana", Outcome.MET),
    ]
    assert [one.issuer for one in found.members[1].sources] == [CONSORTIUM, MEMBER]


@pytest.mark.parametrize(
    ("of", "detail"),
    [
        ([], "Carsofrana has not signed that it belongs."),
        ("did:web:other.example", "Carsofrana has not signed that it belongs: it names other consortia."),
    ],
    ids=["nothing", "another"],
)
def test_a_member_that_did_not_sign_leaves_it_unknown_and_is_named(of, detail):
    found = standing(consortium(*BOTH), signed(of=of), own=PROVIDES)
    assert (found.outcome, found.detail) == (Outcome.UNKNOWN, "Not signed by Carsofrana.")
    assert (found.members[1].outcome, found.members[1].detail) == (Outcome.UNKNOWN, detail)


def test_a_member_without_a_credential_here_leaves_it_unknown():
    twice = {"participant": MEMBER, "part": "calendar"}
    found = standing(consortium(*BOTH, twice), own=PROVIDES)
    assert found.outcome is Outcome.UNKNOWN
    assert found.detail == f"Not signed by {MEMBER}."
    assert "no participant credential of its own" in found.members[1].detail


def test_nobody_signs_for_a_member():
    forged = credential("did:web:mallory.example", subject=MEMBER, memberOf=CONSORTIUM)
    assert standing(consortium(*BOTH), forged, own=PROVIDES).outcome is Outcome.UNKNOWN


def test_a_consortium_is_signed_under_any_of_its_own_names():
    subject = "https://consortium.example/it"
    group = consortium(*BOTH, id=subject)
    group = Statement(CONSORTIUM, subject, "9" * 64, group.graph, START, None)
    by_did, by_subject = (signed(PROVIDER, "Nuage SAS", of=name) for name in (CONSORTIUM, subject))
    for own in (by_did, by_subject):
        assert standing(group, signed(of=subject), own=own, names=subject).outcome is Outcome.MET
        assert standing(group, signed(of=CONSORTIUM), own=own).outcome is Outcome.MET


@pytest.mark.parametrize(
    ("service", "outcome"),
    [
        ("https://member.example/mail", Outcome.MET),
        ("did:web:member.example#mail", Outcome.MET),
        ("https://elsewhere.example/mail", Outcome.UNKNOWN),
        (SERVICE, Outcome.UNKNOWN),
    ],
)
def test_a_members_part_is_signed_when_the_service_is_its_own(service, outcome):
    part = {"participant": MEMBER, "service": service}
    found = standing(consortium({"participant": PROVIDER}, part), signed(), own=PROVIDES)
    assert found.outcome is found.members[1].outcome is outcome


def test_a_consortium_that_nothing_is_known_of_is_unknown():
    found = standing(own=PROVIDES)
    assert (found.outcome, found.members) == (Outcome.UNKNOWN, ())
    assert CONSORTIUM in found.detail


def test_a_consortium_without_members_is_unknown():
    found = standing(consortium(), own=PROVIDES)
    assert (found.outcome, found.detail) == (Outcome.UNKNOWN, "Tisserands names no members.")


def test_an_offering_of_somebody_outside_is_not_the_consortiums():
    found = standing(consortium({"participant": MEMBER}), signed(), own=PROVIDES)
    assert found.outcome is Outcome.NOT_MET
    assert found.detail == "Nuage SAS, whose offering it is, is no member of Tisserands."
    assert found.members[0].outcome is Outcome.MET


def test_a_provider_that_takes_a_members_name_does_not_become_one():
    own = credential(PROVIDER, subject="https://member.example/it", memberOf=CONSORTIUM)
    member = signed(subject="https://member.example/it")
    group = consortium({"participant": "https://member.example/it"})
    assert standing(group, member, own=own).outcome is Outcome.NOT_MET


def test_a_consortium_may_offer_itself_and_its_lead_may_describe_it():
    own = consortium({"participant": MEMBER}, did=PROVIDER)
    assert standing(signed(of=PROVIDER), own=own, names=PROVIDER).outcome is Outcome.MET
    lead = consortium({"participant": PROVIDER}, {"participant": MEMBER}, did=PROVIDER)
    assert standing(signed(of=PROVIDER), own=lead, names=PROVIDER).outcome is Outcome.MET


def test_an_offering_that_names_no_consortium_has_no_standing():
    graph = graph_of({"id": SERVICE, "type": "gx:ServiceOffering"})
    facts = gather(SERVICE, graph, own=source(), identity=Identity.DOMAIN, evidence=evidence())
    assert standings_of(facts) == ()


def participating(issuer=AUTHORITY):
    graph = graph_of({"id": SERVICE, "type": "gx:ServiceOffering"})
    attested = Statement(
        issuer, PARTICIPATION["id"], "9" * 64, graph_of(PARTICIPATION, issuer=issuer), START, None
    )
    known = evidence(attestations=[attested], trust=TRUST)
    return gather(SERVICE, graph, own=source(), identity=Identity.DOMAIN, evidence=known)


def test_a_participation_is_shown_with_the_states_of_its_day():
    (found,) = participations_on(participating(), ON.date())
    assert (found.participation.programme, found.source.issuer) == ("ipcei-cis", AUTHORITY)
    assert found.source.basis is Basis.ATTESTED
    assert found.period.states == {"FR", "DE", "HU", "IT", "NL", "PL", "ES"}


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (date(2023, 12, 31), False),
        (date(2024, 1, 1), True),
        (date(2028, 12, 31), True),
        (date(2029, 1, 1), False),
    ],
)
def test_a_participation_counts_for_its_days_only(day, counts):
    assert bool(participations_on(participating(), day)) is counts


def test_only_the_programmes_authority_makes_a_participant():
    assert participations_on(participating("did:web:anybody.example"), ON.date()) == ()
