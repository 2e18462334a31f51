"""What requirement profiles make of offerings: one by one, for what a search finds, and side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from catalogue import conclusion_forms as forms
from catalogue.describing import Described, Describer
from catalogue.discovery import Discovery, shown
from catalogue.errors import BadParameter, Gone, NotFound
from catalogue.store.database import Database
from catalogue.wording import pick, spoken
from credentials.times import Clock
from search.concluded import number
from search.document import provider_form
from search.query import Query
from vocab import labels
from vocab.conclusions import Conclusions
from vocab.evaluating import Blocking, CriterionResult, Evaluation, LevelResult, evaluate
from vocab.model import Kind
from vocab.profiles import Profile, profile, shipped
from vocab.service_facts import ServiceFacts

#: Offerings named in one request, or on one page of what a search finds: each costs a few milliseconds.
MAX_OFFERINGS = 100
#: Offerings side by side: what fits on a screen.
MAX_COMPARED = 10
#: Profiles that they are compared over.
MAX_PROFILES = 5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measure:
    """What offerings are held against: a profile, perhaps one of its levels, on which day (None: now)."""

    profile: Profile
    level: str | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """An offering with what is needed to evaluate it."""

    described: Described
    facts: ServiceFacts
    conclusions: Conclusions


class Evaluations:
    """Evaluates offerings as the node's evidence has them."""

    def __init__(self, database: Database, describer: Describer, discovery: Discovery, clock: Clock) -> None:
        self._database = database
        self._describer = describer
        self._discovery = discovery
        self._clock = clock

    def measure(
        self, name: str, version: str | None = None, level: str | None = None, on: date | None = None
    ) -> Measure:
        """A shipped profile to measure by: the version named, else the one in force on the day.

        Raises NotFound for a profile or version that there isn't, BadParameter for a level.
        """
        try:
            found = profile(name, version or "", on=on or self._clock().date())
        except KeyError:
            raise NotFound("profile", f"{name}:{version}" if version else name) from None
        return self.measure_by(found, level, on)

    def measure_by(self, own: Profile, level: str | None = None, on: date | None = None) -> Measure:
        """A profile of the buyer's own to measure by. BadParameter for a level that it hasn't."""
        if level is not None and level not in {one.id for one in own.levels}:
            known = ", ".join(one.id for one in own.levels)
            raise BadParameter("level", f"is not a level of {own.id}; there are {known}")
        return Measure(own, level, on)

    def named(self, records: Sequence[str], measure: Measure, languages: Sequence[str]) -> Json:
        """The answer for the offerings named; those that can't be had are under `missing`."""
        records = list(dict.fromkeys(records))
        moment = self._moment(measure.on)
        subjects, missing = self._subjects(records, moment)
        items = [evaluated(subjects[record], measure, languages) for record in records if record in subjects]
        return {**answer(measure, moment, languages), "items": items, "missing": missing}

    def found(self, query: Query, measure: Measure, languages: Sequence[str]) -> Json:
        """The answer for one page of what a search finds. Raises QueryInvalid, IndexUnavailable."""
        page = self._discovery.search(query, languages)
        form = self.named([item["id"] for item in page["items"]], measure, languages)
        return {**form, "total": page["total"], "next": page["next"]}

    def one(self, record: str, measure: Measure, languages: Sequence[str]) -> Json:
        """The answer for one offering. Raises NotFound, Gone."""
        moment = self._moment(measure.on)
        subject = self._subject(record, moment)
        return {
            **answer(measure, moment, languages),
            "offering": evaluated(subject, measure, languages),
        }

    def compared(
        self, records: Sequence[str], measures: Sequence[Measure], on: date | None, languages: Sequence[str]
    ) -> Json:
        """Offerings side by side: what is known of each, and each profile row by row. NotFound, Gone."""
        moment = self._moment(on)
        subjects = [self._subject(record, moment) for record in dict.fromkeys(records)]
        return {
            "on": moment.date().isoformat(),
            "offerings": [summary(subject, languages) for subject in subjects],
            "profiles": [_side_by_side(subjects, measure.profile, languages) for measure in measures],
        }

    def subject(self, record: str, on: date | None = None) -> Subject:
        """One offering with what is needed to evaluate it, now or as it is on a day. NotFound, Gone."""
        return self._subject(record, self._moment(on))

    def profiles(self, on: date | None) -> list[Profile]:
        """The shipped profiles: those in force on a day, all of them without one."""
        return [one for one in shipped() if on is None or one.in_force(on)]

    def _moment(self, on: date | None) -> datetime:
        """Now, or noon of another day: what is known today, as it holds on that day."""
        now = self._clock()
        return now if on is None or on == now.date() else datetime.combine(on, time(12), UTC)

    def _subject(self, record: str, moment: datetime) -> Subject:
        with self._database.read() as connection:
            described = self._describer.describe(connection, record, moment)
            return subject_of(shown(connection, described, record, Kind.OFFERING))

    def _subjects(self, records: Sequence[str], moment: datetime) -> tuple[dict[str, Subject], list[Json]]:
        found: dict[str, Subject] = {}
        missing: list[Json] = []
        with self._database.read() as connection:
            described = self._describer.describe_all(connection, records, moment)
            for record in records:
                try:
                    one = shown(connection, described.get(record), record, Kind.OFFERING)
                    found[record] = subject_of(one)
                except NotFound:
                    missing.append({"id": record, "reason": "not-found"})
                except Gone as gone:
                    missing.append({"id": record, "reason": gone.reason})
        return found, missing


def subject_of(described: Described) -> Subject:
    """An offering as it was described."""
    facts, conclusions = described.description.facts, described.description.conclusions
    assert facts is not None, "every offering has facts"
    assert conclusions is not None, "every offering has conclusions"
    return Subject(described, facts, conclusions)


