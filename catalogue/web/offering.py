"""A service's page: what it reaches, who can reach it, and on whose word every statement rests."""

from __future__ import annotations

from typing import Any

from flask import Response

from catalogue.api.blueprint import node
from catalogue.api.negotiation import JSON, JSON_LD, languages
from catalogue.discovery import Seen
from catalogue.evaluating import Subject, subject_of
from catalogue.web import exposure_picture
from catalogue.web.exposure_boxes import part_name, surroundings
from catalogue.web.happenings import told
from catalogue.web.hits import hit_of
from catalogue.web.ladders import ladders
from catalogue.web.laws_reaching import reaching
from catalogue.web.log_proof import proof_of
from catalogue.web.pages import beside
from catalogue.web.rendering import at, own_address, render
from catalogue.web.service_facts import branches, condition_name, energy, places_map, spans
from catalogue.web.texts import said
from catalogue.web.time_line import time_line
from vocab.model import Kind

#: Lines of the history on the page; the rest has a page of its own.
NEWEST = 6


@beside("discovery.read_offering")
def offering(id: str) -> Response:
    """GET /offerings/ID for people."""
    seen = node().discovery.seen(id, Kind.OFFERING, languages(), newest=NEWEST)
    subject = subject_of(seen.described)
    return render(
        "offering.html",
        alternates=[(JSON, own_address()), (JSON_LD, own_address())],
        offering=seen.form,
        hit=hit_of(seen.form),
        history=told(seen.history.items) if seen.history else [],
        document=at(f"/self-descriptions/{seen.form['digest']}/report"),
        proof=proof_of(seen.form["digest"]),
        **_worked_out(seen, subject),
    )


def _worked_out(seen: Seen, subject: Subject) -> dict[str, Any]:
    """What follows from the evidence, as pictures and ladders."""
    around = surroundings(subject.facts)
    name = said(seen.form["name"] or seen.form["subject"]).striptags()
    return {
        "ladders": ladders(subject),
        "around": around,
        "wide": exposure_picture.wide(around, name),
        "narrow": exposure_picture.narrow(around, name),
        "part_name": part_name,
        "reaching": reaching(subject.conclusions.exposure),
        "condition_name": condition_name,
        "branches": branches(seen.described.description.capabilities),
        "map": places_map(subject.facts),
        "energy": energy(subject.facts),
        "time_line": time_line(spans(subject, name), node().clock()),
        "facts": subject.facts,
        "conclusions": subject.conclusions,
    }
