"""`DataIntegrityProof` (W3C Data Integrity 1.0) with the cryptosuites of VC-DI-EDDSA and VC-DI-ECDSA 1.0.

The suites over RDF sign the canonical quads of options and document, those over JSON (`-jcs-`) their RFC 8785
form. With a P-384 key everything is hashed with SHA-384, the ordering of blank nodes included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from credentials.contexts import CREDENTIALS_V1
from credentials.encoding import from_multibase
from credentials.errors import Rejection
from credentials.keys import CURVES, PublicKey, SignatureInvalid
from credentials.proof_inputs import SignedDocument, canonical_options, hashed, uncovered

DATA_INTEGRITY = "DataIntegrityProof"
DATA_INTEGRITY_CONTEXT = "https://w3id.org/security/data-integrity/v2"
#: 96 bytes, a P-384 signature, have at most 132 letters in base58, after one for the base.
MAX_PROOF_VALUE = 133


@dataclass(frozen=True, slots=True)
class Cryptosuite:
    """A way of signing. `curves` are those of keys that fit; `json`: it signs JSON, not quads."""

    name: str
    curves: tuple[str, ...]
    json: bool


CRYPTOSUITES: Mapping[str, Cryptosuite] = {
    suite.name: suite
    for suite in (
        Cryptosuite("eddsa-rdfc-2022", ("Ed25519",), json=False),
        Cryptosuite("ecdsa-rdfc-2019", ("P-256", "P-384"), json=False),
        Cryptosuite("eddsa-jcs-2022", ("Ed25519",), json=True),
        Cryptosuite("ecdsa-jcs-2019", ("P-256", "P-384"), json=True),
    )
}


def cryptosuite_of(proof: Mapping[str, Any]) -> Cryptosuite:
    """The suite of a `DataIntegrityProof`. Rejection of `signature` for one that isn't known."""
    name = proof.get("cryptosuite")
    suite = CRYPTOSUITES.get(name) if isinstance(name, str) else None
    if suite is None:
        raise Rejection(
            "signature",
            f"The cryptosuite {str(name)[:60]!r} is not supported; use one of {', '.join(CRYPTOSUITES)}.",
            {"suite": DATA_INTEGRITY, "cryptosuite": str(name)[:60]},
        )
    return suite


def signed_context(document: Mapping[str, Any], proof: Mapping[str, Any]) -> object:
    """The `@context` of the document that `proof` covers.

    A suite over JSON signs the `@context` that stands in the proof, where one does; what was added to the
    document's after it is not signed (VC-DI-EDDSA section 3.3.2). Rejection of `context` when the document's
    does not begin with it.
    """
    suite = CRYPTOSUITES.get(str(proof.get("cryptosuite")))
    context = document.get("@context")
    if proof.get("type") != DATA_INTEGRITY or suite is None or not suite.json or "@context" not in proof:
        return context
    signed, whole = _as_list(proof["@context"]), _as_list(context)
    if not signed or whole[: len(signed)] != signed:
        raise Rejection("context", "The document's @context must begin with that of its proof.")
    return proof["@context"]


def match_data_integrity(signed: SignedDocument, proof: Mapping[str, Any], key: PublicKey) -> str:
    """The name of the cryptosuite under which `proof` by `key` holds. Rejection of `signature` else."""
    suite = cryptosuite_of(proof)
    if key.curve not in suite.curves:
        raise Rejection(
            "signature",
            f"{suite.name} needs a key of {' or '.join(suite.curves)}, not of {key.curve or key.kty}.",
            {"suite": DATA_INTEGRITY, "cryptosuite": suite.name},
        )
    signature = _proof_value(proof)
    for data in signing_inputs(signed, proof, suite, key):
        try:
            key.verify(key.algorithm, signature, data)
        except SignatureInvalid:
            continue
        return suite.name
    raise Rejection(
        "signature",
        "The signature does not match the key and the content.",
        {"suite": DATA_INTEGRITY, "cryptosuite": suite.name},
    )


def signing_inputs(
    signed: SignedDocument, proof: Mapping[str, Any], suite: Cryptosuite, key: PublicKey
) -> Iterator[bytes]:
    """The bytes that a signature by `key` may be over; the first are those to sign. Rejection of `signature`.

    More than one only for presentations over quads, see `SignedDocument.digests`.
    """
    algorithm = CURVES[key.curve].hash.name if key.curve in CURVES else "sha256"
    if suite.json:
        options = {name: value for name, value in proof.items() if name != "proofValue"}
        document = {**signed.claims, "@context": signed_context(signed.claims, proof)}
        yield hashed(_jcs(options), algorithm) + hashed(_jcs(document), algorithm)
        return
    digest = hashed(_covering_options(signed, proof, algorithm), algorithm)
    for document_digest in signed.digests(algorithm):
        yield digest + document_digest


def _covering_options(signed: SignedDocument, proof: Mapping[str, Any], algorithm: str) -> str:
    """The canonical options under the document's contexts, with that of Data Integrity where they need it.

    Data Integrity 1.0 section 2.4.1 calls the latter context injection.
    """
    missing: tuple[str, ...] = ()
    for context in (signed.context, [*_as_list(signed.context), DATA_INTEGRITY_CONTEXT]):
        options = canonical_options(proof, context, signed.jsonld, algorithm)
        missing = uncovered(proof, options)
        if not missing:
            return options
    raise Rejection(
        "signature",
        f"The contexts don't give the proof's {', '.join(missing)} the meaning that Data Integrity has for "
        f"it, so it would not be signed. With {CREDENTIALS_V1} add {DATA_INTEGRITY_CONTEXT}.",
        {"suite": DATA_INTEGRITY, "uncovered": list(missing)},
    )


def _proof_value(proof: Mapping[str, Any]) -> bytes:
    value = proof.get("proofValue")
    if not isinstance(value, str) or len(value) > MAX_PROOF_VALUE:
        raise Rejection("signature", "The proof's proofValue is missing or longer than a signature.")
    try:
        return from_multibase(value)
    except ValueError as error:
        raise Rejection("signature", f"The proof's proofValue is {error}.") from error


def _jcs(value: Mapping[str, Any]) -> str:
    # What could have no canonical form, `parse_json` refuses.
    return rfc8785.dumps(dict(value)).decode()


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
