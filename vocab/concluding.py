"""What follows from the facts of an offering: labels, levels, exposure, consortia, and where verdicts differ.

Deterministic, and made for every offering behind the log: what takes a reader's patience (criterion by
criterion, in words) is `vocab.evaluating.evaluate`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from vocab.answers import Members
from vocab.conclusions import Conclusions, Exposure, LabelHeld, LevelReached
from vocab.consortia import standings_of
from vocab.evaluating import blocking, levels_met
from vocab.exposure import exposure_of
from vocab.labels import below, labels
from vocab.model import Basis
from vocab.profiles import Profile, in_force, shipped
from vocab.reading import MAX_NAME, clean
from vocab.service_facts import LabelGiven, Said, ServiceFacts
from vocab.stated_facts import data_places, operation_places, technology_from

#: Criteria named where a clearing house and the catalogue differ: the first to look at.
MAX_CRITERIA_NAMED = 5
#: Days whose profiles in force are remembered: everybody asks for today's.
_DAYS = 16

_STRENGTH = {basis: place for place, basis in enumerate(Basis)}


def conclude(facts: ServiceFacts) -> Conclusions:
    """All that the catalogue makes of an offering at the moment of its facts."""
    exposure = exposure_of(facts)
    levels = levels_met(shipped(), facts, exposure)
    pue = [said.value.pue for said in facts.energy if said.value.pue is not None]
    renewable = [
        said.value.renewable_percent for said in facts.energy if said.value.renewable_percent is not None
    ]
    return Conclusions(
        labels=_labels(facts, levels),
        levels=levels,
        exposure=exposure,
        consortia=standings_of(facts),
        hosted_in=_codes(data_places(facts).value),
        operated_from=_codes(operation_places(facts).value),
        technology_from=_codes(technology_from(facts).value),
        pue=max(pue, default=None),
        renewable_percent=min(renewable, default=None),
        disagreements=tuple(dict.fromkeys(_disagreements(facts, levels, exposure))),
    )


@lru_cache(maxsize=_DAYS)
def _labelled(on: date) -> Mapping[str, tuple[Profile, str]]:
    """For each label the profile in force on a day, in its newest version, and the level that it is."""
    return MappingProxyType(
        {level.label: (one, level.id) for one in in_force(on) for level in one.levels if level.label}
    )


def rule_of(label: str, on: date) -> str:
    """The sentence by which rules our own computation gives a label, on a day when it does."""
    profile, level = _labelled(on)[label]
    return f"All is met that {profile.id} {profile.version} asks for at its level {level}."


def _reached(facts: ServiceFacts, levels: Iterable[LevelReached]) -> dict[str, Basis]:
    """The labels that the offering meets by our own computation, with their bases."""
    found = {(one.profile, one.version, one.level): one.basis for one in levels}
    places = {
        label: (one.id, one.version, level) for label, (one, level) in _labelled(facts.on.date()).items()
    }
    return {label: found[place] for label, place in places.items() if place in found}


def _labels(facts: ServiceFacts, levels: Iterable[LevelReached]) -> tuple[LabelHeld, ...]:
    """The labels held, on each basis the highest only, in the order of `vocab.labels` and of bases."""
    held = {
        *((said.value.label, said.source.basis) for said in facts.labels),
        *_reached(facts, levels).items(),
        *((said.value, Basis.DECLARED) for said in facts.declared_labels),
    }
    lower = {(under, basis) for label, basis in held for under in below(label)}
    order = {label.id: place for place, label in enumerate(labels())}
    kept = sorted(held - lower, key=lambda one: (order[one[0]], _STRENGTH[one[1]]))
    return tuple(LabelHeld(label, basis) for label, basis in kept)


def _disagreements(facts: ServiceFacts, levels: Sequence[LevelReached], exposure: Exposure) -> Iterator[str]:
    """Where a clearing house gives a higher label than ours. A lower one contradicts nothing."""
    if not facts.labels:
        return
    # A level may ask for other criteria than the one below it, and still whoever reaches it stands above.
    ours = {one for label in _reached(facts, levels) for one in (label, *below(label))}
    given_below = {under for said in facts.labels for under in below(said.value.label)}
    for said in facts.labels:
        rules = _labelled(facts.on.date()).get(said.value.label)
        if rules is None or said.value.label in ours or said.value.label in given_below:
            continue
        profile, level = rules
        own = [one.level for one in levels if (one.profile, one.version) == (profile.id, profile.version)]
        missing = blocking(profile, level, facts, exposure)
        named = ", ".join(missing[:MAX_CRITERIA_NAMED])
        more = len(missing) - MAX_CRITERIA_NAMED
        yield (
            f"{clean(said.source.issuer, MAX_NAME)} gives {said.value.label}{_by(said)}; by {profile.id} "
            f"{profile.version} it reaches {own[-1] if own else 'no level'} here. Not known to be met are: "
            f"{named}{f' and {more} more' if more > 0 else ''}."
        )


def _by(said: Said[LabelGiven]) -> str:
    return f" by {clean(said.value.rules_version, MAX_NAME)}" if said.value.rules_version else ""


def _codes(value: object) -> tuple[str, ...]:
    return tuple(sorted(value.known)) if isinstance(value, Members) else ()
