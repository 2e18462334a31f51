"""The node itself: its index, its health, its numbers, its description and its identity."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from flask import Response, current_app

from catalogue.api import schemas
from catalogue.api.blueprint import Blueprint, json_answer, location, node
from catalogue.api.openapi import TITLE
from catalogue.api.problems import STORE_OUTAGES
from catalogue.errors import IndexUnavailable
from catalogue.observability import exposition

blueprint = Blueprint("about", __name__, description="The node itself.")

#: Seconds that a cache may keep what changes only with a release.
RELEASE_MAX_AGE = 300


@blueprint.route("/", methods=["GET"])
@blueprint.response(200, schemas.IndexSchema)
def index() -> Response:
    """Say what this is and where to go from here."""
    names = ("offerings", "participants", "self-descriptions", "vocabulary/capabilities", "docs")
    links = {name: location(f"/{name}") for name in (*names, "openapi.json")}
    return json_answer(
        {"name": TITLE, "version": version("federation-catalogue"), "links": links},
        max_age=RELEASE_MAX_AGE,
    )


@blueprint.route("/openapi.json", methods=["GET"])
@blueprint.doc(
    responses={
        "200": {
            "description": "This document.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    }
)
def openapi() -> Response:
    """Read the API's OpenAPI document."""
    response = Response(current_app.extensions["catalogue-openapi"], mimetype="application/json")
    response.headers["Cache-Control"] = f"public, max-age={RELEASE_MAX_AGE}"
    return response


@blueprint.route("/.well-known/did.json", methods=["GET"])
@blueprint.doc(
    responses={
        "200": {
            "description": "The DID document.",
            "content": {"application/did+json": {"schema": {"type": "object"}}},
        }
    }
)
def did_document() -> Response:
    """Read the node's own DID document."""
    response = Response(json.dumps(node().did_document()), mimetype="application/did+json")
    response.headers["Cache-Control"] = f"public, max-age={RELEASE_MAX_AGE}"
    return response


@blueprint.route("/healthz", methods=["GET"])
@blueprint.response(200, schemas.HealthSchema)
def health() -> Response:
    """Say that the process answers."""
    return _unkept(json_answer({"status": "ok"}))


@blueprint.route("/readyz", methods=["GET"])
@blueprint.response(200, schemas.ReadinessSchema, description="The node can do its work.")
@blueprint.alt_response(503, schema=schemas.ReadinessSchema, description="It can't just now: see `status`.")
def readiness() -> Response:
    """Say whether store and index do their work, and how far the index is behind."""
    services = node()
    body: dict[str, Any] = {
        "status": "unavailable",
        "entries": None,
        "index_position": None,
        "lag": None,
        "engines": [],
    }
    try:
        behind = services.discovery.lag()
    except (IndexUnavailable, *STORE_OUTAGES):
        return _unkept(json_answer(body, 503))
    lag = behind.entries - behind.indexed
    ready = lag <= services.settings.ready_lag
    body = {
        "status": "ready" if ready else "lagging",
        "entries": behind.entries,
        "index_position": behind.indexed,
        "lag": lag,
        "engines": [
            {
                "name": name,
                "index_position": indexed,
                "lag": None if indexed is None else behind.entries - indexed,
            }
            for name, indexed in behind.engines.items()
        ],
    }
    return _unkept(json_answer(body, 200 if ready else 503))


@blueprint.route("/metrics", methods=["GET"])
@blueprint.doc(
    responses={
        "200": {
            "description": "Prometheus's text form.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    }
)
def metrics() -> Response:
    """Read the node's numbers."""
    text, media_type = exposition(node())
    return _unkept(Response(text, content_type=media_type))


def _unkept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
