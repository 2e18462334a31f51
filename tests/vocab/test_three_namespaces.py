"""Gaia-X's three namespaces are read into one model: what a document says doesn't hang on which it uses."""

from dataclasses import replace

import pytest
from vocab_graphs import CLEARING_HOUSE, NOTARY, OFFERING, ON, PROVIDER, ROOT, START, TRUST, source

from credentials.contexts import ContextStore
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from vocab import evidence, namespaces
from vocab.describe import describe, identity_of, mentions
from vocab.evidence import Evidence, Statement
from vocab.model import Identity
from vocab.namespaces import CF_CONTEXT, DEVELOPMENT, GAIA_X, TAGUS, V2511

V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
PARTICIPANT = {
    "id": PROVIDER,
    "type": "gx:LegalPerson",
    "gx:legalName": "Nuée SAS",
    "gx:name": "Nuée",
    "gx:description": {"@value": "Hébergeur", "@language": "fr"},
    "gx:keyword": "cloud",
    "gx:registrationNumber": {"id": "https://provider.example/number.json"},
    "gx:legalRegistrationNumber": {"id": "https://provider.example/number.json"},
    "gx:subOrganisationOf": {"id": "did:web:parent.example"},
    "gx:parentOrganization": {"id": "did:web:grandparent.example"},
    "gx:legalAddress": [
        {"type": "gx:Address", "gx:countryCode": "FR"},
        {"gx:countryName": "Italie"},
        {"gx:country": "PL"},
    ],
    "gx:headquartersAddress": {"gx:countrySubdivisionCode": "DE-BE"},
    "gx:headquarterAddress": {"gx:subdivisionCountryCode": "ES-MD"},
}
SERVICE = {
    "id": OFFERING,
    "type": ["gx:ServiceOffering", "gx:VirtualMachineServiceOffering"],
    "gx:name": {"@value": "Machines", "@language": "de"},
    "gx:description": "Virtual machines",
    "gx:keyword": ["backup", "edge computing"],
    "gx:providedBy": {"id": PROVIDER},
    "gx:subContractors": [{"gx:applicableJurisdiction": "US"}, {"gx:applicableJurisdiction": "BE"}],
}
LABEL = {
    "id": "https://clearing.example/label#1",
    "type": "gx:LabelCredential",
    "gx:labelLevel": "L2",
    "gx:rulesVersion": "CD25.10",
    "gx:validatedCriteria": ["https://w3id.org/gaia-x/specs/cd25.10/criterion/P1.1.1", "P5.2.1", "all"],
    "gx:compliantCredentials": {"id": ROOT, "gx:digestSRI": "sha256-" + "ab" * 32},
}
ASSIGNED = {
    "id": "https://clearing.example/label#2",
    "type": "gx:ServiceOfferingLabelLevel1",
    "gx:assignedTo": {"id": OFFERING},
}
COMPLIANCE = {"id": OFFERING, "type": "gx:compliance", "gx:integrity": "sha256-" + "ab" * 32}
NUMBER = {"id": "https://provider.example/number.json", "type": "gx:LeiCode"}
ATTESTED = (LABEL, ASSIGNED, COMPLIANCE)
DOCUMENTS = (PARTICIPANT, SERVICE, NUMBER, *ATTESTED)
CONTEXTS = {TAGUS: [V1, TAGUS], DEVELOPMENT: [V2, DEVELOPMENT], V2511: [V2, V2511]}


def statement(subject, gx, *, issuer=PROVIDER, root="https://issuer.example/vc"):
    document = {
        "@context": [*CONTEXTS[gx], CF_CONTEXT],
        "id": root,
        "type": "VerifiableCredential",
        "issuer": issuer,
        "credentialSubject": subject,
    }
    graph = interpret(document, JsonLd(ContextStore()))
    return Statement(issuer, subject["id"], "c" * 64, graph, START, None)


