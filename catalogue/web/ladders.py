"""What every profile in force makes of a service, as ladders: what is reached, what blocks the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalogue.evaluating import Subject
from catalogue.web.language import language
from vocab import labels, profiles
from vocab.answers import Outcome, Source
from vocab.evaluating import Blocking, Evaluation, LevelResult, highest, levels_held
from vocab.profiles.model import Profile

#: Obstacles that a ladder names on a service's page; the evaluation's own page has all.
MAX_OBSTACLES = 3
#: Profiles that stand first, in this order: others follow by name.
_FIRST = ("gaia-x", "cloud-de-confiance", "cloud-au-centre", "secnumcloud", "cigref")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A criterion that blocks a level."""

    id: str
    text: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Step:
    """A level of a profile, with how many criteria block it; `basis` is "" where it isn't met.

    `included`: it isn't met by itself, and held with the label above it that is reached.
    """

    id: str
    name: str
    outcome: str
    basis: str
    blocked_by: int
    included: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """A profile with its steps, the lowest first; `reached` and `next` name steps, "" for none.

    `obstacles` block the next step, those that are known not to be met before those that aren't known, and
    there are `more` of them.
    """

    id: str
    version: str
    name: str
    steps: tuple[Step, ...]
    reached: str
    next: str
    obstacles: tuple[Obstacle, ...]
    more: int
    excerpt: bool


@dataclass(frozen=True, slots=True)
class Requirement:
    """A criterion with what it asks, what came of it, and the credentials that it rests on."""

    id: str
    text: str
    outcome: str
    basis: str
    evidence: tuple[Source, ...]
    needed: str
    asked_by: tuple[str, ...]


def ladders(subject: Subject) -> list[Ladder]:
    """One for each profile in force on the day of the subject's facts, those that most ask for first."""
    # Of a profile that has several versions in force, the newest counts: they stand oldest first.
    newest = {one.id: one for one in profiles.in_force(subject.facts.on.date())}
    found = [
        ladder(one, levels_held(one, subject.facts, subject.conclusions.exposure)) for one in newest.values()
    ]
    return sorted(
        found, key=lambda one: (_FIRST.index(one.id) if one.id in _FIRST else len(_FIRST), one.name)
    )


def ladder(profile: Profile, levels: Sequence[LevelResult], most: int = MAX_OBSTACLES) -> Ladder:
    """What a profile makes of a service, with at most so many obstacles."""
    names = {level.id: level.name(language()) for level in profile.levels}
    reached = highest(levels)
    held = _with(profile, reached) if reached else frozenset()
    ahead = _next(levels, reached)
    blocking = sorted(ahead.blocking, key=lambda one: one.outcome is not Outcome.NOT_MET) if ahead else []
    return Ladder(
        id=profile.id,
        version=profile.version,
        name=profile.name(language()),
        steps=tuple(_step(one, names, one.id in held) for one in levels),
        reached=names[reached] if reached else "",
        next=names[ahead.id] if ahead else "",
        obstacles=tuple(_obstacle(profile, one) for one in blocking[:most]),
        more=max(len(blocking) - most, 0),
        excerpt=profile.excerpt,
    )


def _next(levels: Sequence[LevelResult], reached: str | None) -> LevelResult | None:
    """The lowest level above the one reached that isn't met."""
    place = next((place for place, one in enumerate(levels) if one.id == reached), -1)
    return next((one for one in levels[place + 1 :] if one.blocking), None)


def _with(profile: Profile, level: str) -> frozenset[str]:
    """The levels whose labels whoever has this one's label has as well."""
    own = profile.level(level).label
    lower = labels.below(own) if own else ()
    return frozenset(one.id for one in profile.levels if one.label in lower)


def _step(one: LevelResult, names: dict[str, str], held: bool) -> Step:
    return Step(
        one.id,
        names[one.id],
        one.outcome.value,
        one.basis.value if one.basis else "",
        len(one.blocking),
        held and one.outcome is not Outcome.MET,
    )


def _obstacle(profile: Profile, one: Blocking) -> Obstacle:
    text = profile.criterion(one.criterion).text(language())
    return Obstacle(one.criterion, text, one.outcome.value)


def requirements(profile: Profile, found: Evaluation) -> list[Requirement]:
    """Every criterion of a profile, in its order, with the levels that ask for it."""
    asked: dict[str, list[str]] = {}
    for level in profile.levels:
        for one in profile.required(level):
            asked.setdefault(one.criterion, []).append(level.name(language()))
    return [
        Requirement(
            one.id,
            profile.criterion(one.id).text(language()),
            one.outcome.value,
            one.basis.value if one.basis else "",
            tuple(dict.fromkeys(one.evidence)),
            one.needed,
            tuple(asked.get(one.id, ())),
        )
        for one in found.criteria
    ]