def answer(measure: Measure, moment: datetime, languages: Sequence[str]) -> Json:
    """What all offerings of one answer share: by what they were measured, for which day."""
    return {
        "profile": profile_form(measure.profile, languages),
        "asked_level": measure.level,
        "on": moment.date().isoformat(),
    }


def profile_form(one: Profile, languages: Sequence[str]) -> Json:
    """A profile in the reader's language."""
    language = spoken(languages)
    return {
        "id": one.id,
        "version": one.version,
        "name": one.name(language),
        "kind": one.kind.value,
        "excerpt": one.excerpt,
        "valid_from": one.valid_from.isoformat(),
        "valid_until": one.valid_until.isoformat() if one.valid_until else None,
        "source": {
            "title": one.source.title,
            "url": one.source.url,
            "date": one.source.date.isoformat() if one.source.date else None,
        },
        "levels": [
            {
                "id": level.id,
                "name": level.name(language),
                "label": level.label or None,
                "requires": [
                    {
                        "criterion": requirement.criterion,
                        "basis": requirement.basis.value if requirement.basis else None,
                    }
                    for requirement in one.required(level)
                ],
            }
            for level in one.levels
        ],
        "criteria": [{"id": criterion.id, "text": criterion.text(language)} for criterion in one.criteria],
    }


def evaluated(subject: Subject, measure: Measure, languages: Sequence[str]) -> Json:
    """One offering held against a profile.

    With a level asked for, `meets` says whether it is met and `blocking` what stands in its way; without one,
    `blocking` is about the lowest level that isn't met.
    """
    found = evaluate(measure.profile, subject.facts, subject.conclusions.exposure)
    level = _asked_level(found, measure.level)
    given = {one.label for one in measure.profile.levels if one.label}
    return {
        **_name(subject, languages),
        "level": found.level,
        "meets": level.outcome.value if level is not None and measure.level is not None else None,
        "blocked_level": level.id if level is not None and level.blocking else None,
        "blocking": [_blocking(one) for one in level.blocking] if level is not None else [],
        "levels": [_level(one) for one in found.levels],
        "criteria": [_criterion(one) for one in found.criteria],
        "given": [
            forms.label_given(said)
            for said in subject.facts.labels
            if given & {said.value.label, *labels.below(said.value.label)}
        ],
        "disagreements": list(subject.conclusions.disagreements),
    }


def _asked_level(found: Evaluation, wanted: str | None) -> LevelResult | None:
    if wanted is not None:
        return next(one for one in found.levels if one.id == wanted)
    return next((one for one in found.levels if one.blocking), None)


def _name(subject: Subject, languages: Sequence[str]) -> Json:
    current = subject.described.current
    return {
        "id": current.record_id,
        "name": pick(subject.described.names, languages),
        "provider": provider_form(subject.described.provider),
        "state": current.state.value,
    }


def _level(one: LevelResult) -> Json:
    return {
        "id": one.id,
        "outcome": one.outcome.value,
        "basis": one.basis.value if one.basis else None,
        "blocking": [blocking.criterion for blocking in one.blocking],
    }


def _blocking(one: Blocking) -> Json:
    return {"criterion": one.criterion, "outcome": one.outcome.value, "needed": one.needed}


def _criterion(one: CriterionResult) -> Json:
    return {
        "id": one.id,
        "outcome": one.outcome.value,
        "basis": one.basis.value if one.basis else None,
        "needed": one.needed or None,
        "evidence": forms.sources(one.evidence),
    }


def summary(subject: Subject, languages: Sequence[str]) -> Json:
    """What is known of an offering, for a column of a comparison."""
    conclusions, description = subject.conclusions, subject.described.description
    return {
        **_name(subject, languages),
        "labels": held(conclusions),
        "certifications": list(description.certifications),
        "capabilities": list(description.capabilities),
        "jurisdiction": list(description.jurisdictions),
        "exposure": forms.exposure(conclusions.exposure, spoken(languages)),
        "consortia": [forms.consortium(one) for one in conclusions.consortia],
        "hosted_in": list(conclusions.hosted_in),
        "operated_from": list(conclusions.operated_from),
        "technology_from": list(conclusions.technology_from),
        "pue": number(conclusions.pue),
        "renewable_percent": number(conclusions.renewable_percent),
        "disagreements": list(conclusions.disagreements),
    }


def held(conclusions: Conclusions) -> list[Json]:
    """Each label once, with the bases on which it is held, strongest first."""
    bases: dict[str, list[str]] = {}
    for one in conclusions.labels:
        bases.setdefault(one.label, []).append(one.basis.value)
    return [{"label": label, "bases": on} for label, on in bases.items()]


def _side_by_side(subjects: Sequence[Subject], one: Profile, languages: Sequence[str]) -> Json:
    found = [evaluate(one, subject.facts, subject.conclusions.exposure) for subject in subjects]
    rows: Mapping[str, list[Json]] = {
        criterion.id: [_cell(evaluation.criteria[place]) for evaluation in found]
        for place, criterion in enumerate(one.criteria)
    }
    return {
        "profile": profile_form(one, languages),
        "reached": [evaluation.level for evaluation in found],
        "levels": [
            {"id": level.id, "cells": [_level(evaluation.levels[place]) for evaluation in found]}
            for place, level in enumerate(one.levels)
        ],
        "criteria": [{"id": identifier, "cells": cells} for identifier, cells in rows.items()],
    }


def _cell(one: CriterionResult) -> Json:
    return {
        "outcome": one.outcome.value,
        "basis": one.basis.value if one.basis else None,
        "needed": one.needed or None,
    }
