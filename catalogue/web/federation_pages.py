"""The node among others, for people: its log, its peers, what is held against logs, and what differs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Response, request

from catalogue.api import federation_forms
from catalogue.api.blueprint import node
from catalogue.api.problems import invalid_parameter
from catalogue.federation.difference import read_place
from catalogue.web.asking import given
from catalogue.web.pages import beside
from catalogue.web.rendering import own_address, render

#: Lines of a page of differences.
SIZE = 50
#: Digits of a leaf in a cursor: what fits into a column.
_MAX_DIGITS = 18


@beside("federation.federation")
def federation() -> Response:
    """GET /federation for people."""
    found = federation_forms.federation(*node().overview.federation())
    return render("federation.html", own=found, peers=found["peers"], largest=_largest(found))


def _largest(found: dict[str, Any]) -> int:
    """The size of the largest log, by which the bars are drawn."""
    sizes = [found["size"] or 0]
    for peer in found["peers"]:
        sizes += [peer["size"], peer["signed_size"] or 0]
    return max(1, *sizes)


@beside("federation.diff")
def diff() -> Response:
    """GET /federation/diff for people."""
    asked = {name: values[0] for name, values in given().items()}
    differences = node().differences
    peer = differences.peer(asked.get("peer", ""))
    live = None
    if asked.get("live") == "true":
        # As in the API: somebody else's node is asked.
        node().admission.request(request.remote_addr, "verify")
        node().admission.fetch(urlsplit(peer.url).hostname or "", request.remote_addr)
        log, live = differences.ask(peer)
    else:
        log = differences.known(peer)
    cursor = asked.get("cursor")
    here = asked.get("side") == "here"
    try:
        if here:
            found = differences.here(peer, read_place(cursor) if cursor else None, SIZE, live, log)
        else:
            found = differences.there(peer, _leaf(cursor), SIZE, live, log)
    except ValueError as error:
        raise invalid_parameter("cursor", str(error)) from error
    form = federation_forms.difference(found)
    return render(
        "diff.html",
        diff=form,
        side="here" if here else "there",
        next=own_address(cursor=form["next"]) if form["next"] is not None else "",
        first=own_address(cursor=None) if cursor else "",
    )


def _leaf(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _MAX_DIGITS):
        raise ValueError("not a cursor of this list")
    return int(cursor)
