"""Those who describe themselves: found by words and filters, and each with what it answers for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response
from markupsafe import Markup

from catalogue.api.blueprint import node
from catalogue.api.negotiation import JSON, JSON_LD, languages
from catalogue.api.queries import query_of
from catalogue.web import facets
from catalogue.web.asking import finding, given
from catalogue.web.conditions import conditions
from catalogue.web.consortia import standing_of
from catalogue.web.hits import hit_of
from catalogue.web.pages import beside
from catalogue.web.rendering import at, own_address, render
from catalogue.web.texts import MAX_TEASER, listed, named, said
from catalogue.wording import facet_label
from search.query import Query, Sort
from vocab.model import Kind

#: Fields counted for a page of participants.
COUNTED = ("participant_kind", "jurisdiction", "programme", "identity")
#: Parameters that the form of the page has fields for.
_FIELDS = frozenset({*COUNTED, "q", "sort", "cursor", "why", "lang"})
#: Services on a participant's page; the search has all.
MAX_SERVICES = 12
_CONSORTIUM = "consortium"


@dataclass(frozen=True, slots=True)
class Found:
    """A participant in a result, with how many services it offers here."""

    id: str
    href: str
    name: Markup
    text: Markup
    did: str
    identity: str
    kinds: str
    places: str
    programmes: Sequence[str]
    services: int


@beside("discovery.list_participants")
def participants() -> Response:
    """GET /participants for people."""
    asked = given()
    query = replace(query_of(Kind.PARTICIPANT, finding()), facets=COUNTED)
    found = node().discovery.search(query, languages())
    offered = _services_of([item["provider"]["did"] for item in found["items"]])
    return render(
        "participants.html",
        query=query,
        total=found["total"],
        found=[_found(item, offered) for item in found["items"]],
        groups=[one for one in facets.groups(found["facets"], asked) if one.parameter in COUNTED],
        conditions=conditions(asked, {}),
        sorts=[order for order in Sort if order is not Sort.RELEVANCE or query.text],
        carried=[(name, value) for name, values in asked.items() if name not in _FIELDS for value in values],
        first=own_address(cursor=None) if query.cursor else "",
        next=own_address(cursor=found["next"]) if found["next"] else "",
        all_of_it=at("/participants", {"q": query.text}),
    )


@beside("discovery.read_participant")
def participant(id: str) -> Response:
    """GET /participants/ID for people."""
    form = node().discovery.participant(id, languages())
    did = form["provider"]["did"]
    offered = Query(filters={"provider": (did,)}, size=MAX_SERVICES, sort=Sort.NAME, facets=("capability",))
    services = node().discovery.search(offered, languages())
    return render(
        "participant.html",
        alternates=[(JSON, own_address()), (JSON_LD, own_address())],
        one=form,
        found=_found(form, {did: services["total"]}),
        why=next((one["detail"] for one in form["reasons"] if one["field"] == "identity"), ""),
        services=[hit_of(item) for item in services["items"]],
        total=services["total"],
        all_services=at("/offerings", provider=did),
        abilities=services["facets"]["capability"][:MAX_SERVICES],
        standing=standing_of(did) if _CONSORTIUM in form["participant_kinds"] else None,
    )


def _services_of(dids: Sequence[str]) -> Mapping[str, int]:
    """How many services each of these providers has here."""
    if not dids:
        return {}
    found = node().discovery.search(Query(size=1, facets=("provider",)), languages())
    counted = {one["value"]: one["count"] for one in found["facets"]["provider"]}
    # The facet has those who offer most: of the others it is asked one by one.
    for did in dids:
        if did not in counted:
            alone = Query(filters={"provider": (did,)}, size=1)
            counted[did] = node().discovery.search(alone, languages())["total"]
    return counted


def _found(item: Mapping[str, Any], offered: Mapping[str, int]) -> Found:
    did = item["provider"]["did"]
    return Found(
        id=item["id"],
        href=at(f"/participants/{item['id']}"),
        name=said(item["name"] or item["subject"]),
        text=said(item["description"], MAX_TEASER),
        did=did,
        identity=item["provider"]["identity"],
        kinds=listed(facet_label("participant_kind", one, languages()) for one in item["participant_kinds"]),
        places=listed(named(one, "jurisdiction") for one in item["jurisdiction"]),
        programmes=item["programmes"],
        services=offered.get(did, 0),
    )
