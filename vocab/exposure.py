"""Which countries' laws can reach a service, by which paths, and whether those outside the EU can't.

A path is only ever found in what is stated; where something isn't, the answer is incomplete and says what is
missing. Whoever takes part is followed to its ultimate parent (`vocab.ownership_chains`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from vocab.answers import Fact, Members, Outcome, Source, every
from vocab.conclusions import Exposure, Path, PathKind, Reach
from vocab.facts import Place
from vocab.immunity import conditions_of
from vocab.laws import applying
from vocab.outside_holdings import OutsideHoldings, outside_holdings, owner_facts
from vocab.ownership_chains import Chains, Control, percent
from vocab.parties import together
from vocab.rule_facts import fact
from vocab.service_facts import Said, ServiceFacts
from vocab.stated_facts import operators
from vocab.third_parties import ThirdParty, supplier_facts, third_parties

#: Paths kept for one country: a reader sees by what it is reached, not each of a hundred holders.
MAX_PATHS = 20
#: Countries kept: more than there are, so that none is lost (ISO 3166-1 has 249).
MAX_REACHES = 300
#: Sentences on what is missing: a list that somebody works through.
MAX_MISSING = 50

#: The facts that have to be stated, or nobody knows what else there is.
_NEEDED = (
    *("seat", "headquarters", "operated_by", "operation_places", "data_places", "metadata_places"),
    *("subcontractor_jurisdictions", "technology_from"),
)
#: Those, and what else conditions ask of what is plainly stated.
_STATED = (*_NEEDED, "central_administration", "main_establishment")
_NOTHING = Exposure((), complete=False, missing=(), immunity=Outcome.UNKNOWN, conditions=())
_ORDER = {kind: place for place, kind in enumerate(PathKind)}


class _Found(NamedTuple):
    """A path to a country; `reaches_data`: there is something for a law about access to data to reach."""

    country: str
    path: Path
    reaches_data: bool = True


def exposure_of(facts: ServiceFacts) -> Exposure:
    """The jurisdictions that can reach an offering, and its immunity to those outside the EU."""
    chains = Chains(facts)
    outside = outside_holdings(chains)
    parties = third_parties(facts, chains)
    worked_out = {**owner_facts(chains, outside), **supplier_facts(facts, chains, parties)}
    asked = {name: fact(name, facts, _NOTHING) for name in _STATED}
    missing = tuple(dict.fromkeys(_missing(asked, facts, chains, outside, parties)))
    found = (
        *_of_provider(facts, chains),
        *_of_holders(chains, outside),
        *_of_operation(facts, chains),
        *_of_places(PathKind.DATA_PLACE, facts.data_places, "customers' data is kept"),
        *_of_places(PathKind.METADATA_PLACE, facts.metadata_places, "technical data and metadata are kept"),
        *(path for party in parties for path in _of_third_party(chains, party)),
    )
    conditions = conditions_of(facts, {**asked, **worked_out})
    return Exposure(
        reaches=_reaches(found, facts),
        complete=not missing,
        missing=missing[:MAX_MISSING],
        immunity=every(condition.outcome for condition in conditions),
        conditions=conditions,
        facts=worked_out,
    )


def _reaches(found: Iterable[_Found], facts: ServiceFacts) -> tuple[Reach, ...]:
    by_country: dict[str, list[_Found]] = {}
    for one in found:
        by_country.setdefault(one.country, []).append(one)
    reaches = []
    for country in sorted(by_country):
        kinds = frozenset(one.path.kind for one in by_country[country] if one.reaches_data)
        paths = {(one.path.kind, one.path.party, one.path.detail): one.path for one in by_country[country]}
        ordered = sorted(paths, key=lambda key: (_ORDER[key[0]], *key[1:]))
        kept = tuple(paths[key] for key in ordered[:MAX_PATHS])
        reaches.append(Reach(country, kept, applying(country, kinds, facts.on.date())))
    return tuple(reaches[:MAX_REACHES])


def _found(
    country: str,
    kind: PathKind,
    party: str,
    what: str,
    sources: tuple[Source, ...],
    share: Decimal | None = None,
    *,
    reaches_data: bool = True,
) -> _Found:
    return _Found(country, Path(kind, party, share, f"{country}: {what}", sources), reaches_data)


def _of_provider(facts: ServiceFacts, chains: Chains) -> Iterator[_Found]:
    name = chains.provider.name
    for kind, said, what in (
        (PathKind.SEAT, facts.provider.seats, "registered seat"),
        (PathKind.HEADQUARTERS, facts.provider.headquarters, "headquarters"),
        (PathKind.HEADQUARTERS, facts.provider.central_administration, "central administration"),
        (PathKind.HEADQUARTERS, facts.provider.main_establishment, "main establishment"),
    ):
        for one in said:
            yield _found(one.value, kind, name, f"{what} of {name}", (one.source,))
    for country, what, party, share, sources in _controllers(chains.control(chains.provider), name):
        yield _found(country, PathKind.ULTIMATE_PARENT, party, what, sources, share)


def _controllers(
    control: Control, below: str
) -> Iterator[tuple[str, str, str, Decimal | None, tuple[Source, ...]]]:
    """Each country of each controller, with how it controls: everybody up to the ultimate parent."""
    ultimate = {one.holder.key for one in control.ultimate}
    for one in control.chain:
        rank = "ultimate parent" if one.holder.key in ultimate else "parent"
        if one.share is None:
            what = f"{rank} {one.holder.name}, which {one.of} belongs to"
        else:
            what = f"{rank} {one.holder.name} holds {percent(one.share)}"
            what += "" if one.of == below else f" of {one.of}"
        for country in sorted(one.holder.countries):
            yield country, what, one.holder.name, one.share, together(one.sources, one.holder.sources)


def _of_holders(chains: Chains, outside: OutsideHoldings) -> Iterator[_Found]:
    """Holders that don't control: those outside the EU, however they hold, and those that hold directly."""
    above = {one.holder.key for one in chains.control(chains.provider).chain} | {chains.provider.key}
    shares = {
        one.holder.key: (one.holder, one.share, one.sources) for one in chains.holdings(chains.provider).held
    }
    vias: dict[str, str] = {}
    for stake in outside.stakes:
        # Of one whose shares aren't stated the stake knows no more than its holding.
        if stake.share or stake.holder.key not in shares:
            shares[stake.holder.key] = (stake.holder, stake.share, stake.sources)
        vias[stake.holder.key] = f" through {', '.join(sorted(stake.via))}" if stake.via else ""
    for key in sorted(shares.keys() - above):
        holder, share, sources = shares[key]
        held = percent(share) if share is not None else "a share that isn't stated"
        for country in sorted(holder.countries):
            what = f"shareholder {holder.name} holds {held}{vias.get(key, '')}"
            yield _found(country, PathKind.SHAREHOLDER, holder.name, what, sources, share)


