"""The table of cases on jurisdiction: facts in; countries, paths, laws, completeness and immunity out.

What a case doesn't name under `expect` isn't looked at. `countries` are all that reach the service; `paths`
and `laws` all of the countries named there; `says` sentences of paths, whole; `missing` parts of sentences,
none when it is empty; `facts` bounds, countries (closed unless it says otherwise) or answers.
"""

from decimal import Decimal

import pytest
from fact_cases import cases

from vocab.answers import Amount, Members, Outcome
from vocab.conclusions import PathKind
from vocab.evaluating import evaluate
from vocab.exposure import exposure_of
from vocab.immunity import immunity_rules
from vocab.laws import laws
from vocab.profiles import profile

CASES = cases("jurisdiction")


def expected_fact(value):
    if isinstance(value, dict):
        return Members(frozenset(value["known"]), value["closed"])
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return Members(frozenset(value), closed=True)
    return value


def looked_at(exposure):
    """By the names that `expect` may use, what came out, as far as it can be compared at once."""
    return {
        "countries": [reach.country for reach in exposure.reaches],
        "complete": exposure.complete,
        "immunity": exposure.immunity,
    }


def sentences(exposure):
    return {path.detail for reach in exposure.reaches for path in reach.paths}


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_case_comes_out_as_the_table_says(case):
    exposure = exposure_of(case.facts)
    expect = dict(case.expect)
    found = looked_at(exposure)
    for name in found.keys() & expect.keys():
        assert found[name] == expect.pop(name), name
    reaches = {reach.country: reach for reach in exposure.reaches}
    for country, kinds in expect.pop("paths", {}).items():
        assert {path.kind for path in reaches[country].paths} == set(kinds), country
    for country, named in expect.pop("laws", {}).items():
        assert list(reaches[country].laws) == named, country
    assert set(expect.pop("says", ())) <= sentences(exposure)
    if "missing" in expect:
        parts = expect.pop("missing")
        assert parts or exposure.missing == ()
        for part in parts:
            assert any(part in sentence for sentence in exposure.missing), (part, exposure.missing)
    conditions = {condition.id: condition for condition in exposure.conditions}
    for identifier, outcome in expect.pop("conditions", {}).items():
        assert conditions[identifier].outcome == outcome, conditions[identifier]
    for identifier, part in expect.pop("condition_says", {}).items():
        assert part in conditions[identifier].detail
    for name, value in expect.pop("facts", {}).items():
        fact = exposure.facts[name].value
        if isinstance(fact, Amount) and value:
            low, high = (Decimal(str(one)) for one in value)
            if low == fact.low:
                assert fact.high == high, (name, fact)
            else:
                # Of a cross-holding only so many digits are written down.
                assert low <= fact.low <= fact.high <= high, (name, fact)
        else:
            assert fact == expected_fact(value), name
    assert not expect, f"nobody looks at {sorted(expect)}"


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_every_answer_says_what_it_rests_on_or_what_is_missing(case):
    exposure = exposure_of(case.facts)
    assert exposure.complete == (not exposure.missing)
    for condition in exposure.conditions:
        assert condition.detail
        assert bool(condition.missing) == (condition.outcome is Outcome.UNKNOWN), condition
        assert condition.sources or condition.outcome is Outcome.UNKNOWN, condition
    for reach in exposure.reaches:
        assert reach.paths
        for path in reach.paths:
            assert path.sources
            assert path.detail.startswith(f"{reach.country}: ")


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_the_profile_that_asks_the_same_conditions_answers_alike(case):
    exposure = exposure_of(case.facts)
    evaluation = evaluate(profile("cloud-de-confiance"), case.facts, exposure)
    asked = {one.id: one.outcome for one in evaluation.criteria if one.id in immunity_rules().conditions}
    assert asked == {condition.id: condition.outcome for condition in exposure.conditions}


def test_the_table_has_each_condition_met_not_met_and_unknown():
    seen = {
        (condition.id, condition.outcome)
        for case in CASES
        for condition in exposure_of(case.facts).conditions
        if condition.id in case.expect.get("conditions", {})
    }
    ids = immunity_rules().conditions
    assert seen == {(identifier, outcome) for identifier in ids for outcome in Outcome}


def test_the_table_has_every_kind_of_path_and_every_law():
    named = [case.expect.get("paths", {}).values() for case in CASES]
    assert {kind for kinds in named for some in kinds for kind in some} == set(PathKind)
    given = [case.expect.get("laws", {}).values() for case in CASES]
    assert {law for some in given for ids in some for law in ids} == {law.id for law in laws()}


def test_the_table_has_ninety_cases_or_more():
    assert len(CASES) >= 90
