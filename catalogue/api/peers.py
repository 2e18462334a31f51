"""Whom the node follows, for whoever holds the operator's token: routes of the operator's blueprint."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from flask import Response

from catalogue.api import federation_forms, forms, kinds
from catalogue.api import federation_schemas as schemas
from catalogue.api.blueprint import json_answer, location, node
from catalogue.api.operator import AUTHORISATION, JSON_BODY, SECURED, blueprint
from catalogue.federation.model import EntryState, PeerState

#: Seconds that one request spends on dropping what a peer listed: proxies wait for longer.
DROP_SECONDS = 10.0


@blueprint.route("/operator/peers", methods=["GET"])
@blueprint.refuses(*AUTHORISATION)
@blueprint.doc(**SECURED)
@blueprint.response(200, schemas.PeerListSchema)
def list_peers() -> Response:
    """List the nodes that this one follows, or did."""
    return json_answer(forms.whole(federation_forms.peer(status) for status in node().overview.peers()))


@blueprint.route("/operator/peers", methods=["POST"])
@blueprint.refuses(*AUTHORISATION, *JSON_BODY, kinds.PEER_REFUSED)
@blueprint.doc(**SECURED)
@blueprint.arguments(schemas.PeerFormSchema, location="json")
@blueprint.response(
    200, schemas.CandidateSchema, description="Without a key: who the node is. Nothing is stored."
)
@blueprint.alt_response(
    201,
    schema=schemas.PeerSchema,
    description="With a key: the node is followed.",
    headers={"Location": {"description": "The peer.", "required": True, "schema": {"type": "string"}}},
)
def add_peer(form: dict[str, str]) -> Response:
    """Ask a node who it is; with its key, follow it.

    Compare the fingerprint with what the node's operator says, then send the same request with that `key`.
    """
    services = node()
    met = services.peers.meet(form["url"], form.get("key"))
    if "key" not in form:
        return json_answer(federation_forms.candidate(met))
    name = services.peers.add(met.introduction).name
    body = federation_forms.peer(services.overview.peer(name))
    return json_answer(body, 201, headers={"Location": location(f"/operator/peers/{quote(name, safe='')}")})


@blueprint.route("/operator/peers/<peer:name>", methods=["GET"], parameters=schemas.NAME_PARAMETER)
@blueprint.refuses(*AUTHORISATION, kinds.NOT_FOUND)
@blueprint.doc(**SECURED)
@blueprint.response(200, schemas.PeerSchema)
def read_peer(name: str) -> Response:
    """Read how a peer stands."""
    return json_answer(federation_forms.peer(node().overview.peer(name)))


@blueprint.route("/operator/peers/<peer:name>", methods=["PATCH"], parameters=schemas.NAME_PARAMETER)
@blueprint.refuses(*AUTHORISATION, *JSON_BODY, kinds.NOT_FOUND, kinds.PEER_REFUSED)
@blueprint.doc(**SECURED)
@blueprint.arguments(schemas.PeerChangeSchema, location="json")
@blueprint.response(200, schemas.PeerSchema)
def change_peer(form: dict[str, str], name: str) -> Response:
    """Pause a peer, follow it again, or believe another key of the same log."""
    services = node()
    if "key" in form:
        services.peers.rekey(name, form["key"])
    match form.get("state"):
        case PeerState.PAUSED:
            services.peers.pause(name)
        case PeerState.FOLLOWED:
            services.peers.resume(name)
    return json_answer(federation_forms.peer(services.overview.peer(name)))


@blueprint.route("/operator/peers/<peer:name>", methods=["DELETE"], parameters=schemas.NAME_PARAMETER)
@blueprint.refuses(*AUTHORISATION, kinds.NOT_FOUND)
@blueprint.doc(**SECURED)
@blueprint.arguments(schemas.RemovalArguments, location="query")
@blueprint.response(200, schemas.RemovalSchema)
def remove_peer(arguments: dict[str, str], name: str) -> Response:
    """Follow a peer no longer; with `drop`, what only it lists goes.

    Dropping much takes several requests: repeat this one while `left` isn't 0.
    """
    services = node()
    until = services.clock() + timedelta(seconds=DROP_SECONDS)
    done = services.peers.remove(name, drop=arguments["drop"] == "true", until=until)
    return json_answer(federation_forms.removal(done))


@blueprint.route("/operator/peer-entries/<peer:name>", methods=["GET"], parameters=schemas.NAME_PARAMETER)
@blueprint.refuses(*AUTHORISATION, kinds.NOT_FOUND)
@blueprint.doc(**SECURED)
@blueprint.arguments(schemas.EntriesArguments, location="query")
@blueprint.response(200, schemas.EntryListSchema)
def list_entries(arguments: dict[str, Any], name: str) -> Response:
    """List a peer's entries and what became of each, with the reports of those that were refused."""
    state = EntryState(arguments["state"]) if "state" in arguments else None
    page = node().overview.entries(name, state, after=arguments["after"], size=arguments["size"])
    return json_answer(federation_forms.entries(page))
