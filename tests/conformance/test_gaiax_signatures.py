"""Real Gaia-X credentials: each signature holds under the variant named in the index, or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from credentials.contexts import ContextStore
from credentials.errors import Rejection
from credentials.jsonld import JsonLd
from credentials.jws import parse_compact, verify_compact
from credentials.keys import public_key_from_pem
from credentials.proofs import match_proof
from credentials.resolving import InlineResolver, SelfCertifyingResolver

VECTORS = Path(__file__).parents[3] / "shared/reference/vectors/gaia-x"
HOSTS = frozenset({"wizard.lab.gaia-x.eu", "localhost:3002"})
JSONLD = JsonLd(ContextStore())


def rows() -> list[tuple[str, str]]:
    index = VECTORS / "INDEX.tsv"
    if not index.exists():
        return []
    lines = (line.split("\t") for line in index.read_text().splitlines())
    return [(line[0], line[-1]) for line in lines if line[0].endswith(".json")]


def load(name: str) -> dict[str, Any]:
    return dict(json.loads((VECTORS / name).read_text()))


def test_the_reference_credentials_are_there() -> None:
    if not rows():
        if os.environ.get("CI") == "true":
            pytest.fail("the Gaia-X vectors are missing")
        pytest.skip("the Gaia-X vectors are not beside this repository")
    assert len(rows()) == 66


@pytest.mark.parametrize(("name", "result"), rows())
def test_signature_is_judged_as_published(name: str, result: str) -> None:
    vector = load(name)
    if result == "no public key found":
        assert not vector.get("public_key_pem")
        return
    key = public_key_from_pem(vector["public_key_pem"])
    if "jwt" in vector:
        verify_compact(parse_compact(vector["jwt"]), key)
        assert result == "valid"
        return
    document = vector["credential"]
    if result == "INVALID":
        with pytest.raises(Rejection) as refusal:
            match_proof(document, document["proof"], key, JSONLD)
        assert refusal.value.check == "signature"
        return
    match = match_proof(document, document["proof"], key, JSONLD)
    assert f"valid {match.variant}" == result.partition("[")[0]
    assert match.options_covered == (match.variant != "gx-legacy")


@pytest.mark.parametrize("name", [name for name, result in rows() if result.startswith("valid")])
def test_key_in_the_did_is_the_published_one(name: str) -> None:
    vector = load(name)
    if vector["key_source"] != "embedded in DID":
        return
    method = vector.get("verificationMethod") or vector["kid"]
    did = method.partition("#")[0]
    resolver = InlineResolver() if did.startswith("did:jwk:") else SelfCertifyingResolver(HOSTS)
    found = resolver.resolve(did).document.find(method)
    assert found.key() == public_key_from_pem(vector["public_key_pem"])
    assert found.id in resolver.resolve(did).document.assertion_methods


@pytest.mark.parametrize("name", [name for name, result in rows() if result.startswith("valid ")][::7])
def test_one_changed_value_breaks_the_signature(name: str) -> None:
    vector = load(name)
    key = public_key_from_pem(vector["public_key_pem"])
    document = vector["credential"]
    changed = {**document, "id": "urn:uuid:00000000-0000-4000-8000-000000000000"}
    with pytest.raises(Rejection):
        match_proof(changed, document["proof"], key, JSONLD)
