"""The guide's tables on jurisdiction are the program's own."""

import re
from pathlib import Path

from vocab.conclusions import PathKind
from vocab.immunity import immunity_rules
from vocab.laws import laws
from vocab.ownership_chains import MAX_HOPS, ROUNDING

GUIDE = Path(__file__).parents[2].joinpath("docs/jurisdiction.md").read_text(encoding="utf-8")


def rows(heading):
    """The cells of the tables under a heading, row by row, without what marks code."""
    text = GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in cells] for cells in found]


def test_the_paths_and_laws_are_those_that_there_are():
    table = rows("Paths")
    kinds, named = table[: len(PathKind)], table[len(PathKind) :]
    assert [kind for kind, _ in kinds] == list(PathKind)
    assert named == [[law.id, law.country, law.since.isoformat()] for law in laws()]


def test_the_conditions_are_those_that_there_are():
    rules = immunity_rules()
    assert [identifier for identifier, _ in rows("Immunity")] == list(rules.conditions)
    assert f"SecNumCloud {rules.version} (ANSSI, 8 March 2022)" in GUIDE
    assert rules.valid_from.isoformat() == "2022-03-08"


def test_the_limits_of_following_are_those_of_the_program():
    assert MAX_HOPS == 20
    assert "twenty steps at most" in GUIDE
    assert re.search(rf"by {ROUNDING} for rounding", GUIDE)
