"""What is held: exact bytes, reports, listings, and why an issuer's are listed or aren't."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from catalogue.api import forms, kinds, schemas
from catalogue.api.blueprint import Blueprint, json_answer, node
from catalogue.api.media import SELF_DESCRIPTION_TYPES
from catalogue.api.problems import Problem
from catalogue.api.queries import StandingArguments, StatementArguments
from catalogue.records import StoredBlob

blueprint = Blueprint("reading", __name__, description="What is held here, exactly as it was signed.")

#: Seconds that a cache may keep signed bytes. They never change, but they can be withdrawn or erased, and
#: then nobody should go on serving them for long.
BLOB_MAX_AGE = 300

_ETAG_HEADERS = {
    "ETag": {"description": "The digest, in quotes.", "required": True, "schema": {"type": "string"}},
    "Cache-Control": {
        "description": f"The bytes never change; after {BLOB_MAX_AGE} s ask whether they are still there.",
        "required": True,
        "schema": {"type": "string"},
    },
}
_CONDITIONS = [
    {
        "in": "header",
        "name": name,
        "required": False,
        "description": description,
        "schema": {"type": "string"},
    }
    for name, description in (
        ("If-None-Match", "An entity tag that one holds: 304 if it is the current one."),
        ("If-Match", "An entity tag that one expects: 412 if it isn't the current one."),
    )
]


def _bytes_documented(media_types: tuple[str, ...]) -> dict[str, Any]:
    """OpenAPI of the answers with signed bytes, in whichever of the media types they were sent."""
    return {
        "parameters": _CONDITIONS,
        "responses": {
            "200": {
                "description": "The exact bytes.",
                "headers": _ETAG_HEADERS,
                "content": {name: {} for name in media_types},
            },
            "304": {"description": "What you hold is still right.", "headers": _ETAG_HEADERS},
        },
    }


@blueprint.route("/self-descriptions", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER)
@blueprint.arguments(StatementArguments, location="query")
@blueprint.response(200, schemas.StatementListSchema)
def list_statements(arguments: dict[str, Any]) -> Response:
    """List statements by issuer, subject and state.

    Oldest listing first; superseded and withdrawn ones are there too, so that the history can be followed.
    """
    return json_answer(forms.statements(node().records.statements(**arguments)))


@blueprint.route("/self-descriptions/<digest:digest>", methods=["GET"])
@blueprint.refuses(kinds.NOT_FOUND, kinds.WITHDRAWN, kinds.ERASED, kinds.PRECONDITION_FAILED)
@blueprint.doc(**_bytes_documented(SELF_DESCRIPTION_TYPES))
def read_self_description(digest: str) -> Response:
    """Read a self-description's exact bytes.

    `digest` is their SHA-256, so a reader can check them without trusting this node.
    """
    return _bytes(node().records.self_description(digest))


@blueprint.route("/self-descriptions/<digest:digest>/report", methods=["GET"])
@blueprint.refuses(kinds.NOT_FOUND, kinds.WITHDRAWN, kinds.ERASED)
@blueprint.response(200, schemas.ReportSchema)
def read_report(digest: str) -> Response:
    """Read the report with which a self-description was accepted."""
    return json_answer(node().records.report(digest).to_dict())


@blueprint.route("/withdrawals/<digest:digest>", methods=["GET"])
@blueprint.refuses(kinds.NOT_FOUND, kinds.ERASED, kinds.PRECONDITION_FAILED)
@blueprint.doc(**_bytes_documented(("application/jose",)))
def read_withdrawal(digest: str) -> Response:
    """Read a withdrawal's exact bytes, so that anybody can verify it."""
    return _bytes(node().records.withdrawal(digest))


@blueprint.route("/issuers", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER)
@blueprint.arguments(StandingArguments, location="query")
@blueprint.response(200, schemas.StandingSchema)
def read_standing(arguments: dict[str, Any]) -> Response:
    """Answer "why isn't mine listed?" for an issuer's DID.

    Refusals are those of submissions that claimed the issuer: nobody's signature stands behind the claim.
    """
    services = node()
    return json_answer(
        forms.standing(services.records.standing(arguments["did"]), services.settings.admission)
    )


def _bytes(blob: StoredBlob) -> Response:
    """The stored bytes, or 304 and 412 as RFC 9110 section 13 has it."""
    response = Response(blob.data, mimetype=blob.media_type)
    response.set_etag(blob.digest)
    response.headers["Cache-Control"] = f"public, max-age={BLOB_MAX_AGE}, immutable"
    if request.if_match and not request.if_match.is_strong(blob.digest) and not request.if_match.star_tag:
        raise Problem(kinds.PRECONDITION_FAILED, f'the entity tag is "{blob.digest}"', {"where": "If-Match"})
    if request.if_none_match and request.if_none_match.contains_weak(blob.digest):
        response.status_code = 304
        response.set_data(b"")
        del response.headers["Content-Type"]
        response.headers.pop("Content-Length", None)
    return response
