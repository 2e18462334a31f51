from datetime import date
from decimal import Decimal

import pytest

from vocab.answers import Amount, Members, Outcome
from vocab.limits import held, in_words, value_in_words
from vocab.profiles.model import Comparison, FactRule, Threshold

ON = date(2026, 6, 1)
MET, NOT_MET, UNKNOWN = Outcome.MET, Outcome.NOT_MET, Outcome.UNKNOWN


def amount(low, high):
    return Amount(Decimal(low), None if high is None else Decimal(high))


def number(comparison, limit):
    return FactRule("pue", comparison, (Threshold(None, Decimal(limit)),))


def codes(comparison, *limit):
    return FactRule("data_places", comparison, frozenset(limit))


def members(*known, closed=True):
    return Members(frozenset(known), closed)


@pytest.mark.parametrize(
    ("low", "high", "at_most", "at_least"),
    [
        ("24", "24", MET, MET),
        ("24.01", "24.01", NOT_MET, MET),
        ("23.99", "23.99", MET, NOT_MET),
        ("20", "24", MET, UNKNOWN),
        ("20", "24.01", UNKNOWN, UNKNOWN),
        ("24", "30", UNKNOWN, MET),
        ("20", None, UNKNOWN, UNKNOWN),
        ("24.01", None, NOT_MET, MET),
        ("0", "0", MET, NOT_MET),
    ],
)
def test_a_number_is_answered_where_all_that_it_can_be_answers_alike(low, high, at_most, at_least):
    assert held(number(Comparison.AT_MOST, "24"), amount(low, high), ON) is at_most
    assert held(number(Comparison.AT_LEAST, "24"), amount(low, high), ON) is at_least


@pytest.mark.parametrize(
    ("value", "within", "includes", "excludes"),
    [
        (members("FR"), MET, NOT_MET, MET),
        (members("FR", "DE"), MET, MET, NOT_MET),
        (members("FR", closed=False), UNKNOWN, UNKNOWN, UNKNOWN),
        (members("FR", "DE", closed=False), UNKNOWN, MET, NOT_MET),
        (members("FR", "US"), NOT_MET, NOT_MET, MET),
        (members("US", closed=False), NOT_MET, UNKNOWN, UNKNOWN),
        (members(), MET, NOT_MET, MET),
        (members(closed=False), UNKNOWN, UNKNOWN, UNKNOWN),
        (None, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
    ids=["fr", "fr-de", "fr+", "fr-de+", "fr-us", "us+", "none", "open", "nothing"],
)
def test_a_set_is_answered_where_all_that_it_can_be_answers_alike(value, within, includes, excludes):
    assert held(codes(Comparison.WITHIN, "FR", "DE"), value, ON) is within
    assert held(codes(Comparison.INCLUDES, "DE"), value, ON) is includes
    assert held(codes(Comparison.EXCLUDES, "DE"), value, ON) is excludes


def test_who_belongs_to_a_group_depends_on_the_day_and_on_the_state_one_is_part_of():
    within = codes(Comparison.WITHIN, "EU")
    assert held(within, members("GB"), date(2020, 1, 31)) is MET
    assert held(within, members("GB"), date(2020, 2, 1)) is NOT_MET
    assert held(within, members("RE"), ON) is MET
    assert held(within, members("IS"), ON) is NOT_MET
    assert held(codes(Comparison.WITHIN, "EEA", "CH"), members("IS", "CH", "FR"), ON) is MET
    assert held(codes(Comparison.EXCLUDES, "EU"), members("US", "FR"), ON) is NOT_MET
    assert held(codes(Comparison.EXCLUDES, "EU"), members("US"), ON) is MET


def test_a_yes_or_no_is_held_against_what_is_wanted():
    assert held(FactRule("updates_vetted", Comparison.IS, True), True, ON) is MET
    assert held(FactRule("updates_vetted", Comparison.IS, False), True, ON) is NOT_MET
    assert held(FactRule("updates_vetted", Comparison.IS, False), None, ON) is UNKNOWN


def test_a_limit_that_changes_over_time_is_that_of_the_day():
    rule = FactRule(
        "renewable_percent",
        Comparison.AT_LEAST,
        (
            Threshold(date(2025, 12, 31), Decimal(75)),
            Threshold(date(2030, 12, 31), Decimal(100)),
        ),
    )
    eighty = amount("80", "80")
    assert held(rule, eighty, date(2025, 12, 30)) is UNKNOWN
    assert held(rule, amount("10", "10"), date(2025, 12, 30)) is UNKNOWN
    assert held(rule, eighty, date(2025, 12, 31)) is MET
    assert held(rule, eighty, date(2030, 12, 30)) is MET
    assert held(rule, eighty, date(2030, 12, 31)) is NOT_MET
    assert in_words(rule, date(2025, 1, 1)) == "renewable_percent at least 75 (from 2025-12-31 on)"
    assert in_words(rule, date(2030, 12, 31)) == "renewable_percent at least 100"


@pytest.mark.parametrize(
    "rule",
    [number(Comparison.AT_MOST, "1"), codes(Comparison.WITHIN, "EU"), FactRule("x", Comparison.IS, True)],
    ids=["number", "codes", "answer"],
)
def test_a_value_of_another_kind_answers_nothing(rule):
    others = [amount("0", "0"), members("FR"), True]
    assert [held(rule, value, ON) for value in others].count(UNKNOWN) == 2


def test_rules_and_values_are_put_into_words():
    assert in_words(codes(Comparison.WITHIN, "EU", "CH"), ON) == "data_places nothing but CH, EU"
    assert in_words(FactRule("updates_vetted", Comparison.IS, False), ON) == "updates_vetted no"
    assert value_in_words(members("FR", "DE")) == "DE, FR"
    assert value_in_words(members("FR", closed=False)) == "FR and perhaps others"
    assert value_in_words(members()) == "none"
    assert value_in_words(amount("1.2", "1.2")) == "1.2"
    assert value_in_words(amount("24", "39")) == "between 24 and 39"
    assert value_in_words(amount("24", None)) == "at least 24"
    many = value_in_words(Members(frozenset(f"{n:02}" for n in range(30)), closed=True))
    assert many.endswith("11 …")
