"""Documents that use every term of the federation's own context, and the graphs that they state."""

from __future__ import annotations

import copy
from typing import Any

from credentials.contexts import ContextStore
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from vocab.graph import Graph
from vocab.namespaces import CF_CONTEXT, DEVELOPMENT

V2 = "https://www.w3.org/ns/credentials/v2"

OWNERSHIP = {
    "type": "OwnershipShare",
    "holder": "https://fund.example/#it",
    "holderName": "Overseas Fund",
    "country": "US",
    "capitalPercent": "24.01",
    "votingPercent": "12",
    "hasVeto": True,
    "appointsMajority": False,
    "asOf": "2026-01-31",
}
PLACE = {
    "type": "Place",
    "country": "FR",
    "subdivision": "FR-59",
    "locality": "Roubaix",
    "siteKind": "near-edge",
}
MEMBER = {
    "type": "ConsortiumMembership",
    "participant": "did:web:member.example",
    "role": "lead",
    "part": "mail",
    "service": "https://member.example/mail",
}
PARTICIPANT = {
    "id": "did:web:provider.example",
    "type": ["gx:LegalPerson", "Consortium"],
    "participantKind": ["sme", "start-up"],
    "ownership": OWNERSHIP,
    "centralAdministration": PLACE,
    "mainEstablishment": {"type": "Place", "country": "DE"},
    "member": MEMBER,
    "memberOf": "did:web:consortium.example",
}
CERTIFICATION = {
    "type": "Certification",
    "scheme": "secnumcloud",
    "schemeVersion": "3.2",
    "level": "qualified",
    "scope": "Hosting of virtual machines",
    "covers": ["https://provider.example/o/1", "https://provider.example/o/2"],
    "certificateNumber": "SNC-001",
    "certificationBody": "did:web:body.example",
    "startDate": "2026-01-01",
    "endDate": "2028-12-31",
}
OFFERING = {
    "id": "https://provider.example/o/1",
    "type": "gx:ServiceOffering",
    "capability": ["cap:iaas"],
    "keyword": "cloud",
    "jurisdiction": "FR",
    "consortium": "did:web:consortium.example",
    "operator": {
        "type": "Operator",
        "participant": "did:web:operator.example",
        "legalName": "Operator SAS",
        "country": "FR",
        "task": "support",
    },
    "technologyLicence": {
        "type": "TechnologyLicence",
        "technology": "Nimbus",
        "licensor": "https://licensor.example/#it",
        "licensorName": "Licensor Inc.",
        "licensorCountry": "US",
        "seesCustomerData": False,
        "seesMetadata": False,
        "continuesWithoutLicensor": True,
        "updatesVettedByProvider": True,
    },
    "dataPlace": [PLACE, {"type": "Place", "country": "DE"}],
    "metadataPlace": PLACE,
    "operationPlace": PLACE,
    "doesWithout": ["subcontractors"],
    "declaresCriterion": ["gaia-x:P1.2.1", "gaia-x:P1.2.2"],
    "declaresLabel": "gaia-x:L1",
    "energy": {
        "type": "EnergyFigures",
        "pue": "1.18",
        "pueStandard": "ISO/IEC 30134-2:2016",
        "renewablePercent": "97.5",
        "greenEnergyCoefficient": "0.97",
        "energyReuseFactor": "0.12",
        "carbonUsageEffectiveness": "0.05",
        "waterUsageEffectiveness": "0.4",
        "standard": ["ISO 14069", "ISO 50001"],
        "startDate": "2025-01-01",
        "endDate": "2025-12-31",
        "site": PLACE,
    },
    "certification": CERTIFICATION,
}
PARTICIPATION = {
    "id": "https://authority.example/participations/1",
    "type": "ProgrammeParticipation",
    "programme": "ipcei-cis",
    "participant": "did:web:provider.example",
    "role": "direct",
    "project": "Edge of the north",
    "startDate": "2024-01-01",
    "endDate": "2028-12-31",
}
ATTESTED = {**CERTIFICATION, "id": "https://body.example/certificates/1"}
SUBJECTS = {
    "participant": PARTICIPANT,
    "offering": OFFERING,
    "participation": PARTICIPATION,
    "certification": ATTESTED,
}


def credential(
    subject: dict[str, Any], *, issuer: str = "did:web:provider.example", gx: str = DEVELOPMENT
) -> dict[str, Any]:
    """An unsigned credential about `subject`, with the federation's context beside Gaia-X's."""
    return {
        "@context": [V2, gx, CF_CONTEXT],
        "id": "https://provider.example/vc/1",
        "type": ["VerifiableCredential"],
        "issuer": issuer,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": copy.deepcopy(subject),
    }


def graph_of(subject: dict[str, Any], **options: Any) -> Graph:
    """What a credential about `subject` states."""
    return interpret(credential(subject, **options), JsonLd(ContextStore()))