def described(gx, subject=SERVICE):
    """The description with everything that bears on it in one namespace, whose name is taken out again."""
    about = statement(subject, gx, root=ROOT)
    known = Evidence(
        on=ON,
        trust=TRUST,
        participants=(statement(PARTICIPANT, gx),),
        attestations=tuple(
            statement(one, gx, issuer=CLEARING_HOUSE) for one in (LABEL, ASSIGNED, COMPLIANCE)
        ),
    )
    description = describe(about.subject, about.graph, own=source(), evidence=known)
    facts = description.facts
    return replace(
        description,
        types=tuple(type_.replace(gx, "gx:") for type_ in description.types),
        reasons=tuple(replace(one, path=one.path.replace(gx, "gx:")) for one in description.reasons),
        facts=facts and replace(facts, labels=tuple(_label(one, gx) for one in facts.labels)),
    )


def _label(said, gx):
    return replace(said, value=replace(said.value, path=said.value.path.replace(gx, "gx:")))


@pytest.mark.parametrize("subject", [SERVICE, PARTICIPANT], ids=["offering", "participant"])
@pytest.mark.parametrize("gx", [TAGUS, V2511])
def test_the_same_document_in_each_namespace_is_described_the_same(gx, subject):
    assert described(gx, subject) == described(DEVELOPMENT, subject)


def test_the_description_compared_says_something_of_everything():
    service, participant = described(TAGUS), described(TAGUS, PARTICIPANT)
    assert service.names == {"de": "Machines"}
    assert service.descriptions == {"": "Virtual machines"}
    assert service.keywords == ("backup", "edge computing")
    assert set(service.capabilities) >= {"virtual-machines", "backup"}
    assert service.jurisdictions == ("BE", "DE", "ES", "FR", "IT", "PL", "US")
    assert service.labels == ("gaia-x:L1", "gaia-x:L2", "gaia-x:SC")
    assert service.provided_by == PROVIDER
    parents = [said.value for said in service.facts.provider.parents]
    assert parents == ["did:web:parent.example", "did:web:grandparent.example"]
    given = {said.value.label: said.value for said in service.facts.labels}
    assert given["gaia-x:L2"].rules_version == "CD25.10"
    assert given["gaia-x:L2"].criteria == {"P1.1.1", "P5.2.1"}
    assert participant.names == {"": "Nuée SAS"}
    assert participant.descriptions == {"fr": "Hébergeur"}
    assert participant.jurisdictions == ("DE", "ES", "FR", "IT", "PL")


@pytest.mark.parametrize("gx", GAIA_X)
def test_a_registration_number_notarises_in_each_namespace(gx):
    attested = statement(NUMBER, gx, issuer=NOTARY)
    known = Evidence(on=ON, trust=TRUST, attestations=(attested,))
    assert identity_of(PROVIDER, obtained="folder", evidence=known)[0] is Identity.NOTARISED
    assert PROVIDER in mentions(attested.graph, NUMBER["id"])


def test_the_documents_use_every_gaia_x_property_that_is_read():
    """A property that is added to the reader has to be added here, and so is held against each namespace."""
    groups = [value for module in (namespaces, evidence) for value in vars(module).values()]
    groups = [group for group in groups if isinstance(group, tuple) and set(group) & _iris(group)]
    read = {iri.removeprefix(DEVELOPMENT) for group in groups for iri in group if iri in _iris(group)}
    assert len(read) > 15
    assert {f"gx:{name}" for name in read} - set(_keys(DOCUMENTS)) == set()


def _iris(group):
    return {
        iri for iri in group if isinstance(iri, str) and iri.startswith(DEVELOPMENT) and iri != DEVELOPMENT
    }


def _keys(value):
    for one in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(one, dict):
            yield from one
            yield from (key for inner in one.values() for key in _keys(inner))


@pytest.mark.parametrize("gx", [DEVELOPMENT, V2511])
def test_loires_plain_names_say_the_same_as_its_prefixed_ones(gx):
    plain = {key.removeprefix("gx:"): value for key, value in SERVICE.items() if key != "gx:subContractors"}
    plain["subContractors"] = [{"applicableJurisdiction": code} for code in ("US", "BE")]
    one, other = (described(gx, subject) for subject in (plain, SERVICE))
    # VC 2.0 gives `name` and `description` the meaning of schema.org's, which are read as well.
    assert replace(one, reasons=(), facts=None) == replace(other, reasons=(), facts=None)
    assert [reason.value for reason in one.reasons] == [reason.value for reason in other.reasons]
