"""Public programmes: which states backed them when, and who of the catalogue takes part, on a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response

from catalogue.api.blueprint import node
from catalogue.api.negotiation import languages
from catalogue.web.language import gettext as _
from catalogue.web.language import language, ngettext
from catalogue.web.pages import beside
from catalogue.web.rendering import at, render
from catalogue.web.texts import country
from catalogue.web.tile_map import Mark, TileMap, tile_map
from search.query import Query
from vocab.languages import choose
from vocab.model import Kind
from vocab.programmes import Period, Programme, programmes


@dataclass(frozen=True, slots=True)
class PeriodShown:
    """A period with its map; `until` is the day from which another one counts."""

    period: Period
    map: TileMap
    current: bool
    described: str


@dataclass(frozen=True, slots=True)
class StateShown:
    """A state: in which periods it took part, and who of it takes part in the catalogue today."""

    code: str
    took_part: tuple[bool, ...]
    participants: int
    services: int
    participants_href: str
    services_href: str


@dataclass(frozen=True, slots=True)
class ProgrammeShown:
    """A programme, period by period and state by state."""

    id: str
    short: str
    name: str
    periods: tuple[PeriodShown, ...]
    states: tuple[StateShown, ...]
    participants: int
    services: int


@beside("vocabulary.list_programmes")
def list_programmes() -> Response:
    """GET /vocabulary/programmes for people."""
    return render("programmes.html", programmes=[_shown(one) for one in programmes()])


def _shown(programme: Programme) -> ProgrammeShown:
    services, by_state = _counted(Kind.OFFERING, programme.id)
    taking_part, participants = _counted(Kind.PARTICIPANT, programme.id)
    ever = {state for period in programme.periods for state in period.states}
    states = sorted(ever | by_state.keys() | participants.keys(), key=country)
    return ProgrammeShown(
        programme.id,
        choose(programme.short, language()),
        programme.label(language()),
        tuple(_period(programme, period, by_state) for period in programme.periods),
        tuple(_state(programme, state, participants, by_state) for state in states),
        taking_part,
        services,
    )


def _counted(kind: Kind, programme: str) -> tuple[int, dict[str, int]]:
    """How many take part, and of which states they are."""
    query = Query(kind=kind.value, filters={"programme": (programme,)}, size=1, facets=("jurisdiction",))
    found = node().discovery.search(query, languages())
    counts = {one["value"]: one["count"] for one in found["facets"]["jurisdiction"]}
    return found["total"], {code: count for code, count in counts.items() if len(code) == 2 and code != "EU"}


def _period(programme: Programme, period: Period, counts: Mapping[str, int]) -> PeriodShown:
    marks = {code: _mark(counts.get(code, 0), "on") for code in period.states}
    marks |= {code: _mark(count, "soft") for code, count in counts.items() if code not in period.states}
    told = ", ".join(
        f"{country(code)} ({counts.get(code, 0)})" for code in sorted(period.states, key=country)
    )
    current = programme.period(node().clock().date()) == period
    return PeriodShown(period, tile_map(marks), current, told)


def _mark(count: int, tone: str) -> Mark:
    text = ngettext("%(count)s service", "%(count)s services", count) % {"count": count}
    outside = "" if tone == "on" else _("not among the states of this period") + ", "
    return Mark(str(count) if count else "", tone, outside + text)


def _state(
    programme: Programme, code: str, participants: Mapping[str, int], services: Mapping[str, int]
) -> StateShown:
    return StateShown(
        code,
        tuple(code in period.states for period in programme.periods),
        participants.get(code, 0),
        services.get(code, 0),
        at("/participants", programme=programme.id, jurisdiction=code),
        at("/offerings", programme=programme.id, jurisdiction=code),
    )
