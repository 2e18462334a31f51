"""The OpenAPI document: what flask-smorest collects, completed by what holds for every operation."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from flask import Flask

from catalogue.api import kinds, schemas
from catalogue.api.blueprint import (
    Api,
    DigestConverter,
    PeerConverter,
    RecordConverter,
    TileConverter,
    problem_response,
)
from catalogue.federation.introduction import NAME_PATTERN

TITLE = "Catalogue node"
#: Operations may answer with these whatever they do.
_ANYWHERE = (kinds.URI_TOO_LONG, kinds.HEADERS_TOO_LARGE, kinds.INTERNAL)
_LIMITED = (kinds.RATE_LIMITED, kinds.UNAVAILABLE)
_UNLIMITED = ("/healthz", "/readyz", "/metrics")
_TEXT = (
    "Providers publish signed self-descriptions; the node verifies them, and buyers find services by what is "
    "proven of them. Reading is open to everybody. Every refusal is a problem document (RFC 9457) with a "
    "stable `type`. Unknown query parameters are refused. HEAD works wherever GET does."
)


def start(app: Flask, url: str) -> Api:
    """The API object that blueprints are registered with."""
    app.config.update(
        API_TITLE=TITLE,
        API_VERSION=version("federation-catalogue"),
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": _TEXT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "servers": [{"url": url}],
        },
    )
    api = Api(app)
    api.register_converter(DigestConverter, lambda _: {"type": "string", "pattern": schemas.HEX64})
    api.register_converter(RecordConverter, lambda _: {"type": "string", "pattern": schemas.HEX32})
    api.register_converter(PeerConverter, lambda _: {"type": "string", "pattern": NAME_PATTERN})
    api.register_converter(TileConverter, lambda _: {"type": "string", "pattern": f"^{TileConverter.regex}$"})
    api.spec.components.schema("Problem", schema=schemas.ProblemSchema)
    api.spec.components.security_scheme("operator", {"type": "http", "scheme": "bearer"})
    return api


def finish(api: Api) -> dict[str, Any]:
    """The complete document, once every blueprint is registered."""
    document: dict[str, Any] = api.spec.to_dict()
    _drop_the_librarys_own(document)
    for path, item in document["paths"].items():
        for method, operation in _operations(item):
            responses = operation["responses"]
            for kind in _ANYWHERE if path in _UNLIMITED else _ANYWHERE + _LIMITED:
                responses.setdefault(str(kind.status), problem_response([kind]))
            responses.setdefault("400", problem_response([kinds.MALFORMED_REQUEST, kinds.INVALID_PARAMETER]))
            operation["responses"] = dict(sorted(responses.items()))
            operation.setdefault("operationId", f"{method}{_identifier(path)}")
    return document


def _operations(item: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The operations of one path with their methods; the path's common parameters aside."""
    return [(method, operation) for method, operation in item.items() if method != "parameters"]


def _drop_the_librarys_own(document: dict[str, Any]) -> None:
    """flask-smorest's error responses and pagination, which no operation here answers with."""
    components = document["components"]
    for name in ("responses", "headers", "parameters"):
        components.pop(name, None)
    for name in ("Error", "PaginationMetadata"):
        components["schemas"].pop(name, None)
    for item in document["paths"].values():
        for _, operation in _operations(item):
            for status, response in list(operation["responses"].items()):
                if response.get("$ref", "").startswith("#/components/responses/"):
                    del operation["responses"][status]


def _identifier(path: str) -> str:
    """`/self-descriptions/{digest}` as `_self_descriptions_digest`."""
    return (
        "".join(character if character.isalnum() else "_" for character in path)
        .rstrip("_")
        .replace("__", "_")
    )
