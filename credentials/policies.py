"""Policies: from the checks of a report to a verdict. Small classes that compose; an empty policy refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from credentials.report import CHECKS, Check, Outcome, Verdict

Judgement = tuple[Verdict, tuple[str, ...]]


class UnknownPolicy(ValueError):
    """There is no policy called `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no policy is called {name!r}; choose from {', '.join(POLICY_NAMES)}")
        self.name = name


class Policy(Protocol):
    """Judges the checks of one report."""

    @property
    def name(self) -> str:
        """What reports call the policy."""

    def judge(self, checks: Sequence[Check]) -> Judgement:
        """The verdict, and for a refusal its reasons as sentences."""


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


class AllOf:
    """Every part must accept. Of no parts at all it refuses."""

    def __init__(self, *parts: Policy, name: str | None = None) -> None:
        self.parts = parts
        self.name = name or f"all of ({', '.join(part.name for part in parts)})"

    def judge(self, checks: Sequence[Check]) -> Judgement:
        """Accepts when there are parts and each accepts; else the reasons of all that refuse."""
        if not self.parts:
            return Verdict.REFUSED, ("the policy is empty",)
        reasons = tuple(
            reason
            for verdict, why in (part.judge(checks) for part in self.parts)
            if verdict is Verdict.REFUSED
            for reason in why
        )
        return (Verdict.REFUSED, reasons) if reasons else (Verdict.ACCEPTED, ())


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


def policy_named(name: str) -> Policy:
    """The policy of that name. `UnknownPolicy` when there is none.

    `default` requires every check that can be made on any input and no failure of the others. `lab` is the
    same but that unmapped terms, certificate chains, host names and shapes are reported only.
    """
    try:
        return _NAMED[name]
    except KeyError:
        raise UnknownPolicy(name) from None


#: Checks that every acceptable input passes.
_ALWAYS = CHECKS[: CHECKS.index("signature") + 1]
#: What `lab` reports without judging by it. Ill-formed IRIs and language tags are not tolerated by this: they
#: keep the signature from being checked at all.
_LAB_TOLERATES = frozenset({"terms", "chain", "host_binding", "shapes"})


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


def _named(name: str, tolerated: frozenset[str]) -> Policy:
    parts = (
        Requires(check) if check in _ALWAYS else Unfailed(check) for check in CHECKS if check not in tolerated
    )
    return AllOf(*parts, name=name)


_NAMED: dict[str, Policy] = {
    "default": _named("default", frozenset()),
    "lab": _named("lab", _LAB_TOLERATES),
}
#: The names an operator may set.
POLICY_NAMES = tuple(_NAMED)
