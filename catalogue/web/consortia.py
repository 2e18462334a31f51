"""Consortia: who is named as a member, and who of them has signed that it belongs.

Whether members have signed is worked out for the services that a consortium offers, so it is asked of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response
from markupsafe import Markup

from catalogue.api.blueprint import node
from catalogue.api.negotiation import languages
from catalogue.errors import Gone, NotFound
from catalogue.web.hits import Hit, hit_of
from catalogue.web.pages import page
from catalogue.web.rendering import at, render
from catalogue.web.texts import MAX_TEASER, said
from search.query import Query, Sort
from vocab.conclusions import ConsortiumStanding
from vocab.model import Kind

#: Consortia on the page: each costs a search and the description of a service.
MAX_CONSORTIA = 20
#: Services of a consortium that are asked for its standing, and shown.
MAX_SERVICES = 5
_KIND = "consortium"


@dataclass(frozen=True, slots=True)
class Standing:
    """A consortium's standing by one of the services that name it, and the services that it offers."""

    standing: ConsortiumStanding | None
    services: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Consortium:
    """A consortium as it calls itself."""

    href: str
    name: Markup
    text: Markup
    found: Standing


@page("/consortia")
def consortia() -> Response:
    """GET /consortia."""
    query = Query(
        kind=Kind.PARTICIPANT.value,
        filters={"participant_kind": (_KIND,)},
        sort=Sort.NAME,
        size=MAX_CONSORTIA,
    )
    found = node().discovery.search(query, languages())
    return render(
        "consortia.html",
        alternates=[("application/json", at("/participants", participant_kind=_KIND))],
        consortia=[
            Consortium(
                at(f"/participants/{item['id']}"),
                said(item["name"] or item["subject"]),
                said(item["description"], MAX_TEASER),
                standing_of(item["provider"]["did"]),
            )
            for item in found["items"]
        ],
        more=at("/participants", participant_kind=_KIND) if found["next"] else "",
    )


def standing_of(did: str) -> Standing:
    """How a consortium stands, by the services that it publishes or that count as its own."""
    services: dict[str, Hit] = {}
    standing = None
    for field in ("provider", "consortium"):
        query = Query(filters={field: (did,)}, size=MAX_SERVICES, sort=Sort.NAME)
        for item in node().discovery.search(query, languages())["items"]:
            services.setdefault(item["id"], hit_of(item))
            standing = standing or _by_service(item["id"], did)
    return Standing(standing, tuple(services.values())[:MAX_SERVICES])


def _by_service(record: str, did: str) -> ConsortiumStanding | None:
    try:
        subject = node().evaluations.subject(record)
    except (NotFound, Gone):
        # The index is a moment behind the store.
        return None
    for one in subject.conclusions.consortia:
        party = subject.facts.parties.get(one.consortium)
        if did in (one.consortium, party.did if party else ""):
            return one
    return None
