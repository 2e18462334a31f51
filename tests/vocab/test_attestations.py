"""Certifications and participations: whose word counts, for whom, and for how long."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cloud_federation_documents import ATTESTED, OFFERING, PARTICIPANT, PARTICIPATION, graph_of
from vocab_graphs import ON, PROVIDER, START, source

from vocab.describe import describe, evidence_keys, mentions
from vocab.evidence import Evidence, Statement
from vocab.model import Basis
from vocab.namespaces import CF
from vocab.trust import TrustEntry, TrustList

BODY, AUTHORITY = "did:web:body.example", "did:web:authority.example"
SERVICE = OFFERING["id"]
TRUST = TrustList(
    (
        TrustEntry(BODY, ("certification",), START),
        TrustEntry(AUTHORITY, ("programme-participation",), START),
    )
)


def attestation(subject, issuer, *, start=START, until=None, **changes):
    graph = graph_of({**subject, **changes}, issuer=issuer)
    return Statement(issuer, subject["id"], "c" * 64, graph, start, until)


def certificate(*, issuer=BODY, **changes):
    return attestation(ATTESTED, issuer, **changes)


def participation(*, issuer=AUTHORITY, **changes):
    return attestation(PARTICIPATION, issuer, **changes)


def participant(subject=PROVIDER, *, issuer=PROVIDER, **changes):
    graph = graph_of({**PARTICIPANT, "type": "gx:LegalPerson", "id": subject, **changes})
    return Statement(issuer, subject, "e" * 64, graph, START, None)


def offering(*attestations, issuer=PROVIDER, trust=TRUST, on=ON, participants=(), **changes):
    changes = {"certification": [], **changes}
    graph = graph_of({**OFFERING, **changes}, issuer=issuer)
    known = Evidence(on=on, trust=trust, participants=tuple(participants), attestations=attestations)
    return describe(SERVICE, graph, own=source(issuer), evidence=known)


def test_a_trusted_bodys_certificate_is_shown_with_its_scheme_and_version():
    description = offering(certificate())
    assert description.certifications == ("secnumcloud", "secnumcloud:3.2")
    reasons = [one for one in description.reasons if one.field == "certification"]
    assert {(one.basis, one.issuer, one.content_id, one.path) for one in reasons} == {
        (Basis.CERTIFIED, BODY, "c" * 64, CF + "scheme")
    }


def test_what_a_provider_says_it_holds_is_a_reason_and_no_certification():
    description = offering(certification=OFFERING["certification"])
    assert description.certifications == ()
    declared = [one for one in description.reasons if one.field == "certification"]
    assert {(one.value, one.basis, one.issuer) for one in declared} == {
        ("secnumcloud", Basis.DECLARED, PROVIDER),
        ("secnumcloud:3.2", Basis.DECLARED, PROVIDER),
    }


def test_a_provider_cannot_certify_itself_even_if_it_is_trusted():
    assert offering(certificate(issuer=PROVIDER)).certifications == ()
    own = certificate(covers=SERVICE, issuer=BODY)
    assert offering(own, issuer=BODY).certifications == ()


def test_an_unknown_issuers_certificate_counts_for_nothing():
    assert offering(certificate(issuer="did:web:anybody.example")).certifications == ()
    assert offering(certificate(), trust=TrustList()).certifications == ()


def test_an_issuer_trusted_for_something_else_certifies_nothing():
    assert offering(certificate(issuer=AUTHORITY)).certifications == ()
    assert offering(participation(issuer=BODY)).programmes == ()


def test_a_body_certifies_only_the_schemes_that_it_is_trusted_for():
    for schemes, found in ((("secnumcloud",), True), (("iso-27001", "secnumcloud"), True), (("hds",), False)):
        trust = TrustList((TrustEntry(BODY, ("certification",), START, schemes=schemes),))
        assert bool(offering(certificate(), trust=trust).certifications) is found


def test_a_certificate_from_before_its_issuer_was_trusted_counts_for_nothing():
    assert offering(certificate(start=START - timedelta(seconds=1))).certifications == ()


def test_a_certificate_counts_while_its_credential_is_valid():
    assert offering(certificate(until=ON + timedelta(seconds=1))).certifications
    assert offering(certificate(until=ON)).certifications == ()


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"startDate": "2026-06-01"}, True),
        ({"startDate": "2026-06-02"}, False),
        ({"endDate": "2026-06-01"}, True),
        ({"endDate": "2026-05-31"}, False),
        ({"endDate": "sometime"}, False),
        ({"endDate": []}, True),
    ],
)
def test_attestations_count_from_their_first_to_their_last_day(changes, counts):
    assert bool(offering(certificate(**changes)).certifications) is counts
    assert bool(offering(participation(**changes)).programmes) is counts


def test_an_unknown_scheme_is_no_certification():
    assert offering(certificate(scheme="best-cloud-ever")).certifications == ()


@pytest.mark.parametrize("named", [SERVICE, PROVIDER, [SERVICE, "https://other.example/o"]])
def test_a_certificate_may_cover_the_service_or_its_provider(named):
    assert offering(certificate(covers=named)).certifications


def test_a_certificate_of_another_service_is_not_taken_over():
    assert offering(certificate(covers="https://provider.example/o/9")).certifications == ()


def test_taking_a_certified_services_identifier_does_not_take_its_certificate():
    assert offering(certificate(), issuer="did:web:mallory.example").certifications == ()


def test_what_covers_the_participant_covers_what_it_offers():
    own = "https://provider.example/participant.json#cs"
    covering = certificate(covers=own)
    assert offering(covering).certifications == ()
    assert offering(covering, participants=[participant(own)]).certifications
    foreign = "https://victim.example/participant.json"
    stolen = offering(certificate(covers=foreign), participants=[participant(foreign)])
    assert stolen.certifications == ()


def test_a_participant_is_certified_by_what_covers_it():
    graph = graph_of({**PARTICIPANT, "type": "gx:LegalPerson"})
    known = Evidence(on=ON, trust=TRUST, attestations=(certificate(covers=PROVIDER),))
    assert describe(PROVIDER, graph, own=source(), evidence=known).certifications == (
        "secnumcloud",
        "secnumcloud:3.2",
    )


def test_a_programmes_authority_names_its_participants():
    description = offering(participation())
    assert description.programmes == ("ipcei-cis",)
    (reason,) = [one for one in description.reasons if one.field == "programme"]
    assert (reason.basis, reason.issuer, reason.path) == (Basis.ATTESTED, AUTHORITY, CF + "programme")
    assert offering(participation(participant="did:web:other.example")).programmes == ()


def test_an_authority_speaks_only_for_the_programmes_that_it_is_trusted_for():
    entry = TrustEntry(AUTHORITY, ("programme-participation",), START, programmes=("ipcei-cis",))
    assert offering(participation(), trust=TrustList((entry,))).programmes == ("ipcei-cis",)
    other = TrustList((replace(entry, programmes=("another",)),))
    assert offering(participation(), trust=other).programmes == ()


def test_saying_so_oneself_is_no_participation():
    assert offering(participation(issuer=PROVIDER)).programmes == ()


def test_an_offering_has_the_kinds_of_its_provider():
    assert offering(participants=[participant()]).participant_kinds == ("sme", "start-up")
    assert offering(participantKind="notary").participant_kinds == ()
    other = participant(issuer="did:web:other.example")
    assert offering(participants=[other]).participant_kinds == ()


def test_unknown_kinds_are_left_out():
    made_up = participant(participantKind=["unicorn", "sme", 7])
    assert offering(participants=[made_up]).participant_kinds == ("sme",)


def test_a_consortium_is_a_participant_and_says_so_by_its_type():
    graph = graph_of({"id": PROVIDER, "type": "Consortium"})
    known = Evidence(on=ON, trust=TRUST)
    description = describe(PROVIDER, graph, own=source(), evidence=known)
    assert (description.kind.value, description.participant_kinds) == ("participant", ("consortium",))


def test_attestations_are_found_by_what_they_mention():
    graph = graph_of(OFFERING)
    own = "https://provider.example/participant.json#cs"
    keys = set(evidence_keys(SERVICE, graph, PROVIDER, (own,)))
    for found in (certificate(), participation(), certificate(covers=own)):
        assert keys & set(mentions(found.graph, found.subject))
