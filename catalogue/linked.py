"""What is found, as JSON-LD in the words of DCAT: for open-data portals and whoever links data.

A resource is named by the address at which this node tells of it, since a self-description may call its
subject anything; what was signed is its source. The context is in the document: nothing has to be fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalogue.wording import facet_label
from vocab import capabilities
from vocab.model import Kind

Json = dict[str, Any]

_XSD_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
CONTEXT: Mapping[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "id": "@id",
    "type": "@type",
    "title": "dct:title",
    "description": "dct:description",
    "identifier": "dct:identifier",
    "name": "foaf:name",
    "keyword": "dcat:keyword",
    "publisher": "dct:publisher",
    "theme": {"@id": "dcat:theme", "@type": "@id"},
    "conformsTo": "dct:conformsTo",
    "spatial": "dct:spatial",
    "issued": {"@id": "dct:issued", "@type": _XSD_TIME},
    "valid": {"@id": "dct:valid", "@type": _XSD_TIME},
    "source": {"@id": "dct:source", "@type": "@id"},
    "resource": "dcat:resource",
    "totalItems": "hydra:totalItems",
}
_PATHS = {Kind.OFFERING.value: "offerings", Kind.PARTICIPANT.value: "participants"}


def resource(item: Mapping[str, Any], url: str, languages: Sequence[str]) -> Json:
    """One item of `Discovery`, on the node at `url`, with the context that it needs."""
    return {"@context": CONTEXT, **_resource(item, url, languages)}


def catalogue(
    items: Iterable[Mapping[str, Any]], total: int, address: str, url: str, languages: Sequence[str]
) -> Json:
    """The answer to a search at `address`: `items` of the `total` that there are."""
    return {
        "@context": CONTEXT,
        "id": address,
        "type": "dcat:Catalog",
        "totalItems": total,
        "resource": [_resource(item, url, languages) for item in items],
    }


def _resource(item: Mapping[str, Any], url: str, languages: Sequence[str]) -> Json:
    provider = item["provider"]
    standards = (("label", item["labels"]), ("certification", item["certifications"]))
    return {
        "id": f"{url}/{_PATHS[item['kind']]}/{item['id']}",
        "type": "foaf:Organization" if item["kind"] == Kind.PARTICIPANT.value else "dcat:Resource",
        "identifier": item["subject"],
        "title": item["name"],
        "description": item["description"],
        "keyword": item["keywords"],
        "publisher": {"id": provider["did"], "type": "foaf:Agent", "name": provider["name"]},
        "theme": [
            capabilities.concept(one).iri for one in item["capabilities"] if capabilities.is_capability(one)
        ],
        "conformsTo": [
            {"type": "dct:Standard", "identifier": value, "title": facet_label(field, value, languages)}
            for field, values in standards
            for value in values
            if field == "label" or value not in item["labels"]
        ],
        "spatial": [
            {"type": "dct:Location", "identifier": code, "title": facet_label("hosted_in", code, languages)}
            for code in item["hosted_in"] or item["jurisdiction"]
        ],
        "issued": item["listed_at"],
        **({"valid": item["valid_until"]} if item["valid_until"] else {}),
        "source": f"{url}/self-descriptions/{item['digest']}",
    }
