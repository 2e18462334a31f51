"""What buyers ask: offerings and participants, found by text and by filter."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, request

from catalogue import linked
from catalogue.api import forms, kinds, schemas
from catalogue.api.blueprint import Blueprint, json_answer, node
from catalogue.api.conclusion_schemas import OfferingSchema
from catalogue.api.negotiation import JSON, JSON_LD, languages, preferred
from catalogue.api.queries import (
    LIVE_SCOPE,
    ExportArguments,
    FindingArguments,
    HistoryArguments,
    OfferingsArguments,
    SuggestionArguments,
    query_of,
)
from catalogue.exporting import Exported, export, table
from catalogue.suggestions import KINDS
from vocab.model import Kind

CSV = "text/csv"
#: OpenAPI of answers that come as JSON-LD too.
_LINKED = {
    200: {
        "description": "JSON, or JSON-LD in the words of DCAT for those who prefer it.",
        "content": {JSON_LD: {"schema": {"type": "object"}}},
    }
}

blueprint = Blueprint("discovery", __name__, description="For buyers: find services and their providers.")


def _exported(media_type: str, schema: dict[str, str]) -> dict[str, Any]:
    """OpenAPI of an answer that is a file."""
    return {"200": {"description": "The file.", "content": {media_type: {"schema": schema}}}}


@blueprint.route("/offerings", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER)
@blueprint.arguments(OfferingsArguments, location="query")
@blueprint.response(200, schemas.OfferingListSchema)
@blueprint.doc(responses=_LINKED)
def list_offerings(arguments: dict[str, Any]) -> Response:
    """Find services.

    What is published is found within two seconds. Names and labels are in the reader's language where there
    is one.
    """
    return _found(Kind.OFFERING, arguments)


@blueprint.route("/suggestions", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER)
@blueprint.arguments(SuggestionArguments, location="query")
@blueprint.response(200, schemas.SuggestionListSchema)
def list_suggestions(arguments: dict[str, Any]) -> Response:
    """Complete what is being typed.

    Capabilities, services and participants with names that begin with it, in any language. One typo is
    forgiven when nothing else fits.
    """
    asked = (arguments["kind"],) if "kind" in arguments else KINDS
    found = node().discovery.suggest(arguments["q"], asked, arguments["size"], languages())
    return json_answer(forms.whole(found), translated=True)


@blueprint.route("/offerings/<record:id>", methods=["GET"])
@blueprint.refuses(kinds.NOT_FOUND, kinds.WITHDRAWN, kinds.ERASED)
@blueprint.response(200, OfferingSchema)
@blueprint.doc(responses=_LINKED)
def read_offering(id: str) -> Response:
    """Read a service: what is said of it, and on whose word."""
    return _told(node().discovery.offering(id, languages()))


@blueprint.route("/offerings/<record:id>/history", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER, kinds.NOT_FOUND, kinds.WITHDRAWN, kinds.ERASED)
@blueprint.arguments(HistoryArguments, location="query")
@blueprint.response(200, schemas.HistorySchema)
def read_history(arguments: dict[str, Any], id: str) -> Response:
    """Read what became of a service on this node.

    Every version that was listed, and every event, with the time and the reason.
    """
    return json_answer(forms.history(node().discovery.history(id, **arguments)))


@blueprint.route("/participants", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER)
@blueprint.arguments(FindingArguments, location="query")
@blueprint.response(200, schemas.ParticipantListSchema)
@blueprint.doc(responses=_LINKED)
def list_participants(arguments: dict[str, Any]) -> Response:
    """Find participants: those who published a self-description of themselves."""
    return _found(Kind.PARTICIPANT, arguments)


@blueprint.route("/participants/<record:id>", methods=["GET"])
@blueprint.refuses(kinds.NOT_FOUND, kinds.WITHDRAWN, kinds.ERASED)
@blueprint.response(200, schemas.ParticipantSchema)
@blueprint.doc(responses=_LINKED)
def read_participant(id: str) -> Response:
    """Read a participant: what is said of it, and on whose word."""
    return _told(node().discovery.participant(id, languages()))


@blueprint.route("/offerings.csv", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER)
@blueprint.arguments(ExportArguments, location="query")
@blueprint.doc(responses=_exported(CSV, {"type": "string"}))
def export_table(arguments: dict[str, Any]) -> Response:
    """Have what is found as a table for a spreadsheet: the first 1,000 services."""
    found = _all_of(arguments)
    return _as_file(table(found.items, node().settings.url, languages()), CSV, "csv")


@blueprint.route("/offerings.jsonld", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER)
@blueprint.arguments(ExportArguments, location="query")
@blueprint.doc(responses=_exported(JSON_LD, {"type": "object"}))
def export_linked(arguments: dict[str, Any]) -> Response:
    """Have what is found as a DCAT catalogue in JSON-LD: the first 1,000 services."""
    found, url = _all_of(arguments), node().settings.url
    address = url + request.full_path.rstrip("?")
    document = linked.catalogue(found.items, found.total, address, url, languages())
    return _as_file(orjson.dumps(document), JSON_LD, "jsonld")


def _all_of(arguments: dict[str, Any]) -> Exported:
    services = node()
    # Ten searches for one request.
    services.admission.request(request.remote_addr, "verify")
    return export(services.discovery, query_of(Kind.OFFERING, arguments), languages())


def _as_file(data: bytes, media_type: str, ending: str) -> Response:
    response = Response(data, mimetype=media_type)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept-Language"
    response.headers["Content-Disposition"] = f'attachment; filename="services.{ending}"'
    return response


def _found(kind: Kind, arguments: dict[str, Any]) -> Response:
    services, why = node(), arguments["why"] == "true"
    if why:
        # Describing a page of hits takes as long as verifying a few credentials.
        services.admission.request(request.remote_addr, "verify")
    query = query_of(kind, arguments)
    found = services.discovery.search(query, languages(), why=why)
    if arguments.get("scope") == LIVE_SCOPE:
        found["live"] = services.live.search(query, languages(), request.remote_addr)
    if preferred((JSON, JSON_LD)) == JSON_LD:
        url = services.settings.url
        address = url + request.full_path.rstrip("?")
        return _linked(linked.catalogue(found["items"], found["total"], address, url, languages()))
    return _varied(json_answer(found, translated=True))


def _told(form: dict[str, Any]) -> Response:
    """One record in the form that the reader prefers."""
    if preferred((JSON, JSON_LD)) == JSON_LD:
        return _linked(linked.resource(form, node().settings.url, languages()))
    return _varied(json_answer(form, translated=True))


def _linked(document: dict[str, Any]) -> Response:
    answer = json_answer(document, translated=True)
    answer.mimetype = JSON_LD
    return _varied(answer)


def _varied(answer: Response) -> Response:
    answer.vary.add("Accept")
    return answer
