"""What holders established outside the EU have of the provider: each at most, all together, and as a power.

SecNumCloud 3.2, §19.6 b: directly or indirectly, of capital and of voting rights. A share of a share counts
as their product; a holder in the EU that is itself controlled from outside counts whole, as its controller's.
What can't be followed may be anybody's: the figures are bounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from vocab.answers import Amount, Fact, Members, Outcome, Source, any_yes
from vocab.ownership_chains import (
    CONTROL,
    MAX_HOPS,
    WHOLE,
    Chains,
    Controller,
    Holding,
    percent,
    rest_of,
)
from vocab.parties import UNNAMED, Named, listed, outside_eu, together

_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Stake:
    """What one holder established outside the EU has in all; `via` names those through whom it has it.

    `has_veto` and `appoints_majority` are what is stated of the provider itself, or of a holder of it that
    this one controls; None where somebody doesn't say.
    """

    holder: Named
    capital: Decimal
    votes: Decimal
    has_veto: bool | None
    appoints_majority: bool | None
    via: frozenset[str]
    sources: tuple[Source, ...]

    @property
    def share(self) -> Decimal:
        """The larger of capital and votes, in percent."""
        return max(self.capital, self.votes)


@dataclass(frozen=True, slots=True)
class OutsideHoldings:
    """The stakes of holders outside the EU, by key; `rest` what may be anybody's, of capital and of votes."""

    stakes: tuple[Stake, ...]
    rest: tuple[Decimal, Decimal]
    contradiction: str
    missing: tuple[str, ...]
    sources: tuple[Source, ...]

    @property
    def is_complete(self) -> bool:
        """Whether the holders are known to the last one."""
        return not (any(self.rest) or self.contradiction)


@dataclass(slots=True)
class _Mass:
    """A part of the provider on its way up to whoever holds it in the end, in percent."""

    holder: Named
    capital: Decimal = _NONE
    votes: Decimal = _NONE


class _Walk:
    """Follows every share of the provider up, level by level: the order of statements doesn't matter."""

    def __init__(self, chains: Chains) -> None:
        self.chains = chains
        self.stakes: dict[str, Stake] = {}
        self.inside = [_NONE, _NONE]
        self.missing: dict[str, None] = {}
        self.sources: set[Source] = set()

    def run(self) -> None:
        """Follows all there is, or as far as is followed."""
        # A part under a holder that may be controlled from outside may be its controller's as a whole: what
        # is found outside counts, what is found inside doesn't.
        level: dict[tuple[str, bool], _Mass] = {("", True): _Mass(self.chains.provider, WHOLE, WHOLE)}
        for hop in range(MAX_HOPS):
            above: dict[tuple[str, bool], _Mass] = {}
            for _, is_sure in sorted(level):
                mass = level[_, is_sure]
                for holding in self.chains.holdings(mass.holder).held:
                    self._follow(holding, mass, is_sure, above, is_direct=hop == 0)
            level = above
            if not level:
                break

    def _follow(
        self,
        holding: Holding,
        mass: _Mass,
        is_sure: bool,
        above: dict[tuple[str, bool], _Mass],
        *,
        is_direct: bool,
    ) -> None:
        self.sources.update(holding.sources)
        holder = holding.holder
        capital = mass.capital * (holding.capital or _NONE) / WHOLE
        votes = mass.votes * (holding.votes or _NONE) / WHOLE
        if outside_eu(holder.countries, self.chains.on):
            via = () if is_direct else (mass.holder.name,)
            self._stake(holder, holding, capital, votes, via, decides=is_direct)
            return
        outside = self.chains.is_outside(holder)
        if outside is Outcome.MET:
            controller = self._controller(holder)
            self._stake(controller.holder, holding, capital, votes, (holder.name,), decides=is_direct)
            self.sources.update(controller.sources)
        elif holder.is_final and holder.countries:
            if is_sure:
                self.inside[0] += capital
                self.inside[1] += votes
        elif (
            holder.party is not None
            and holder.party.owners
            and not self.chains.holdings(holder).contradiction
        ):
            sure = is_sure and outside is Outcome.NOT_MET
            if outside is Outcome.UNKNOWN:
                self._note(holder)
            onwards = above.setdefault((holder.key, sure), _Mass(holder))
            onwards.capital += capital
            onwards.votes += votes
            self.sources.update(holder.sources)
        else:
            self._note(holder)

    def _controller(self, holder: Named) -> Controller:
        """Who controls a holder from outside: the one at the end of the chain, if that is outside."""
        control = self.chains.control(holder)
        return next(
            one
            for one in (*control.ultimate, *control.chain)
            if outside_eu(one.holder.countries, self.chains.on)
        )

    def _note(self, holder: Named) -> None:
        contradiction = self.chains.holdings(holder).contradiction
        reasons = (contradiction,) if contradiction else self.chains.control(holder).missing
        self.missing.update(dict.fromkeys(reasons))

    def _stake(
        self,
        holder: Named,
        holding: Holding,
        capital: Decimal,
        votes: Decimal,
        via: Iterable[str],
        *,
        decides: bool,
    ) -> None:
        before = self.stakes.get(holder.key) or Stake(holder, _NONE, _NONE, False, False, frozenset(), ())
        veto = holding.has_veto if decides else False
        majority = holding.appoints_majority if decides else False
        self.stakes[holder.key] = Stake(
            holder,
            before.capital + capital,
            before.votes + votes,
            any_yes((before.has_veto, veto)),
            any_yes((before.appoints_majority, majority)),
            before.via.union(via),
            together(before.sources, holding.sources, holder.sources),
        )


