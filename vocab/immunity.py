"""Immunity to the law of states outside the EU, condition by condition (SecNumCloud 3.2, §19.2 and §19.6).

The conditions are data, held against facts like the rules of a profile. A certificate for the version that
has these conditions says that they were examined: it answers what nobody states, and never what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from vocab import certifications
from vocab.answers import Fact, Outcome, every
from vocab.conclusions import Condition
from vocab.data import load
from vocab.limits import held, in_words, value_in_words
from vocab.parties import together
from vocab.profiles.model import Comparison, FactRule, Threshold
from vocab.service_facts import ServiceFacts


@dataclass(frozen=True, slots=True)
class ImmunityRules:
    """The rules in their version, valid from a day on: what each condition asks, by its id."""

    title: str
    version: str
    valid_from: date
    examined_by: frozenset[str]
    conditions: Mapping[str, tuple[FactRule, ...]]


@lru_cache(maxsize=1)
def immunity_rules() -> ImmunityRules:
    """The rules that immunity is worked out by."""
    document = load("immunity.json")
    return ImmunityRules(
        title=document["source"]["title"],
        version=document["version"],
        valid_from=date.fromisoformat(document["valid_from"]),
        examined_by=frozenset(document["examined_by"]),
        conditions={one["id"]: tuple(map(_rule, one["all"])) for one in document["conditions"]},
    )


def _rule(entry: dict[str, Any]) -> FactRule:
    ((comparison, limit),) = ((key, value) for key, value in entry.items() if key != "name")
    if isinstance(limit, bool):
        return FactRule(entry["name"], Comparison(comparison), limit)
    if comparison == Comparison.AT_MOST:
        return FactRule(entry["name"], Comparison.AT_MOST, (Threshold(None, Decimal(limit)),))
    return FactRule(entry["name"], Comparison(comparison), frozenset((limit,)))


def conditions_of(facts: ServiceFacts, asked: Mapping[str, Fact]) -> tuple[Condition, ...]:
    """Each condition for an offering; `asked` are the facts of `vocab.rule_facts` that they need, by name."""
    return tuple(
        _condition(identifier, rules, facts, asked)
        for identifier, rules in immunity_rules().conditions.items()
    )


def _condition(
    identifier: str, rules: tuple[FactRule, ...], facts: ServiceFacts, asked: Mapping[str, Fact]
) -> Condition:
    on = facts.on.date()
    found = [(rule, asked[rule.name]) for rule in rules]
    outcomes = [held(rule, one.value, on) for rule, one in found]
    outcome = every(outcomes)
    sources = together(*(one.sources for _, one in found))
    detail = "; ".join(_detail(rule, one, on) for rule, one in found)
    missing = dict.fromkeys(
        one.missing
        for (_, one), answer in zip(found, outcomes, strict=True)
        if answer is Outcome.UNKNOWN and one.missing
    )
    certificates = [
        said for said in facts.certifications if not immunity_rules().examined_by.isdisjoint(said.value.ids)
    ]
    if certificates and outcome is Outcome.UNKNOWN:
        names = sorted(
            certifications.name(identifier, "en")
            for identifier in immunity_rules().examined_by.intersection(
                *(one.value.ids for one in certificates)
            )
        )
        by = ", ".join(sorted({one.source.issuer for one in certificates}))
        return Condition(
            identifier,
            Outcome.MET,
            f"{detail}; examined for {', '.join(names)} by {by}",
            "",
            together(sources, (one.source for one in certificates)),
        )
    asked_for = " ".join(missing) if outcome is Outcome.UNKNOWN else ""
    return Condition(identifier, outcome, detail, asked_for, sources)


def _detail(rule: FactRule, fact: Fact, on: date) -> str:
    shown = f"{in_words(rule, on)}: {value_in_words(fact.value)}"
    return f"{shown} ({fact.detail.rstrip('.')})" if fact.detail else shown
