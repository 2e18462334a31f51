"""Why a record passes the filters that it was found by, and the credentials that say so.

Worked out from the store for the records of one page: what the index holds is enough to find them, and not to
say on whose word. `provider`, `subject` and `state` need no reason; `basis` and `unknown` belong to others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from catalogue.describing import HIDDEN, Described
from credentials.times import to_rfc3339
from search.concluded import (
    IMMUNE,
    consortium_of,
    level_names,
    versions_in_force,
    with_below,
    with_groups,
)
from search.indexing import consortium_values
from search.values import COPIED, HERE, HOME, consortium_lookup
from vocab import capabilities, profiles
from vocab.answers import Fact, Members, Outcome, Source
from vocab.conclusions import Conclusions, Exposure, LevelReached
from vocab.evaluating import Evaluation, evaluate
from vocab.facts import EnergyFigures
from vocab.model import Basis, Reason
from vocab.profiles import Profile
from vocab.service_facts import Said, ServiceFacts
from vocab.stated_facts import data_places, operation_places, technology_from

#: Reasons shown for one record: a question has fewer filters, and one filter rarely finds more than a few.
MAX_GROUNDS = 50
#: Credentials shown for one reason: who wants all of a level's asks for its evaluation.
MAX_CITED = 20
#: Sentences on what is missing that are repeated for one filter.
MAX_MISSING = 5

Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cited:
    """A credential: what was signed, by whom, and its bytes' digest ("" where that isn't at hand)."""

    content_id: str
    digest: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a record passes the filter `field`: by which `value`, on whose word, in a sentence perhaps."""

    field: str
    value: str
    basis: Basis
    detail: str = ""
    cited: tuple[Cited, ...] = ()


def grounds_of(described: Described, filters: Mapping[str, Values], on: date) -> tuple[Ground, ...]:
    """The grounds on which a record passes those filters on a day, in their order; of a hidden one, none."""
    if described.current.state in HIDDEN:
        return ()
    asked = _Asked(described, filters, on)
    grounds = (ground for name in filters if name in _GROUNDS for ground in _GROUNDS[name](asked))
    return tuple(islice(dict.fromkeys(grounds), MAX_GROUNDS))


class _Asked:
    """A described record, the filters that it passed, and the day."""

    def __init__(self, described: Described, filters: Mapping[str, Values], on: date) -> None:
        self.described = described
        self.description = described.description
        self.filters = filters
        self.on = on
        current = described.current
        self.own = Cited(current.content_id, current.digest, current.issuer)
        self._digests: dict[str, str] | None = None
        self._evaluations: dict[tuple[str, str], Evaluation] = {}

    def worked_out(self) -> tuple[ServiceFacts, Conclusions] | None:
        """What an offering's conclusions rest on, and these; None for what is none."""
        facts, conclusions = self.description.facts, self.description.conclusions
        return (facts, conclusions) if facts and conclusions else None

    def cited(self, reason: Reason) -> tuple[Cited, ...]:
        """The credential of a reason, with its digest where it is known from the facts."""
        if not reason.content_id:
            return ()
        if self._digests is None:
            self._digests = {one.content_id: one.digest for one in _sources(self.description.facts)}
            self._digests[self.own.content_id] = self.own.digest
        return (Cited(reason.content_id, self._digests.get(reason.content_id, ""), reason.issuer),)

    def level(self, profile: Profile, level: str) -> tuple[str, tuple[Cited, ...]]:
        """Why a level is met: a sentence, and the credentials by which its criteria are. KeyError."""
        worked_out = self.worked_out()
        if worked_out is None:
            return "", ()
        facts, conclusions = worked_out
        key = (profile.id, profile.version)
        if key not in self._evaluations:
            self._evaluations[key] = evaluate(profile, facts, conclusions.exposure)
        required = {one.criterion for one in profile.required(profile.level(level))}
        results = [one for one in self._evaluations[key].criteria if one.id in required]
        bases = Counter(one.basis for one in results if one.basis is not None)
        told = ", ".join(f"{bases[basis]} {basis.value}" for basis in Basis if basis in bases)
        rules = f"{profile.id} {profile.version} {level}"
        sentence = f"All that {rules} asks for is met: {told}."
        return sentence, _cited(source for one in results for source in one.evidence)


def _reasons(asked: _Asked, field: str, wanted: Callable[[Reason], bool]) -> Iterator[Ground]:
    for reason in asked.description.reasons:
        if reason.field == field and wanted(reason):
            yield Ground(field, reason.value, reason.basis, reason.detail, asked.cited(reason))


def _of_reasons(field: str) -> Callable[[_Asked], Iterator[Ground]]:
    """Grounds of a filter whose values are those of reasons."""
    return lambda asked: _reasons(asked, field, lambda reason: reason.value in asked.filters[field])


def _jurisdiction(asked: _Asked) -> Iterator[Ground]:
    values = asked.filters["jurisdiction"]
    return _reasons(
        asked, "jurisdiction", lambda reason: _meets(values, with_groups((reason.value,), asked.on))
    )


