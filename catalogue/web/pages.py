"""Which page is where: beside an endpoint of the API, at the same address, or at an address of its own.

    @beside("discovery.read_offering")
    def offering(id: str) -> Response: ...

    @page("/compare", parameters={"id": True})
    def compare() -> Response: ...

A page beside an endpoint answers who prefers `text/html` to JSON, and the endpoint everybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, TypeVar

from flask import Blueprint as FlaskBlueprint
from flask import Flask, Response
from flask_smorest.spec.plugins import FlaskPlugin

from catalogue.api.negotiation import HTML, LANG, PAGES, check_language, wants_page
from vocab.languages import LANGUAGES

View = Callable[..., Response]
#: Query parameters, and whether each may be repeated.
Parameters = Mapping[str, bool]
F = TypeVar("F", bound=View)

blueprint = FlaskBlueprint(PAGES, __name__)
_beside: dict[str, View] = {}
_own: dict[tuple[str, str], Parameters] = {}

_LANG = {
    "in": "query",
    "name": LANG,
    "required": False,
    "description": "The language of the answer, whatever Accept-Language says: for links.",
    "schema": {"type": "string", "enum": list(LANGUAGES)},
}


def beside(endpoint: str) -> Callable[[F], F]:
    """Make the view the page of an endpoint of the API; it takes the endpoint's path parameters."""

    def decorate(view: F) -> F:
        _beside[endpoint] = view
        return view

    return decorate


def page(
    rule: str, *, parameters: Parameters | None = None, methods: tuple[str, ...] = ("GET",)
) -> Callable[[F], F]:
    """Make the view a page at an address of its own, with these query parameters and no others."""

    def decorate(view: F) -> F:
        def checked(**arguments: Any) -> Response:
            check_language()
            return view(**arguments)

        name = f"{view.__module__.rpartition('.')[2]}-{view.__name__}"
        blueprint.add_url_rule(rule, name, checked, methods=list(methods))
        for method in methods:
            _own[f"{PAGES}.{name}", method] = {LANG: False, **(parameters or {})}
        return view

    return decorate


def parameters() -> Mapping[tuple[str, str], Parameters]:
    """The query parameters of the pages with addresses of their own, by endpoint and method."""
    return _own


def rules(app: Flask) -> Iterator[str]:
    """The addresses of all pages, as routes."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in _beside or rule.endpoint.startswith(f"{blueprint.name}."):
            yield rule.rule


def start(app: Flask, document: dict[str, Any]) -> None:
    """Put the pages beside their endpoints, and say so in the OpenAPI document.

    KeyError for a page beside an endpoint that there isn't.
    """
    app.register_blueprint(blueprint)
    for endpoint, view in _beside.items():
        app.view_functions[endpoint] = _either(app.view_functions[endpoint], view)
    for rule in app.url_map.iter_rules():
        path = document["paths"].get(FlaskPlugin.flaskpath2openapi(rule.rule), {})
        if "get" in path and "GET" in (rule.methods or ()):
            path["get"] = _told(path["get"], paged=rule.endpoint in _beside)


def _told(operation: Mapping[str, Any], *, paged: bool) -> dict[str, Any]:
    """A reading operation as it is now: refusals are pages too, and its answer if there is one beside it."""
    told: dict[str, Any] = deepcopy(dict(operation))
    for status, response in told["responses"].items():
        if status >= "400" or (paged and status == "200"):
            response.setdefault("content", {})[HTML] = {"schema": {"type": "string"}}
    if paged:
        told.setdefault("parameters", []).append(_LANG)
    return told


def _either(view: Callable[..., Any], beside_it: View) -> Callable[..., Response]:
    def negotiated(**arguments: Any) -> Response:
        check_language()
        if wants_page():
            return beside_it(**arguments)
        response: Response = view(**arguments)
        response.vary.add("Accept")
        return response

    return negotiated
