"""What is stated of a service, grouped as on its page: capabilities, places, energy, validity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from catalogue.evaluating import Subject
from catalogue.web.language import gettext as _
from catalogue.web.texts import country, listed, named, number, percent, plain
from catalogue.web.tile_map import Mark, TileMap, tile_map
from catalogue.web.time_line import Span
from vocab import capabilities
from vocab.answers import Source
from vocab.facts import CertificationFact, EnergyFigures, Place
from vocab.service_facts import Said, ServiceFacts

#: Towns named of one country.
_MAX_TOWNS = 12
#: Sites of which energy figures are shown.
MAX_SITES = 12

_CONDITIONS: Mapping[str, Callable[[], str]] = {
    "19.6.a-seat": lambda: _("Registered seat in the EU"),
    "19.6.a-central-administration": lambda: _("Directed from within the EU"),
    "19.6.a-main-establishment": lambda: _("Main establishment in the EU"),
    "19.6.b-single": lambda: _("No holder outside the EU has more than a small part"),
    "19.6.b-together": lambda: _("All holders outside the EU together have a minority"),
    "19.6.b-decide": lambda: _("No holder outside the EU can block or decide"),
    "19.2-data": lambda: _("Customers' data stays in the EU"),
    "19.2-metadata": lambda: _("Technical data stays in the EU"),
    "19.2-operation": lambda: _("Operated from within the EU, by somebody from there"),
    "19.6.c-access": lambda: _("Nobody outside the EU has access to data"),
    "19.6.d-autonomy": lambda: _("It goes on without suppliers from outside the EU"),
}


def condition_name(identifier: str) -> str:
    """What a condition of immunity asks for; its number in the rules where it has no name here."""
    name = _CONDITIONS.get(identifier)
    return name() if name else identifier


def branches(held: Sequence[str]) -> list[tuple[str, ...]]:
    """The most exact capabilities, each with those above it, the widest first."""
    known = [one for one in held if capabilities.is_capability(one)]
    implied = {up for one in known for up in capabilities.ancestors(one)[1:]}
    found = [tuple(reversed(capabilities.ancestors(one))) for one in known if one not in implied]
    return sorted(found, key=lambda path: [named(one, "capability") for one in path])


@dataclass(frozen=True, slots=True)
class Located:
    """What is in a country, in words: towns, or "" where none are stated."""

    code: str
    towns: str


@dataclass(frozen=True, slots=True)
class Places:
    """Where a service is, by what is there; `map` None where no place is stated at all."""

    groups: tuple[tuple[str, tuple[Located, ...]], ...]
    map: TileMap | None
    described: str


def places_map(facts: ServiceFacts) -> Places:
    """The places of data, of technical data and of operation."""
    groups = (
        (_("Customers' data"), _located(facts.data_places)),
        (_("Technical data"), _located(facts.metadata_places)),
        (_("Operated from"), _located(facts.operation_places)),
    )
    data = {one.code for one in groups[0][1]}
    others = {one.code for _name, found in groups[1:] for one in found} - data
    marks = {code: Mark(tone="on", title=_("customers' data")) for code in data}
    marks |= {code: Mark(tone="soft", title=_("operation or technical data")) for code in others}
    described = "; ".join(
        f"{name}: {listed(country(one.code) for one in found)}" for name, found in groups if found
    )
    return Places(groups, tile_map(marks) if marks else None, described)


def _located(said: Iterable[Said[Place]]) -> tuple[Located, ...]:
    towns: dict[str, dict[str, None]] = {}
    for one in said:
        known = towns.setdefault(one.value.country, {})
        if one.value.locality:
            known[plain(one.value.locality, 60)] = None
    return tuple(Located(code, ", ".join(list(towns[code])[:_MAX_TOWNS])) for code in sorted(towns))


@dataclass(frozen=True, slots=True)
class Site:
    """The green figures of a site: pairs of a title and a value."""

    name: str
    period: tuple[object, object]
    figures: tuple[tuple[str, str], ...]
    standards: str
    source: Source


def energy(facts: ServiceFacts) -> list[Site]:
    """What is stated of energy, site by site."""
    return [_site(said) for said in facts.energy[:MAX_SITES]]


def _site(said: Said[EnergyFigures]) -> Site:
    one = said.value
    where = ""
    if one.site is not None:
        where = listed(filter(None, (plain(one.site.locality, 60), country(one.site.country))))
    standards = dict.fromkeys(filter(None, (one.pue_standard, *one.standards)))
    return Site(
        where,
        (one.start, one.end),
        tuple(_figures(one)),
        plain(", ".join(standards)),
        said.source,
    )


def _figures(one: EnergyFigures) -> Iterator[tuple[str, str]]:
    for title, figure in (
        (_("Power usage effectiveness (PUE)"), one.pue),
        (_("Water usage effectiveness, l/kWh"), one.water_usage_effectiveness),
        (_("Carbon usage effectiveness, kg CO₂e/kWh"), one.carbon_usage_effectiveness),
    ):
        if figure is not None:
            yield title, number(float(figure))
    if one.renewable_percent is not None:
        yield _("Renewable energy"), percent(float(one.renewable_percent))
    for title, share in (
        (_("Green energy coefficient"), one.green_energy_coefficient),
        (_("Energy reused"), one.energy_reuse_factor),
    ):
        if share is not None:
            yield title, percent(float(share) * 100)


def spans(subject: Subject, name: str) -> list[Span]:
    """How long the self-description holds, and every statement of others that speaks for the service."""
    facts = subject.facts
    return [
        _span(name, facts.own),
        *(_span(named(said.value.label, "label"), said.source) for said in facts.labels),
        *(_certificate(said) for said in facts.certifications),
        *(_span(named(said.value.programme, "programme"), said.source) for said in facts.participations),
        *(
            _span(_("What the provider says of itself"), source)
            for source in dict.fromkeys(said.source for said in facts.provider.seats)
        ),
    ]


def _span(name: str, source: Source) -> Span:
    return Span(name, source.issuer, source.digest, source.valid_from, source.valid_until)


def _certificate(said: Said[CertificationFact]) -> Span:
    """A certificate holds while the credential does, and within its own period."""
    one, source = said.value, said.source
    name = named(one.ids[-1], "certification") if one.ids else plain(one.scheme, 80)
    start, end = source.valid_from, source.valid_until
    if one.period.start is not None:
        start = max(start, datetime.combine(one.period.start, time(), UTC))
    if one.period.end is not None:
        last = datetime.combine(one.period.end, time(), UTC) + timedelta(days=1)
        end = last if end is None else min(end, last)
    return Span(name, source.issuer, source.digest, start, end)
