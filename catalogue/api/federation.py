"""The node among others: what anybody may see of its log and its peers."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma
from flask import Response, request

from catalogue.api import federation_forms, kinds
from catalogue.api import federation_schemas as schemas
from catalogue.api.blueprint import Blueprint, json_answer, node
from catalogue.api.media import read_body
from catalogue.api.problems import Problem, invalid_parameter
from catalogue.federation import hints
from catalogue.federation.difference import Place, read_place

blueprint = Blueprint("federation", __name__, description="The node among others.")

#: Seconds that a cache may keep evidence, which never changes.
EVIDENCE_MAX_AGE = 86_400
#: Digits of a leaf in a cursor: what fits into a column.
MAX_DIGITS = 18
#: Characters of a member's name that an answer repeats.
MAX_SHOWN = 60

_HINT = schemas.HintSchema()


@blueprint.route("/federation", methods=["GET"])
@blueprint.response(200, schemas.FederationSchema)
def federation() -> Response:
    """Read this node's log, its peers, how far each is copied, and what is held against logs."""
    return json_answer(federation_forms.federation(*node().overview.federation()))


@blueprint.route("/federation/diff", methods=["GET"])
@blueprint.refuses(kinds.NOT_FOUND)
@blueprint.arguments(schemas.DiffArguments, location="query")
@blueprint.response(200, schemas.DiffSchema)
def diff(arguments: dict[str, Any]) -> Response:
    """Compare this node with a peer: what differs, and why.

    Each node judges by itself, so entries may be in force at one and not at the other. Which entries there
    are is the same everywhere: `log` compares that.
    """
    services = node()
    differences = services.differences
    peer = differences.peer(arguments["peer"])
    place = _place(arguments)
    if arguments["live"] == "true":
        services.admission.request(request.remote_addr, "verify")
        services.admission.fetch(urlsplit(peer.url).hostname or "", request.remote_addr)
        log, live = differences.ask(peer)
    else:
        log, live = differences.known(peer), None
    if isinstance(place, int):
        found = differences.there(peer, place, arguments["size"], live, log)
    else:
        found = differences.here(peer, place, arguments["size"], live, log)
    return json_answer(federation_forms.difference(found))


def _place(arguments: dict[str, Any]) -> int | Place | None:
    """Where the page begins: a leaf of the peer's log, or a place in what is listed here. Problem 400."""
    cursor = arguments.get("cursor")
    if arguments["side"] == "here":
        try:
            return read_place(cursor) if cursor is not None else None
        except ValueError as error:
            raise invalid_parameter("cursor", str(error)) from error
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= MAX_DIGITS):
        raise invalid_parameter("cursor", "not a cursor of this list")
    return int(cursor or 0)


@blueprint.route("/federation/hints", methods=["POST"])
@blueprint.refuses(
    kinds.MALFORMED_REQUEST,
    kinds.INVALID_PARAMETER,
    kinds.TOO_LARGE,
    kinds.UNSUPPORTED_MEDIA_TYPE,
    kinds.UNSUPPORTED_ENCODING,
)
@blueprint.doc(requestBody=schemas.HINT_BODY)
@blueprint.response(202, description="Heard. Whether anything follows from it isn't told.")
def hear_hint() -> Response:
    """Say that a log has grown: a CloudEvent with its checkpoint.

    If this node follows the log and a pinned key has signed the checkpoint, the log is asked at once. Nothing
    else ever follows from a hint.
    """
    services = node()
    services.admission.request(request.remote_addr, "read")
    hint = _hint(read_body((hints.MEDIA_TYPE,)))
    if services.settings.federation_hints:
        hints.take(services.database, hint, services.clock())
    return Response(status=202)


def _hint(body: bytes) -> hints.Hint:
    """The hint in a body. Problem 400 when it is none."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem(kinds.MALFORMED_REQUEST, "the body is not JSON", {"where": "body"}) from error
    if not isinstance(event, dict):
        raise Problem(kinds.MALFORMED_REQUEST, "the body is not a JSON object", {"where": "body"})
    try:
        event = _HINT.load(event)
    except ma.ValidationError as error:
        (where, *_) = error.messages_dict
        raise invalid_parameter(str(where)[:MAX_SHOWN], "can't be used in a hint") from error
    try:
        note = event["data"].encode()
    except UnicodeEncodeError as error:
        raise invalid_parameter("data", "holds characters that are none") from error
    return hints.Hint(event["source"].removeprefix(hints.SOURCE), note)


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
