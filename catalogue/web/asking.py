"""What a search page is asked for: the parameters of the API, without what a form sends empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask import Request, request

from catalogue.api.blueprint import Parser
from catalogue.api.queries import FindingArguments

#: Parameters that say how others are meant. A form sends them whether or not the others are there.
_ONLY_WITH = {"basis": ("label",), "unknown": ("exposed_to", "not_exposed_to")}
#: What isn't part of the question: where one is in its answer, and how it is shown.
ASIDE = ("cursor", "why", "size", "facets", "lang")

Given = Mapping[str, list[str]]


def given() -> dict[str, list[str]]:
    """The query parameters that mean something, each with its values."""
    found = {name: [value for value in values if value] for name, values in request.args.lists()}
    found = {name: values for name, values in found.items() if values}
    for name, others in _ONLY_WITH.items():
        if not any(other in found for other in others):
            found.pop(name, None)
    return found


class _FormParser(Parser):
    """Reads a form's parameters as the API reads its own."""

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """The parameters of `given` that the schema has; the guard has refused others already."""
        return {
            name: values if isinstance(field, ma.fields.List) else values[0]
            for name, values in given().items()
            if (field := _field(schema, name)) is not None
        }


def _field(schema: ma.Schema, parameter: str) -> Any:
    return next((one for name, one in schema.fields.items() if (one.data_key or name) == parameter), None)


_PARSER = _FormParser()
_FINDING = FindingArguments()


def finding() -> dict[str, Any]:
    """What a search asks for. Problem `invalid-parameter` as in the API."""
    return arguments(_FINDING)


def arguments(schema: ma.Schema) -> dict[str, Any]:
    """The parameters of an endpoint of the API, for the page beside it. Problem `invalid-parameter`."""
    found: dict[str, Any] = _PARSER.parse(schema, request, location="query")
    return found