def outside_holdings(chains: Chains) -> OutsideHoldings:
    """What holders established outside the EU have of the provider, as far as it can be followed."""
    provider = chains.provider
    party = provider.party
    if party is not None and not party.owners and provider.is_final:
        return OutsideHoldings((), (_NONE, _NONE), "", (), together(kind.source for kind in party.kinds))
    walk = _Walk(chains)
    walk.run()
    direct = chains.holdings(provider)
    stakes = tuple(walk.stakes[key] for key in sorted(walk.stakes))
    rest = (
        rest_of(walk.inside[0] + sum((one.capital for one in stakes), _NONE)),
        rest_of(walk.inside[1] + sum((one.votes for one in stakes), _NONE)),
    )
    missing = list(walk.missing)
    if party is None or not party.owners:
        missing = [f"Who holds {provider}: it must state its owners (cf:ownership)."]
    elif direct.contradiction:
        missing.append(direct.contradiction)
    else:
        missing += [
            f"Who holds {percent(part)} of the {what} of {provider.name}: it must state all its owners, with "
            f"cf:{term}."
            for part, what, term in zip(
                direct.rest, ("capital", "votes"), ("capitalPercent", "votingPercent"), strict=True
            )
            if part
        ]
    if any(rest) and not missing:
        missing = [f"Who holds {provider.name} in the end: its holders hold each other."]
    return OutsideHoldings(stakes, rest, direct.contradiction, tuple(missing), together(walk.sources))


_UNNAMED_HOLDERS = ("Who the holders are that are stated without a name (cf:holder, cf:holderName).",)


def owner_facts(chains: Chains, outside: OutsideHoldings) -> dict[str, Fact]:
    """The facts of `vocab.rule_facts` about owners."""
    control = chains.control(chains.provider)
    controlled = [one for one in control.chain if outside_eu(one.holder.countries, chains.on)]
    missing = listed(outside.missing or _UNNAMED_HOLDERS)
    least = CONTROL if controlled else _NONE
    sources = together(outside.sources, *(one.sources for one in control.chain))
    single, all_of_them = (
        Fact(value, sources, _shown(outside, controlled), missing if value.low != value.high else "")
        for value in (_bounds(outside, least, single=True), _bounds(outside, least, single=False))
    )
    return {
        "ultimate_parents": Fact(
            Members(
                frozenset(country for one in control.ultimate for country in one.holder.countries),
                closed=not control.missing,
            ),
            sources,
            listed((str(one.holder) for one in control.ultimate), "; "),
            listed(control.missing),
        ),
        "outside_share_single": single,
        "outside_share_together": all_of_them,
        "outside_holders_decide": _deciding(chains, outside, controlled, sources),
    }


def _bounds(outside: OutsideHoldings, least: Decimal, *, single: bool) -> Amount:
    """The least and the most that one (or all together) may have, of capital or votes, whichever is more."""
    if outside.contradiction:
        return Amount(_NONE, WHOLE)
    columns = ([one.capital for one in outside.stakes], [one.votes for one in outside.stakes])
    # Several may hide behind one entry without a name: it is somebody's at most, and nobody's at least.
    named = tuple(
        [share for share, one in zip(column, outside.stakes, strict=True) if one.holder.name != UNNAMED]
        for column in columns
    )
    if single:
        low = max(max(column, default=_NONE) for column in named)
        high = max(
            max(column, default=_NONE) + rest for column, rest in zip(columns, outside.rest, strict=True)
        )
    else:
        low = max(sum(column, _NONE) for column in columns)
        high = max(sum(column, _NONE) + rest for column, rest in zip(columns, outside.rest, strict=True))
    low = min(max(low, least), WHOLE)
    return Amount(low, max(low, min(high, WHOLE)))


def _deciding(
    chains: Chains,
    outside: OutsideHoldings,
    controlled: list[Controller],
    sources: tuple[Source, ...],
) -> Fact:
    """Whether a holder from outside can stop decisions or appoint the majority, by contract or by control."""
    deciding = [
        one
        for one in outside.stakes
        if one.has_veto or one.appoints_majority or (one.share > CONTROL and not outside.contradiction)
    ]
    if controlled or deciding:
        detail = listed(
            (f"{one.holder} can stop decisions or appoint the majority" for one in deciding), "; "
        )
        told = detail or listed((f"{one.holder} controls {one.of}" for one in controlled), "; ")
        return Fact(True, sources, told)
    silent = [one.holder for one in outside.stakes if None in (one.has_veto, one.appoints_majority)]
    missing = [
        *outside.missing,
        *(
            f"Whether {one} has a veto or appoints the majority (cf:hasVeto, cf:appointsMajority)."
            for one in silent
        ),
    ]
    if chains.is_outside(chains.provider) is Outcome.UNKNOWN:
        missing += chains.control(chains.provider).missing
    if missing or not outside.is_complete:
        return Fact(None, sources, _shown(outside, []), listed(missing))
    return Fact(False, sources, _shown(outside, []))


def _shown(outside: OutsideHoldings, controlled: list[Controller]) -> str:
    """The stakes from outside in words."""
    if outside.contradiction:
        return outside.contradiction
    held = [f"{one.holder} holds {percent(one.share)}" for one in outside.stakes]
    held += [f"{one.holder} controls {one.of}" for one in controlled if one.share is None]
    return listed(held, "; ") or "No holder from outside the EU is known."
