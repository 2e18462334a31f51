"""flask-smorest, made exact: unknown arguments are refused and errors are documented as what they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import flask_smorest
import marshmallow as ma
import orjson
from flask import Request, Response, current_app
from webargs.flaskparser import FlaskParser
from werkzeug.routing import BaseConverter

from catalogue.api import kinds
from catalogue.api.kinds import Kind
from catalogue.api.media import read_bounded
from catalogue.api.negotiation import LANG
from catalogue.api.problems import MEDIA_TYPE, Problem, answer
from catalogue.federation.introduction import NAME
from catalogue.node import Node

View = TypeVar("View", bound=Callable[..., Any])


class DigestConverter(BaseConverter):
    """A path segment that is 64 lower-case hex digits; anything else names nothing here."""

    regex = "[0-9a-f]{64}"


class RecordConverter(BaseConverter):
    """A path segment that is a record id: 32 lower-case hex digits."""

    regex = "[0-9a-f]{32}"


class PeerConverter(BaseConverter):
    """The name of a node among nodes: a host, with port and path where it has them."""

    regex = NAME
    part_isolating = False


class TileConverter(BaseConverter):
    """What follows `/log/tile/`: a tile's or bundle's path, whose number may be of several segments."""

    part_isolating = False
    regex = r"(?:entries|[0-9]{1,2})/(?:x[0-9]{3}/){0,6}[0-9]{3}(?:\.p/[0-9]{1,3})?"


class Parser(FlaskParser):
    """Arguments are checked as documented: an unknown name is an error, and errors are problems (400)."""

    DEFAULT_UNKNOWN_BY_LOCATION = FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION | {"query": ma.RAISE}

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_status: Any
    ) -> NoReturn:
        """Raise Problem `invalid-parameter` with one line per parameter or member."""
        messages: Any = error.messages
        found = [
            {"where": where, "problem": text}
            for location in messages
            for where, text in _flat(messages[location])
        ]
        found = found or [{"where": "", "problem": "can't be used"}]
        raise Problem(
            kinds.INVALID_PARAMETER,
            f"{found[0]['where']}: {found[0]['problem']}",
            {"where": found[0]["where"], "errors": found},
        )

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """The parameters given: a list of values where the field is one, else the one value."""
        return {
            name: values if isinstance(schema.fields.get(name), ma.fields.List) else values[0]
            for name, values in req.args.lists()
            # No question of its own: it says in which language the answer is wanted.
            if name != LANG or LANG in schema.fields
        }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The JSON body. Problem 415 if it isn't declared as JSON, 400 if it isn't an object."""
        if req.mimetype != "application/json":
            raise Problem(
                kinds.UNSUPPORTED_MEDIA_TYPE,
                "the body must be application/json",
                {"where": "Content-Type", "accepted": ["application/json"]},
            )
        try:
            data = json.loads(read_bounded())
        except (ValueError, RecursionError) as error:
            raise Problem(kinds.MALFORMED_REQUEST, "the body is not JSON", {"where": "body"}) from error
        if not isinstance(data, dict):
            raise Problem(kinds.MALFORMED_REQUEST, "the body is not a JSON object", {"where": "body"})
        return data


def _flat(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """marshmallow's nested messages as (where, sentence) pairs."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            # Positions within a repeated parameter say nothing to its sender.
            where = path if isinstance(name, int) else f"{path}.{name}" if path else str(name)
            yield from _flat(inner, where[:200])
    else:
        for text in messages if isinstance(messages, list) else [messages]:
            yield path, str(text)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest is untyped
    """A blueprint whose views answer with `Response` objects; schemas document them."""

    ARGUMENTS_PARSER = Parser()

    def arguments(self, schema: type[ma.Schema], **options: Any) -> Callable[[View], View]:
        """See the library's; the schema is made once and not anew for every request."""
        decorator: Callable[[View], View] = super().arguments(schema(), **options)
        return decorator

    @staticmethod
    def refuses(*refusals: Kind) -> Callable[[View], View]:
        """Document the problems that a view may answer with."""

        def decorate(view: View) -> View:
            doc: dict[str, Any] = deepcopy(getattr(view, "_apidoc", {}))
            responses = doc.setdefault("manual_doc", {}).setdefault("responses", {})
            for status in sorted({kind.status for kind in refusals}):
                responses[str(status)] = problem_response([k for k in refusals if k.status == status])
            view._apidoc = doc  # type: ignore[attr-defined]
            return view

        return decorate


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is untyped
    """Problem documents instead of the library's own errors."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        self._app.register_error_handler(Exception, answer)


def problem_response(refusals: list[Kind]) -> dict[str, Any]:
    """The OpenAPI response object of one status with one or more problem types."""
    status = refusals[0].status
    headers: dict[str, Any] = {}
    if status in (429, 503):
        headers["Retry-After"] = {
            "description": "Seconds to wait.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        }
    if status == 405:
        headers["Allow"] = {
            "description": "The methods offered.",
            "required": True,
            "schema": {"type": "string"},
        }
    if status == 401:
        headers["WWW-Authenticate"] = {
            "description": "How to show that one is the operator.",
            "required": True,
            "schema": {"type": "string"},
        }
    response: dict[str, Any] = {
        "description": " / ".join(f"`{kind.slug}`: {kind.title}." for kind in refusals),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if headers:
        response["headers"] = headers
    return response


def json_answer(
    data: Any,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    translated: bool = False,
    max_age: int | None = None,
) -> Response:
    """A JSON answer; `translated`: it depends on Accept-Language, `max_age`: seconds it may be kept."""
    response = Response(orjson.dumps(data), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-cache" if max_age is None else f"public, max-age={max_age}"
    if translated:
        response.headers["Vary"] = "Accept-Language"
    if headers:
        response.headers.update(headers)
    return response


def node() -> Node:
    """The services of this process."""
    services: Node = current_app.extensions["catalogue"]
    return services


def location(path: str) -> str:
    """The address of `path` on this node, as a reference relative to the host."""
    return urlsplit(node().settings.url).path.rstrip("/") + path
