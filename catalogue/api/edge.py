"""What holds for every request and every answer: limits on reads, exact query parameters, headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request

from catalogue.api import kinds
from catalogue.api.blueprint import node
from catalogue.api.problems import Problem

#: Asked by machines at short intervals to see whether the node lives; a limit would hide the answer.
UNLIMITED = frozenset({"about.health", "about.readiness", "about.metrics"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Characters of a parameter's name that an answer repeats.
_MAX_NAME = 60
#: Seconds that a browser may keep the answer to a preflight request.
_PREFLIGHT_SECONDS = 86_400

_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Frame-Options": "DENY",
}
_CSP = "default-src 'none'; frame-ancestors 'none'"
_EXPOSED = "ETag, Location, Retry-After"

#: Query parameters by endpoint and method: which there are, and whether each may be repeated.
Parameters = Mapping[tuple[str, str], Mapping[str, bool]]


def guard(app: Flask, parameters: Parameters) -> None:
    """Install the hooks on `app`."""

    @app.before_request
    def limit_reads() -> None:
        """Everything but submissions, which count themselves with their size, is a read."""
        if request.endpoint not in UNLIMITED and (
            request.method in _READS or request.endpoint is None or request.blueprint == "operator"
        ):
            node().admission.request(request.remote_addr, "read")

    @app.before_request
    def refuse_unknown_parameters() -> None:
        """A parameter that does nothing here is a mistake that its sender wants to know of."""
        if not request.query_string or request.endpoint is None:
            return
        method = "GET" if request.method == "HEAD" else request.method
        known = parameters.get((request.endpoint, method), {})
        for name, values in request.args.lists():
            if name not in known:
                raise _parameter(name, "is not a parameter here", sorted(known))
            if len(values) > 1 and not known[name]:
                raise _parameter(name, "may be given once only", sorted(known))

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        for name, value in _HEADERS.items():
            headers[name] = value
        headers.setdefault("Content-Security-Policy", _CSP)
        if request.method in _READS:
            # Reading is open to everybody and takes no cookie, so other sites' pages may do it too.
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Access-Control-Expose-Headers"] = _EXPOSED
            if request.method == "OPTIONS":
                headers["Access-Control-Allow-Methods"] = "GET, HEAD"
                headers["Access-Control-Allow-Headers"] = "Accept-Language, If-None-Match, If-Match"
                headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
        return response


def _parameter(name: str, problem: str, known: list[str]) -> Problem:
    shown = name[:_MAX_NAME]
    detail = f"{shown!r} {problem}" + (f"; there are {', '.join(known)}" if known else "; there are none")
    return Problem(
        kinds.INVALID_PARAMETER, detail, {"where": shown, "errors": [{"where": shown, "problem": problem}]}
    )


def parameters_of(document: Mapping[str, Any], app: Flask) -> Parameters:
    """The query parameters of every endpoint, read from the OpenAPI document that describes them."""
    from flask_smorest.spec.plugins import FlaskPlugin

    found: dict[tuple[str, str], Mapping[str, bool]] = {}
    for rule in app.url_map.iter_rules():
        path = document["paths"].get(FlaskPlugin.flaskpath2openapi(rule.rule), {})
        for method in rule.methods or ():
            operation = path.get(method.lower())
            if operation is not None:
                found[rule.endpoint, method] = {
                    parameter["name"]: parameter["schema"].get("type") == "array"
                    for parameter in operation.get("parameters", ())
                    if parameter["in"] == "query"
                }
    return found
