"""W3C's Ed25519Signature2020 example, with its intermediate values."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from credentials.contexts import ContextStore
from credentials.encoding import from_multibase
from credentials.errors import Rejection
from credentials.jsonld import JsonLd
from credentials.keys import public_key_from_multibase
from credentials.proof_inputs import proof_options
from credentials.proofs import match_proof
from credentials.resolving import InlineResolver
from credentials.signing import PrivateKey, sign_credential
from credentials.times import from_rfc3339

VECTORS = Path(__file__).parents[3] / "shared/reference/vectors/vc-di-eddsa/TestVectors/Ed25519Signature2020"
EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"


def text(name: str) -> str:
    path = VECTORS / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("the W3C EdDSA vectors are missing")
        pytest.skip("the W3C EdDSA vectors are not beside this repository")
    return path.read_text()


@pytest.fixture
def jsonld() -> JsonLd:
    # The example's own vocabulary: W3C publishes it as a catch-all, which an operator would have to add.
    return JsonLd(
        ContextStore({EXAMPLES: {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}})
    )


def test_published_signature_holds_and_covers_its_options(jsonld: JsonLd) -> None:
    signed = json.loads(text("signedEdSig.json"))
    method = signed["proof"]["verificationMethod"]
    key = InlineResolver().resolve(method.partition("#")[0]).document.find(method).key()
    match = match_proof(signed, signed["proof"], key, jsonld)
    assert (match.suite, match.variant, match.options_covered) == (
        "Ed25519Signature2020",
        "ed25519-2020",
        True,
    )
    assert match.content_id == text("docHashEdSig.txt").strip()


def test_options_have_the_published_canonical_form(jsonld: JsonLd) -> None:
    signed = json.loads(text("signedEdSig.json"))
    assert jsonld.canonicalise(proof_options(signed["proof"], signed["@context"])) == text(
        "proofCanonEdSig.txt"
    )


def test_our_signature_is_the_published_one(jsonld: JsonLd) -> None:
    pair = json.loads((VECTORS.parent / "keyPair.json").read_text()) if text("signedEdSig.json") else {}
    signed = json.loads(text("signedEdSig.json"))
    proof = signed.pop("proof")
    key = PrivateKey.from_ed25519_seed(from_multibase(pair["privateKeyMultibase"])[2:])
    assert key.public() == public_key_from_multibase(pair["publicKeyMultibase"])
    made = sign_credential(
        signed,
        key,
        proof["verificationMethod"],
        form="ed25519-2020",
        created=from_rfc3339(proof["created"]),
        jsonld=jsonld,
    )
    assert json.loads(made)["proof"] == proof


def test_changed_options_break_the_signature(jsonld: JsonLd) -> None:
    signed = json.loads(text("signedEdSig.json"))
    key = public_key_from_multibase(signed["proof"]["verificationMethod"].partition("#")[2])
    for member, value in (("created", "2024-02-24T23:36:38Z"), ("proofPurpose", "authentication")):
        with pytest.raises(Rejection):
            match_proof(signed, {**signed["proof"], member: value}, key, jsonld)
