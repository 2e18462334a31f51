"""The table of cases: what is said of an offering, and what a profile makes of it.

A case's `expect` names a `profile`: a shipped one, in the `version` named or in that of the day (`applied`
says which that is), or one of `cases/own-profiles`. Of what follows it may say

    reached    the highest level met, null for none, and its `basis`
    levels     an outcome for each of some levels
    criteria   for some criteria an outcome, with its basis where it is met: `met certified`
    blocking   for some levels exactly the criteria that keep them from being met
    needed     for some criteria words that stand in what would satisfy them
    states     of a programme the states that back it on the day
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest
from fact_cases import CASES, Case, cases

from vocab import programmes
from vocab.answers import Outcome
from vocab.evaluating import Evaluation, evaluate, levels_met
from vocab.exposure import exposure_of
from vocab.profiles import Profile, profile, read_file, shipped
from vocab.profiles.model import FactRule, leaves

TABLE = cases("profiles")
OWN = {path.stem: read_file(path) for path in sorted((CASES / "own-profiles").glob("*.json"))}
KNOWN = {
    "profile",
    "version",
    "applied",
    "reached",
    "basis",
    "levels",
    "criteria",
    "blocking",
    "needed",
    "states",
}
#: The issue asks for so many, over all folders of cases.
LEAST_CASES = 150


def asked(case: Case) -> Profile:
    name = case.expect["profile"]
    if name in OWN:
        return OWN[name]
    return profile(name, case.expect.get("version", ""), on=case.facts.on.date())


def evaluation(case: Case) -> Evaluation:
    facts = case.facts
    return evaluate(asked(case), facts, exposure_of(facts))


def written(outcome: Outcome, basis: object) -> str:
    return f"{outcome} {basis}" if outcome is Outcome.MET else str(outcome)


@pytest.mark.parametrize("case", TABLE, ids=[case.id for case in TABLE])
def test_a_profile_makes_of_an_offering_what_the_table_says(case: Case) -> None:
    expect = case.expect
    assert set(expect) <= KNOWN
    found = evaluation(case)
    levels = {one.id: one for one in found.levels}
    criteria = {one.id: one for one in found.criteria}
    if "applied" in expect:
        assert found.version == expect["applied"]
    if "reached" in expect:
        assert found.level == expect["reached"]
    if "basis" in expect:
        assert levels[expect["reached"]].basis == expect["basis"]
    assert {name: str(levels[name].outcome) for name in expect.get("levels", {})} == expect.get("levels", {})
    assert {
        name: written(criteria[name].outcome, criteria[name].basis) for name in expect.get("criteria", {})
    } == expect.get("criteria", {})
    assert {
        name: [one.criterion for one in levels[name].blocking] for name in expect.get("blocking", {})
    } == expect.get("blocking", {})
    for name, words in expect.get("needed", {}).items():
        assert words in criteria[name].needed
    for name, states in expect.get("states", {}).items():
        assert sorted(programmes.programme(name).states(found.on.date())) == states


@pytest.mark.parametrize("case", TABLE, ids=[case.id for case in TABLE])
def test_the_quick_way_finds_the_same_levels(case: Case) -> None:
    facts = case.facts
    met = levels_met([asked(case)], facts, exposure_of(facts))
    slow = evaluation(case)
    assert [(one.level, one.basis) for one in met] == [
        (one.id, one.basis) for one in slow.levels if one.outcome is Outcome.MET
    ]


def outcomes() -> tuple[Mapping[tuple[str, ...], set[Outcome]], Mapping[tuple[str, ...], set[Outcome]]]:
    """What occurs in the table for each level and for each criterion of each version of a profile."""
    levels: dict[tuple[str, ...], set[Outcome]] = defaultdict(set)
    criteria: dict[tuple[str, ...], set[Outcome]] = defaultdict(set)
    for case in TABLE:
        found = evaluation(case)
        for level in found.levels:
            levels[found.profile, found.version, level.id].add(level.outcome)
        for criterion in found.criteria:
            criteria[found.profile, found.version, criterion.id].add(criterion.outcome)
    return levels, criteria


def test_every_level_and_criterion_of_every_shipped_profile_occurs_met_and_unknown() -> None:
    levels, criteria = outcomes()
    both = {Outcome.MET, Outcome.UNKNOWN}
    wanted_levels = {(one.id, one.version, level.id) for one in shipped() for level in one.levels}
    wanted_criteria = {(one.id, one.version, rule.id) for one in shipped() for rule in one.criteria}
    assert {name for name in wanted_levels if not both <= levels[name]} == set()
    assert {name for name in wanted_criteria if not both <= criteria[name]} == set()


def test_every_profile_that_asks_for_facts_occurs_not_met() -> None:
    levels, _ = outcomes()
    asking = {
        (one.id, one.version)
        for one in shipped()
        if any(isinstance(leaf, FactRule) for rule in one.criteria for leaf in leaves(rule.rule))
    }
    assert asking <= {name[:2] for name, found in levels.items() if Outcome.NOT_MET in found}


def folders() -> Iterator[str]:
    for path in sorted(CASES.iterdir()):
        if any(path.glob("*.yaml")):
            yield path.name


def test_the_whole_table_has_as_many_cases_as_were_asked_for() -> None:
    counted = {folder: len(cases(folder)) for folder in folders()}
    assert sum(counted.values()) >= LEAST_CASES, counted
    assert sum(not case.id.startswith("gx-") for case in TABLE) >= 70
