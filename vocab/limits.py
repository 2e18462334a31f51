"""Holding a fact against the limit that a rule sets: met, not met, or unknown while both are possible."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from vocab.answers import Amount, Members, Outcome, truth
from vocab.jurisdictions import GROUPS, groups
from vocab.profiles.model import Comparison, FactRule, Limit, Threshold

#: Codes that are spelt out in a sentence; a list of more is for the document, not for a sentence.
MAX_CODES_SHOWN = 12
#: What is known of a fact that nobody states anything of.
NOTHING = "nothing"

_GROUPS = frozenset(GROUPS)
_AMOUNTS = {Comparison.AT_MOST: "at most", Comparison.AT_LEAST: "at least"}
_SETS = {Comparison.WITHIN: "nothing but", Comparison.INCLUDES: "includes", Comparison.EXCLUDES: "without"}


def held(rule: FactRule, value: Amount | Members | bool | None, on: date) -> Outcome:
    """Whether a fact's value keeps the rule's limit on a day; unknown too for a value of another kind."""
    limit = rule.limit
    if isinstance(limit, bool):
        return truth(value is limit if isinstance(value, bool) else None)
    if isinstance(limit, frozenset):
        return _members(rule.comparison, limit, value, on) if isinstance(value, Members) else Outcome.UNKNOWN
    threshold = _threshold(limit, on)
    if threshold is None or not isinstance(value, Amount):
        return Outcome.UNKNOWN
    return _amount(rule.comparison, threshold.limit, value)


def _amount(comparison: Comparison, limit: Decimal, value: Amount) -> Outcome:
    if comparison is Comparison.AT_MOST:
        if value.high is not None and value.high <= limit:
            return Outcome.MET
        return Outcome.NOT_MET if value.low > limit else Outcome.UNKNOWN
    if value.low >= limit:
        return Outcome.MET
    return Outcome.NOT_MET if value.high is not None and value.high < limit else Outcome.UNKNOWN


def _members(comparison: Comparison, limit: frozenset[str], value: Members, on: date) -> Outcome:
    if comparison is Comparison.INCLUDES:
        if limit <= value.known:
            return Outcome.MET
        return Outcome.NOT_MET if value.closed else Outcome.UNKNOWN
    named = _named(value.known, limit, on)
    broken = named != value.known if comparison is Comparison.WITHIN else bool(named)
    if broken:
        return Outcome.NOT_MET
    return Outcome.MET if value.closed else Outcome.UNKNOWN


def _named(codes: frozenset[str], limit: frozenset[str], on: date) -> frozenset[str]:
    """Those of the codes that a limit names, themselves or by a group that they belong to on the day."""
    named = codes & limit
    if _GROUPS.isdisjoint(limit):
        return named
    return named | {code for code in codes - named if not limit.isdisjoint(groups(code, on))}


def _threshold(limit: Iterable[Threshold], on: date) -> Threshold | None:
    found = None
    for threshold in limit:
        if threshold.since is None or threshold.since <= on:
            found = threshold
    return found


def in_words(rule: FactRule, on: date) -> str:
    """What the rule asks of the fact on a day: `pue at most 1.4`."""
    limit: Limit = rule.limit
    if isinstance(limit, bool):
        return f"{rule.name} {'yes' if limit else 'no'}"
    if isinstance(limit, frozenset):
        return f"{rule.name} {_SETS[rule.comparison]} {_codes(limit)}"
    threshold, since = _threshold(limit, on), ""
    if threshold is None:
        threshold = limit[0]
        since = f" (from {threshold.since} on)"
    return f"{rule.name} {_AMOUNTS[rule.comparison]} {threshold.limit}{since}"


def value_in_words(value: Amount | Members | bool | None) -> str:
    """What is known of a fact: `1.2`, `between 24 and 39`, `FR, US and perhaps others`, `nothing`."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Amount):
        if value.low == value.high:
            return f"{value.low}"
        return f"at least {value.low}" if value.high is None else f"between {value.low} and {value.high}"
    if not value.known:
        return "none" if value.closed else NOTHING
    return _codes(value.known) + ("" if value.closed else " and perhaps others")


def _codes(codes: frozenset[str]) -> str:
    shown = sorted(codes)[:MAX_CODES_SHOWN]
    return ", ".join(shown) + (" …" if len(codes) > len(shown) else "")
