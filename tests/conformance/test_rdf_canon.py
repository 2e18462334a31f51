"""The W3C suite for RDF Dataset Canonicalization 1.0, all 86 cases."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from credentials.nquads import parse_nquads
from credentials.rdf_canon import TooMuchWork, canonicalise, issue_labels

SUITE = Path(__file__).parents[3] / "shared/reference/vectors/rdf-canon/tests"
#: A refusal that takes longer than this would be of no use against floods.
SECONDS_TO_REFUSE = 5.0


def entries() -> list[dict[str, Any]]:
    manifest = SUITE / "manifest.jsonld"
    if not manifest.exists():
        return []
    found: list[dict[str, Any]] = json.loads(manifest.read_text(encoding="utf-8"))["entries"]
    return found


def of_type(word: str) -> list[Any]:
    return [
        pytest.param(entry, id=entry["id"]) for entry in entries() if entry["type"] == f"rdfc:RDFC10{word}"
    ]


def dataset(entry: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return parse_nquads((SUITE / entry["action"]).read_bytes().decode())


def algorithm(entry: dict[str, Any]) -> str:
    return str(entry.get("hashAlgorithm", "SHA256")).lower()


def test_the_suite_is_there() -> None:
    if not entries():
        message = "the W3C rdf-canon suite is not beside this repository (../shared/reference)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    assert len(entries()) == 86


@pytest.mark.parametrize("entry", of_type("EvalTest"))
def test_canonical_form_is_the_published_one(entry: dict[str, Any]) -> None:
    expected = (SUITE / entry["result"]).read_bytes().decode()
    assert canonicalise(dataset(entry), algorithm=algorithm(entry)) == expected


@pytest.mark.parametrize("entry", of_type("MapTest"))
def test_labels_are_the_published_ones(entry: dict[str, Any]) -> None:
    expected = json.loads((SUITE / entry["result"]).read_text(encoding="utf-8"))
    labels = issue_labels(dataset(entry), algorithm=algorithm(entry))
    assert {old[2:]: new[2:] for old, new in labels.items()} == expected


@pytest.mark.parametrize("entry", of_type("NegativeEvalTest"))
def test_poison_graph_is_stopped_by_the_work_limit(entry: dict[str, Any]) -> None:
    begun = time.process_time()
    with pytest.raises(TooMuchWork):
        canonicalise(dataset(entry))
    assert time.process_time() - begun < SECONDS_TO_REFUSE
