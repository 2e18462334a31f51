"""The federation's own terms, for people and for programs: context, ontology, shapes, a page per term."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Response

from catalogue.api import kinds
from catalogue.api.blueprint import Blueprint, location
from catalogue.api.negotiation import HTML, JSON_LD, TURTLE, preferred
from catalogue.api.problems import Problem
from catalogue.api.reference import page
from vocab import ontology, rdf, terms
from vocab.contexts import context_document
from vocab.namespaces import CF, CF_CONTEXT
from vocab.terms import SUBJECTS, Term

blueprint = Blueprint("terms", __name__, description="The federation's own terms, for people and programs.")

#: Seconds that a cache may keep the terms; they change with releases of the program.
MAX_AGE = 3_600
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
Resources = tuple[rdf.Resource, ...]


def documented(*media_types: str) -> dict[str, Any]:
    """OpenAPI of an answer that has several forms."""
    forms = {name: {"schema": {"type": "object" if name == JSON_LD else "string"}} for name in media_types}
    return {"200": {"description": "In the form that Accept prefers.", "content": forms}}


def in_rdf(resources: Callable[[], Resources], media_type: str) -> Response:
    """Resources in Turtle or JSON-LD."""
    return answer(_written(resources, media_type), media_type)


def answer(body: str, media_type: str) -> Response:
    """An answer whose form depends on Accept."""
    response = Response(body, mimetype=media_type)
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
    response.headers["Vary"] = "Accept"
    return response


@cache
def _written(resources: Callable[[], Resources], media_type: str) -> str:
    if media_type == TURTLE:
        return rdf.turtle(resources(), ontology.PREFIXES)
    return json.dumps(rdf.json_ld(resources(), ontology.PREFIXES), ensure_ascii=False)


@blueprint.route("/vocabulary/context", methods=["GET"])
@blueprint.doc(responses=documented(JSON_LD))
def context() -> Response:
    """Read the federation's JSON-LD context."""
    response = answer(json.dumps(context_document(CF_CONTEXT), ensure_ascii=False), JSON_LD)
    del response.headers["Vary"]
    return response


@blueprint.route("/vocabulary/shapes", methods=["GET"])
@blueprint.doc(responses=documented(TURTLE, JSON_LD))
def shapes() -> Response:
    """Read the SHACL shapes of the federation's terms."""
    return in_rdf(ontology.shapes, preferred((TURTLE, JSON_LD)))


@blueprint.route("/vocabulary/terms", methods=["GET"])
@blueprint.doc(responses=documented(JSON_LD, HTML, TURTLE))
def list_terms() -> Response:
    """Read the federation's terms: as an ontology, or as a page."""
    form = preferred((JSON_LD, HTML, TURTLE))
    if form != HTML:
        return in_rdf(ontology.ontology, form)
    own = [term for term in terms.terms() if term.is_own]
    return _page(
        "terms",
        {
            "classes": [term for term in own if term.is_class],
            "properties": [term for term in own if not term.is_class],
            "namespace": CF,
            "context": CF_CONTEXT,
        },
    )


@blueprint.route("/vocabulary/terms/<string:name>", methods=["GET"])
@blueprint.doc(responses=documented(JSON_LD, HTML, TURTLE))
@blueprint.refuses(kinds.NOT_FOUND)
def read_term(name: str) -> Response:
    """Read one term: what it means, where it stands, what it takes."""
    try:
        term = terms.term(name)
    except KeyError as error:
        raise Problem(kinds.NOT_FOUND, f"no term {name[:60]!r}", {"where": "name"}) from error
    if not term.is_own:
        raise Problem(kinds.NOT_FOUND, f"{name} is borrowed from {term.iri}", {"where": "name"})
    form = preferred((JSON_LD, HTML, TURTLE))
    if form == HTML:
        return _page("term", _values(term))
    resource = (ontology.definition(term),)
    if form == TURTLE:
        return answer(rdf.turtle(resource, ontology.PREFIXES), TURTLE)
    return answer(json.dumps(rdf.json_ld(resource, ontology.PREFIXES), ensure_ascii=False), JSON_LD)


def _values(term: Term) -> dict[str, Any]:
    domains = (term.id,) if term.is_class else term.domain
    return {
        "term": term,
        "domains": [_domain(domain) for domain in term.domain],
        "range": _range(term),
        "shapes": [ontology.shape_iri(domain) for domain in domains],
        "properties": [_link(one.id) for one in terms.properties_of(term.id)] if term.is_class else [],
        "used_by": [_link(one.id) for one in terms.terms() if term.is_class and one.range == term.id],
        "example": None
        if term.is_class
        else json.dumps({term.id: term.example}, ensure_ascii=False, indent=2),
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
    return {"name": name, "href": location(f"/vocabulary/terms/{name}") if named.is_own else named.iri}


def _page(name: str, values: dict[str, Any]) -> Response:
    html, policy = page(name, {**values, "here": location("/vocabulary")})
    response = answer(html, HTML)
    response.headers["Content-Security-Policy"] = policy
    response.headers["Content-Language"] = "en"
    return response
