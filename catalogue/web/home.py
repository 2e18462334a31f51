"""The start: what this is, one field to search with, and where to go from here."""

from __future__ import annotations

from typing import Any

from flask import Response

from catalogue.api.blueprint import node
from catalogue.api.negotiation import languages
from catalogue.web.hits import hit_of
from catalogue.web.pages import beside
from catalogue.web.rendering import render
from search.query import Query, Sort

#: Services on the start page: enough to show that the catalogue lives.
NEWEST = 4
#: Capabilities, labels and countries to begin with.
ENTRANCES = 10


@beside("about.index")
def start() -> Response:
    """GET / for people."""
    found = node().discovery.search(
        Query(
            sort=Sort.LISTED_AT, size=NEWEST, facets=("capability", "label", "hosted_in", "participant_kind")
        ),
        languages(),
    )
    return render(
        "home.html", found=found, entrances=_entrances(found), hits=[hit_of(item) for item in found["items"]]
    )


def _entrances(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: values[:ENTRANCES] for name, values in found["facets"].items()}
