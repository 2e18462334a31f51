"""The shipped profiles other than Gaia-X's: their versions by date, their levels, what they rest on."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from vocab import labels
from vocab.languages import LANGUAGES
from vocab.model import Basis
from vocab.profiles import Profile, profile, shipped
from vocab.profiles.model import Certified, FactRule, ProfileKind, leaves
from vocab.rule_facts import fact_names

OURS = tuple(one for one in shipped() if one.id != "gaia-x")
NAMES = [f"{one.id}:{one.version}" for one in OURS]
each = pytest.mark.parametrize("one", OURS, ids=NAMES)


def test_those_that_were_promised_are_shipped() -> None:
    assert {one.id for one in OURS} == {
        "bsi-c5",
        "cigref",
        "cloud-au-centre",
        "cloud-de-confiance",
        "eucs",
        "green",
        "secnumcloud",
    }


@each
def test_a_shipped_profile_speaks_every_language_and_names_its_source(one: Profile) -> None:
    texts = [one.labels, *(level.labels for level in one.levels), *(rule.texts for rule in one.criteria)]
    assert all(set(text) == set(LANGUAGES) for text in texts)
    assert one.source.title
    assert one.source.url.startswith("https://")


@each
def test_a_level_asks_for_all_that_the_levels_it_includes_ask_for(one: Profile) -> None:
    for level in one.levels:
        own = {requirement.criterion for requirement in one.required(level)}
        for included in level.includes:
            assert {requirement.criterion for requirement in one.required(one.level(included))} < own


@each
def test_every_fact_asked_for_is_one_there_is(one: Profile) -> None:
    asked = {leaf.name for rule in one.criteria for leaf in leaves(rule.rule) if isinstance(leaf, FactRule)}
    assert asked <= fact_names().keys()


def test_a_cloud_of_the_state_is_one_of_the_french_state() -> None:
    for version in ("2021", "2023", "2026"):
        asked = leaves(profile("cloud-au-centre", version).criterion("qualification").rule)
        facts = {one.name: one.limit for one in asked if isinstance(one, FactRule)}
        assert facts.keys() == {"state_internal", "seat", "outside_share_together"}
        assert facts["state_internal"] is True
        assert facts["seat"] == {"FR"}


@pytest.mark.parametrize(
    ("on", "version"),
    [
        (date(2021, 7, 5), "2021"),
        (date(2023, 5, 30), "2021"),
        (date(2023, 5, 31), "2023"),
        (date(2026, 8, 14), "2023"),
        (date(2026, 8, 15), "2026"),
    ],
)
def test_the_rule_of_the_day_is_found_for_cloud_au_centre(on: date, version: str) -> None:
    assert profile("cloud-au-centre", on=on).version == version


def test_there_is_no_doctrine_before_the_first_circular() -> None:
    with pytest.raises(KeyError):
        profile("cloud-au-centre", on=date(2021, 7, 4))


def test_a_buyer_may_still_ask_by_the_circular_of_2023() -> None:
    rule = profile("cloud-au-centre", "2023")
    assert rule.in_force(date(2026, 11, 25))
    assert [level.id for level in rule.levels] == ["not-sensitive", "protected-secret", "essential-missions"]


def test_the_circulars_sort_data_differently() -> None:
    sensitive = [level.id for level in profile("cloud-au-centre", "2021").levels][1:]
    assert sensitive == ["personal-data", "economic-data", "agents-applications"]
    assert {one.kind for one in OURS if one.id == "cloud-au-centre"} == {ProfileKind.DOCTRINE}


def test_only_the_law_asks_for_the_newest_secnumcloud() -> None:
    def versions(version: str) -> set[str]:
        criterion = profile("cloud-au-centre", version).criterion("qualification")
        return {
            part
            for leaf in leaves(criterion.rule)
            if isinstance(leaf, Certified) and leaf.scheme == "secnumcloud"
            for part in leaf.versions
        }

    assert versions("2021") == versions("2023") == {"3.1", "3.2"}
    assert versions("2026") == {"3.2"}


def test_each_condition_of_immunity_is_a_criterion_of_the_trusted_cloud() -> None:
    rule = profile("cloud-de-confiance")
    (level,) = rule.levels
    legal = [one for one in rule.criteria if one.id.startswith("19.")]
    assert len(legal) == 11
    assert {one.criterion for one in rule.required(level)} == {"technical", *(one.id for one in legal)}
    for one in legal:
        *facts, certificate = leaves(one.rule)
        assert all(isinstance(fact, FactRule) for fact in facts)
        assert isinstance(certificate, Certified)
        # Version 3.1 says nothing of the law, and a fact that is known goes before any certificate.
        assert certificate.versions == ("3.2",)


def test_plain_certifications_accept_nobody_s_own_word() -> None:
    plain = [one for one in OURS if one.kind is ProfileKind.CERTIFICATION]
    assert {one.id for one in plain} == {"bsi-c5", "eucs", "secnumcloud"}
    for one in plain:
        assert all(isinstance(leaf, Certified) for rule in one.criteria for leaf in leaves(rule.rule))
        for level in one.levels:
            assert all(asked.basis is Basis.CERTIFIED for asked in one.required(level))


def test_labels_of_levels_stand_in_the_order_of_the_levels() -> None:
    for one in OURS:
        named = [level.label for level in one.levels if level.label]
        for lower, higher in pairwise(named):
            assert lower in labels.below(higher)


def test_encouraged_figures_of_cigref_are_shown_and_asked_for_by_no_level() -> None:
    rule = profile("cigref")
    asked = {requirement.criterion for level in rule.levels for requirement in rule.required(level)}
    assert {one.id for one in rule.criteria} - asked == {"gec", "erf", "cue"}
    assert rule.excerpt
    assert not any(one.excerpt for one in OURS if one.id != "cigref")


def test_the_documentation_lists_each_profile_with_its_version_and_levels() -> None:
    page = (Path(__file__).parents[2] / "docs" / "shipped-profiles.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `")]
    found = {tuple(re.findall(r"`([^`]+)`", "".join(row[1:3] + row[4:5]))) for row in rows}
    assert found == {(one.id, one.version, *(level.id for level in one.levels)) for one in shipped()}
