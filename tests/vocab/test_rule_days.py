"""The days on which shipped rules change by themselves, and the mark of the data that they are made of."""

from __future__ import annotations

from datetime import date, timedelta

from vocab import profiles
from vocab.rule_days import last_rule_day, rule_days, rules_digest


def test_days_of_profiles_laws_and_memberships_are_all_there() -> None:
    days = rule_days()
    assert set(profiles.turning_days()) <= set(days)
    # The United Kingdom's first day outside the Union; the CLOUD Act's first in force.
    assert {date(2020, 2, 1), date(2018, 3, 23)} <= set(days)
    assert list(days) == sorted(set(days))


def test_a_day_counts_from_its_beginning() -> None:
    day = date(2020, 2, 1)
    assert last_rule_day(day) == day
    assert last_rule_day(day - timedelta(days=1)) == date(2020, 1, 21)
    assert last_rule_day(date(1900, 1, 1)) is None


def test_mark_of_the_data_is_a_digest() -> None:
    assert len(rules_digest()) == 64