def _of_operation(facts: ServiceFacts, chains: Chains) -> Iterator[_Found]:
    """From where the service is operated, and from where the provider says to operate it itself."""
    own = chains.provider
    for said, one in zip(facts.operators, operators(facts), strict=True):
        if one.key == own.key and said.value.country:
            what = f"operated by {own.name}"
            yield _found(said.value.country, PathKind.OPERATOR, own.name, what, (said.source,))
    yield from _of_places(PathKind.OPERATOR, facts.operation_places, "operated from there")


def _of_places(kind: PathKind, places: tuple[Said[Place], ...], what: str) -> Iterator[_Found]:
    for said in places:
        where = said.value.locality or said.value.subdivision
        yield _found(
            said.value.country, kind, "", f"{what}{f', in {where}' if where else ''}", (said.source,)
        )


def _of_third_party(chains: Chains, party: ThirdParty) -> Iterator[_Found]:
    """An operator or subcontractor, and who controls it; a licensor where it sees data or is needed."""
    name = party.named.name
    sees = " and ".join(
        what for what, answer in (("data", party.sees_data), ("metadata", party.sees_metadata)) if answer
    )
    if party.kind is PathKind.LICENSOR:
        if not sees and party.continues_without is not False:
            return
        reason = f"sees {sees}" if sees else "is needed to go on, and sees no data"
        if not sees and None in (party.sees_data, party.sees_metadata):
            reason = "is needed to go on"
        what = f"licensor {name} {reason}"
    else:
        what = f"operated by {name}" if party.kind is PathKind.OPERATOR else f"subcontractor {name}"
    reaches_data = party.kind is not PathKind.LICENSOR or bool(sees)
    for country in sorted(party.named.countries):
        yield _found(country, party.kind, name, what, party.sources, reaches_data=reaches_data)
    for country, how, _, share, sources in _controllers(chains.control(party.named), name):
        told = f"{what}; {how}"
        yield _found(
            country,
            party.kind,
            name,
            told,
            together(party.sources, sources),
            share,
            reaches_data=reaches_data,
        )


def _missing(
    asked: Mapping[str, Fact],
    facts: ServiceFacts,
    chains: Chains,
    outside: OutsideHoldings,
    parties: tuple[ThirdParty, ...],
) -> Iterator[str]:
    """What would have to be stated before it is known that nobody else's law reaches the service."""
    for name in _NEEDED:
        if name == "headquarters" and facts.provider.central_administration:
            # Whoever says from where it is directed has said where its headquarters are.
            continue
        value = asked[name].value
        if not (isinstance(value, Members) and value.closed):
            yield asked[name].missing
    if not outside.is_complete:
        yield from outside.missing
    yield from chains.control(chains.provider).missing
    for party in parties:
        if party.kind is not PathKind.LICENSOR:
            yield from chains.control(party.named).missing
        else:
            yield from _missing_of_licensor(chains, party)


def _missing_of_licensor(chains: Chains, party: ThirdParty) -> Iterator[str]:
    """A licensor that sees nothing and isn't needed is no path; of others it matters who is behind them."""
    name = party.named.name
    questions = (
        (party.sees_data, True, f"Whether {name} sees customers' data (cf:seesCustomerData)."),
        (party.sees_metadata, True, f"Whether {name} sees technical data or metadata (cf:seesMetadata)."),
        (
            party.continues_without,
            False,
            f"Whether the service goes on without {name} (cf:continuesWithoutLicensor).",
        ),
    )
    if any(answer is bad for answer, bad, _ in questions):
        yield from chains.control(party.named).missing
    else:
        yield from (missing for answer, _, missing in questions if answer is None)
