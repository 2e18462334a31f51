"""What is gathered for one offering: whose word is heard, of whom, and under which names."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cloud_federation_documents import ATTESTED, CERTIFICATION, OFFERING, PARTICIPANT, PARTICIPATION, graph_of
from hypothesis import given, settings
from hypothesis import strategies as st
from vocab_graphs import CLEARING_HOUSE, ON, PROVIDER, START, evidence, source
from vocab_graphs import graph_of as plain_graph

from vocab.concluding import conclude
from vocab.evidence import Statement
from vocab.gaia_x_reading import MAX_LOOKED_AT
from vocab.gathering import MAX_NAMED, draws_on, gather
from vocab.graph import Graph, Literal, Node, Ref
from vocab.model import Basis, Identity
from vocab.namespaces import CF, GAIA_X, V2511
from vocab.trust import TrustEntry, TrustList

SERVICE = OFFERING["id"]
PARENT, OTHER = "did:web:parent.example", "did:web:other.example"
BODY, AUTHORITY = "did:web:body.example", "did:web:authority.example"
TRUST = TrustList(
    (
        TrustEntry(BODY, ("certification",), START),
        TrustEntry(AUTHORITY, ("programme-participation",), START),
        TrustEntry(CLEARING_HOUSE, ("gaia-x-label",), START),
    )
)


def participant(did=PROVIDER, *, subject="", content="b", until=None, **changes):
    """A participant credential by `did`, about itself unless `subject` says otherwise."""
    document = {"id": subject or did, "type": "gx:LegalPerson", **changes}
    return Statement(
        did, document["id"], content * 64, graph_of(document, issuer=did), START, until, content * 64
    )


def attestation(subject, issuer):
    return Statement(issuer, subject["id"], "e" * 64, graph_of(subject, issuer=issuer), START, None)


def gathered(known=None, **changes):
    graph = graph_of({"id": SERVICE, "type": "gx:ServiceOffering", **changes})
    return gather(
        SERVICE, graph, own=source(), identity=Identity.DOMAIN, evidence=known or evidence(trust=TRUST)
    )


def values(said):
    return [one.value for one in said]


def test_what_an_offering_states_is_gathered_with_its_credential():
    facts = gathered(**{key: value for key, value in OFFERING.items() if key not in ("id", "type")})
    for said in (facts.operators, facts.data_places, facts.metadata_places, facts.operation_places):
        assert said
        assert {one.source for one in said} == {source()}
    assert [one.value.technology for one in facts.licences] == ["Nimbus"]
    assert [str(one.value.pue) for one in facts.energy] == ["1.18"]
    assert values(facts.consortia) == ["did:web:consortium.example"]
    assert values(facts.does_without) == ["subcontractors"]
    assert [one.value.ids for one in facts.declared_certifications] == [("secnumcloud", "secnumcloud:3.2")]
    assert (facts.subject, facts.identity, facts.on) == (SERVICE, Identity.DOMAIN, ON)


def test_what_nobody_said_is_empty():
    facts = gathered()
    assert facts.provider.did == PROVIDER
    assert facts.provider.names == {PROVIDER}
    assert facts.parties == {PROVIDER: facts.provider}
    assert facts.operators == facts.labels == facts.certifications == ()
    assert facts.declared_criteria == {}


def test_a_provider_is_what_its_own_credential_says():
    own = participant(
        **{
            "gx:legalName": "Nuage SAS",
            "gx:legalAddress": {"gx:countryCode": "FR"},
            "gx:headquartersAddress": {"gx:countryCode": "DE"},
            "gx:subOrganisationOf": {"id": PARENT},
            "centralAdministration": {"type": "Place", "country": "BE"},
            "mainEstablishment": {"type": "Place", "country": "LU"},
            "participantKind": "sme",
            "ownership": PARTICIPANT["ownership"],
            "memberOf": "did:web:consortium.example",
        }
    )
    provider = gathered(evidence([own])).provider
    assert provider.name == "Nuage SAS"
    assert values(provider.seats) == ["FR"]
    assert values(provider.headquarters) == ["DE"]
    assert values(provider.central_administration) == ["BE"]
    assert values(provider.main_establishment) == ["LU"]
    assert values(provider.kinds) == ["sme"]
    assert values(provider.parents) == [PARENT]
    assert values(provider.member_of) == ["did:web:consortium.example"]
    (share,) = provider.owners
    assert (share.value.country, str(share.value.capital_percent)) == ("US", "24.01")
    assert share.source == own.source(Basis.DECLARED)


def test_others_are_known_by_their_did_and_by_the_subject_that_they_own():
    about = "https://parent.example/participant.json#it"
    other = participant(PARENT, subject=about, **{"gx:legalAddress": {"gx:countryCode": "US"}})
    facts = gathered(evidence(others=[other]))
    assert facts.parties[PARENT] == facts.parties[about]
    assert values(facts.parties[about].seats) == ["US"]
    assert facts.parties[about].names == {PARENT, about}


def test_nobody_speaks_for_a_participant_whose_name_it_does_not_own():
    liar = participant("did:web:mallory.example", subject=PARENT, **{"gx:legalName": "Mallory"})
    facts = gathered(evidence(others=[liar]))
    assert facts.parties.keys() == {PROVIDER}


def test_a_provider_that_takes_anothers_name_is_not_found_under_it():
    own = participant(subject="https://parent.example/it", **{"gx:legalName": "Nuage SAS"})
    facts = gathered(evidence([own]))
    assert facts.provider.name == "Nuage SAS"
    assert facts.parties.keys() == facts.provider.names == {PROVIDER}


def test_a_participant_credential_counts_while_it_is_valid():
    for until, known in ((ON, False), (ON + timedelta(seconds=1), True)):
        facts = gathered(evidence(others=[participant(PARENT, until=until)]))
        assert (PARENT in facts.parties) is known


def test_one_issuers_several_participants_are_kept_apart():
    first, second = (f"https://parent.example/{name}" for name in ("a", "b"))
    others = [
        participant(PARENT, subject=first, **{"gx:legalAddress": {"gx:countryCode": "FR"}}),
        participant(PARENT, subject=second, content="c", **{"gx:legalAddress": {"gx:countryCode": "US"}}),
    ]
    for order in (others, others[::-1]):
        parties = gathered(evidence(others=order)).parties
        assert values(parties[first].seats) == ["FR"]
        assert values(parties[second].seats) == ["US"]
        # Who names only the issuer may mean either.
        assert values(parties[PARENT].seats) == ["FR", "US"]


def test_the_providers_other_participants_are_others():
    subsidiary, parent = (f"https://provider.example/{name}" for name in ("a", "b"))
    own = [participant(subject=subsidiary), participant(subject=parent, content="c")]
    facts = gathered(evidence(own), **{"gx:providedBy": {"id": subsidiary}})
    assert facts.provider.names == {PROVIDER, subsidiary}
    assert facts.parties[parent].names == {parent}


def test_a_label_comes_with_its_rules_and_the_criteria_that_were_validated():
    label = {
        "id": "https://clearing.example/labels/1",
        "type": "gx:LabelCredential",
        "gx:labelLevel": "L2",
        "gx:rulesVersion": "CD25.10",
        "gx:validatedCriteria": [
            "https://w3id.org/gaia-x/specs/cd25.10/criterion/P1.1.1",
            "P5.2.1",
            "P1.1",
            "P1.1.1.1",
            "everything",
        ],
        "gx:compliantCredentials": {"id": SERVICE},
    }
    facts = gathered(evidence(attestations=[attestation(label, CLEARING_HOUSE)], trust=TRUST))
    (given,) = facts.labels
    assert (given.value.label, given.value.rules_version) == ("gaia-x:L2", "CD25.10")
    assert given.value.criteria == {"P1.1.1", "P5.2.1"}
    assert (given.source.basis, given.source.issuer) == (Basis.ATTESTED, CLEARING_HOUSE)


def test_a_label_that_a_provider_gives_itself_is_its_own_word():
    label = {
        "id": "https://provider.example/labels/1",
        "type": "gx:LabelCredential",
        "gx:labelLevel": "L3",
        "gx:compliantCredentials": {"id": SERVICE},
    }
    trust = TrustList((TrustEntry(PROVIDER, ("gaia-x-label",), START),))
    facts = gathered(evidence(attestations=[attestation(label, PROVIDER)], trust=trust))
    assert facts.labels == ()
    assert values(facts.declared_labels) == ["gaia-x:L3"]


def test_certifications_and_participations_that_count_are_gathered():
    known = evidence(
        attestations=[attestation(ATTESTED, BODY), attestation(PARTICIPATION, AUTHORITY)], trust=TRUST
    )
    facts = gathered(known)
    assert [one.value.ids for one in facts.certifications] == [("secnumcloud", "secnumcloud:3.2")]
    assert [one.source.basis for one in facts.certifications] == [Basis.CERTIFIED]
    assert [one.value.programme for one in facts.participations] == ["ipcei-cis"]
    assert not gathered(replace(known, trust=TrustList())).certifications


@pytest.mark.parametrize(("last", "counts"), [("2026-06-01", True), ("2026-05-31", False)])
def test_a_certification_that_is_declared_counts_until_its_last_day(last, counts):
    declared = {**CERTIFICATION, "endDate": last}
    assert bool(gathered(certification=declared).declared_certifications) is counts
    own = participant(certification=declared)
    assert bool(gathered(evidence([own])).declared_certifications) is counts


@pytest.mark.parametrize("gx", GAIA_X)
def test_claims_have_one_name_in_every_namespace(gx):
    nodes = {
        SERVICE: {
            "type": [gx + "ServiceOffering"],
            gx + "dataProtectionRegime": "GDPR2016",
            gx + "legalDocuments": [Ref("_:d"), Ref("https://provider.example/terms")],
            gx + "subContractors": Ref("_:s"),
            CF + "keyword": "x",
            "https://elsewhere.example/vocabulary#word": "y",
        },
        "_:d": {"type": [gx + "BusinessContinuityMeasures"], gx + "url": "https://provider.example/bcm"},
        "_:s": {gx + "applicableJurisdiction": "FR"},
    }
    own = source()
    facts = gather(
        SERVICE, plain_graph(nodes), own=own, identity=Identity.DOMAIN, evidence=evidence([participant()])
    )
    assert {name for name, one in facts.claims.items() if one == own} == {
        "gx:dataProtectionRegime",
        "gx:legalDocuments",
        "gx:legalDocuments gx:BusinessContinuityMeasures",
        "gx:legalDocuments/gx:url",
        "gx:subContractors",
        "gx:subContractors/gx:applicableJurisdiction",
        "cf:keyword",
        "https://elsewhere.example/vocabulary#word",
    }


@pytest.mark.parametrize("value", ["", False, Ref("_:nothing"), Ref("_:e")])
def test_what_is_empty_or_denied_is_no_claim(value):
    nodes = {SERVICE: {V2511 + "encryption": value, V2511 + "kept": "yes"}, "_:e": {}}
    nodes[SERVICE][V2511 + "encryption"] = value if isinstance(value, Ref) else Literal(value)
    facts = gather(SERVICE, plain_graph(nodes), own=source(), identity=Identity.DOMAIN, evidence=evidence())
    assert facts.claims.keys() == {"gx:kept"}


def test_what_a_provider_claims_of_itself_is_told_apart():
    own = participant(**{"gx:registrationNumber": {"id": "https://provider.example/number"}})
    claims = gathered(evidence([own])).claims
    assert claims["participant:gx:registrationNumber"] == own.source(Basis.DECLARED)
    assert "gx:registrationNumber" not in claims


def test_criteria_and_labels_that_a_provider_declares_are_its_own_word():
    facts = gathered(
        declaresCriterion=["gaia-x:P1.2.1", "cigref:3:pue", "nonsense", "a b:c"],
        declaresLabel=["gaia-x:L2", "best-cloud"],
    )
    assert facts.declared_criteria == {"gaia-x:P1.2.1": source(), "cigref:3:pue": source()}
    assert values(facts.declared_labels) == ["gaia-x:L2"]
    assert facts.labels == ()


def test_an_offering_draws_on_everybody_that_it_names():
    graph = graph_of({**OFFERING, "gx:subContractors": {"id": "did:web:sub.example", "gx:legalName": "Sub"}})
    assert set(draws_on(graph, SERVICE)) == {
        "did:web:consortium.example",
        "did:web:operator.example",
        "did:web:sub.example",
        "https://licensor.example/#it",
    }


def test_a_participant_draws_on_its_parents_its_holders_and_its_members():
    graph = graph_of({**PARTICIPANT, "gx:subOrganisationOf": {"id": PARENT}})
    assert set(draws_on(graph, PROVIDER)) == {PARENT, "https://fund.example/#it", "did:web:member.example"}


def test_nobody_draws_on_itself_nor_on_more_than_can_be_followed():
    parents = [{"id": PROVIDER}, *({"id": f"did:web:p{n}.example"} for n in range(MAX_NAMED * 2))]
    graph = graph_of({"id": PROVIDER, "type": "gx:LegalPerson", "gx:subOrganisationOf": parents})
    found = draws_on(graph, PROVIDER)
    assert len(found) == MAX_NAMED
    assert PROVIDER not in found
    assert draws_on(graph, "urn:nobody") == ()


_NAMES = [
    *("gx:subContractors", "gx:legalAddress", "gx:countryCode", "gx:subOrganisationOf", "gx:labelLevel"),
    *("gx:compliantCredentials", "gx:validatedCriteria", "gx:rulesVersion", "gx:providedBy"),
    *("cf:declaresCriterion", "cf:declaresLabel", "cf:certification", "cf:covers", "cf:scheme"),
    *("cf:member", "cf:participant", "cf:ownership", "cf:holder", "cf:operator", "cf:consortium"),
]
_PROPERTIES = [(V2511 if name.startswith("gx:") else CF) + name[3:] for name in _NAMES]
_TYPES = [V2511 + "LegalPerson", V2511 + "LabelCredential", CF + "Certification", CF + "Consortium"]
_IDS = ["_:0", "_:1", PROVIDER, PARENT, "", "https://["]
_TEXTS = st.one_of(st.text(max_size=30), st.sampled_from(["gaia-x:L2", "P1.1.1", "FR", "secnumcloud"]))
_VALUES = st.one_of(
    st.builds(Literal, st.one_of(_TEXTS, st.integers(), st.floats(), st.booleans())),
    st.builds(Ref, st.sampled_from(_IDS)),
)
_NODES = st.builds(
    Node,
    st.just("x"),
    st.lists(st.sampled_from(_TYPES), max_size=2).map(tuple),
    st.dictionaries(st.sampled_from(_PROPERTIES), st.lists(_VALUES, max_size=3).map(tuple), max_size=8),
)
_GRAPHS = st.builds(Graph, st.sampled_from(_IDS), st.dictionaries(st.sampled_from(_IDS), _NODES))
_STATEMENTS = st.lists(
    st.builds(
        Statement,
        st.sampled_from([PROVIDER, PARENT, CLEARING_HOUSE, BODY]),
        st.sampled_from(_IDS),
        st.just("c" * 64),
        _GRAPHS,
        st.just(START),
        st.none(),
    ),
    max_size=3,
)


@settings(max_examples=200)
@given(_GRAPHS, st.sampled_from(_IDS), _STATEMENTS, _STATEMENTS, _STATEMENTS)
def test_no_graph_makes_gathering_or_concluding_raise(graph, subject, participants, attestations, others):
    known = evidence(participants, attestations, TRUST, others=others)
    facts = gather(subject, graph, own=source(), identity=Identity.DOMAIN, evidence=known)
    assert facts.parties[PROVIDER] is facts.provider
    conclude(facts)
    draws_on(graph, subject)


def test_a_subject_of_thousands_of_nodes_is_cut():
    many = {f"_:{n}": {f"{CF}p{n}-{m}": "x" for m in range(50)} for n in range(500)}
    nodes = {SERVICE: {V2511 + "legalDocuments": [Ref(name) for name in many]}, **many}
    facts = gather(SERVICE, plain_graph(nodes), own=source(), identity=Identity.DOMAIN, evidence=evidence())
    assert len(facts.claims) < MAX_LOOKED_AT
    assert len(facts.claims) > MAX_LOOKED_AT // 2
