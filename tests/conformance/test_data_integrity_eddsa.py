"""W3C's vectors of VC-DI-EDDSA 1.0: both cryptosuites, sets and chains, with every intermediate value."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from reference import reference

from credentials.contexts import ContextStore
from credentials.data_integrity import CRYPTOSUITES, signing_inputs
from credentials.encoding import from_multibase, to_base58btc
from credentials.errors import Rejection
from credentials.jsonld import JsonLd
from credentials.keys import PublicKey, public_key_from_multibase
from credentials.proof_inputs import SignedDocument, canonical_options, unsigned
from credentials.proof_sets import check_proofs, previous_of, proofs_of
from credentials.proof_signing import Options, add_proof
from credentials.proofs import match_proof
from credentials.signing import PrivateKey
from credentials.times import from_rfc3339

XSD = "http://www.w3.org/2001/XMLSchema#"
CITIZENSHIP = "https://w3id.org/citizenship#"
# Contexts that W3C's examples name and an operator would have to add. The first is published as a catch-all;
# of the second only what the example uses is restated, from the canonical form that goes with it.
CONTEXTS = {
    "https://www.w3.org/ns/credentials/examples/v2": {
        "@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}
    },
    "https://w3id.org/citizenship/v4rc1": {
        "@context": {
            **{
                term: f"https://schema.org/{term}"
                for term in ("additionalName", "familyName", "gender", "givenName", "identifier", "Person")
            },
            **{
                term: CITIZENSHIP + term
                for term in (
                    "EmployablePerson",
                    "EmploymentAuthorizationDocument",
                    "EmploymentAuthorizationDocumentCredential",
                    "birthCountry",
                    "employmentAuthorizationDocument",
                    "lprCategory",
                    "lprNumber",
                )
            },
            "image": {"@id": "https://schema.org/image", "@type": "@id"},
            "birthDate": {"@id": "https://schema.org/birthDate", "@type": XSD + "dateTime"},
            "residentSince": {"@id": CITIZENSHIP + "residentSince", "@type": XSD + "dateTime"},
        }
    },
}


def text(name: str) -> str:
    return reference(f"vectors/vc-di-eddsa/TestVectors/{name}").read_text()


def document(name: str) -> dict[str, Any]:
    return dict(json.loads(text(name)))


def key_of(proof: dict[str, Any]) -> PublicKey:
    return public_key_from_multibase(proof["verificationMethod"].partition("#")[2])


@pytest.fixture(scope="module")
def jsonld() -> JsonLd:
    return JsonLd(ContextStore(CONTEXTS))


CASES = [
    ("eddsa-rdfc-2022", "DataInt"),
    ("eddsa-rdfc-2022/employ", "DataInt"),
    ("eddsa-jcs-2022", "JCS"),
]


@pytest.mark.parametrize(("folder", "suffix"), CASES)
def test_published_proof_holds_with_all_its_intermediate_values(
    folder: str, suffix: str, jsonld: JsonLd
) -> None:
    def value(name: str) -> str:
        return text(f"{folder}/{name}{suffix}.txt")

    signed = document(f"{folder}/signed{suffix}.json")
    proof = signed["proof"]
    suite, key = CRYPTOSUITES[proof["cryptosuite"]], key_of(proof)
    statement = SignedDocument(signed, jsonld)
    if suite.json:
        canonical = rfc8785.dumps(unsigned(signed)).decode()
        options = rfc8785.dumps(document(f"{folder}/proofConfig{suffix}.json")).decode()
    else:
        canonical = jsonld.canonicalise(unsigned(signed))
        options = canonical_options(proof, signed["@context"], jsonld)
    assert canonical == value("canonDoc")
    assert options == value("proofCanon")
    assert hashlib.sha256(canonical.encode()).hexdigest() == value("docHash").strip()
    assert hashlib.sha256(options.encode()).hexdigest() == value("proofHash").strip()
    inputs = [data.hex() for data in signing_inputs(statement, proof, suite, key)]
    assert inputs == [value("combinedHash").strip()]
    assert from_multibase(proof["proofValue"]).hex() == value("sigHex").strip()
    assert proof["proofValue"] == value("sigBTC58").strip()
    match = match_proof(signed, proof, key, jsonld)
    assert (match.suite, match.variant) == ("DataIntegrityProof", suite.name)


@pytest.mark.parametrize(("folder", "suffix"), CASES)
def test_our_proof_is_the_published_one(folder: str, suffix: str, jsonld: JsonLd) -> None:
    signed = document(f"{folder}/signed{suffix}.json")
    proof = signed["proof"]
    pair = document("keyPair.json")
    key = PrivateKey.from_ed25519_seed(from_multibase(pair["privateKeyMultibase"])[2:])
    options = Options(proof["verificationMethod"], proof["proofPurpose"], from_rfc3339(proof["created"]))
    assert add_proof(signed, key, proof["cryptosuite"], options, jsonld=jsonld) == signed


@pytest.mark.parametrize(("folder", "suffix"), CASES)
def test_every_published_option_is_signed(folder: str, suffix: str, jsonld: JsonLd) -> None:
    signed = document(f"{folder}/signed{suffix}.json")
    for member, value in (
        ("created", "2024-02-24T23:36:38Z"),
        ("proofPurpose", "authentication"),
        ("verificationMethod", "did:key:z6Mk#z6Mk"),
        ("expires", "2099-01-01T00:00:00Z"),
        ("domain", "a.example"),
        ("challenge", "c"),
        ("nonce", "n"),
        ("id", "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"),
    ):
        with pytest.raises(Rejection):
            match_proof(signed, {**signed["proof"], member: value}, key_of(signed["proof"]), jsonld)


SETS = ["signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"]


@pytest.mark.parametrize("name", SETS)
def test_published_sets_and_chains_hold(name: str, jsonld: JsonLd) -> None:
    signed = document(f"proof-set-chain/{name}.json")
    proofs = proofs_of(signed)
    check_proofs(proofs)
    for proof in proofs:
        previous = previous_of(proof, proofs)
        assert bool(previous) == ("previousProof" in proof)
        match_proof(signed, proof, key_of(dict(proof)), jsonld, previous=previous)


@pytest.mark.parametrize("number", [1, 2])
def test_what_a_link_signs_is_the_published_document(number: int) -> None:
    signed = document(f"proof-set-chain/signedProofChain{number}.json")
    proofs = proofs_of(signed)
    link = proofs[-1]
    config = document(f"proof-set-chain/proofChainConfig{number}.json")
    assert {name: value for name, value in link.items() if name != "proofValue"} == config
    assert link == document(f"proof-set-chain/proofChainConfigSigned{number}.json")
    covered = {**unsigned(signed), "proof": [*previous_of(link, proofs)]}
    assert covered == document(f"proof-set-chain/proofChainTempDoc{number}.json")


@pytest.mark.parametrize("name", SETS)
def test_our_sets_and_chains_are_the_published_ones(name: str, jsonld: JsonLd) -> None:
    signed = document(f"proof-set-chain/{name}.json")
    pairs = document("proof-set-chain/multiKeyPairs.json").values()
    keys = {
        pair["publicKeyMultibase"]: PrivateKey.from_ed25519_seed(
            from_multibase(pair["privateKeyMultibase"])[2:]
        )
        for pair in pairs
    }
    made = document("proof-set-chain/unsigned.json")
    for proof in proofs_of(signed):
        key = keys[proof["verificationMethod"].partition("#")[2]]
        links = proof.get("previousProof", [])
        if isinstance(links, list) and links:
            # Joins two at once, which our signing side doesn't offer: what it signs is looked at above.
            made = {**made, "proof": [*proofs_of(made), proof]}
            continue
        options = Options(
            proof["verificationMethod"],
            proof["proofPurpose"],
            from_rfc3339(proof["created"]),
            proof.get("id"),
        )
        earlier = "chain" if links else "set"
        made = add_proof(made, key, "eddsa-rdfc-2022", options, earlier=earlier, jsonld=jsonld)
    assert proofs_of(made) == proofs_of(signed)


def test_a_link_breaks_when_what_it_follows_is_taken_away_or_changed(jsonld: JsonLd) -> None:
    signed = document("proof-set-chain/signedProofChain2.json")
    first, second, third, fourth = proofs_of(signed)
    with pytest.raises(Rejection, match="previousProof"):
        check_proofs((first, third, fourth))
    for others in ((first,), (second,), (first, {**second, "created": "2024-01-01T00:00:00Z"}), ()):
        with pytest.raises(Rejection):
            match_proof(signed, third, key_of(dict(third)), jsonld, previous=others)
    forged = {**third, "proofValue": "z" + to_base58btc(b"\1" * 64)}
    with pytest.raises(Rejection):
        match_proof(signed, fourth, key_of(dict(fourth)), jsonld, previous=(forged,))