def _capability(asked: _Asked) -> Iterator[Ground]:
    values = asked.filters["capability"]
    return _reasons(asked, "capability", lambda reason: _meets(values, capabilities.ancestors(reason.value)))


def _label(asked: _Asked) -> Iterator[Ground]:
    values = asked.filters["label"]
    bases = asked.filters.get("basis") or [one for one in Basis if one is not Basis.DECLARED]
    for ground in _reasons(
        asked, "label", lambda one: one.basis in bases and _meets(values, with_below(one.value))
    ):
        if ground.cited:
            yield ground
            continue
        for profile in profiles.in_force(asked.on):
            for level in profile.levels:
                if level.label == ground.value:
                    sentence, cited = asked.level(profile, level.id)
                    yield replace(ground, detail=sentence, cited=cited)


def _identity(asked: _Asked) -> Iterator[Ground]:
    described = asked.described
    yield Ground("identity", described.provider.identity.value, Basis.COMPUTED, described.identity_reason)


def _profile(asked: _Asked) -> Iterator[Ground]:
    """The highest level reached of each, by the version in force if it reaches one."""
    best: dict[str, LevelReached] = {}
    for reached in _levels(asked):
        known = best.get(reached.profile)
        if known is None or not _is_in_force(asked, known) or _is_in_force(asked, reached):
            best[reached.profile] = reached
    values = asked.filters["profile"]
    return _reached(asked, "profile", (one for one in best.values() if one.profile in values))


def _level(asked: _Asked) -> Iterator[Ground]:
    prefix = next(iter(asked.filters.get("profile", ())), "")
    values = [value if ":" in value else f"{prefix}:{value}" for value in asked.filters["level"]]
    return _reached(asked, "level", _holding(asked, values))


def _eligible(asked: _Asked) -> Iterator[Ground]:
    return _reached(asked, "eligible_for", _holding(asked, asked.filters["eligible_for"]))


def _levels(asked: _Asked) -> tuple[LevelReached, ...]:
    conclusions = asked.description.conclusions
    return conclusions.levels if conclusions else ()


def _is_in_force(asked: _Asked, reached: LevelReached) -> bool:
    return versions_in_force(asked.on).get(reached.profile) == reached.version


def _holding(asked: _Asked, values: Iterable[str]) -> Iterable[LevelReached]:
    """For each value the level that it names, or where only one above it is reached, that."""
    names = {one: level_names(one, asked.on) for one in _levels(asked)}
    found: dict[LevelReached, None] = {}
    for value in values:
        holding = [one for one, name in names.items() if value in (*name.versioned, *name.in_force)]
        # A level's own name comes before those of the levels below it.
        itself = [one for one in holding if value in (names[one].versioned[0], *names[one].in_force[:1])]
        found.update(dict.fromkeys(itself or holding))
    return found


def _reached(asked: _Asked, field: str, levels: Iterable[LevelReached]) -> Iterator[Ground]:
    for one in levels:
        sentence, cited = asked.level(profiles.profile(one.profile, one.version), one.level)
        yield Ground(field, f"{one.profile}:{one.version}:{one.level}", one.basis, sentence, cited)


def _exposed(asked: _Asked) -> Iterator[Ground]:
    conclusions = asked.description.conclusions
    if conclusions is None:
        return
    exposure = conclusions.exposure
    paths = {reach.country: reach.paths for reach in exposure.reaches}
    for value in asked.filters["exposed_to"]:
        for path in paths.get(value, ()):
            yield Ground("exposed_to", value, Basis.COMPUTED, path.detail, _cited(path.sources))
        if value not in paths and not exposure.complete:
            yield Ground("exposed_to", value, Basis.COMPUTED, _open(exposure))


def _not_exposed(asked: _Asked) -> Iterator[Ground]:
    conclusions = asked.description.conclusions
    if conclusions is None:
        return
    exposure = conclusions.exposure
    cited = _cited(source for reach in exposure.reaches for path in reach.paths for source in path.sources)
    for value in asked.filters["not_exposed_to"]:
        detail = f"Nothing known leads to {value}."
        if not exposure.complete:
            detail = f"{detail} {_open(exposure)}"
        yield Ground("not_exposed_to", value, Basis.COMPUTED, detail, cited)


def _open(exposure: Exposure) -> str:
    missing = " ".join(exposure.missing[:MAX_MISSING])
    return f"Whether others can reach it isn't known. Missing: {missing}"


def _immune(asked: _Asked) -> Iterator[Ground]:
    conclusions = asked.description.conclusions
    if conclusions is None:
        return
    exposure = conclusions.exposure
    value = IMMUNE[exposure.immunity]
    deciding = [one for one in exposure.conditions if one.outcome is exposure.immunity]
    for one in deciding:
        detail = f"{one.id}: {one.missing if one.outcome is Outcome.UNKNOWN else one.detail}"
        yield Ground("immune", value, Basis.COMPUTED, detail, _cited(one.sources))


