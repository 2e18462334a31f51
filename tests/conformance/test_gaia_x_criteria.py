"""The Gaia-X profile against the published table of criteria: ids, levels, and the standards that show each.

The table is read from the reference folder beside the repository; it is no part of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from reference import reference

from vocab.model import Basis
from vocab.profiles import Profile, profile
from vocab.profiles.model import AttestedCriterion, Certified, DeclaredCriterion, leaves

#: What the table calls a standard, and the schemes whose certificates show that it is kept. The Cloud
#: Controls Matrix is audited for STAR level 2; GDPR art. 40 and 42: codes and seals approved by authorities.
STANDARDS = {
    "SecNumCloud": {"secnumcloud"},
    "C5": {"bsi-c5"},
    "CISPE": {"cispe-code"},
    "EUCloudCoC": {"eu-cloud-coc"},
    "CSA-CCM": {"csa-ccm", "csa-star"},
    "SWIPO": {"swipo"},
    "ISO27001": {"iso-27001"},
    "TISAX": {"tisax"},
    "CNDCP": {"cndcp"},
    "GDPR": {"cispe-code", "eu-cloud-coc", "europrivacy", "gdpr-carpa", "auditor"},
}
#: Criteria on the place and the owners of a provider: what must be so is a fact that the catalogue works out.
BY_FACTS = {f"P5.1.{number}" for number in range(1, 8)}


@pytest.fixture(scope="module")
def table() -> Mapping[str, Any]:
    document = json.loads(reference("criteria/gaiax_label_criteria.json").read_text(encoding="utf-8"))
    return {one["id"]: one for one in document["criteria"] if any(one["levels"].values())}


@pytest.fixture(scope="module")
def ours() -> Profile:
    return profile("gaia-x", "CD25.10")


def test_the_criteria_are_the_sixty_of_the_table(table: Mapping[str, Any], ours: Profile) -> None:
    assert [one.id for one in ours.criteria] == list(table)
    assert len(table) == 60


@pytest.mark.parametrize("level", ["SC", "L1", "L2", "L3"])
def test_a_level_asks_for_what_the_table_asks_for(
    level: str, table: Mapping[str, Any], ours: Profile
) -> None:
    required = {one.criterion: one.basis for one in ours.required(ours.level(level))}
    wanted: dict[str, Basis | None] = {}
    for identifier, one in table.items():
        if one["levels"][level] == "declaration":
            wanted[identifier] = None
        elif one["levels"][level] == "certification":
            wanted[identifier] = Basis.COMPUTED if identifier in BY_FACTS else Basis.CERTIFIED
    assert required == wanted


def test_the_standards_are_those_of_the_table(table: Mapping[str, Any], ours: Profile) -> None:
    for criterion in ours.criteria:
        wanted = set()
        for standard in table[criterion.id]["permissible_standards"]:
            wanted |= STANDARDS[standard.partition(" ")[0]]
        ways = [leaf for leaf in leaves(criterion.rule) if isinstance(leaf, Certified)]
        assert {way.scheme for way in ways} == wanted, criterion.id


def test_the_clauses_that_the_table_names_are_kept(table: Mapping[str, Any], ours: Profile) -> None:
    for criterion in ours.criteria:
        named = {
            leaf.scheme for leaf in leaves(criterion.rule) if isinstance(leaf, Certified) and leaf.clauses
        }
        wanted = set()
        for standard in table[criterion.id]["permissible_standards"]:
            name, _, clauses = standard.partition(" ")
            if clauses and name != "GDPR":
                wanted |= STANDARDS[name]
        assert named == wanted, criterion.id


def test_a_validation_stands_for_a_certificate_where_the_label_asks_for_one(
    table: Mapping[str, Any], ours: Profile
) -> None:
    for criterion in ours.criteria:
        levels = table[criterion.id]["levels"]
        certified = tuple(f"gaia-x:{level}" for level, how in levels.items() if how == "certification")
        assert AttestedCriterion(f"gaia-x:{criterion.id}", certified) in set(leaves(criterion.rule))


def test_every_criterion_can_be_declared(ours: Profile) -> None:
    for criterion in ours.criteria:
        assert DeclaredCriterion(f"gaia-x:{criterion.id}") in set(leaves(criterion.rule))
