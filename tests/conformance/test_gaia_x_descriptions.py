"""Real Gaia-X credentials are read: what they plainly say of themselves is what the description says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from credentials.contexts import ContextStore
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from vocab.answers import Source
from vocab.describe import Evidence, describe, mentions
from vocab.graph import Ref
from vocab.model import Basis, Description, Kind
from vocab.trust import TrustList

FOLDER = Path(__file__).parents[3] / "shared" / "reference" / "vectors" / "gaia-x"
SUBJECT = "https://www.w3.org/2018/credentials#credentialSubject"
NOBODY = Evidence(on=datetime(2026, 1, 1, tzinfo=UTC), trust=TrustList())


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(FOLDER.glob("*.json")):
        row = json.loads(path.read_bytes())
        outer = row.get("credential") or row["payload"]
        inner = outer.get("verifiableCredential", outer)
        for document in inner if isinstance(inner, list) else [inner]:
            yield path.stem, {key: value for key, value in document.items() if key != "proof"}


@pytest.fixture(scope="module")
def descriptions() -> list[tuple[str, dict[str, Any], Description]]:
    """Every subject of every credential: file, raw subject, description."""
    if not FOLDER.is_dir():
        reason = f"the published Gaia-X credentials are not at {FOLDER}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    jsonld = JsonLd(ContextStore())
    found = []
    for name, document in documents():
        graph = interpret(document, jsonld)
        raw = document["credentialSubject"]
        subjects = [value.id for value in graph.nodes[graph.root].objects(SUBJECT) if isinstance(value, Ref)]
        for subject, said in zip(subjects, raw if isinstance(raw, list) else [raw], strict=False):
            assert subject in mentions(graph, subject) or subject.startswith("_:")
            own = Source("", "", str(document["issuer"]), Basis.DECLARED, NOBODY.on, None)
            description = describe(subject, graph, own=own, evidence=NOBODY)
            found.append((name, said, description))
    return found


def test_real_participants_go_by_their_legal_names(descriptions: list[Any]) -> None:
    participants = 0
    for name, said, description in descriptions:
        legal = next((said[key] for key in said if key.endswith(":legalName")), None)
        if legal is not None:
            participants += 1
            assert description.kind is Kind.PARTICIPANT, name
            assert list(description.names.values()) == [
                legal["@value"] if isinstance(legal, dict) else legal
            ], name
    assert participants >= 30


def test_real_participants_have_their_seat_where_they_say(descriptions: list[Any]) -> None:
    seen = 0
    for name, said, description in descriptions:
        for key in ("gx:headquarterAddress", "gx:legalAddress"):
            code = said.get(key, {}).get("gx:countrySubdivisionCode") if isinstance(said, dict) else None
            if code is not None:
                seen += 1
                assert code.partition("-")[0] in description.jurisdictions, name
    assert seen >= 10


def test_real_offerings_name_their_provider(descriptions: list[Any]) -> None:
    seen = 0
    for name, said, description in descriptions:
        if "gx:providedBy" in said:
            seen += 1
            provider = said["gx:providedBy"]
            assert description.kind is Kind.OFFERING, name
            assert description.provided_by == (provider.get("id") or provider.get("@id")), name
    assert seen >= 4


def test_real_clearing_house_credentials_are_evidence(descriptions: list[Any]) -> None:
    seen = 0
    for name, said, description in descriptions:
        if said.get("type") in {"gx:compliance", "gx:legalRegistrationNumber", "gx:LeiCode"}:
            seen += 1
            assert description.kind is Kind.EVIDENCE, name
            assert description.labels == ()
    assert seen >= 15
