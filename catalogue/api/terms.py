"""The federation's own terms for programs: context, ontology, shapes, and each term."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Response

from catalogue.api import kinds
from catalogue.api.blueprint import Blueprint
from catalogue.api.negotiation import JSON_LD, TURTLE, preferred
from catalogue.api.own_terms import own_term
from vocab import ontology, rdf
from vocab.contexts import context_document
from vocab.namespaces import CF_CONTEXT

blueprint = Blueprint("terms", __name__, description="The federation's own terms, for people and programs.")

#: Seconds that a cache may keep the terms; they change with releases of the program.
MAX_AGE = 3_600
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
@blueprint.doc(responses=documented(JSON_LD, TURTLE))
def list_terms() -> Response:
    """Read the federation's terms as an ontology."""
    return in_rdf(ontology.ontology, preferred((JSON_LD, TURTLE)))


@blueprint.route("/vocabulary/terms/<string:name>", methods=["GET"])
@blueprint.doc(responses=documented(JSON_LD, TURTLE))
@blueprint.refuses(kinds.NOT_FOUND)
def read_term(name: str) -> Response:
    """Read one term: what it means, where it stands, what it takes."""
    resource = (ontology.definition(own_term(name)),)
    if preferred((JSON_LD, TURTLE)) == TURTLE:
        return answer(rdf.turtle(resource, ontology.PREFIXES), TURTLE)
    return answer(json.dumps(rdf.json_ld(resource, ontology.PREFIXES), ensure_ascii=False), JSON_LD)
