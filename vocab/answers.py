"""Three-valued answers and the values that they are drawn from, each with the evidence it rests on.

What nobody said is unknown: never met, and never silently not met. Values keep what is not known beside what
is: a number has bounds, a set may be open, and a rule is only answered where every value that is still
possible answers it alike (strong Kleene logic).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from vocab.model import Basis


class Outcome(StrEnum):
    """Whether a requirement is met."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """One credential that a fact was read from. Times are aware; None: without end.

    `digest` names the bytes received (64 hex), "" where the caller has none; `basis` says on whose word.
    """

    content_id: str
    digest: str
    issuer: str
    basis: Basis
    valid_from: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of which only the bounds are known, both included. `high` None: without bound."""

    low: Decimal
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Members:
    """A set of codes: those known to belong, and whether there can be no others (`closed`)."""

    known: frozenset[str]
    closed: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one thing a rule may ask for, and from where.

    `value` is an Amount, Members or a truth value; None where nothing is known. `detail` is a sentence on how
    it was worked out, "" for what was plainly stated. `missing` says what would have to be stated, and by
    whom, where `value` leaves something open.
    """

    value: Amount | Members | bool | None
    sources: tuple[Source, ...] = ()
    detail: str = ""
    missing: str = ""


def every(outcomes: Iterable[Outcome]) -> Outcome:
    """Met when all are (and when there are none); not met as soon as one isn't."""
    answer = Outcome.MET
    for outcome in outcomes:
        if outcome is Outcome.NOT_MET:
            return outcome
        if outcome is Outcome.UNKNOWN:
            answer = outcome
    return answer


def some(outcomes: Iterable[Outcome]) -> Outcome:
    """Met as soon as one is; not met when none is or can be (and when there are none)."""
    return at_least(1, outcomes)


def at_least(number: int, outcomes: Iterable[Outcome]) -> Outcome:
    """Met when so many are; not met when so many can't be any more."""
    met = possible = 0
    for outcome in outcomes:
        met += outcome is Outcome.MET
        possible += outcome is not Outcome.NOT_MET
    if met >= number:
        return Outcome.MET
    return Outcome.UNKNOWN if possible >= number else Outcome.NOT_MET


def any_yes(answers: Iterable[bool | None]) -> bool | None:
    """Yes as soon as one is; no when all are (and when there are none); None while one isn't known."""
    known = set(answers)
    return True if True in known else None if None in known else False


def truth(value: bool | None) -> Outcome:
    """The outcome of a plain yes, no or nothing."""
    if value is None:
        return Outcome.UNKNOWN
    return Outcome.MET if value else Outcome.NOT_MET
