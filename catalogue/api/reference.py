"""The reference page at /docs: the OpenAPI document for people, without scripts or any outside request."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from catalogue.api import kinds

_CODE = re.compile(r"`([^`]+)`")
_METHODS = ("get", "post", "put", "patch", "delete")

#: A page and the content security policy under which it is served.
Page = tuple[str, str]


def pages(document: Mapping[str, Any]) -> Mapping[str, Page]:
    """The page `reference`, made once from the OpenAPI document."""
    values = {
        "info": document["info"],
        "groups": _groups(document),
        "schemas": dict(sorted(document["components"]["schemas"].items())),
        "problems": sorted(kinds.KINDS, key=lambda kind: (kind.status, kind.slug)),
    }
    return {name: page(name, values) for name in ("reference",)}


def page(name: str, values: Mapping[str, Any]) -> Page:
    """The page made from the template `name`: its style is in it, and it may load nothing from anywhere."""
    environment, style = _environment()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    # The style is this package's own file, not anybody's input.
    own = {**values, "style": Markup(style)}  # noqa: S704
    return environment.get_template(f"{name}.html").render(own), policy


@cache
def _environment() -> tuple[Environment, str]:
    """The templates and the style that the pages share."""
    environment = Environment(
        loader=PackageLoader("catalogue.api"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = code
    environment.filters["kind"] = lambda schema: Markup(" ").join(_kind(schema))
    source, _, _ = PackageLoader("catalogue.api").get_source(environment, "reference.css")
    return environment, source.strip()


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
