"""An unsigned description of a service, from the few things that its provider is asked for.

What isn't stated is left out, never guessed: nothing that a buyer reads may come from this program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from credentials.contexts import CREDENTIALS_V2, ContextStore
from credentials.jsonld import JsonLd
from credentials.report import Check
from credentials.shapes.bridging import statements_in
from credentials.shapes.checking import SchemasInForce, check_shapes
from credentials.shapes.engine import ShapeSet
from credentials.shapes.reading import read_schema
from vocab import ontology, rdf
from vocab.namespaces import CF_CONTEXT, DEVELOPMENT

Json = dict[str, Any]
Fields = Mapping[str, str]

#: Places, operators, licences and certifications that can be stated. Fields of the second have names that end
#: in "-2", and so on.
MAX_ROWS = 6
SUFFIXES = ("", *(f"-{number}" for number in range(2, MAX_ROWS + 1)))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of service: Gaia-X's class for it, and the capability by which it is found."""

    id: str
    class_: str
    capability: str


#: What providers describe most; everything else is a service whose class and capability they know themselves.
KINDS = {
    kind.id: kind
    for kind in (
        Kind("virtual-machines", "VirtualMachineServiceOffering", "virtual-machines"),
        Kind("object-storage", "ObjectStorageServiceOffering", "object-storage"),
        Kind("managed-kubernetes", "ContainerServiceOffering", "managed-kubernetes"),
        Kind("databases", "ServiceOffering", "databases"),
        Kind("backup", "ServiceOffering", "backup"),
        Kind("collaborative-office-suite", "ServiceOffering", "collaborative-office-suite"),
        Kind("edge-computing", "ServiceOffering", "edge-computing"),
        Kind("model-inference", "ServiceOffering", "model-inference"),
    )
}


def draft(fields: Fields) -> Json:
    """The credential, without issuer's proof and start: signing puts in when it begins.

    `fields` are those of the form, each without blanks around it; what is empty isn't there. An unknown kind
    is an offering without a capability.
    """
    kind = KINDS.get(fields.get("kind", ""), Kind("", "ServiceOffering", ""))
    id_ = fields.get("id", "")
    subject = {
        "id": f"{id_}#service" if id_ and "#" not in id_ else id_,
        "type": f"gx:{kind.class_}",
        "name": _texts(fields, "name"),
        "description": _texts(fields, "description"),
        "gx:providedBy": {"id": fields["did"]} if "did" in fields else None,
        "capability": [f"cap:{kind.capability}"] if kind.capability else None,
        "gx:keyword": [word.strip() for word in fields.get("keywords", "").split(",") if word.strip()],
        "gx:serviceOfferingTermsAndConditions": _terms(fields),
        "gx:dataAccountExport": _export(fields),
        "dataPlace": _rows(fields, "Place", country="data_country", locality="data_locality"),
        "operationPlace": _rows(fields, "Place", country="operation_country"),
        "operator": _rows(fields, "Operator", legalName="operator", country="operator_country"),
        "technologyLicence": _licences(fields),
        "doesWithout": [name for name in ("licensed-technology", "subcontractors") if fields.get(name)],
        "certification": _rows(fields, "Certification", scheme="certification"),
        "energy": _row(
            fields,
            "EnergyFigures",
            pue="pue",
            renewablePercent="renewable",
            startDate="energy_from",
            endDate="energy_to",
        ),
    }
    return {
        "@context": [CREDENTIALS_V2, DEVELOPMENT, CF_CONTEXT],
        "id": id_,
        "type": ["VerifiableCredential", f"gx:{kind.class_}"],
        **({"issuer": fields["did"]} if "did" in fields else {}),
        **({"validUntil": f"{fields['until']}T00:00:00Z"} if "until" in fields else {}),
        "credentialSubject": {name: value for name, value in subject.items() if value},
    }


def lacking(fields: Fields, today: date) -> set[str]:
    """The fields without which nothing comes of it, as far as they are missing or can't be used."""
    found = {name for name in ("did", "id", "until") if name not in fields}
    if not any(name.startswith("name_") for name in fields):
        found.add("name_en")
    if not fields.get("did", "did:").startswith("did:"):
        found.add("did")
    if not fields.get("id", "https:").startswith("https:"):
        found.add("id")
    if "until" in fields and not _is_ahead(fields["until"], today):
        found.add("until")
    return found


def _is_ahead(text: str, today: date) -> bool:
    try:
        return date.fromisoformat(text) > today
    except ValueError:
        return False


def check_draft(document: Json, schemas: SchemasInForce | None) -> Check:
    """The check `shapes` of something unsigned: by the node's schemas, else by those of our own terms.

    Raises Rejection for what isn't JSON-LD, such as an address with blanks in it.
    """
    quads = _jsonld().expand(document).quads
    return check_shapes(statements_in(quads), schemas or _own_shapes())


@cache
def _jsonld() -> JsonLd:
    return JsonLd(ContextStore())


@cache
def _own_shapes() -> SchemasInForce:
    text = rdf.turtle(ontology.shapes(), ontology.PREFIXES).encode()
    return SchemasInForce(ShapeSet([read_schema(text, "turtle")]), ("the federation's terms",), b"[]")


def _texts(fields: Fields, name: str) -> list[Json]:
    return [
        {"@value": fields[f"{name}_{language}"], "@language": language}
        for language in ("en", "fr", "de")
        if f"{name}_{language}" in fields
    ]


def _row(fields: Fields, class_: str, **members: str) -> list[Json]:
    """One node of that class with the members that are stated; none at all where none is."""
    stated = {member: fields[field] for member, field in members.items() if field in fields}
    return [{"type": class_, **stated}] if stated else []


def _rows(fields: Fields, class_: str, **members: str) -> list[Json]:
    """A node for each row of the form in which something is stated."""
    return [
        row
        for suffix in SUFFIXES
        for row in _row(fields, class_, **{member: field + suffix for member, field in members.items()})
    ]


def _terms(fields: Fields) -> Json | None:
    return {"type": "gx:TermsAndConditions", "url": fields["terms"]} if "terms" in fields else None


def _export(fields: Fields) -> Json | None:
    if "export_format" not in fields:
        return None
    return {
        "type": "gx:DataAccountExport",
        "gx:requestType": fields.get("export_request", "API"),
        "gx:accessType": "digital",
        "gx:formatType": fields["export_format"],
    }


def _licences(fields: Fields) -> list[Json]:
    answers = {"seesCustomerData": "sees_data", "continuesWithoutLicensor": "goes_on"}
    found = []
    for suffix in SUFFIXES:
        rows = _row(
            fields,
            "TechnologyLicence",
            technology=f"technology{suffix}",
            licensorName=f"licensor{suffix}",
            licensorCountry=f"licensor_country{suffix}",
        )
        said = {
            member: fields[field + suffix] == "yes"
            for member, field in answers.items()
            if field + suffix in fields
        }
        found += [{**row, **said} for row in rows]
    return found
