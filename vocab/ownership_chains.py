"""Who owns and who controls a participant, followed from holder to holder.

Holders are followed by their own credentials. What a chain can't be followed through stays open: a company in
the EU whose owners nobody stated may belong to anybody. Cross-holdings end by themselves, since each round
leaves less of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from vocab.answers import Outcome, Source, any_yes
from vocab.facts import OwnershipShare
from vocab.parties import Named, named, outside_eu, provider_of, together
from vocab.service_facts import Party, Said, ServiceFacts

#: Steps from holder to holder. Real groups have fewer than ten levels, and of a cross-holding of a half one
#: thousandth of a thousandth is left after so many.
MAX_HOPS = 20
#: Holdings looked at for one offering: a group with more is not followed to its end, and stays open.
MAX_HOLDINGS = 2_000
#: Those who control one participant, one above the other; a group with more is not followed to its end.
MAX_CONTROLLERS = 30
#: Shares are stated to hundredths: sums of a few dozen miss the whole by no more than this (percent).
ROUNDING = Decimal("0.05")
#: More than this (percent of the capital or the votes) is control.
CONTROL = Decimal(50)
WHOLE = Decimal(100)
_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Holding:
    """What one holder has of a participant: percent, and what it may decide; None where that isn't stated."""

    holder: Named
    capital: Decimal | None
    votes: Decimal | None
    has_veto: bool | None
    appoints_majority: bool | None
    sources: tuple[Source, ...]

    @property
    def share(self) -> Decimal | None:
        """The larger of capital and votes, as far as stated."""
        return max((one for one in (self.capital, self.votes) if one is not None), default=None)

    @property
    def controls(self) -> bool:
        """Whether the holding is known to give control."""
        return bool(self.appoints_majority) or (self.share is not None and self.share > CONTROL)


@dataclass(frozen=True, slots=True)
class Holdings:
    """All that a participant states of its holders; `rest` is what is missing to 100 % of capital and votes.

    `contradiction`: a sentence where more than the whole is stated, else "".
    """

    held: tuple[Holding, ...]
    rest: tuple[Decimal, Decimal]
    contradiction: str

    @property
    def may_be_controlled_unseen(self) -> bool:
        """Whether somebody may have more than half, when what is missing is added to what is known."""
        if self.contradiction:
            return True
        known = (
            max((one.capital or _NONE for one in self.held), default=_NONE),
            max((one.votes or _NONE for one in self.held), default=_NONE),
        )
        return any(most + rest > CONTROL for most, rest in zip(known, self.rest, strict=True))


@dataclass(frozen=True, slots=True)
class Controller:
    """Somebody who controls another: by what share (None: as its parent), and whom."""

    holder: Named
    share: Decimal | None
    of: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """Everybody known to control a participant, from the nearest on; `ultimate` those whom nobody controls.

    `missing` says in sentences what would have to be stated before it is known that there is nobody else.
    """

    chain: tuple[Controller, ...]
    ultimate: tuple[Controller, ...]
    missing: tuple[str, ...]


