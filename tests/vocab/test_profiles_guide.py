"""docs/profiles.md: its worked example comes out so, and its tables list what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fact_cases import service_facts

from vocab import profiles
from vocab.answers import Outcome
from vocab.conclusions import Exposure
from vocab.evaluating import evaluate
from vocab.profiles import form, reading
from vocab.rule_facts import fact_names

GUIDE = (Path(__file__).parents[2] / "docs/profiles.md").read_text(encoding="utf-8")
NOTHING_KNOWN = Exposure((), False, (), Outcome.UNKNOWN, ())
SERVICE = {
    "data_places": ["FR", "CH"],
    "energy": [{"pue": 1.45}],
    "certifications": [
        {"scheme": "bsi-c5", "version": "2020", "level": "type2", "from": "2025-07-01", "until": "2027-06-30"}
    ],
}


def section(heading: str) -> str:
    return GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def example() -> dict[str, Any]:
    (block,) = re.findall(r"^```json\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    document: dict[str, Any] = json.loads(block)
    return document


@pytest.mark.parametrize(
    ("on", "more", "level", "open_criteria"),
    [
        ("2026-12-31", {}, "preferred", {}),
        ("2027-01-01", {}, "usable", {"energy": Outcome.NOT_MET}),
        ("2027-06-30", {}, "usable", {"energy": Outcome.NOT_MET}),
        ("2027-07-01", {}, None, {"energy": Outcome.NOT_MET, "security": Outcome.UNKNOWN}),
        (
            "2027-07-01",
            {"declared_criteria": ["our-archive:security"]},
            "usable",
            {"energy": Outcome.NOT_MET},
        ),
    ],
    ids=["2026", "new-limit", "last-day", "no-certificate", "own-word"],
)
def test_the_worked_example_comes_out_as_it_says(
    on: str, more: dict[str, Any], level: str | None, open_criteria: dict[str, Outcome]
) -> None:
    found = evaluate(profiles.read(example()), service_facts({**SERVICE, **more, "on": on}), NOTHING_KNOWN)
    assert found.level == level
    assert {one.id: one.outcome for one in found.criteria if one.outcome is not Outcome.MET} == open_criteria
    if more:
        assert found.levels[0].basis == "declared"


def test_the_facts_are_those_that_there_are() -> None:
    table = section("Facts").partition("| fact |")[2]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", table, re.MULTILINE)
    assert rows == [(one.name, str(one.kind), one.sentence) for one in fact_names().values()]


def test_the_rules_and_comparisons_are_those_of_the_schema() -> None:
    rule = profiles.schema()["$defs"]["rule"]["properties"]
    written = set(re.findall(r'`\{"(\w+)"', section("Rules")))
    assert written == set(rule)
    compared = section("Facts").partition("| fact |")[0]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.+?) \|", compared, re.MULTILINE)))) == set(
        rule["fact"]["properties"]
    ) - {"name"}


def test_the_bounds_are_the_real_ones() -> None:
    schema = profiles.schema()["properties"]
    bounds = section("Bounds")
    for number, what in (
        (form.MAX_VALUES, "values"),
        (form.MAX_DEPTH, "deep"),
        (schema["criteria"]["maxItems"], "criteria"),
        (schema["levels"]["maxItems"], "levels"),
    ):
        assert f"{number:,} {what}" in bounds
    assert f"{reading.MAX_RULES:,}\nrules" in bounds
    assert f"rules {reading.MAX_NESTED} deep" in bounds
