"""The operator's actions over HTTP, for whoever holds the token; the command line needs none."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request

from catalogue.api import forms, kinds, schemas
from catalogue.api.authorisation import check_token
from catalogue.api.blueprint import Blueprint, json_answer, node
from catalogue.api.publishing import BODY_REFUSALS, LOG_REFUSALS
from catalogue.api.queries import DID_PATTERN
from catalogue.errors import NotFound
from catalogue.operations import BLOCK
from search.query import MAX_VALUE

blueprint = Blueprint("operator", __name__, description="For the node's operator, with a bearer token.")

AUTHORISATION = (kinds.OPERATOR_TOKEN_REQUIRED, kinds.COMMAND_LINE_ONLY)
JSON_BODY = tuple(kind for kind in BODY_REFUSALS if kind is not kinds.UNSUPPORTED_ENCODING)
SECURED: dict[str, Any] = {"security": [{"operator": []}]}
_DID = [
    {
        "in": "path",
        "name": "did",
        "required": True,
        "description": "The issuer's DID, percent-encoded as any path segment (`%` as `%25`).",
        "schema": {"type": "string", "pattern": DID_PATTERN, "maxLength": MAX_VALUE},
    }
]


@blueprint.before_request
def require_token() -> None:
    """Only the operator: Problem 403 where there is no token, 401 for another than the right one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    check_token(token if scheme.lower() == "bearer" else "")


def _checked(did: str) -> str:
    """The path segment, once it is shown to be a DID; any other names nothing (NotFound)."""
    if len(did) > MAX_VALUE or not re.fullmatch(DID_PATTERN, did):
        raise NotFound("issuer", did[:MAX_VALUE])
    return did


@blueprint.route("/operator/erasures", methods=["POST"])
@blueprint.refuses(*AUTHORISATION, *JSON_BODY, kinds.NOT_FOUND, kinds.ERASED, *LOG_REFUSALS)
@blueprint.doc(**SECURED)
@blueprint.arguments(schemas.ErasureFormSchema, location="json")
@blueprint.response(200, schemas.ErasureSchema)
def erase(form: dict[str, Any]) -> Response:
    """Erase a self-description's bytes, report and projections.

    The digest and a log entry without any name stay, so that the bytes are not taken again. Final.
    """
    return json_answer(forms.erasure(node().operations.erase(form["digest"], form["reason"])))


@blueprint.route("/operator/issuers", methods=["GET"])
@blueprint.refuses(*AUTHORISATION)
@blueprint.doc(**SECURED)
@blueprint.response(200, schemas.RuleListSchema)
def list_rules() -> Response:
    """List what was said of issuers."""
    return json_answer(forms.whole(forms.rule(said) for said in node().operations.issuers()))


@blueprint.route("/operator/issuers/<string:did>", methods=["GET"], parameters=_DID)
@blueprint.refuses(*AUTHORISATION, kinds.NOT_FOUND)
@blueprint.doc(**SECURED)
@blueprint.response(200, schemas.RuleSchema)
def read_rule(did: str) -> Response:
    """Read what was said of an issuer."""
    return json_answer(forms.rule(node().operations.rule(_checked(did))))


@blueprint.route("/operator/issuers/<string:did>", methods=["PUT"], parameters=_DID)
@blueprint.refuses(*AUTHORISATION, *JSON_BODY, kinds.NOT_FOUND)
@blueprint.doc(**SECURED)
@blueprint.arguments(schemas.RuleFormSchema, location="json")
@blueprint.response(200, schemas.RuleSchema)
def set_rule(form: dict[str, Any], did: str) -> Response:
    """Block an issuer, or allow one where admission is `allowlist`.

    A blocked issuer's statements are hidden at once, and nothing more is taken from it.
    """
    operations = node().operations
    act = operations.block if form["rule"] == BLOCK else operations.allow
    return json_answer(forms.rule(act(_checked(did), form["reason"])))


@blueprint.route("/operator/issuers/<string:did>", methods=["DELETE"], parameters=_DID)
@blueprint.refuses(*AUTHORISATION, kinds.NOT_FOUND)
@blueprint.doc(**SECURED)
@blueprint.response(204, description="Taken back.")
def forget_rule(did: str) -> Response:
    """Take back what was said of an issuer; a blocked one's statements show again."""
    node().operations.forget(_checked(did))
    return Response(status=204)
