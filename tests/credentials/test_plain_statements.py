"""Quads of a token are made later only where it is plain that nothing is wrong with them."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from jsonld_documents import LOIRE, STORE, V2, documents

from credentials.errors import Rejection
from credentials.jsonld import JsonLd
from credentials.plain_statements import MAX_KEPT, PlainStatements
from credentials.policies import policy_named
from credentials.report import Report
from credentials.resolving import InlineResolver
from credentials.signing import did_key, generate_key, inline_method, sign_compact
from credentials.statements import RDF_TYPE, statements_of
from credentials.times import from_rfc3339
from credentials.verification import Refused, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
KEY = generate_key("Ed25519")
DID = did_key(KEY.public())
JSONLD = JsonLd(STORE)
LOOK = PlainStatements()
SEEN = {"plain": 0, "not": 0}


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_what_is_plain_has_a_quad_for_all_and_nothing_to_refuse(document: dict[str, Any]) -> None:
    try:
        nodes = JSONLD.nodes(document)
    except Rejection:
        return
    plain = LOOK.look(nodes)
    SEEN["not" if plain is None else "plain"] += 1
    if plain is not None:
        quads, meaningless = statements_of(nodes)
        assert meaningless == ()
        assert plain.types == {object_[1:-1] for _, predicate, object_, _ in quads if predicate == RDF_TYPE}
        assert {predicate[1:-1] for _, predicate, _, _ in quads} <= plain.properties | {RDF_TYPE[1:-1]}


def test_the_property_did_compare() -> None:
    if not any(SEEN.values()):
        pytest.skip("the property test did not run in this process")
    assert min(SEEN.values()) > 20


def token(**subject: Any) -> bytes:
    payload = {
        "@context": [V2, LOIRE, {"ex": "https://ex.example/", "link": {"@id": "ex:link", "@type": "@id"}}],
        "type": ["VerifiableCredential"],
        "id": "https://p.example/c",
        "issuer": DID,
        "validFrom": "2026-05-01T00:00:00Z",
        "credentialSubject": {"id": "https://p.example/o", "type": "gx:ServiceOffering", **subject},
    }
    header = {"alg": "EdDSA", "typ": "vc+jwt", "kid": inline_method(DID)}
    return sign_compact(header, json.dumps(payload, separators=(",", ":")).encode(), KEY).encode()


def report(data: bytes) -> Report:
    verifier = Verifier(policy_named("default"), InlineResolver(), STORE, lambda: NOW)
    try:
        return verifier.verify(data).report
    except Refused as refused:
        return refused.report


@pytest.mark.parametrize(
    "subject",
    [
        {"gx:name": "N"},
        {"gx:name": [{"@value": "N", "@language": "fr"}, {"@value": "1", "@type": "xsd:integer"}, 1.5, True]},
        {"gx:name": {"@value": "N", "@language": "not a tag"}},
        {"gx:name": {"@value": "N", "@type": "https://ex.example/ or not"}},
        {"gx:name": {"@value": "N", "@direction": "ltr"}},
        {"gx:name": {"@value": "N", "@language": "fr", "@direction": "ltr"}},
        {"link": "relative"},
        {"link": "https://p.example/a b"},
        {"link": "_:b"},
        {"type": "gx:A,gx:A"},
        {"type": ["gx:A,gx:A", "gx:B,gx:B"]},
        {"type": "https://ex.example/<A>"},
        {"type": "A"},
        {"ex:list": {"@list": ["a", "b"]}},
        {"nobody knows": 1},
        {"ex:a": {"@id": "https://p.example/x", "digestSRI": "sha256-AA"}},
        {"gx:digestSRI": "sha256-AA"},
        {
            "http://www.w3.org/1999/02/22-rdf-syntax-ns#type": {
                "@id": "https://ex.example/A,https://ex.example/A"
            }
        },
    ],
    ids=range(18),
)
def test_report_is_the_same_whether_quads_are_made_at_once_or_later(subject: dict[str, Any]) -> None:
    data = token(**subject)
    with mock.patch.object(PlainStatements, "look", return_value=None):
        at_once = report(data)
    assert report(data) == at_once


def test_an_ordinary_token_makes_no_quads() -> None:
    with mock.patch("credentials.jsonld.statements_of", side_effect=AssertionError):
        assert report(token(**{"gx:name": "N"})).content_id is not None


def test_strangers_iris_fill_no_memory() -> None:
    look = PlainStatements()
    for number in range(3):
        assert look.look([{f"https://ex.example/{number}/{each}": [] for each in range(MAX_KEPT - 10)}])
        assert len(look._good) <= MAX_KEPT
    assert look.look([{f"https://ex.example/{each}": [] for each in range(MAX_KEPT + 1)}])
    assert look.look([{"https://ex.example/" + "a" * 1_000: []}])
    assert len(look._good) <= MAX_KEPT
