"""How strongly a rule is met, as one number, and each rule made into a quick test of it, once.

Three-valued answers with the basis that they have: not met, unknown, or met on the provider's word up to a
clearing house's. Of alternatives the greatest number answers, of a conjunction the least, of "at least n" the
n-th greatest: with that "is it met", "on which basis" and "is it met on a certificate at least" are one
computation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from vocab.answers import Fact, Outcome
from vocab.conclusions import Exposure
from vocab.labels import below, label
from vocab.limits import held
from vocab.model import Basis
from vocab.profiles.model import (
    AllOf,
    AnyOf,
    AtLeast,
    AttestedCriterion,
    AttestedLabel,
    Certified,
    DeclaredCertification,
    DeclaredClaim,
    DeclaredCriterion,
    FactRule,
    First,
    Rule,
)
from vocab.rule_facts import fact
from vocab.service_facts import LabelGiven, ServiceFacts

NOT_MET, UNKNOWN, DECLARED = -1, 0, 1
#: A clearing house looked at the declaration only: attested, but no certificate.
VALIDATED = 2
COMPUTED, CERTIFIED, ATTESTED = 3, 4, 5

#: The least that satisfies a requirement with this basis.
FLOORS = MappingProxyType(
    {
        None: DECLARED,
        Basis.DECLARED: DECLARED,
        Basis.COMPUTED: COMPUTED,
        Basis.CERTIFIED: CERTIFIED,
        Basis.ATTESTED: ATTESTED,
    }
)
_BASES = MappingProxyType(
    {
        DECLARED: Basis.DECLARED,
        VALIDATED: Basis.ATTESTED,
        COMPUTED: Basis.COMPUTED,
        CERTIFIED: Basis.CERTIFIED,
        ATTESTED: Basis.ATTESTED,
    }
)
_COMPUTED = MappingProxyType({Outcome.MET: COMPUTED, Outcome.UNKNOWN: UNKNOWN, Outcome.NOT_MET: NOT_MET})


def outcome(strength: int, floor: int = DECLARED) -> Outcome:
    """What a strength means where no less than `floor` will do: what is met on less is not known."""
    if strength >= floor:
        return Outcome.MET
    return Outcome.NOT_MET if strength == NOT_MET else Outcome.UNKNOWN


def basis(strength: int) -> Basis | None:
    """On whose word a rule of this strength is met; None where it isn't."""
    return _BASES.get(strength)


class Asked:
    """One offering, arranged for being asked many rules; facts are worked out when the first rule asks."""

    def __init__(self, facts: ServiceFacts, exposure: Exposure) -> None:
        self.facts = facts
        self.exposure = exposure
        self.day = facts.on.date()
        self.claims = facts.claims.keys()
        self.declared_criteria = facts.declared_criteria
        self.certificates = [frozenset(one.value.ids) for one in facts.certifications]
        self.declared = [one.value.ids for one in facts.declared_certifications]
        self.schemes = frozenset(one.value.ids[0] for one in facts.certifications if one.value.ids)
        self.labels = frozenset(
            name for one in facts.labels for name in (one.value.label, *below(one.value.label))
        )
        self._facts: dict[str, Fact] = {}

    def fact(self, name: str) -> Fact:
        """A fact of `vocab.rule_facts`."""
        found = self._facts.get(name)
        if found is None:
            found = self._facts[name] = fact(name, self.facts, self.exposure)
        return found


Test: TypeAlias = Callable[[Asked], int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rule with the quick test of it, and the same for the rules in it."""

    rule: Rule
    strength: Test
    parts: tuple[Prepared, ...] = ()


def prepared(rule: Rule) -> Prepared:
    """The rule, made ready for being asked of many offerings."""
    parts = tuple(map(prepared, rule.rules)) if isinstance(rule, AllOf | AnyOf | AtLeast | First) else ()
    return Prepared(rule, _test(rule, parts), parts)


def _test(rule: Rule, parts: tuple[Prepared, ...]) -> Test:
    tests = tuple(part.strength for part in parts)
    match rule:
        case AllOf():
            return _all(tests)
        case AnyOf():
            return _any(parts)
        case AtLeast(number):
            return lambda asked: sorted((one(asked) for one in tests), reverse=True)[number - 1]
        case First():
            return _first(tests)
        case AttestedCriterion():
            return lambda asked: _attested(rule, asked)
        case AttestedLabel(name):
            return lambda asked: ATTESTED if name in asked.labels else UNKNOWN
        case Certified():
            return lambda asked: CERTIFIED if any(fits(rule, ids) for ids in asked.certificates) else UNKNOWN
        case DeclaredClaim(claim):
            return lambda asked: DECLARED if claim in asked.claims else UNKNOWN
        case DeclaredCriterion(criterion):
            return lambda asked: DECLARED if criterion in asked.declared_criteria else UNKNOWN
        case DeclaredCertification(wanted):
            return lambda asked: DECLARED if any(fits(wanted, ids) for ids in asked.declared) else UNKNOWN
        case FactRule(name):
            return lambda asked: _COMPUTED[held(rule, asked.fact(name).value, asked.day)]


def fits(rule: Certified, ids: frozenset[str] | tuple[str, ...]) -> bool:
    """Whether a certificate of these ids (`CertificationFact.ids`) is one that the rule asks for.

    One that doesn't say its version isn't of the version asked for.
    """
    return (
        rule.scheme in ids
        and (not rule.versions or any(f"{rule.scheme}:{one}" in ids for one in rule.versions))
        and (not rule.levels or any(f"{rule.scheme}:{one}" in ids for one in rule.levels))
    )


def attests(rule: AttestedCriterion, given: LabelGiven) -> bool:
    """Whether a label was given for having validated the criterion that the rule asks for."""
    profile, _, criterion = rule.criterion.partition(":")
    return criterion in given.criteria and label(given.label).scheme == profile


def _attested(rule: AttestedCriterion, asked: Asked) -> int:
    strength = UNKNOWN
    for one in asked.facts.labels:
        if attests(rule, one.value):
            if not rule.certified_for or one.value.label in rule.certified_for:
                return ATTESTED
            strength = VALIDATED
    return strength


def _all(tests: tuple[Test, ...]) -> Test:
    def test(asked: Asked) -> int:
        least = ATTESTED
        for one in tests:
            found = one(asked)
            if found < least:
                if found == NOT_MET:
                    return NOT_MET
                least = found
        return least

    return test


def _any(parts: tuple[Prepared, ...]) -> Test:
    # Most alternatives are plain certificates and claims: each kind is asked for in one step.
    schemes, claims, tests = set[str](), set[str](), list[Test]()
    for part in parts:
        match part.rule:
            case Certified(scheme, (), ()):
                schemes.add(scheme)
            case DeclaredClaim(claim):
                claims.add(claim)
            case _:
                tests.append(part.strength)
    if schemes:
        tests.append(lambda asked: UNKNOWN if schemes.isdisjoint(asked.schemes) else CERTIFIED)
    if claims:
        tests.append(lambda asked: UNKNOWN if claims.isdisjoint(asked.claims) else DECLARED)

    def test(asked: Asked) -> int:
        greatest = NOT_MET
        for one in tests:
            found = one(asked)
            if found > greatest:
                if found == ATTESTED:
                    return ATTESTED
                greatest = found
        return greatest

    return test


def _first(tests: tuple[Test, ...]) -> Test:
    def test(asked: Asked) -> int:
        greatest = UNKNOWN
        for one in tests:
            found = one(asked)
            if found == NOT_MET:
                return greatest or NOT_MET
            greatest = max(greatest, found)
        return greatest

    return test