class Chains:
    """The holders of all parties of one offering. It remembers what it has worked out, for this offering."""

    def __init__(self, facts: ServiceFacts) -> None:
        self._facts = facts
        self.on: date = facts.on.date()
        self.provider = provider_of(facts)
        self._left = MAX_HOLDINGS
        self._holdings: dict[str, Holdings] = {}
        self._controllers: dict[str, tuple[Controller, ...]] = {}
        self._controls: dict[str, Control] = {}

    def holdings(self, one: Named) -> Holdings:
        """The holdings in a participant, by what it states itself: the newest statement of each holder."""
        found = self._holdings.get(one.key)
        if found is None:
            found = self._holdings[one.key] = self._read(one)
        return found

    def _read(self, one: Named) -> Holdings:
        if one.party is None or not one.party.owners:
            return Holdings((), (WHOLE, WHOLE), "")
        shares = one.party.owners[: self._left]
        self._left -= len(shares)
        held = tuple(
            _holding(holder, said) for holder, said in _newest(self._facts, one.party, shares, self.on)
        )
        sums = [
            sum((share or _NONE for share in column), _NONE)
            for column in ((each.capital for each in held), (each.votes for each in held))
        ]
        too_much = [
            f"{percent(total)} of the {what}"
            for total, what in zip(sums, ("capital", "votes"), strict=True)
            if total > WHOLE + ROUNDING
        ]
        return Holdings(
            held,
            (rest_of(sums[0]), rest_of(sums[1])),
            f"The shares that {one.name} states add up to {' and '.join(too_much)}." if too_much else "",
        )

    def controllers(self, one: Named) -> tuple[Controller, ...]:
        """Those known to control a participant directly: its parents, and whoever has more than half."""
        if one.party is None:
            return ()
        known = self._controllers.get(one.key)
        if known is None:
            known = self._controllers[one.key] = tuple(self._directly(one, one.party))
        return known

    def _directly(self, one: Named, party: Party) -> Iterator[Controller]:
        found: dict[str, Controller] = {}
        for parent in party.parents:
            holder = named(self._facts, party, identifier=parent.value, source=parent.source)
            found[holder.key] = Controller(holder, None, one.name, (parent.source,))
        for holding in self.holdings(one).held:
            if holding.controls:
                found[holding.holder.key] = Controller(
                    holding.holder, holding.share, one.name, holding.sources
                )
        found.pop(one.key, None)
        yield from (found[key] for key in sorted(found))

    def control(self, one: Named) -> Control:
        """Everybody who controls a participant, as far as it can be followed."""
        found = self._controls.get(one.key)
        if found is None:
            found = self._controls[one.key] = self._followed(one)
        return found

    def _followed(self, one: Named) -> Control:
        chain: dict[str, Controller] = {}
        ultimate: dict[str, Controller] = {}
        missing: dict[str, None] = {}
        level = [one]
        for _ in range(MAX_HOPS):
            above: list[Named] = []
            for below in level:
                controllers = self.controllers(below)
                if not controllers:
                    if below.key in chain:
                        ultimate[below.key] = chain[below.key]
                    missing.update(dict.fromkeys(self._open(below)))
                for controller in controllers[: MAX_CONTROLLERS + 1 - len(chain)]:
                    if controller.holder.key not in chain and controller.holder.key != one.key:
                        chain[controller.holder.key] = controller
                        above.append(controller.holder)
            level = above
        if level or self._left <= 0 or len(chain) > MAX_CONTROLLERS:
            missing[f"Who controls {one.name}: the chain of holders is longer than is followed."] = None
        elif chain and not ultimate:
            missing[f"Who controls {one.name} in the end: what is stated runs in a circle."] = None
        return Control(tuple(chain.values()), tuple(ultimate.values()), tuple(missing))

    def _open(self, top: Named) -> Iterable[str]:
        """Why somebody may stand above one whom nobody is known to control."""
        if not top.countries:
            yield f"Where {top.name} is established."
        if top.is_final:
            return
        if top.party is None:
            yield f"Who controls {top}: no current credential of its own is here."
        elif not top.party.owners:
            yield f"Who holds {top}: it must state its owners (cf:ownership)."
        elif self.holdings(top).may_be_controlled_unseen:
            yield self.holdings(top).contradiction or (
                f"Who holds the rest of {top}: it must state capital and votes of all owners (cf:ownership)."
            )

    def is_outside(self, one: Named) -> Outcome:
        """Whether somebody is established outside the EU, or controlled by one who is."""
        control = self.control(one)
        countries = (one.countries, *(above.holder.countries for above in control.chain))
        if any(outside_eu(some, self.on) for some in countries):
            return Outcome.MET
        return Outcome.UNKNOWN if control.missing or not one.countries else Outcome.NOT_MET


def _newest(
    facts: ServiceFacts, party: Party, shares: tuple[Said[OwnershipShare], ...], on: date
) -> list[tuple[Named, list[Said[OwnershipShare]]]]:
    """By holder, what the newest statement says: it may name several holdings of one holder, which add up.

    A share is stated for its own day, else for that of the credential; one of a later day doesn't count yet.
    """
    by_holder: dict[str, tuple[Named, list[Said[OwnershipShare]]]] = {}
    for said in shares:
        share = said.value
        if share.as_of is not None and share.as_of > on:
            continue
        holder = named(
            facts,
            party,
            identifier=share.holder,
            name=share.holder_name,
            countries=(share.country,),
            source=said.source,
        )
        by_holder.setdefault(holder.key, (holder, []))[1].append(said)
    found = []
    for key in sorted(by_holder):
        holder, all_said = by_holder[key]
        newest = max(map(_stated, all_said))
        found.append((holder, [said for said in all_said if _stated(said) == newest]))
    return found


def _stated(said: Said[OwnershipShare]) -> tuple[date, str, str]:
    stated = said.value.as_of or said.source.valid_from.date()
    return stated, said.source.valid_from.isoformat(), said.source.content_id


def _holding(holder: Named, all_said: list[Said[OwnershipShare]]) -> Holding:
    shares = {said.value for said in all_said}
    return Holding(
        holder=holder,
        capital=_sum([share.capital_percent for share in shares]),
        votes=_sum([share.voting_percent for share in shares]),
        has_veto=any_yes(share.has_veto for share in shares),
        appoints_majority=any_yes(share.appoints_majority for share in shares),
        sources=together(said.source for said in all_said),
    )


def _sum(figures: list[Decimal | None]) -> Decimal | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known, _NONE) if len(known) == len(figures) else None


def rest_of(total: Decimal) -> Decimal:
    """What is missing to the whole, in percent; nothing where it is no more than rounding."""
    rest = WHOLE - total
    return rest if rest > ROUNDING else _NONE


def percent(figure: Decimal) -> str:
    """A percentage for readers, with as many digits as it has, six after the point at most."""
    shown = round(figure, 6).normalize()
    return f"{shown:f} %"
