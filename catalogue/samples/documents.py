"""From an entry of the sample tables to a Gaia-X credential, in Loire's vocabulary or in Tagus's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785

from catalogue.samples.table import Entry, Table
from credentials.times import to_rfc3339
from vocab.namespaces import CF_CONTEXT, DEVELOPMENT, TAGUS, V2511

_V1 = "https://www.w3.org/2018/credentials/v1"
_V2 = "https://www.w3.org/ns/credentials/v2"
_JWS_2020 = "https://w3id.org/security/suites/jws-2020/v1"
#: How long the samples hold: long enough that nobody finds an empty catalogue in an old release.
YEARS_VALID = 10
#: The rules and the engine that the sample clearing house says it went by.
_RULES_VERSION = "CD25.10"
_ENGINE_VERSION = "2.11.0"
#: Gaia-X's terms and conditions for services name a document and its hash; ours is invented, like the rest.
_TERMS_HASH = hashlib.sha256(b"terms and conditions of a sample service").hexdigest()

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the credentials of a table, all valid for ten years from one moment (aware datetime)."""

    table: Table
    valid_from: datetime

    def document(self, entry: Entry, published: Mapping[str, Json]) -> Json:
        """The credential of an entry, unsigned; `published` are the earlier ones that it may refer to."""
        match entry.about:
            case "participant":
                class_, subject = _PARTICIPANT[entry.issuer.vocabulary], self._participant(entry)
            case "offering":
                class_, subject = f"gx:{entry.members['class']}", self._offering(entry)
            case "registration-number":
                class_, subject = f"gx:{entry.members['class']}", self._number(entry)
            case "label":
                class_, subject = "gx:LabelCredential", self._label(entry, published)
            case "certification":
                class_, subject = "Certification", self._certification(entry)
            case "programme-participation":
                class_, subject = "ProgrammeParticipation", self._participation(entry)
            case other:
                raise ValueError(f"{entry.name} is about {other!r}, which is nothing known")
        return self._credential(entry, class_, subject)

    def subject(self, entry: Entry) -> str:
        """The identifier of what an entry is about: a participant goes by its DID."""
        return (
            entry.issuer.did if entry.about == "participant" else f"{self.address(entry)}#{_TAG[entry.about]}"
        )

    def address(self, entry: Entry) -> str:
        """The identifier of the entry's credential; one about a registration number lies with its owner."""
        if entry.about == "registration-number":
            owner = self.table.entries[entry.members["for"]].issuer
            return f"{owner.base}/registration-number.json"
        path = {
            "participant": "participant",
            "label": f"labels/{entry.name}",
            "certification": f"certificates/{entry.name}",
            "programme-participation": f"register/{entry.name}",
        }
        return f"{entry.issuer.base}/{path.get(entry.about) or entry.members['path']}.json"

    def _credential(self, entry: Entry, class_: str, subject: Json) -> Json:
        valid_until = self._on(YEARS_VALID)
        document = {
            "id": self.address(entry),
            "issuer": entry.issuer.did,
            "credentialSubject": {"id": self.subject(entry), "type": class_, **subject},
        }
        if entry.issuer.vocabulary == "tagus":
            return {
                "@context": [_V1, _JWS_2020, TAGUS, CF_CONTEXT],
                "type": ["VerifiableCredential"],
                "issuanceDate": to_rfc3339(self.valid_from),
                "expirationDate": to_rfc3339(valid_until),
                **document,
            }
        return {
            "@context": [_V2, _LOIRE[entry.issuer.vocabulary], CF_CONTEXT],
            # Gaia-X types the credential as well; our own classes are of what it is about.
            "type": ["VerifiableCredential", *([class_] if class_.startswith("gx:") else [])],
            "validFrom": to_rfc3339(self.valid_from),
            "validUntil": to_rfc3339(valid_until),
            **document,
        }

    def _on(self, years: int) -> datetime:
        """The moment so many years from the signing."""
        return self.valid_from.replace(year=self.valid_from.year + years, day=min(self.valid_from.day, 28))

    def _period(self, entry: Entry) -> Json:
        start, end = (self._on(years).date().isoformat() for years in entry.members["years"])
        return {"startDate": start, "endDate": end}

    def _participant(self, entry: Entry) -> Json:
        members = entry.members
        tagus = entry.issuer.vocabulary == "tagus"
        number = members.get("registration_number")
        name_term, number_term, headquarters_term = (
            ("gx:legalName", "gx:legalRegistrationNumber", "gx:headquarterAddress")
            if tagus
            else ("name", "gx:registrationNumber", "gx:headquartersAddress")
        )
        return {
            name_term: members["name"],
            ("gx:description" if tagus else "description"): _texts(members["description"]),
            "gx:legalAddress": _address(members["seat"], entry.issuer.vocabulary),
            headquarters_term: _address(members["headquarters"], entry.issuer.vocabulary),
            **({number_term: {"id": self.subject(self.table.entries[number])}} if number else {}),
            **({"gx:subOrganisationOf": {"id": members["parent"]}} if "parent" in members else {}),
            **(
                {"gx:parentOrganizationOf": [{"id": did} for did in members["subsidiaries"]]}
                if "subsidiaries" in members
                else {}
            ),
            "participantKind": members["kind"],
            **_facts(members.get("facts", {})),
        }

    def _offering(self, entry: Entry) -> Json:
        members = entry.members
        tagus = entry.issuer.vocabulary == "tagus"
        terms = f"{entry.issuer.base}/terms.html"
        export = {"gx:requestType": "API", "gx:accessType": "digital", "gx:formatType": "application/json"}
        return {
            ("gx:name" if tagus else "name"): _texts(members["name"]),
            ("gx:description" if tagus else "description"): _texts(members["description"]),
            "gx:providedBy": {"id": entry.issuer.did},
            "gx:keyword": members["keywords"],
            "capability": [f"cap:{capability}" for capability in members["capabilities"]],
            ("gx:termsAndConditions" if tagus else "gx:serviceOfferingTermsAndConditions"): {
                "type": "gx:TermsAndConditions",
                "gx:URL" if tagus else "url": terms,
                "gx:hash": _TERMS_HASH,
            },
            "gx:dataAccountExport": {**({} if tagus else {"type": "gx:DataAccountExport"}), **export},
            **({} if members.get("silent_on_data_protection") else {"gx:dataProtectionRegime": ["GDPR2016"]}),
            "gx:provisionType": "public",
            **_subcontractors(members.get("subcontractors", ()), entry.issuer.base),
            **_facts(members.get("facts", {})),
        }

    def _certification(self, entry: Entry) -> Json:
        covered = [self.subject(self.table.entries[name]) for name in entry.members["covers"]]
        body = {"certificationBody": entry.issuer.did}
        return {**entry.members["certificate"], "covers": covered, **body, **self._period(entry)}

    def _participation(self, entry: Entry) -> Json:
        participant = self.subject(self.table.entries[entry.members["for"]])
        return {**entry.members["participation"], "participant": participant, **self._period(entry)}

    def _number(self, entry: Entry) -> Json:
        return dict(entry.members["number"])

    def _label(self, entry: Entry, published: Mapping[str, Json]) -> Json:
        named = []
        for name in entry.members["for"]:
            document = published[name]
            if "years_ago" in entry.members:
                signed = to_rfc3339(self._on(-entry.members["years_ago"]))
                document = {**document, "validFrom": signed}
            digest = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
            named.append(
                {
                    "id": document["id"],
                    "type": "gx:CompliantCredential",
                    "gx:credentialType": document["credentialSubject"]["type"],
                    "digestSRI": f"sha256-{digest}",
                }
            )
        return {
            "gx:labelLevel": entry.members["level"],
            "gx:engineVersion": _ENGINE_VERSION,
            "gx:rulesVersion": _RULES_VERSION,
            "gx:compliantCredentials": named,
            "gx:validatedCriteria": entry.members["criteria"],
        }


