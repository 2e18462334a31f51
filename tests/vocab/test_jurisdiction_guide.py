"""The guide's tables on jurisdiction are the program's own."""

import json
import re
from pathlib import Path

from vocab_graphs import PROVIDER, START, evidence, source

from credentials.contexts import ContextStore
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from vocab.answers import Outcome
from vocab.conclusions import PathKind
from vocab.evidence import Statement
from vocab.exposure import exposure_of
from vocab.gathering import gather
from vocab.immunity import immunity_rules
from vocab.laws import laws
from vocab.model import Identity
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


def test_what_the_guide_tells_providers_to_state_is_enough():
    jsonld = JsonLd(ContextStore())
    texts = re.findall(r"^```json\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    expansions = [jsonld.expand(json.loads(text)) for text in texts]
    assert [one.dropped for one in expansions] == [(), ()]
    participant, offering = (interpret(one, jsonld) for one in expansions)
    facts = gather(
        "https://provider.example/machines.json#service",
        offering,
        own=source(),
        identity=Identity.DOMAIN,
        evidence=evidence([Statement(PROVIDER, PROVIDER, "a" * 64, participant, START, None)]),
    )
    exposure = exposure_of(facts)
    assert exposure.missing == ()
    assert exposure.immunity is Outcome.MET
    assert {one.country: [path.kind for path in one.paths] for one in exposure.reaches}["US"] == [
        "shareholder"
    ]
    assert [(one.country, one.laws) for one in exposure.reaches] == [("DE", ()), ("FR", ()), ("US", ())]


def test_the_limits_of_following_are_those_of_the_program():
    assert MAX_HOPS == 20
    assert "twenty steps at most" in GUIDE
    assert re.search(rf"by {ROUNDING} for rounding", GUIDE)
