"""What the evidence makes of an offering, in the forms that a document has for filters, facets and hits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from types import MappingProxyType

from credentials.identity import record_id
from search.values import UNKNOWN
from vocab import jurisdictions, labels, profiles
from vocab.answers import Outcome
from vocab.conclusions import ConsortiumStanding, LevelReached
from vocab.model import Basis, Description
from vocab.service_facts import ServiceFacts

#: Consortia kept of one offering, and record ids of one consortium: it makes an offering with one or two, and
#: describes itself once or twice.
MAX_CONSORTIA = 10
MAX_RECORDS = 10
#: Days whose versions in force are remembered: everybody asks for today's.
_DAYS = 16
_NONE: Mapping[str, str] = MappingProxyType({})
#: Immunity as a filter asks for it.
IMMUNE: Mapping[Outcome, str] = {Outcome.MET: "yes", Outcome.NOT_MET: "no", Outcome.UNKNOWN: UNKNOWN}


@dataclass(frozen=True, slots=True)
class Consortium:
    """A consortium by which an offering is made: its DID, its own records' ids and what it calls itself."""

    did: str
    ids: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Concluded:
    """The members of `search.document.Document` that are worked out; `item` is what of them a hit shows."""

    label_bases: tuple[tuple[str, str], ...] = ()
    levels: tuple[str, ...] = ()
    eligible_for: tuple[str, ...] = ()
    exposed_to: tuple[str, ...] = ()
    immune: str = ""
    hosted_in: tuple[str, ...] = ()
    operated_from: tuple[str, ...] = ()
    technology_from: tuple[str, ...] = ()
    consortia: tuple[Consortium, ...] = ()
    pue: Decimal | None = None
    renewable_percent: Decimal | None = None
    item: Mapping[str, object] = field(default_factory=lambda: _NONE)


def concluded(description: Description, on: date) -> Concluded:
    """What is known of a description's subject on a day; of what is no offering, nothing but its labels."""
    found = description.conclusions
    if found is None:
        held = [(one.value, one.basis) for one in description.reasons if one.field == "label"]
        return Concluded(label_bases=_with_those_below(held), item=_item(held))
    held = [(one.label, one.basis) for one in found.labels]
    versioned = {f"{one.profile}:{one.version}:{one.level}": one.basis for one in found.levels}
    names = [level_names(one, on) for one in found.levels]
    reached = tuple(dict.fromkeys(reach.country for reach in found.exposure.reaches))
    known = (consortium_of(one, description.facts) for one in found.consortia)
    consortia = tuple(one for one in known if one is not None)[:MAX_CONSORTIA]
    return Concluded(
        label_bases=_with_those_below(held),
        levels=tuple(dict.fromkeys(name for one in names for name in one.in_force)),
        eligible_for=tuple(dict.fromkeys(name for one in names for name in one.versioned)),
        exposed_to=reached if found.exposure.complete else (*reached, UNKNOWN),
        immune=IMMUNE[found.exposure.immunity],
        hosted_in=with_groups(found.hosted_in, on),
        operated_from=with_groups(found.operated_from, on),
        technology_from=with_groups(found.technology_from, on),
        consortia=consortia,
        pue=found.pue,
        renewable_percent=found.renewable_percent,
        item=_item(
            held,
            levels={level: basis.value for level, basis in versioned.items()},
            exposure={
                "exposed_to": list(reached),
                "complete": found.exposure.complete,
                "immunity": IMMUNE[found.exposure.immunity],
            },
            hosted_in=list(found.hosted_in),
            operated_from=list(found.operated_from),
            technology_from=list(found.technology_from),
            consortia=[{"did": one.did, "name": one.name} for one in consortia],
            pue=number(found.pue),
            renewable_percent=number(found.renewable_percent),
        ),
    )


@lru_cache(maxsize=_DAYS)
def versions_in_force(on: date) -> Mapping[str, str]:
    """The version of each shipped profile that applies on a day; the newest where several do."""
    return MappingProxyType({one.id: one.version for one in profiles.in_force(on)})


@dataclass(frozen=True, slots=True)
class LevelNames:
    """The values by which a filter finds who reaches a level: `profile:version:level` and `profile:level`.

    The latter only where the version is the one in force. Both with the levels that stand below it.
    """

    versioned: tuple[str, ...]
    in_force: tuple[str, ...]


def level_names(reached: LevelReached, on: date) -> LevelNames:
    """The values by which filters find a level that is reached, on a day."""
    levels = _at_least(reached.profile, reached.version, reached.level)
    current = versions_in_force(on).get(reached.profile) == reached.version
    return LevelNames(
        tuple(f"{reached.profile}:{reached.version}:{level}" for level in levels),
        tuple(f"{reached.profile}:{level}" for level in levels if current),
    )


@cache
def _at_least(profile: str, version: str, level: str) -> tuple[str, ...]:
    """The level, and those of its profile that are labels below its own: Gaia-X's level 3 doesn't ask for all
    that level 2 does, and whoever holds the one label holds the other."""
    rules = profiles.profile(profile, version)
    own = rules.level(level).label
    lower = labels.below(own) if own else ()
    return (level, *(one.id for one in reversed(rules.levels) if one.label in lower))


def with_below(label: str) -> tuple[str, ...]:
    """The label and those that its holder holds as well: a filter asks for at least one of them."""
    return (label, *labels.below(label)) if labels.is_label(label) else (label,)


def with_groups(countries: Iterable[str], on: date) -> tuple[str, ...]:
    """The codes, each once, and the groups that they belong to on that day."""
    own = tuple(dict.fromkeys(countries))
    return (*own, *sorted({group for code in own for group in jurisdictions.groups(code, on)}))


def consortium_of(standing: ConsortiumStanding, facts: ServiceFacts | None) -> Consortium | None:
    """A consortium that counts; None for one that doesn't.

    Of one that counts it is known who signs for it: its own credential names the members.
    """
    party = facts.parties.get(standing.consortium) if facts else None
    if standing.outcome is not Outcome.MET or party is None or not party.did:
        return None
    records = sorted({record_id(party.did, name) for name in party.names})
    return Consortium(party.did, tuple(records[:MAX_RECORDS]), standing.name)


def _with_those_below(held: Iterable[tuple[str, Basis]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((one, basis.value) for label, basis in held for one in with_below(label)))


def _item(
    held: Iterable[tuple[str, Basis]],
    *,
    levels: Mapping[str, str] = _NONE,
    exposure: Mapping[str, object] | None = None,
    hosted_in: Sequence[str] = (),
    operated_from: Sequence[str] = (),
    technology_from: Sequence[str] = (),
    consortia: Sequence[Mapping[str, str]] = (),
    pue: float | None = None,
    renewable_percent: float | None = None,
) -> Mapping[str, object]:
    """What a hit shows of it: JSON."""
    bases: dict[str, list[str]] = {}
    for label, basis in held:
        if basis.value not in bases.setdefault(label, []):
            bases[label].append(basis.value)
    return {
        "label_bases": bases,
        "levels": dict(levels),
        "exposure": exposure,
        "hosted_in": list(hosted_in),
        "operated_from": list(operated_from),
        "technology_from": list(technology_from),
        "consortia": list(consortia),
        "pue": pue,
        "renewable_percent": renewable_percent,
    }


def number(figure: Decimal | None) -> float | None:
    """A figure for JSON; None where nobody states one."""
    return None if figure is None else float(figure)
