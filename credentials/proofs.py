"""Embedded proofs over JSON-LD: which suite, which variant of it, and what it covers.

`Ed25519Signature2020` signs SHA-256 of the proof options followed by SHA-256 of the document. Two algorithms
call themselves `JsonWebSignature2020`: the standard one signs the same two hashes, with the document's
`@context` for the options (`jws2020-std`) or with that of the suite (`jws2020-std-proofctx`); the older one
of Gaia-X signs the hexadecimal text of the document's hash alone (`gx-legacy`), so that its options, purpose
and time included, could be changed by anybody. The result says which it was.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from credentials.contexts import ContextStore
from credentials.encoding import from_multibase
from credentials.errors import Rejection
from credentials.jsonld import Expansion, JsonLd
from credentials.jws import check_signature, parse_detached
from credentials.keys import PublicKey, SignatureInvalid

ED25519_2020 = "Ed25519Signature2020"
JWS_2020 = "JsonWebSignature2020"
SUITES = (ED25519_2020, JWS_2020)

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
#: Templates of canonical options kept per store of contexts: one for each combination of contexts, suite and
#: purpose, 1 kB each.
TEMPLATE_CACHE = 256

# What a signature must cover lest a proof be turned to another use, by its predicate in the options' quads.
_GUARDED = {
    "created": "<http://purl.org/dc/terms/created>",
    "proofPurpose": "<https://w3id.org/security#proofPurpose>",
    "verificationMethod": "<https://w3id.org/security#verificationMethod>",
}
_SIGNATURE_MEMBERS = frozenset({"jws", "proofValue", "signatureValue", "@context"})
_TEMPLATE_MEMBERS = frozenset({"type", "created", "proofPurpose", "verificationMethod"})
# Values that stand in canonical N-Quads exactly as written, whatever the contexts say.
_PLAIN_TIME = re.compile(r"[0-9][0-9TZtz:.+-]{0,40}", re.ASCII)
_PLAIN_DID_URL = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+(?:#[A-Za-z0-9._:%-]+)?", re.ASCII)
_TemplateKey = tuple[tuple[str, ...], str, str]
_TEMPLATES: WeakKeyDictionary[ContextStore, dict[_TemplateKey, str]] = WeakKeyDictionary()
_TIME_MARK, _METHOD_MARK = "1000-01-01T00:00:00Z", "did:mark:0000#0000"


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
    return hashlib.sha256(jsonld.canonicalise(unsigned(document)).encode()).hexdigest()


def unsigned(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without its `proof`: what its signature is about."""
    return {name: value for name, value in document.items() if name != "proof"}


def proof_options(proof: Mapping[str, Any], context: object) -> dict[str, Any]:
    """The proof options as they are canonicalised: all but the signature, under `context`."""
    options = {name: value for name, value in proof.items() if name not in _SIGNATURE_MEMBERS}
    return {"@context": context, **options}


def match_proof(
    document: Mapping[str, Any],
    proof: Mapping[str, Any],
    key: PublicKey,
    jsonld: JsonLd,
    *,
    allow_rs256: bool = False,
    expansion: Expansion | None = None,
) -> ProofMatch:
    """Find the variant under which `proof` by `key` holds for `document` (with or without its proof in it).

    `expansion` is that of `unsigned(document)` if the caller has made it already; making it is the largest
    part of the cost. Rejection of `signature` when no variant holds. Purpose, method and time of the proof
    are for the caller to judge.
    """
    suite = proof.get("type")
    signed = _Signed(document, jsonld, expansion)
    if suite == ED25519_2020:
        return _match_ed25519(signed, proof, key)
    if suite == JWS_2020:
        return _match_jws(signed, proof, key, allow_rs256)
    raise Rejection(
        "signature",
        f"Proofs of type {str(suite)[:60]!r} are not supported; use one of {', '.join(SUITES)}.",
        {"suite": str(suite)[:60]},
    )


class _Signed:
    """The signed document in canonical form."""

    def __init__(self, document: Mapping[str, Any], jsonld: JsonLd, expansion: Expansion | None) -> None:
        self.context = document.get("@context")
        self.jsonld = jsonld
        self._presentation = "verifiableCredential" in document
        self._expansion = expansion or jsonld.expand(unsigned(document))
        self._first = self.jsonld.canonicalise(self._expansion)
        self.content_id = hashlib.sha256(self._first.encode()).hexdigest()

    def digests(self) -> Iterator[bytes]:
        """SHA-256 of the canonical document, for a presentation also of its other canonical form.

        Implementations disagree on how often a blank node counts as related to another (RDFC-1.0 section
        4.7), which shows in presentations with several like credentials. Either is a serialisation of the
        same data; the first one is the content_id.
        """
        yield bytes.fromhex(self.content_id)
        if self._presentation:
            second = self.jsonld.canonicalise(self._expansion, related="distinct")
            if second != self._first:
                yield _sha256(second)


