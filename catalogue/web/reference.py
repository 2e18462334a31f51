"""The reference page at /docs: the OpenAPI document for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, current_app
from markupsafe import Markup, escape

from catalogue.api import kinds
from catalogue.api.blueprint import location
from catalogue.web.pages import page
from catalogue.web.rendering import render, template

_CODE = re.compile(r"`([^`]+)`")
_METHODS = ("get", "post", "put", "patch", "delete")


def body(document: Mapping[str, Any]) -> Markup:
    """The content of the page, made once from the OpenAPI document: it is the same for everybody."""
    values = {
        "info": document["info"],
        "groups": _groups(document),
        "schemas": dict(sorted(document["components"]["schemas"].items())),
        "problems": sorted(kinds.KINDS, key=lambda kind: (kind.status, kind.slug)),
        "code": code,
        "kind": lambda schema: Markup(" ").join(_kind(schema)),
    }
    return Markup(template("reference-body.html").render(values))  # noqa: S704  # of our own template


@page("/docs")
def show() -> Response:
    """GET /docs."""
    alternates = [("application/json", location("/openapi.json"))]
    made = current_app.extensions["catalogue-reference"]
    return render("reference.html", alternates=alternates, body=made)


def code(text: str) -> Markup:
    """Text with its `backticked` parts as code, the rest escaped."""
    parts = _CODE.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if position % 2 else escape(part)
        for position, part in enumerate(parts)
    )


def _groups(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Operations by tag, in the order of the tags."""
    groups = {tag["name"]: {**tag, "operations": []} for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in _METHODS:
            operation = item.get(method)
            if operation is not None:
                groups[operation["tags"][0]]["operations"].append(
                    {
                        **operation,
                        "method": method.upper(),
                        "path": path,
                        "anchor": operation["operationId"],
                        "parameters": [*item.get("parameters", ()), *operation.get("parameters", ())],
                    }
                )
    return list(groups.values())


def _kind(schema: Mapping[str, Any]) -> Iterator[Markup]:
    """A schema in a few words: its type, its bounds, its values, links to other schemas."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        yield Markup('<a href="#schema-{0}">{0}</a>').format(name)
        return
    alternatives = schema.get("anyOf") or schema.get("allOf")
    if alternatives:
        yield Markup(" or ").join(Markup(" ").join(_kind(one)) for one in alternatives)
        return
    given = schema.get("type", "any")
    names = given if isinstance(given, list) else [given]
    yield Markup(" or ").join(escape(name) for name in names)
    if "array" in names:
        yield Markup("of ") + Markup(" ").join(_kind(schema.get("items", {})))
    if isinstance(schema.get("additionalProperties"), dict) and schema["additionalProperties"]:
        yield Markup("of ") + Markup(" ").join(_kind(schema["additionalProperties"]))
    values = [value for value in schema.get("enum", ()) if value is not None]
    if values:
        yield Markup(", ").join(Markup("<code>{}</code>").format(value) for value in values)
    for name, words in (
        ("minimum", "from {}"),
        ("maximum", "to {}"),
        ("maxLength", "at most {} characters"),
        ("maxItems", "at most {} values"),
        ("pattern", "matching {}"),
        ("format", "({})"),
        ("default", "default {}"),
    ):
        if name in schema:
            yield escape(words.format(schema[name]))
