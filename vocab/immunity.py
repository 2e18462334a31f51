"""Immunity to the law of states outside the EU, condition by condition (SecNumCloud 3.2, §19.2 and §19.6).

The conditions are data, held against facts like the rules of a profile. A certificate for the version that
has these conditions says that they were examined: it answers what nobody states, and never what is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from vocab import certifications
from vocab.answers import Fact, Outcome, every
from vocab.conclusions import Condition
from vocab.data import load
from vocab.facts import CertificationFact
from vocab.limits import held, value_in_words
from vocab.parties import together
from vocab.profiles.model import Comparison, FactRule, Threshold
from vocab.rule_facts import fact_names
from vocab.service_facts import Said, ServiceFacts


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a condition asks of a fact; `words` say what the fact is, and how much is allowed."""

    rule: FactRule
    words: str


@dataclass(frozen=True, slots=True)
class ImmunityRules:
    """The rules in their version, valid from a day on: what each condition asks, by its id.

    `examined_by` are ids of `vocab.certifications`: who holds one was examined by these rules.
    """

    title: str
    version: str
    valid_from: date
    examined_by: frozenset[str]
    conditions: Mapping[str, tuple[Asked, ...]]


@lru_cache(maxsize=1)
def immunity_rules() -> ImmunityRules:
    """The rules that immunity is worked out by."""
    document = load("immunity.json")
    valid_from = date.fromisoformat(document["valid_from"])
    rules = {one["id"]: tuple(map(_rule, one["all"])) for one in document["conditions"]}
    return ImmunityRules(
        title=document["source"]["title"],
        version=document["version"],
        valid_from=valid_from,
        examined_by=frozenset(document["examined_by"]),
        conditions=MappingProxyType(
            {
                identifier: tuple(Asked(rule, _words(rule)) for rule in asked)
                for identifier, asked in rules.items()
            }
        ),
    )


def _rule(entry: dict[str, Any]) -> FactRule:
    ((comparison, limit),) = ((key, value) for key, value in entry.items() if key != "name")
    if isinstance(limit, bool):
        return FactRule(entry["name"], Comparison(comparison), limit)
    if comparison == Comparison.AT_MOST:
        return FactRule(entry["name"], Comparison.AT_MOST, (Threshold(None, Decimal(limit)),))
    return FactRule(entry["name"], Comparison(comparison), frozenset((limit,)))


def _words(rule: FactRule) -> str:
    sentence = fact_names()[rule.name].sentence.rstrip(".")
    allowed = f" ({rule.limit[0].limit} at most)" if isinstance(rule.limit, tuple) else ""
    return f"{sentence}{allowed}"


def conditions_of(facts: ServiceFacts, known: Mapping[str, Fact]) -> tuple[Condition, ...]:
    """Each condition for an offering; `known` are the facts of `vocab.rule_facts` that they ask, by name."""
    rules, on = immunity_rules(), facts.on.date()
    examined = [said for said in facts.certifications if not rules.examined_by.isdisjoint(said.value.ids)]
    found = (_condition(identifier, asked, known, on) for identifier, asked in rules.conditions.items())
    return tuple(_examined(one, examined) if examined else one for one in found)


def _condition(identifier: str, asked: tuple[Asked, ...], known: Mapping[str, Fact], on: date) -> Condition:
    facts = [known[one.rule.name] for one in asked]
    outcomes = [held(one.rule, fact.value, on) for one, fact in zip(asked, facts, strict=True)]
    answer = every(outcomes)
    missing = ""
    if answer is Outcome.UNKNOWN:
        open_ones = (
            fact.missing for fact, one in zip(facts, outcomes, strict=True) if one is Outcome.UNKNOWN
        )
        missing = " ".join(dict.fromkeys(open_ones))
    return Condition(
        id=identifier,
        outcome=answer,
        detail="; ".join([_told(one, fact) for one, fact in zip(asked, facts, strict=True)]),
        missing=missing,
        sources=facts[0].sources if len(facts) == 1 else together(*[fact.sources for fact in facts]),
    )


def _told(asked: Asked, fact: Fact) -> str:
    told = f" ({fact.detail.rstrip('.')})" if fact.detail else ""
    return f"{asked.words}: {value_in_words(fact.value)}{told}"


def _examined(one: Condition, certificates: Sequence[Said[CertificationFact]]) -> Condition:
    """A condition that nobody states the facts for, as those who certified the service examined it."""
    if one.outcome is not Outcome.UNKNOWN:
        return one
    ids = immunity_rules().examined_by & {
        identifier for said in certificates for identifier in said.value.ids
    }
    names = ", ".join(sorted(certifications.name(identifier, "en") for identifier in ids))
    by = ", ".join(sorted({said.source.issuer for said in certificates}))
    return Condition(
        id=one.id,
        outcome=Outcome.MET,
        detail=f"{one.detail}; examined for {names} by {by}",
        missing="",
        sources=together(one.sources, (said.source for said in certificates)),
    )
