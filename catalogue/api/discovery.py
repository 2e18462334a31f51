"""What buyers ask: offerings and participants, found by text and by filter."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from catalogue.api import forms, kinds, schemas
from catalogue.api.blueprint import Blueprint, json_answer, node
from catalogue.api.conclusion_schemas import OfferingSchema
from catalogue.api.negotiation import languages
from catalogue.api.queries import FindingArguments, HistoryArguments, SuggestionArguments, query_of
from catalogue.suggestions import KINDS
from vocab.model import Kind

blueprint = Blueprint("discovery", __name__, description="For buyers: find services and their providers.")


@blueprint.route("/offerings", methods=["GET"])
@blueprint.refuses(kinds.INVALID_PARAMETER)
@blueprint.arguments(FindingArguments, location="query")
@blueprint.response(200, schemas.OfferingListSchema)
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
def read_offering(id: str) -> Response:
    """Read a service: what is said of it, and on whose word."""
    return json_answer(node().discovery.offering(id, languages()), translated=True)


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
def list_participants(arguments: dict[str, Any]) -> Response:
    """Find participants: those who published a self-description of themselves."""
    return _found(Kind.PARTICIPANT, arguments)


@blueprint.route("/participants/<record:id>", methods=["GET"])
@blueprint.refuses(kinds.NOT_FOUND, kinds.WITHDRAWN, kinds.ERASED)
@blueprint.response(200, schemas.ParticipantSchema)
def read_participant(id: str) -> Response:
    """Read a participant: what is said of it, and on whose word."""
    return json_answer(node().discovery.participant(id, languages()), translated=True)


def _found(kind: Kind, arguments: dict[str, Any]) -> Response:
    services, why = node(), arguments["why"] == "true"
    if why:
        # Describing a page of hits takes as long as verifying a few credentials.
        services.admission.request(request.remote_addr, "verify")
    return json_answer(
        services.discovery.search(query_of(kind, arguments), languages(), why=why), translated=True
    )
