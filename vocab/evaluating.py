"""What a requirement profile makes of an offering, criterion by criterion and level by level, and why.

A criterion is met on the strongest word that satisfies it. A level is met when all that it requires is, each
on no weaker basis than it asks for; a criterion met on a weaker one is unknown there, since a certificate may
be that nobody published. Nobody's label makes a level met: a clearing house's word counts criterion by
criterion (`vocab.profiles.model.AttestedCriterion`), its level stands beside ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache

from vocab.answers import Outcome, Source, every
from vocab.conclusions import Exposure, LevelReached
from vocab.explaining import evidence, needed
from vocab.model import Basis
from vocab.profiles.model import Profile, ProfileKind
from vocab.service_facts import ServiceFacts
from vocab.strengths import COMPUTED, DECLARED, FLOORS, UNKNOWN, Asked, Prepared, basis, outcome, prepared

#: Profiles kept ready for asking: the shipped ones, and some that buyers bring and ask of many offerings.
MAX_READY = 64


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion: whether it is met at all, on which basis, by which credentials, else what would do."""

    id: str
    outcome: Outcome
    basis: Basis | None
    evidence: tuple[Source, ...]
    needed: str


@dataclass(frozen=True, slots=True)
class Blocking:
    """A criterion that keeps a level from being met, and what would satisfy it there."""

    criterion: str
    outcome: Outcome
    needed: str


@dataclass(frozen=True, slots=True)
class LevelResult:
    """One level; `basis` is None where it isn't met."""

    id: str
    outcome: Outcome
    basis: Basis | None
    blocking: tuple[Blocking, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A profile's answer for one offering at one moment; `level` is the highest that is met, None: none."""

    profile: str
    version: str
    on: datetime
    level: str | None
    levels: tuple[LevelResult, ...]
    criteria: tuple[CriterionResult, ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A profile made ready: its criteria, and for each level their places here and the least that will do."""

    criteria: tuple[Prepared, ...]
    levels: tuple[tuple[tuple[int, int], ...], ...]


@lru_cache(maxsize=MAX_READY)
def _ready(profile: Profile) -> _Ready:
    places = {one.id: place for place, one in enumerate(profile.criteria)}
    return _Ready(
        tuple(prepared(one.rule) for one in profile.criteria),
        tuple(
            tuple((places[one.criterion], FLOORS[one.basis]) for one in profile.required(level))
            for level in profile.levels
        ),
    )


def evaluate(profile: Profile, facts: ServiceFacts, exposure: Exposure) -> Evaluation:
    """The profile's answer for an offering, with the reason for each part of it."""
    ready, asked = _ready(profile), Asked(facts, exposure)
    strengths = [one.strength(asked) for one in ready.criteria]

    @cache
    def would_do(place: int, floor: int) -> str:
        # Several levels ask the same of a criterion, and sentences are most of the work.
        return needed(ready.criteria[place], asked, floor)

    levels = _level_results(profile, ready, strengths, asked, would_do)
    return Evaluation(
        profile=profile.id,
        version=profile.version,
        on=facts.on,
        level=highest(levels),
        levels=levels,
        criteria=tuple(
            CriterionResult(
                id=criterion.id,
                outcome=outcome(strength),
                basis=basis(strength),
                evidence=evidence(one, asked),
                needed=would_do(place, DECLARED),
            )
            for place, (criterion, one, strength) in enumerate(
                zip(profile.criteria, ready.criteria, strengths, strict=True)
            )
        ),
    )


def levels_held(profile: Profile, facts: ServiceFacts, exposure: Exposure) -> tuple[LevelResult, ...]:
    """The levels as `evaluate` has them, without what would satisfy criteria: for an overview of many."""
    ready, asked = _ready(profile), Asked(facts, exposure)
    strengths = [one.strength(asked) for one in ready.criteria]
    return _level_results(profile, ready, strengths, asked, lambda _place, _floor: "")


def highest(levels: Sequence[LevelResult]) -> str | None:
    """The highest level that is met, None: none."""
    return next((one.id for one in reversed(levels) if one.outcome is Outcome.MET), None)


def levels_met(
    profiles: Iterable[Profile], facts: ServiceFacts, exposure: Exposure
) -> tuple[LevelReached, ...]:
    """Each level of these profiles that an offering meets, without the reasons: for describing many."""
    asked = Asked(facts, exposure)
    return tuple(reached for profile in profiles for reached in _levels(profile, asked))


def blocking(profile: Profile, level: str, facts: ServiceFacts, exposure: Exposure) -> tuple[str, ...]:
    """The criteria that keep a level from being met, without the reasons, in the profile's order."""
    ready, asked = _ready(profile), Asked(facts, exposure)
    required = ready.levels[profile.levels.index(profile.level(level))]
    return tuple(
        profile.criteria[place].id
        for place, floor in required
        if ready.criteria[place].strength(asked) < floor
    )


def _level_results(
    profile: Profile,
    ready: _Ready,
    strengths: list[int],
    asked: Asked,
    would_do: Callable[[int, int], str],
) -> tuple[LevelResult, ...]:
    return tuple(
        LevelResult(
            id=level.id,
            outcome=every(outcome(strengths[place], floor) for place, floor in required),
            basis=_level_basis(profile, ready, required, strengths, asked),
            blocking=tuple(
                Blocking(
                    profile.criteria[place].id,
                    outcome(strengths[place], floor),
                    would_do(place, floor),
                )
                for place, floor in required
                if strengths[place] < floor
            ),
        )
        for level, required in zip(profile.levels, ready.levels, strict=True)
    )


def _levels(profile: Profile, asked: Asked) -> list[LevelReached]:
    ready = _ready(profile)
    strengths: list[int | None] = [None] * len(ready.criteria)
    found = []
    for level, required in zip(profile.levels, ready.levels, strict=True):
        for place, floor in required:
            strength = strengths[place]
            if strength is None:
                strength = strengths[place] = ready.criteria[place].strength(asked)
            if strength < floor:
                break
        else:
            on = _level_basis(profile, ready, required, [one or UNKNOWN for one in strengths], asked)
            if on is not None:
                found.append(LevelReached(profile.id, profile.version, level.id, on))
    return found


def _level_basis(
    profile: Profile,
    ready: _Ready,
    required: tuple[tuple[int, int], ...],
    strengths: list[int],
    asked: Asked,
) -> Basis | None:
    """On which basis a level is met: `declared` when it rests on nothing that somebody else signed."""
    if any(strengths[place] < floor for place, floor in required):
        return None
    own = asked.facts.own.issuer
    for place, _ in required:
        # A computed fact may rest on the provider's own word alone; all else above a declaration doesn't.
        if basis(strengths[place]) not in (Basis.DECLARED, Basis.COMPUTED) or (
            strengths[place] == COMPUTED
            and any(source.issuer != own for source in evidence(ready.criteria[place], asked))
        ):
            return Basis.CERTIFIED if profile.kind is ProfileKind.CERTIFICATION else Basis.COMPUTED
    return Basis.DECLARED