def _match_ed25519(signed: _Signed, proof: Mapping[str, Any], key: PublicKey) -> ProofMatch:
    value = proof.get("proofValue")
    if not isinstance(value, str) or len(value) > MAX_PROOF_VALUE:
        raise Rejection("signature", "The proof's proofValue is missing or no Ed25519 signature.")
    try:
        signature = from_multibase(value)
    except ValueError as error:
        raise Rejection("signature", f"The proof's proofValue is {error}.") from error
    options = _canonical_options(proof, signed.context, signed.jsonld)
    for digest in signed.digests():
        if _holds(key, "Ed25519", signature, _sha256(options) + digest):
            covered, remarks = _coverage(proof, options)
            return ProofMatch(ED25519_2020, VARIANT_ED25519, covered, remarks, signed.content_id)
    raise _no_match(key, "Ed25519", ED25519_2020)


def _match_jws(signed: _Signed, proof: Mapping[str, Any], key: PublicKey, allow_rs256: bool) -> ProofMatch:
    text = proof.get("jws")
    if not isinstance(text, str):
        raise Rejection("signature", "The proof's jws is missing or not a string.")
    jws = parse_detached(text)
    if jws.algorithm == "RS256" and not allow_rs256:
        check_signature(jws.algorithm, jws.signature, b"", key)
    for digest in signed.digests():
        for variant, options in _variants(signed, proof):
            payload = digest.hex().encode() if options is None else _sha256(options) + digest
            if _holds(key, jws.algorithm, jws.signature, jws.signing_input(payload)):
                covered, remarks = _coverage(proof, options)
                remarks = jws.remarks + key.remarks(jws.algorithm) + remarks
                return ProofMatch(JWS_2020, variant, covered, remarks, signed.content_id)
    raise _no_match(key, jws.algorithm, JWS_2020)


def _variants(signed: _Signed, proof: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """(variant, canonical options) in the order of preference; the legacy variant has no options."""
    yield VARIANT_STANDARD, _canonical_options(proof, signed.context, signed.jsonld)
    if signed.context != list(SUITE_CONTEXT):
        yield VARIANT_SUITE_CONTEXT, _canonical_options(proof, list(SUITE_CONTEXT), signed.jsonld)
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


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _coverage(proof: Mapping[str, Any], options: str | None) -> tuple[bool, tuple[str, ...]]:
    if options is None:
        return False, ("this variant does not sign the proof options: time, purpose and method are unproven",)
    missing = [name for name, iri in _GUARDED.items() if name in proof and iri not in options]
    if missing:
        return False, (f"the @context does not map the proof's {', '.join(missing)}: not signed",)
    return True, ()


def _canonical_options(proof: Mapping[str, Any], context: object, jsonld: JsonLd) -> str:
    """Canonical N-Quads of the proof options; by a template where only plain values can differ."""
    options = proof_options(proof, context)
    contexts = tuple(context) if isinstance(context, list) else (context,)
    created, method = options.get("created"), options.get("verificationMethod")
    if (
        options.keys() - {"@context"} == _TEMPLATE_MEMBERS
        and all(isinstance(url, str) for url in contexts)
        and str(options["proofPurpose"]).isalpha()
        and isinstance(created, str)
        and _PLAIN_TIME.fullmatch(created)
        and isinstance(method, str)
        and _PLAIN_DID_URL.fullmatch(method)
    ):
        key = (contexts, str(options["type"]), str(options["proofPurpose"]))
        template = _template(jsonld, key)
        return template.replace(_TIME_MARK, created).replace(_METHOD_MARK, method)
    return jsonld.canonicalise(options)


def _template(jsonld: JsonLd, key: _TemplateKey) -> str:
    """The quads of options with marks for time and method: one blank node, so their order never changes."""
    templates = _TEMPLATES.setdefault(jsonld.contexts, {})
    template = templates.get(key)
    if template is None:
        contexts, suite, purpose = key
        template = jsonld.canonicalise(
            {
                "@context": list(contexts),
                "type": suite,
                "created": _TIME_MARK,
                "proofPurpose": purpose,
                "verificationMethod": _METHOD_MARK,
            }
        )
        if len(templates) >= TEMPLATE_CACHE:
            templates.clear()
        templates[key] = template
    return template
