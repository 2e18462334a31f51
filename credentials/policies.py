"""Policies: from the checks of a report to a verdict. Small classes that compose; an empty policy refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from types import MappingProxyType
from typing import Protocol

from credentials.report import CHECKS, Check, Outcome, Verdict

Judgement = tuple[Verdict, tuple[str, ...]]


class UnknownPolicy(ValueError):
    """There is no policy called `name`; `choice` are those there are."""

    def __init__(self, name: str, choice: Sequence[str]) -> None:
        super().__init__(f"no policy is called {name!r}; choose from {', '.join(choice)}")
        self.name = name
        self.choice = tuple(choice)


class Demand(IntEnum):
    """What a policy asks of one check, from nothing to everything."""

    REPORTED = 0
    MAY_NOT_FAIL = 1
    REQUIRED = 2


class Policy(Protocol):
    """Judges the checks of one report."""

    @property
    def name(self) -> str:
        """What reports call the policy."""

    def judge(self, checks: Sequence[Check]) -> Judgement:
        """The verdict, and for a refusal its reasons as sentences."""

    def demand(self, check: str) -> Demand:
        """What it asks of the check of that name."""


class Requires:
    """The check must have passed; a check not made does not count."""

    def __init__(self, check: str) -> None:
        self.check = _known(check)

    @property
    def name(self) -> str:
        """What reports call the policy."""
        return f"requires {self.check}"

    def judge(self, checks: Sequence[Check]) -> Judgement:
        """Accepts when the check passed."""
        return _judgement(self.check, checks, frozenset({Outcome.PASSED}))

    def demand(self, check: str) -> Demand:
        """Asks for its own check only."""
        return Demand.REQUIRED if check == self.check else Demand.REPORTED


class Unfailed:
    """The check must not have failed; one not made is let through. For checks that not every input allows."""

    def __init__(self, check: str) -> None:
        self.check = _known(check)

    @property
    def name(self) -> str:
        """What reports call the policy."""
        return f"unfailed {self.check}"

    def judge(self, checks: Sequence[Check]) -> Judgement:
        """Accepts when the check passed or was not made."""
        return _judgement(self.check, checks, frozenset({Outcome.PASSED, Outcome.NOT_CHECKED}))

    def demand(self, check: str) -> Demand:
        """Asks for its own check only."""
        return Demand.MAY_NOT_FAIL if check == self.check else Demand.REPORTED


class AllOf:
    """Every part must accept. Of no parts at all it refuses."""

    def __init__(self, *parts: Policy, name: str | None = None) -> None:
        self.parts = parts
        self.name = name or f"all of ({', '.join(part.name for part in parts)})"
        # Policies of single demands are the usual ones, and every verification asks one.
        self._simple = all(isinstance(part, (Requires, Unfailed)) for part in parts)
        self._demands = tuple(self.demand(check) for check in CHECKS)

    def judge(self, checks: Sequence[Check]) -> Judgement:
        """Accepts when there are parts and each accepts; else the reasons of all that refuse."""
        if not self.parts:
            return Verdict.REFUSED, ("the policy is empty",)
        if self._surely_accepts(checks):
            return Verdict.ACCEPTED, ()
        reasons = tuple(
            reason
            for verdict, why in (part.judge(checks) for part in self.parts)
            if verdict is Verdict.REFUSED
            for reason in why
        )
        return (Verdict.REFUSED, reasons) if reasons else (Verdict.ACCEPTED, ())

    def _surely_accepts(self, checks: Sequence[Check]) -> bool:
        """Whether every check is there once and is as good as can be, or as good as is demanded of it."""
        if not self._simple or tuple([check.name for check in checks]) != CHECKS:
            return False
        return all(
            check.outcome is Outcome.PASSED
            or demand is Demand.REPORTED
            or (demand is Demand.MAY_NOT_FAIL and check.outcome is Outcome.NOT_CHECKED)
            for check, demand in zip(checks, self._demands, strict=True)
        )

    def demand(self, check: str) -> Demand:
        """The most that any part asks."""
        return max((part.demand(check) for part in self.parts), default=Demand.REPORTED)


class AnyOf:
    """One part must accept. Of no parts at all it refuses."""

    def __init__(self, *parts: Policy, name: str | None = None) -> None:
        self.parts = parts
        self.name = name or f"any of ({', '.join(part.name for part in parts)})"

    def judge(self, checks: Sequence[Check]) -> Judgement:
        """Accepts as soon as one part accepts; else the reasons of all."""
        if not self.parts:
            return Verdict.REFUSED, ("the policy is empty",)
        reasons: list[str] = []
        for part in self.parts:
            verdict, why = part.judge(checks)
            if verdict is Verdict.ACCEPTED:
                return Verdict.ACCEPTED, ()
            reasons.extend(why)
        return Verdict.REFUSED, tuple(reasons)

    def demand(self, check: str) -> Demand:
        """The least that any part asks: no more is needed for certain."""
        return min((part.demand(check) for part in self.parts), default=Demand.REPORTED)


def demanding(name: str, *, required: Sequence[str] = (), reported: Sequence[str] = ()) -> AllOf:
    """A policy that requires `FOUNDATION` and `required`, and lets none of the others fail but `reported`.

    ValueError for a name that no check has, one in both lists, or a foundation that is to be reported only.
    """
    for check in required:
        if check in reported:
            raise ValueError(f"{check} can't be required and only reported")
    for check in reported:
        if check in _FOUNDATION_ALWAYS:
            raise ValueError(f"{check} must pass: without it nothing is known of who said what")
        _known(check)
    must = {_known(check) for check in required} | FOUNDATION - set(reported)
    parts = (
        Requires(check) if check in must else Unfailed(check) for check in CHECKS if check not in reported
    )
    return AllOf(*parts, name=name)


def policy_named(name: str, made: Mapping[str, Policy] = MappingProxyType({})) -> Policy:
    """The policy of that name, built in or among those `made` by an operator. `UnknownPolicy` for others.

    `default` requires every check that can be made on any input, reports shapes and the digests that others
    give, and lets nothing else fail. `strict` also requires shapes and lets no digest differ. `lab` reports
    unmapped terms, certificate chains, host names, shapes and digests only.
    """
    policy = _NAMED.get(name) or made.get(name)
    if policy is None:
        raise UnknownPolicy(name, (*_NAMED, *made))
    return policy


#: Checks that every acceptable input passes.
FOUNDATION = frozenset(CHECKS[: CHECKS.index("signature") + 1])
#: Those of them that no policy may go without. `terms` may be reported only: ill-formed IRIs and language
#: tags are not tolerated by that, since they keep the signature from being checked at all.
_FOUNDATION_ALWAYS = FOUNDATION - {"terms"}


def _known(check: str) -> str:
    if check not in CHECKS:
        raise ValueError(f"no check is called {check!r}")
    return check


def _judgement(name: str, checks: Sequence[Check], good: frozenset[Outcome]) -> Judgement:
    for check in checks:
        if check.name == name:
            if check.outcome in good:
                return Verdict.ACCEPTED, ()
            return Verdict.REFUSED, (f"{name} {check.outcome.value.replace('_', ' ')}: {check.detail}",)
    return Verdict.REFUSED, (f"{name} is not in the report",)


_NAMED: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        # Digests and shapes depend on what else a node holds: nodes would disagree on what is listed.
        demanding("default", reported=("integrity", "shapes")),
        demanding("strict", required=("shapes",)),
        demanding("lab", reported=("terms", "chain", "host_binding", "integrity", "shapes")),
    )
}
#: The names that are always there.
POLICY_NAMES = tuple(_NAMED)
