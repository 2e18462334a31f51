"""Embedded proofs: which suite, which variant of it, and what it covers.

`Ed25519Signature2020` signs SHA-256 of the proof options followed by SHA-256 of the document. Two algorithms
call themselves `JsonWebSignature2020`: the standard one signs the same two hashes, with the document's
`@context` for the options (`jws2020-std`) or with that of the suite (`jws2020-std-proofctx`); the older one
of Gaia-X signs the hexadecimal text of the document's hash alone (`gx-legacy`), so that its options, purpose
and time included, could be changed by anybody. The result says which it was, for a `DataIntegrityProof` by
the name of its cryptosuite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credentials.data_integrity import DATA_INTEGRITY, match_data_integrity
from credentials.encoding import from_multibase
from credentials.errors import Rejection
from credentials.identity import digest_of
from credentials.jsonld import Expansion, JsonLd
from credentials.jws import check_signature, parse_detached
from credentials.keys import PublicKey, SignatureInvalid
from credentials.proof_inputs import SignedDocument, canonical_options, hashed, uncovered, unsigned

ED25519_2020 = "Ed25519Signature2020"
JWS_2020 = "JsonWebSignature2020"
SUITES = (ED25519_2020, JWS_2020, DATA_INTEGRITY)

VARIANT_ED25519 = "ed25519-2020"
VARIANT_STANDARD = "jws2020-std"
VARIANT_SUITE_CONTEXT = "jws2020-std-proofctx"
VARIANT_LEGACY = "gx-legacy"

#: The options' `@context` in the variant that does not take the document's.
SUITE_CONTEXT = (
    "https://www.w3.org/2018/credentials/v1",
    "https://w3id.org/security/suites/jws-2020/v1",
)
#: A base58 Ed25519 signature has at most 88 letters after its prefix.
MAX_PROOF_VALUE = 89


@dataclass(frozen=True, slots=True)
class ProofMatch:
    """A proof that holds. `options_covered`: purpose, time and method of the proof are signed as well.

    `content_id` is SHA-256 of the document's canonical N-Quads without its proof, 64 hex digits.
    """

    suite: str
    variant: str
    options_covered: bool
    remarks: tuple[str, ...]
    content_id: str


def content_id_of(document: Mapping[str, Any], jsonld: JsonLd) -> str:
    """The content_id of a JSON-LD document, signed or not."""
    return digest_of(jsonld.canonicalise(unsigned(document)).encode())


def match_proof(
    document: Mapping[str, Any],
    proof: Mapping[str, Any],
    key: PublicKey,
    jsonld: JsonLd,
    *,
    allow_rs256: bool = False,
    expansion: Expansion | None = None,
    previous: Sequence[Mapping[str, Any]] = (),
) -> ProofMatch:
    """Find the variant under which `proof` by `key` holds for `document` (with or without its proof in it).

    `expansion` is that of `unsigned(document)` if the caller has made it already; making it is the largest
    part of the cost. `previous` are the proofs that this one signs along with the document. Rejection of
    `signature` when no variant holds. Purpose, method and time of the proof are for the caller to judge.
    """
    suite = proof.get("type")
    signed = SignedDocument(document, jsonld, expansion, previous)
    if suite == DATA_INTEGRITY:
        name = match_data_integrity(signed, proof, key)
        return ProofMatch(DATA_INTEGRITY, name, True, (), signed.content_id)
    if suite == ED25519_2020:
        return _match_ed25519(signed, proof, key)
    if suite == JWS_2020:
        return _match_jws(signed, proof, key, allow_rs256)
    raise Rejection(
        "signature",
        f"Proofs of type {str(suite)[:60]!r} are not supported; use one of {', '.join(SUITES)}.",
        {"suite": str(suite)[:60]},
    )


def _match_ed25519(signed: SignedDocument, proof: Mapping[str, Any], key: PublicKey) -> ProofMatch:
    value = proof.get("proofValue")
    if not isinstance(value, str) or len(value) > MAX_PROOF_VALUE:
        raise Rejection("signature", "The proof's proofValue is missing or no Ed25519 signature.")
    try:
        signature = from_multibase(value)
    except ValueError as error:
        raise Rejection("signature", f"The proof's proofValue is {error}.") from error
    options = canonical_options(proof, signed.context, signed.jsonld)
    for digest in signed.digests():
        if _holds(key, "Ed25519", signature, hashed(options) + digest):
            covered, remarks = _coverage(proof, options)
            return ProofMatch(ED25519_2020, VARIANT_ED25519, covered, remarks, signed.content_id)
    raise _no_match(key, "Ed25519", ED25519_2020)


def _match_jws(
    signed: SignedDocument, proof: Mapping[str, Any], key: PublicKey, allow_rs256: bool
) -> ProofMatch:
    text = proof.get("jws")
    if not isinstance(text, str):
        raise Rejection("signature", "The proof's jws is missing or not a string.")
    jws = parse_detached(text)
    if jws.algorithm == "RS256" and not allow_rs256:
        check_signature(jws.algorithm, jws.signature, b"", key)
    for digest in signed.digests():
        for variant, options in _variants(signed, proof):
            payload = digest.hex().encode() if options is None else hashed(options) + digest
            if _holds(key, jws.algorithm, jws.signature, jws.signing_input(payload)):
                covered, remarks = _coverage(proof, options)
                remarks = jws.remarks + key.remarks(jws.algorithm) + remarks
                return ProofMatch(JWS_2020, variant, covered, remarks, signed.content_id)
    raise _no_match(key, jws.algorithm, JWS_2020)


def _variants(signed: SignedDocument, proof: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """(variant, canonical options) in the order of preference; the legacy variant has no options."""
    yield VARIANT_STANDARD, canonical_options(proof, signed.context, signed.jsonld)
    if signed.context != list(SUITE_CONTEXT):
        yield VARIANT_SUITE_CONTEXT, canonical_options(proof, list(SUITE_CONTEXT), signed.jsonld)
    yield VARIANT_LEGACY, None


def _holds(key: PublicKey, algorithm: str, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(algorithm, signature, data)
    except SignatureInvalid:
        return False
    return True


def _no_match(key: PublicKey, algorithm: str, suite: str) -> Rejection:
    evidence = {"suite": suite, "alg": algorithm}
    if algorithm not in key.algorithms:
        fits = ", ".join(sorted(key.algorithms))
        detail = f"The proof is signed with {algorithm}, the key is one for {fits}."
        return Rejection("signature", detail, evidence)
    return Rejection("signature", "The signature does not match the key and the content.", evidence)


def _coverage(proof: Mapping[str, Any], options: str | None) -> tuple[bool, tuple[str, ...]]:
    if options is None:
        return False, ("this variant does not sign the proof options: time, purpose and method are unproven",)
    if missing := uncovered(proof, options):
        return False, (f"the @context does not map the proof's {', '.join(missing)}: not signed",)
    return True, ()