def _place(field: str, fact_of: Callable[[ServiceFacts], Fact]) -> Callable[[_Asked], Iterator[Ground]]:
    def grounds(asked: _Asked) -> Iterator[Ground]:
        facts = asked.description.facts
        fact = fact_of(facts) if facts else Fact(None)
        if not isinstance(fact.value, Members):
            return
        for code in sorted(fact.value.known):
            if _meets(asked.filters[field], with_groups((code,), asked.on)):
                yield Ground(field, code, _weakest(fact.sources), fact.detail, _cited(fact.sources))

    return grounds


def _figure(
    field: str,
    figure_of: Callable[[EnergyFigures], Decimal | None],
    worst: Callable[[list[Decimal]], Decimal],
) -> Callable[[_Asked], Iterator[Ground]]:
    def grounds(asked: _Asked) -> Iterator[Ground]:
        energy = asked.description.facts.energy if asked.description.facts else ()
        stated = [(value, said.source) for said in energy if (value := figure_of(said.value)) is not None]
        if stated:
            sources = [source for _, source in stated]
            value = worst([figure for figure, _ in stated])
            yield Ground(field, f"{value:f}", _weakest(sources), "", _cited(sources))

    return grounds


def _valid(asked: _Asked) -> Iterator[Ground]:
    current = asked.described.current
    until = f" until {to_rfc3339(current.valid_until)}" if current.valid_until else ""
    detail = f"Valid from {to_rfc3339(current.valid_from)}{until}."
    yield Ground("valid_on", asked.filters["valid_on"][0], Basis.DECLARED, detail, (asked.own,))


def _listed_by(asked: _Asked) -> Iterator[Ground]:
    wanted = asked.filters["listed_by"]
    for name in asked.described.listed_by:
        if name in wanted:
            detail = "It was submitted to this node." if name == HERE else "An entry of its log lists it."
            yield Ground("listed_by", name, Basis.COMPUTED, detail, (asked.own,))


def _home(asked: _Asked) -> Iterator[Ground]:
    here = HERE in asked.described.listed_by
    detail = "It was submitted to this node." if here else "Only other nodes brought it; verified here."
    yield Ground("home", HOME if here else COPIED, Basis.COMPUTED, detail, (asked.own,))


def _consortium(asked: _Asked) -> Iterator[Ground]:
    worked_out = asked.worked_out()
    if worked_out is None:
        return
    facts, conclusions = worked_out
    wanted = set(map(consortium_lookup, asked.filters["consortium"]))
    for standing in conclusions.consortia:
        one = consortium_of(standing, facts)
        if one is not None and not wanted.isdisjoint(consortium_values(one)):
            detail = " ".join(member.detail for member in standing.members)
            cited = _cited(source for member in standing.members for source in member.sources)
            yield Ground("consortium", one.did, Basis.COMPUTED, detail, cited)


def _meets(values: Iterable[str], has: Iterable[str]) -> bool:
    return not set(values).isdisjoint(has)


def _weakest(sources: Iterable[Source]) -> Basis:
    order = tuple(Basis)
    return max((source.basis for source in sources), key=order.index, default=Basis.DECLARED)


def _cited(sources: Iterable[Source]) -> tuple[Cited, ...]:
    cited = (Cited(one.content_id, one.digest, one.issuer) for one in sources)
    return tuple(islice(dict.fromkeys(cited), MAX_CITED))


def _sources(facts: ServiceFacts | None) -> Iterator[Source]:
    """Whatever reasons are taken from."""
    if facts is None:
        return
    provider = facts.provider
    said: Iterable[Said[Any]] = chain(
        facts.labels,
        facts.declared_labels,
        facts.certifications,
        facts.participations,
        provider.seats,
        provider.headquarters,
        provider.kinds,
    )
    yield from (one.source for one in said)


_GROUNDS: Mapping[str, Callable[[_Asked], Iterator[Ground]]] = {
    "jurisdiction": _jurisdiction,
    "capability": _capability,
    "label": _label,
    "certification": _of_reasons("certification"),
    "programme": _of_reasons("programme"),
    "participant_kind": _of_reasons("participant_kind"),
    "identity": _identity,
    "consortium": _consortium,
    "profile": _profile,
    "level": _level,
    "eligible_for": _eligible,
    "exposed_to": _exposed,
    "not_exposed_to": _not_exposed,
    "immune": _immune,
    "hosted_in": _place("hosted_in", data_places),
    "operated_from": _place("operated_from", operation_places),
    "technology_from": _place("technology_from", technology_from),
    "pue_max": _figure("pue_max", lambda figures: figures.pue, max),
    "renewable_min": _figure("renewable_min", lambda figures: figures.renewable_percent, min),
    "valid_on": _valid,
    "listed_by": _listed_by,
    "home": _home,
}
