"""Searching for services: the question, what it finds, and what could be asked next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, request

from catalogue.api.blueprint import node
from catalogue.api.negotiation import JSON, languages
from catalogue.api.queries import query_of
from catalogue.web import facets
from catalogue.web.asking import ASIDE, finding, given
from catalogue.web.conditions import Condition, conditions, title, value_name
from catalogue.web.hits import hit_of
from catalogue.web.pages import beside
from catalogue.web.rendering import at, own_address, render
from search.query import Query, Sort
from search.values import BASES
from vocab.model import Kind

#: Conditions of which an empty answer tells what would be found without them: each costs a search.
MAX_WAYS_OUT = 6
#: Names that an empty answer suggests instead of what was typed.
MAX_MEANT = 5
#: Parameters that the form of the page has fields for; others of the address are carried along unseen.
FIELDS = (
    *facets.GROUPS,
    "q",
    "sort",
    "basis",
    "unknown",
    "pue_max",
    "renewable_min",
    "cursor",
    "why",
    "lang",
)


@dataclass(frozen=True, slots=True)
class WayOut:
    """A condition to drop, and how many services there are without it."""

    condition: Condition
    total: int


@beside("discovery.list_offerings")
def services() -> Response:
    """GET /offerings for people."""
    arguments = finding()
    asked, why = given(), arguments["why"] == "true"
    if why:
        # As in the API: describing a page of hits takes as long as verifying a few credentials.
        node().admission.request(request.remote_addr, "verify")
    query = replace(query_of(Kind.OFFERING, arguments), facets=facets.COUNTED)
    found = node().discovery.search(query, languages(), why=why)
    exports = {
        ending: at(f"/offerings.{ending}", {name: asked[name] for name in asked if name not in ASIDE})
        for ending in ("csv", "jsonld")
    }
    in_force = conditions(asked, _names(found["facets"]))
    return render(
        "search.html",
        query=query,
        total=found["total"],
        hits=[hit_of(item) for item in found["items"]],
        groups=facets.groups(found["facets"], asked),
        conditions=in_force,
        given=asked,
        bases=BASES,
        title_of=title,
        value_of=lambda parameter, value: value_name(parameter, value, {}),
        sorts=_sorts(query),
        carried=[(name, value) for name, values in asked.items() if name not in FIELDS for value in values],
        first=own_address(cursor=None) if query.cursor else "",
        next=own_address(cursor=found["next"]) if found["next"] else "",
        why=own_address(why="true") if in_force and not why else "",
        ways_out=[] if found["total"] else _ways_out(query, in_force),
        meant=[] if found["total"] or not query.text else _meant(query.text),
        exports=exports,
        alternates=[
            (JSON, own_address()),
            ("text/csv", exports["csv"]),
            ("application/ld+json", exports["jsonld"]),
        ],
        all_of_it=at("/offerings", {"q": query.text}),
    )


def _names(counted: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    return {one["value"]: one["label"] for one in counted.get("provider", ())}


def _sorts(query: Query) -> list[Sort]:
    return [order for order in Sort if order is not Sort.RELEVANCE or query.text]


def _ways_out(query: Query, in_force: Sequence[Condition]) -> list[WayOut]:
    """Which one condition to drop so that something is found."""
    found = []
    for condition in in_force[:MAX_WAYS_OUT]:
        filters = {
            name: left
            for name, values in query.filters.items()
            if (left := tuple(value for value in values if value != condition.value))
        }
        if "label" not in filters:
            filters.pop("basis", None)
        if "not_exposed_to" not in filters and "exposed_to" not in filters:
            filters.pop("unknown", None)
        looser = replace(query, filters=filters, facets=(), cursor=None, size=1)
        total = node().discovery.search(looser, languages())["total"]
        if total:
            found.append(WayOut(condition, total))
    return found


def _meant(text: str) -> list[dict[str, Any]]:
    """Capabilities and services whose names are close to what was typed."""
    suggested = node().discovery.suggest(text, ("capability", Kind.OFFERING.value), MAX_MEANT, languages())
    return [
        {
            "text": one["text"],
            "href": at("/offerings", capability=one["id"])
            if one["kind"] == "capability"
            else at(f"/offerings/{one['id']}"),
        }
        for one in suggested
    ]
