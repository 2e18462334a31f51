"""A requirement profile as values: criteria, what satisfies each, and the levels that ask for them.

The written form is `profile.schema.json`, for authors docs/profiles.md. In memory a rule holds no names of
others any more: definitions and criteria that a rule refers to stand in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from vocab.languages import choose
from vocab.model import Basis


class ProfileKind(StrEnum):
    """What a profile is: a label, a plain certification, a doctrine of a state, or a buyer's own wishes."""

    LABEL = "label"
    CERTIFICATION = "certification"
    DOCTRINE = "doctrine"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Met when all are; as strong as the weakest."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Met when one is, as strong as the strongest that is met; not met only when none can be."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Met when so many are; as strong as the weakest of the strongest so many."""

    number: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class First:
    """Answered by the first that isn't unknown, so that a fact can say no where a certificate is missing."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate by a trusted body that counts today: of this scheme, in one of the versions and levels.

    No versions or levels: any. `clauses` are those parts of the standard that bear on the criterion, for
    readers. A missing certificate is unknown: nobody can prove that there is none.
    """

    scheme: str
    versions: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttestedCriterion:
    """A trusted clearing house validated the criterion (`profile:criterion`) when it gave a label.

    Given for one of the labels in `certified_for` that stands for a certification; for another label the
    clearing house looked at a declaration only. Empty: every label stands for a certification.
    """

    criterion: str
    certified_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttestedLabel:
    """A trusted issuer gave the label, or one that stands above it."""

    label: str


@dataclass(frozen=True, slots=True)
class DeclaredClaim:
    """The provider's self-description says something under this property, or of this type under it.

    `gx:legalDocuments gx:LegallyBindingAct`; with a slash a property of what stands under the first; with
    `participant:` before it the provider's description of itself.
    """

    claim: str


@dataclass(frozen=True, slots=True)
class DeclaredCriterion:
    """The provider says that it meets the criterion (`profile:criterion`)."""

    criterion: str


@dataclass(frozen=True, slots=True)
class DeclaredCertification:
    """The provider says that it is certified so."""

    certification: Certified


class Comparison(StrEnum):
    """How a fact is held against its limit."""

    WITHIN = "within"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    IS = "is"
    INCLUDES = "includes"
    EXCLUDES = "excludes"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit that holds from a day on; None: from the beginning."""

    since: date | None
    limit: Decimal


#: A number as it changes over time, a truth value, or codes (a group of `vocab.jurisdictions` is one).
Limit: TypeAlias = tuple[Threshold, ...] | bool | frozenset[str]


@dataclass(frozen=True, slots=True)
class FactRule:
    """A fact of `vocab.rule_facts`, held against a limit. Before the first threshold it is unknown."""

    name: str
    comparison: Comparison
    limit: Limit


Rule: TypeAlias = (
    AllOf
    | AnyOf
    | AtLeast
    | First
    | Certified
    | AttestedCriterion
    | AttestedLabel
    | DeclaredClaim
    | DeclaredCriterion
    | DeclaredCertification
    | FactRule
)


@dataclass(frozen=True, slots=True)
class ProfileSource:
    """The text that a profile restates, where it is found, and of which day it is."""

    title: str
    url: str
    date: date | None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One requirement, in the words of its author by language, and what satisfies it."""

    id: str
    texts: Mapping[str, str]
    rule: Rule

    def text(self, language: str) -> str:
        """What is required, for a reader of `language`."""
        return choose(self.texts, language)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A criterion that a level asks for, by its id; `basis` is the weakest that will do, None: any."""

    criterion: str
    basis: Basis | None


@dataclass(frozen=True, slots=True)
class Level:
    """A level: what it requires itself, and the levels whose requirements it includes.

    `label` is an id of `vocab.labels` for a level that is one, else "".
    """

    id: str
    labels: Mapping[str, str]
    label: str
    includes: tuple[str, ...]
    requires: tuple[Requirement, ...]

    def name(self, language: str) -> str:
        """The level's name for a reader of `language`."""
        return choose(self.labels, language)


@dataclass(frozen=True, eq=False, slots=True)
class Profile:
    """A versioned set of requirements. `valid_until` is its last day, None: until further notice.

    Levels stand lowest first. `excerpt`: the text has more requirements than are restated here. Two
    profiles are the same only when they are one object, so that what is made of one can be kept for it.
    """

    id: str
    version: str
    valid_from: date
    valid_until: date | None
    kind: ProfileKind
    excerpt: bool
    labels: Mapping[str, str]
    source: ProfileSource
    criteria: tuple[Criterion, ...]
    levels: tuple[Level, ...]

    def name(self, language: str) -> str:
        """The profile's name for a reader of `language`."""
        return choose(self.labels, language)

    def in_force(self, on: date) -> bool:
        """Whether the profile applies on that day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def criterion(self, identifier: str) -> Criterion:
        """The criterion with this id; KeyError if there is none."""
        for one in self.criteria:
            if one.id == identifier:
                return one
        raise KeyError(identifier)

    def level(self, identifier: str) -> Level:
        """The level with this id; KeyError if there is none."""
        for one in self.levels:
            if one.id == identifier:
                return one
        raise KeyError(identifier)

    def required(self, level: Level) -> tuple[Requirement, ...]:
        """All that a level asks for, with what it includes, in the order of the profile's criteria.

        Of two that ask for one criterion the stronger basis stands.
        """
        found: dict[str, Requirement] = {}
        for one in (*map(self.level, self.included(level)), level):
            for requirement in one.requires:
                known = found.get(requirement.criterion)
                if known is None or _floor(requirement) > _floor(known):
                    found[requirement.criterion] = requirement
        return tuple(found[one.id] for one in self.criteria if one.id in found)

    def included(self, level: Level) -> tuple[str, ...]:
        """The ids of all levels that one includes, directly or not."""
        included: dict[str, None] = {}
        waiting = list(level.includes)
        while waiting:
            identifier = waiting.pop()
            if identifier not in included:
                included[identifier] = None
                waiting += self.level(identifier).includes
        return tuple(included)


_STRENGTH = {basis: strength for strength, basis in enumerate(reversed(Basis), start=1)}


def _floor(requirement: Requirement) -> int:
    return _STRENGTH[requirement.basis] if requirement.basis else 0


def leaves(rule: Rule) -> Iterator[Rule]:
    """The rules within a rule that ask for something themselves, in order."""
    if isinstance(rule, AllOf | AnyOf | AtLeast | First):
        for one in rule.rules:
            yield from leaves(one)
    else:
        yield rule