_LOIRE = {"loire": DEVELOPMENT, "loire-2511": V2511}
_PARTICIPANT = {"tagus": "gx:LegalParticipant", **dict.fromkeys(_LOIRE, "gx:LegalPerson")}
_TAG = {
    "offering": "service",
    "registration-number": "number",
    "label": "label",
    "certification": "certificate",
    "programme-participation": "participation",
}
#: What the rows of a fact are, by the federation's own term. The others are values.
_ROWS = {
    "centralAdministration": "Place",
    "certification": "Certification",
    "dataPlace": "Place",
    "energy": "EnergyFigures",
    "mainEstablishment": "Place",
    "member": "ConsortiumMembership",
    "metadataPlace": "Place",
    "operationPlace": "Place",
    "operator": "Operator",
    "ownership": "OwnershipShare",
    "site": "Place",
    "technologyLicence": "TechnologyLicence",
}


def _facts(facts: Mapping[str, Any]) -> Json:
    """Statements in the federation's own terms, with the class of each row."""
    return {term: _rows(term, value) for term, value in facts.items()}


def _rows(term: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_rows(term, row) for row in value]
    return {"type": _ROWS[term], **_facts(value)} if term in _ROWS else value


def _texts(value: str | Mapping[str, str]) -> str | list[Json]:
    if isinstance(value, str):
        return value
    return [{"@value": text, "@language": language} for language, text in value.items()]


def _address(subdivision: str, vocabulary: str) -> Json:
    if vocabulary == "tagus":
        return {"gx:countrySubdivisionCode": subdivision}
    # The release of November 2025 closed the address: it has a country, and no subdivision by ISO's code.
    country = {"type": "gx:Address", "gx:countryCode": subdivision.partition("-")[0]}
    return country if vocabulary == "loire-2511" else {**country, "gx:subdivisionCountryCode": subdivision}


def _subcontractors(rows: Sequence[Mapping[str, str]], base: str) -> Json:
    if not rows:
        return {}
    return {
        "gx:subContractors": [
            {
                "type": "gx:SubContractor",
                "gx:legalName": row["name"],
                "gx:applicableJurisdiction": row["jurisdiction"],
                "gx:communicationMethods": row["task"],
                "gx:informationDocuments": f"{base}/subcontractors.html",
            }
            for row in rows
        ]
    }
