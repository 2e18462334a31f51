"""The node among others: what anybody may see of its log and its peers."""

from __future__ import annotations

from flask import Response

from catalogue.api import federation_forms, kinds
from catalogue.api import federation_schemas as schemas
from catalogue.api.blueprint import Blueprint, json_answer, node

blueprint = Blueprint("federation", __name__, description="The node among others.")

#: Seconds that a cache may keep evidence, which never changes.
EVIDENCE_MAX_AGE = 86_400


@blueprint.route("/federation", methods=["GET"])
@blueprint.response(200, schemas.FederationSchema)
def federation() -> Response:
    """Read this node's log, its peers, how far each is copied, and what is held against logs."""
    return json_answer(federation_forms.federation(*node().overview.federation()))


@blueprint.route("/federation/contradictions/<digest:contradiction>", methods=["GET"])
@blueprint.refuses(kinds.NOT_FOUND)
@blueprint.doc(
    responses={
        "200": {
            "description": "The evidence.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    }
)
def evidence(contradiction: str) -> Response:
    """Read the evidence that a log signed what can't both be true.

    The file as it was made, for `catalogue audit`, which judges it offline.
    """
    response = Response(node().overview.evidence(contradiction), mimetype="application/json")
    response.headers["Cache-Control"] = f"public, max-age={EVIDENCE_MAX_AGE}, immutable"
    return response
