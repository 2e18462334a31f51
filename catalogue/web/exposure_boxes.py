"""Who is behind a service and who has a hand in it, box by box: what the exposure picture and its table show.

Only what is stated stands here, and what isn't stated gets a box that says so: an empty place in a picture
would look like an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from catalogue.web.language import gettext as _
from catalogue.web.language import language
from catalogue.web.texts import listed, percent, plain
from vocab.answers import Source
from vocab.conclusions import PathKind
from vocab.facts import LICENSED_TECHNOLOGY, SUBCONTRACTORS, Place, TechnologyLicence
from vocab.laws import applying
from vocab.laws import name as law_name
from vocab.ownership_chains import Chains, Controller, Holding
from vocab.parties import Named, in_eu
from vocab.service_facts import Said, ServiceFacts
from vocab.stated_facts import licensors, operators, sub_contractors

#: Levels of holders above the provider that are drawn; who controls from further up is in the top one.
MAX_ABOVE = 3
#: Boxes of one level or kind, in the table too: of hundreds of holders the largest tell the story.
MAX_BOXES = 40
#: Characters of a name; a box cuts further.
_MAX_NAME = 100


class Part(StrEnum):
    """What somebody is to the service."""

    PARENT = "parent"
    SHAREHOLDER = "shareholder"
    PROVIDER = "provider"
    OPERATOR = "operator"
    OPERATED_FROM = "operated_from"
    DATA = "data"
    METADATA = "metadata"
    SUBCONTRACTOR = "subcontractor"
    LICENSOR = "licensor"


@dataclass(frozen=True, slots=True)
class Where:
    """A country (alpha-2), what is there in a few words, and the names of the laws that follow here."""

    code: str
    what: str
    laws: tuple[str, ...]
    outside: bool


@dataclass(frozen=True, slots=True)
class Box:
    """Somebody or something: `unknown` says in a sentence what isn't stated of it, else it is ""."""

    part: Part
    name: str
    note: str
    places: tuple[Where, ...]
    unknown: str
    sources: tuple[Source, ...] = ()

    @property
    def tone(self) -> str:
        """`bad` where a country outside the EU is, else `warn` where something isn't known, else `good`."""
        if any(place.outside for place in self.places):
            return "bad"
        return "warn" if self.unknown else "good"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All boxes: holders by level, the uppermost first; the provider; who has a part in the service."""

    above: tuple[tuple[Box, ...], ...]
    provider: Box
    parts: tuple[Box, ...]

    def all(self) -> tuple[Box, ...]:
        """In the order in which the picture is read."""
        return (*(box for level in self.above for box in level), self.provider, *self.parts)


_PARTS: Mapping[Part, Callable[[], str]] = {
    Part.PARENT: lambda: _("Controls it"),
    Part.SHAREHOLDER: lambda: _("Shareholder"),
    Part.PROVIDER: lambda: _("Provider"),
    Part.OPERATOR: lambda: _("Operates it"),
    Part.OPERATED_FROM: lambda: _("Operated from"),
    Part.DATA: lambda: _("Customers' data"),
    Part.METADATA: lambda: _("Technical data"),
    Part.SUBCONTRACTOR: lambda: _("Subcontractor"),
    Part.LICENSOR: lambda: _("Licensor"),
}


def part_name(part: Part) -> str:
    """What a part is called."""
    return _PARTS[part]()


def surroundings(facts: ServiceFacts) -> Surroundings:
    """The boxes of one offering."""
    chains = Chains(facts)
    return Surroundings(tuple(_above(chains)), _provider(facts, chains), tuple(_parts(facts, chains)))


def _name(text: str) -> str:
    return plain(text, _MAX_NAME)


def _where(countries: Iterable[str], what: str, kind: PathKind | None, on: date) -> tuple[Where, ...]:
    """Countries by which a path of that kind leads; None: by which none does."""
    kinds = frozenset({kind}) if kind is not None else frozenset()
    return tuple(
        Where(
            code,
            what,
            tuple(law_name(law, language()) for law in applying(code, kinds, on)),
            not in_eu(code, on),
        )
        for code in sorted(set(countries))
    )


def _provider(facts: ServiceFacts, chains: Chains) -> Box:
    party = facts.provider
    seats = {said.value for said in party.seats}
    directed = {said.value for said in (*party.headquarters, *party.central_administration)}
    directed |= {said.value for said in party.main_establishment}
    places = (
        *_where(seats, _("registered seat"), PathKind.SEAT, chains.on),
        *_where(directed - seats, _("headquarters"), PathKind.HEADQUARTERS, chains.on),
    )
    note = {
        "notarised": lambda: _("identity notarised"),
        "domain": lambda: _("identity shown by its domain"),
        "self_asserted": lambda: _("identity on its own word"),
    }[facts.identity.value]()
    unknown = "" if seats else _("Its seat isn't stated.")
    return Box(Part.PROVIDER, _name(chains.provider.name), note, places, unknown, chains.provider.sources)


def _above(chains: Chains) -> Iterator[tuple[Box, ...]]:
    """Levels of holders, the uppermost first."""
    levels: list[tuple[Box, ...]] = []
    below, seen = [chains.provider], {chains.provider.key}
    for _level in range(MAX_ABOVE):
        boxes: list[Box] = []
        above: list[Named] = []
        for one in below:
            for holder, box in _held(chains, one, direct=one is chains.provider):
                if holder is None or holder.key not in seen:
                    boxes.append(box)
                if holder is not None and holder.key not in seen:
                    seen.add(holder.key)
                    above.append(holder)
        if not boxes:
            break
        levels.append(tuple(boxes[:MAX_BOXES]))
        below = above[:MAX_BOXES]
    yield from reversed(levels)


def _held(chains: Chains, one: Named, *, direct: bool) -> Iterator[tuple[Named | None, Box]]:
    """Who holds or controls somebody, the largest first; of the provider also what isn't stated.

    Of others only who controls them, or is outside the EU: who else holds a part of a holder reaches nobody.
    """
    holdings = chains.holdings(one)
    controllers = {each.holder.key: each for each in chains.controllers(one)}
    of = "" if direct else one.name
    by_size = sorted(holdings.held, key=lambda each: (-(each.share or 0), each.holder.name))
    for holding in by_size:
        controls = controllers.pop(holding.holder.key, None) is not None
        if direct or controls or any(not in_eu(code, chains.on) for code in holding.holder.countries):
            yield holding.holder, _holder(chains, holding.holder, _share(holding, of), controls)
    for controller in controllers.values():
        yield controller.holder, _holder(chains, controller.holder, _parent(controller, of), controls=True)
    if direct:
        rest = max(holdings.rest)
        if not holdings.held and not one.party:
            return
        if not holdings.held and not chains.controllers(one):
            yield None, _nobody(Part.SHAREHOLDER, _("Who owns the provider isn't stated."))
        elif rest and holdings.held:
            text = _("Who holds the other %(share)s isn't stated.") % {"share": percent(float(rest))}
            yield None, _nobody(Part.SHAREHOLDER, text)


def _holder(chains: Chains, holder: Named, note: str, controls: bool) -> Box:
    part, kind = (
        (Part.PARENT, PathKind.ULTIMATE_PARENT) if controls else (Part.SHAREHOLDER, PathKind.SHAREHOLDER)
    )
    places = _where(holder.countries, "", kind, chains.on)
    unknown = "" if places else _("Its country isn't stated.")
    return Box(part, _name(holder.name), note, places, unknown, holder.sources)


def _share(holding: Holding, of: str) -> str:
    share = holding.share
    if share is None:
        held = _("holds a share that isn't stated")
    elif of:
        held = _("holds %(share)s of %(whom)s") % {"share": percent(float(share)), "whom": _name(of)}
    else:
        held = _("holds %(share)s") % {"share": percent(float(share))}
    powers = (
        *([_("has a veto")] if holding.has_veto else []),
        *([_("appoints the majority")] if holding.appoints_majority else []),
    )
    return listed((held, *powers))


def _parent(controller: Controller, of: str) -> str:
    return _("parent of %(whom)s") % {"whom": _name(of)} if of else _("parent company")


def _nobody(part: Part, text: str, note: str = "") -> Box:
    return Box(part, "", note, (), text)


def _parts(facts: ServiceFacts, chains: Chains) -> Iterator[Box]:
    yield from _operators(facts, chains)
    yield _places(
        Part.OPERATED_FROM,
        PathKind.OPERATOR,
        facts.operation_places,
        _("From where it is operated isn't stated."),
        chains.on,
    )
    yield _places(
        Part.DATA, PathKind.DATA_PLACE, facts.data_places, _("Where data is kept isn't stated."), chains.on
    )
    yield _places(
        Part.METADATA,
        PathKind.METADATA_PLACE,
        facts.metadata_places,
        _("Where technical data is kept isn't stated."),
        chains.on,
    )
    yield from _sub_contractors(facts, chains)
    yield from _licensors(facts, chains)


def _operators(facts: ServiceFacts, chains: Chains) -> Iterator[Box]:
    if not facts.operators:
        yield _nobody(Part.OPERATOR, _("Who operates it isn't stated."))
    for said, one in zip(facts.operators[:MAX_BOXES], operators(facts), strict=False):
        own = one.key == chains.provider.key
        note = _("the provider itself") if own else plain(said.value.task, _MAX_NAME)
        if own:
            places = _where(filter(None, (said.value.country,)), "", PathKind.OPERATOR, chains.on)
            yield Box(Part.OPERATOR, _name(one.name), note, places, "", one.sources)
        else:
            yield _party(Part.OPERATOR, one, note, PathKind.OPERATOR, chains)


def _sub_contractors(facts: ServiceFacts, chains: Chains) -> Iterator[Box]:
    if not facts.sub_contractors:
        yield _none_of(
            facts, Part.SUBCONTRACTOR, SUBCONTRACTORS, _("Whether there are subcontractors isn't stated.")
        )
    for one in sub_contractors(facts)[:MAX_BOXES]:
        yield _party(Part.SUBCONTRACTOR, one, "", PathKind.SUBCONTRACTOR, chains)


def _licensors(facts: ServiceFacts, chains: Chains) -> Iterator[Box]:
    if not facts.licences:
        text = _("Whether it needs technology under licence isn't stated.")
        yield _none_of(facts, Part.LICENSOR, LICENSED_TECHNOLOGY, text)
    for said, one in zip(facts.licences[:MAX_BOXES], licensors(facts), strict=False):
        sees = said.value.sees_customer_data or said.value.sees_metadata
        kind = PathKind.LICENSOR if sees else None
        yield _party(Part.LICENSOR, one, _licence(said.value), kind, chains)


def _licence(licence: TechnologyLicence) -> str:
    """What is licensed, and what its licensor can see or stop."""
    told = [plain(licence.technology, _MAX_NAME)] if licence.technology else []
    if licence.sees_customer_data or licence.sees_metadata:
        told.append(_("sees data"))
    elif licence.sees_customer_data is False and licence.sees_metadata is False:
        told.append(_("sees no data"))
    else:
        told.append(_("whether it sees data isn't stated"))
    if licence.continues_without_licensor is False:
        told.append(_("is needed to go on"))
    return ", ".join(told)


def _party(part: Part, one: Named, note: str, kind: PathKind | None, chains: Chains) -> Box:
    """Somebody beside the provider, with those who control it."""
    control = chains.control(one)
    places = list(_where(one.countries, "", kind, chains.on))
    for above in control.chain:
        what = _("belongs to %(whom)s") % {"whom": _name(above.holder.name)}
        known = {place.code for place in places}
        places += [
            place
            for place in _where(above.holder.countries, what, kind, chains.on)
            if place.code not in known
        ]
    unknown = ""
    if not one.countries:
        unknown = _("Its country isn't stated.")
    elif control.missing and part is not Part.LICENSOR:
        unknown = _("Who owns it isn't known here.")
    return Box(part, _name(one.name), note, tuple(places), unknown, one.sources)


def _places(part: Part, kind: PathKind, said: Sequence[Said[Place]], unknown: str, on: date) -> Box:
    towns: dict[str, list[str]] = {}
    for one in said[:MAX_BOXES]:
        town = plain(one.value.locality or one.value.subdivision, _MAX_NAME)
        known = towns.setdefault(one.value.country, [])
        if town and town not in known:
            known.append(town)
    places = tuple(
        place for code in sorted(towns) for place in _where((code,), ", ".join(towns[code]), kind, on)
    )
    sources = tuple(dict.fromkeys(one.source for one in said))
    return Box(part, "", "", places, "" if said else unknown, sources)


def _none_of(facts: ServiceFacts, part: Part, what: str, unknown: str) -> Box:
    said = tuple(one.source for one in facts.does_without if one.value == what)
    return Box(part, "", _("none, says the provider") if said else "", (), "" if said else unknown, said)
