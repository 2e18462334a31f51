"""The federation's own terms for people: a list, and a page for each."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from catalogue.api.negotiation import JSON_LD, TURTLE
from catalogue.api.own_terms import own_term
from catalogue.web.pages import beside
from catalogue.web.rendering import at, own_address, render
from vocab import ontology, terms
from vocab.namespaces import CF, CF_CONTEXT
from vocab.terms import SUBJECTS, Term

#: What a value that is no node is, for people.
KINDS = {
    "text": "text",
    "country": "text, a code of ISO 3166-1 alpha-2",
    "decimal": "xsd:decimal, written as text",
    "boolean": "xsd:boolean",
    "date": "xsd:date",
    "iri": "an identifier (IRI)",
    "capability": "a concept of /vocabulary/capabilities",
}


@beside("terms.list_terms")
def every() -> Response:
    """GET /vocabulary/terms for people."""
    own = [term for term in terms.terms() if term.is_own]
    return render(
        "terms.html",
        alternates=_forms(),
        classes=[term for term in own if term.is_class],
        properties=[term for term in own if not term.is_class],
        namespace=CF,
        context=CF_CONTEXT,
    )


@beside("terms.read_term")
def one(name: str) -> Response:
    """GET /vocabulary/terms/{name} for people."""
    return render("term.html", alternates=_forms(), **_values(own_term(name)))


def _forms() -> list[tuple[str, str]]:
    return [(media_type, own_address()) for media_type in (JSON_LD, TURTLE)]


def _values(term: Term) -> dict[str, Any]:
    domains = (term.id,) if term.is_class else term.domain
    return {
        "term": term,
        "domains": [_domain(domain) for domain in term.domain],
        "range": _range(term),
        "shapes": [ontology.shape_iri(domain) for domain in domains],
        "properties": [_link(one.id) for one in terms.properties_of(term.id)] if term.is_class else [],
        "used_by": [_link(one.id) for one in terms.terms() if term.is_class and one.range == term.id],
        "example": None if term.is_class else _example(term),
        "languages": [
            {"tag": tag, "label": label, "definition": term.definitions[tag]}
            for tag, label in term.labels.items()
        ],
    }


def _example(term: Term) -> str:
    return json.dumps({term.id: term.example}, ensure_ascii=False, indent=2)


def _domain(name: str) -> dict[str, str]:
    """Participants and offerings are Gaia-X's, and no terms of ours."""
    return {"name": name, "href": ontology.class_iri(name)} if name in SUBJECTS else _link(name)


def _range(term: Term) -> dict[str, str] | None:
    """What a property's values are: nodes of a class, or a kind of value in words."""
    if not term.range:
        return None
    return {"name": KINDS[term.range], "href": ""} if term.range in KINDS else _link(term.range)


def _link(name: str) -> dict[str, str]:
    """What a class or property is called, and where it is described."""
    named = terms.term(name)
    return {"name": name, "href": at(f"/vocabulary/terms/{name}") if named.is_own else named.iri}
