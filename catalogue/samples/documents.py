"""From an entry of the sample table to a Gaia-X credential, in Loire's vocabulary or in Tagus's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785

from catalogue.samples.table import Entry, Table
from credentials.times import to_rfc3339
from vocab.namespaces import CF_CONTEXT, DEVELOPMENT, TAGUS

_V1 = "https://www.w3.org/2018/credentials/v1"
_V2 = "https://www.w3.org/ns/credentials/v2"
_JWS_2020 = "https://w3id.org/security/suites/jws-2020/v1"
#: The rules and the engine that the sample clearing house says it went by.
_RULES_VERSION = "CD25.10"
_ENGINE_VERSION = "2.11.0"
#: Gaia-X's terms and conditions for services name a document and its hash; ours is invented, like the rest.
_TERMS_HASH = hashlib.sha256(b"terms and conditions of a sample service").hexdigest()

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the credentials of a table, all valid over one period."""

    table: Table
    valid_from: datetime
    valid_until: datetime

    def document(self, entry: Entry, written: Mapping[str, Json]) -> Json:
        """The credential of an entry, unsigned; `written` are the earlier ones that it may refer to."""
        match entry.about:
            case "participant":
                return self._credential(entry, _PARTICIPANT[entry.vocabulary], self._participant(entry))
            case "offering":
                return self._credential(entry, entry.members["class"], self._offering(entry))
            case "registration-number":
                return self._credential(entry, entry.members["class"], self._number(entry))
            case "label":
                return self._credential(entry, "LabelCredential", self._label(entry, written))
            case other:
                raise ValueError(f"{entry.name} is about {other!r}, which is nothing known")

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
        path = (
            entry.members.get("path")
            or {"participant": "participant", "label": f"labels/{entry.name}"}[entry.about]
        )
        return f"{entry.issuer.base}/{path}.json"

    def _credential(self, entry: Entry, class_: str, subject: Json) -> Json:
        subject = {"id": self.subject(entry), "type": f"gx:{class_}", **subject}
        if entry.vocabulary == "tagus":
            return {
                "@context": [_V1, _JWS_2020, TAGUS, CF_CONTEXT],
                "id": self.address(entry),
                "type": ["VerifiableCredential"],
                "issuer": entry.issuer.did,
                "issuanceDate": to_rfc3339(self.valid_from),
                "expirationDate": to_rfc3339(self.valid_until),
                "credentialSubject": subject,
            }
        return {
            "@context": [_V2, DEVELOPMENT, CF_CONTEXT],
            "id": self.address(entry),
            "type": ["VerifiableCredential", f"gx:{class_}"],
            "issuer": entry.issuer.did,
            "validFrom": to_rfc3339(self.valid_from),
            "validUntil": to_rfc3339(self.valid_until),
            "credentialSubject": subject,
        }

    def _participant(self, entry: Entry) -> Json:
        members = entry.members
        tagus = entry.vocabulary == "tagus"
        number = members.get("registration_number")
        name_term, number_term = (
            ("gx:legalName", "gx:legalRegistrationNumber") if tagus else ("name", "gx:registrationNumber")
        )
        headquarters_term = "gx:headquarterAddress" if tagus else "gx:headquartersAddress"
        return {
            name_term: members["name"],
            _DESCRIPTION[entry.vocabulary]: _texts(members["description"]),
            "gx:legalAddress": _address(members["seat"], tagus),
            headquarters_term: _address(members["headquarters"], tagus),
            **({number_term: {"id": self.subject(self.table.entries[number])}} if number else {}),
            "participantKind": members["kind"],
        }

    def _offering(self, entry: Entry) -> Json:
        members = entry.members
        tagus = entry.vocabulary == "tagus"
        terms = f"{entry.issuer.base}/terms.html"
        export = {"gx:requestType": "API", "gx:accessType": "digital", "gx:formatType": "application/json"}
        return {
            _NAME[entry.vocabulary]: _texts(members["name"]),
            _DESCRIPTION[entry.vocabulary]: _texts(members["description"]),
            "gx:providedBy": {"id": entry.issuer.did},
            "gx:keyword": members["keywords"],
            "capability": [f"cap:{capability}" for capability in members["capabilities"]],
            ("gx:termsAndConditions" if tagus else "gx:serviceOfferingTermsAndConditions"): {
                "type": "gx:TermsAndConditions",
                "gx:URL" if tagus else "gx:url": terms,
                "gx:hash": _TERMS_HASH,
            },
            "gx:dataAccountExport": {**({} if tagus else {"type": "gx:DataAccountExport"}), **export},
            "gx:dataProtectionRegime": ["GDPR2016"],
            "gx:provisionType": "public",
            **_subcontractors(members.get("subcontractors", ()), entry.issuer.base),
        }

    def _number(self, entry: Entry) -> Json:
        number = entry.members["number"]
        return {f"gx:{number['property']}": number["value"], "gx:countryCode": number["country"]}

    def _label(self, entry: Entry, written: Mapping[str, Json]) -> Json:
        named = []
        for name in entry.members["for"]:
            document = written[name]
            digest = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
            named.append(
                {
                    "id": document["id"],
                    "type": "gx:CompliantCredential",
                    "gx:credentialType": document["type"][-1],
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


_PARTICIPANT = {"loire": "LegalPerson", "tagus": "LegalParticipant"}
_NAME = {"loire": "name", "tagus": "gx:name"}
_DESCRIPTION = {"loire": "description", "tagus": "gx:description"}
_TAG = {"offering": "service", "registration-number": "number", "label": "label"}


def _texts(value: str | Mapping[str, str]) -> str | list[Json]:
    if isinstance(value, str):
        return value
    return [{"@value": text, "@language": language} for language, text in value.items()]


def _address(subdivision: str, tagus: bool) -> Json:
    if tagus:
        return {"gx:countrySubdivisionCode": subdivision}
    return {
        "type": "gx:Address",
        "gx:countryCode": subdivision.partition("-")[0],
        "gx:subdivisionCountryCode": subdivision,
    }


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
