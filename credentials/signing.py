"""Signing, for providers and for tests: DIDs of keys, DID documents, credentials and presentations.

Forms: those named like a cryptosuite are JSON-LD with a `DataIntegrityProof`, `ed25519-2020` and `jws2020`
with a proof of the suites before it; `jws2020-legacy` is the older Gaia-X algorithm, whose proof options
anybody can change, for test beds that know no other; `vc-jwt` and `vp-jwt` are JWTs as Gaia-X Loire uses them
(W3C VC-JOSE-COSE).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from credentials.contexts import CREDENTIALS_V1, CREDENTIALS_V2
from credentials.encoding import to_base64url
from credentials.jsonld import JsonLd
from credentials.keys import PublicKey
from credentials.parsing import parse_json, sniff
from credentials.private_keys import KEY_KINDS, KeyKind, PrivateKey, generate_key
from credentials.proof_inputs import unsigned
from credentials.proof_signing import (
    EMBEDDED_FORMS,
    Earlier,
    EmbeddedForm,
    Options,
    SigningRefused,
    add_proof,
)
from credentials.times import from_rfc3339

__all__ = [
    "CREDENTIAL_FORMS",
    "KEY_KINDS",
    "PRESENTATION_FORMS",
    "CredentialForm",
    "KeyKind",
    "PresentationForm",
    "PrivateKey",
    "SigningRefused",
    "did_document",
    "did_jwk",
    "did_key",
    "generate_key",
    "inline_method",
    "own_method",
    "sign_compact",
    "sign_credential",
    "sign_presentation",
    "x5c_from_pem",
]

CredentialForm = Literal[EmbeddedForm, "vc-jwt"]
PresentationForm = Literal[EmbeddedForm, "vp-jwt"]
CREDENTIAL_FORMS: tuple[CredentialForm, ...] = (*EMBEDDED_FORMS, "vc-jwt")
PRESENTATION_FORMS: tuple[PresentationForm, ...] = (*EMBEDDED_FORMS, "vp-jwt")

_JWS_2020_CONTEXT = "https://w3id.org/security/suites/jws-2020/v1"
_ENVELOPE = "data:application/vc+jwt,"


def did_key(key: PublicKey) -> str:
    """The did:key of any key but RSA, for which it raises KeyUnusable."""
    return f"did:key:{key.multibase()}"


def did_jwk(key: PublicKey) -> str:
    """The did:jwk of any key."""
    return "did:jwk:" + to_base64url(json.dumps(key.jwk(), separators=(",", ":")).encode())


def inline_method(did: str) -> str:
    """The DID URL of the only method of a did:key or did:jwk."""
    return did + ("#0" if did.startswith("did:jwk:") else "#" + did.removeprefix("did:key:"))


def own_method(key: PublicKey) -> str:
    """The DID URL under which a key speaks for itself: as a did:key, an RSA key as a did:jwk."""
    return inline_method(did_jwk(key) if key.kty == "RSA" else did_key(key))


def did_document(
    did: str,
    keys: Mapping[str, PublicKey],
    *,
    x5u: str | None = None,
    x5c: Sequence[str] | None = None,
) -> dict[str, Any]:
    """A DID document with `keys` by fragment (without `#`), all for assertion and authentication.

    `x5u` (URL of a PEM chain) and `x5c` (base64 DER, leaf first) say who vouches for the key; they go with
    exactly one key. ValueError otherwise, or without keys.
    """
    if not keys:
        raise ValueError("a DID document without keys verifies nothing")
    if (x5u or x5c) and len(keys) != 1:
        raise ValueError("a certificate chain belongs to one key")
    chain = {name: value for name, value in (("x5u", x5u), ("x5c", list(x5c or ()))) if value}
    methods = [
        {
            "id": f"{did}#{fragment}",
            "type": "JsonWebKey2020",
            "controller": did,
            "publicKeyJwk": {**key.jwk(), "alg": key.algorithm, **chain},
        }
        for fragment, key in keys.items()
    ]
    ids = [method["id"] for method in methods]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", _JWS_2020_CONTEXT],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": ids,
        "authentication": ids,
    }


def x5c_from_pem(pem: bytes) -> list[str]:
    """The `x5c` member (RFC 7517 section 4.7) of a PEM chain, leaf first. ValueError when it is none."""
    return [
        base64.b64encode(certificate.public_bytes(Encoding.DER)).decode("ascii")
        for certificate in x509.load_pem_x509_certificates(pem)
    ]


def sign_credential(
    document: Mapping[str, Any],
    key: PrivateKey,
    method: str,
    *,
    form: CredentialForm,
    created: datetime,
    proof_id: str | None = None,
    earlier: Earlier = "replace",
    jsonld: JsonLd | None = None,
    unsafe_unmapped: bool = False,
) -> bytes:
    """Sign a credential with the key that `method` (a DID URL) names; the bytes to publish.

    An embedded proof adds its suite's context to `@context` when it is missing; `earlier` says what becomes
    of the proofs that the document has. SigningRefused when `form` does not fit the document or the key, or
    when a term has no meaning under the contexts (such a proof does not cover it), unless `unsafe_unmapped`.
    Whether the issuer is whose key signs is for its author.
    """
    if form == "vc-jwt":
        if CREDENTIALS_V2 not in _contexts(document):
            raise SigningRefused("a VC-JWT needs a VC 2.0 document (@context credentials/v2)")
        header = _jwt_header("vc", key, method, created, document.get("validUntil"))
        return sign_compact(header, _compact_json(unsigned(document)), key).encode("ascii")
    options = Options(method, "assertionMethod", created, proof_id)
    return _readable_json(
        add_proof(
            document, key, form, options, earlier=earlier, jsonld=jsonld, unsafe_unmapped=unsafe_unmapped
        )
    )


def sign_presentation(
    credentials: Sequence[bytes],
    key: PrivateKey,
    method: str,
    *,
    holder: str,
    form: PresentationForm,
    created: datetime,
    presentation_id: str | None = None,
    challenge: str | None = None,
    domain: str | None = None,
    jsonld: JsonLd | None = None,
    unsafe_unmapped: bool = False,
) -> bytes:
    """Put signed credentials into a presentation and sign it for authentication; the bytes to publish.

    JWTs go in as EnvelopedVerifiableCredential (VC 2.0 section 4.14), JSON-LD as it is. `challenge` and
    `domain` are what the reader asked to have signed; in a JWT they are `nonce` and `aud`. Errors as in
    `sign_credential`.
    """
    members = [_member(data) for data in credentials]
    modern = form == "vp-jwt" or any(CREDENTIALS_V2 in _contexts(member) for member in members)
    document = {
        "@context": [CREDENTIALS_V2 if modern else CREDENTIALS_V1],
        **({"id": presentation_id} if presentation_id else {}),
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": members,
    }
    if form == "vp-jwt":
        header = _jwt_header("vp", key, method, created, None)
        asked = {name: value for name, value in (("nonce", challenge), ("aud", domain)) if value}
        return sign_compact(header, _compact_json({**document, **asked}), key).encode("ascii")
    options = Options(method, "authentication", created, None, challenge, domain)
    signed = add_proof(document, key, form, options, jsonld=jsonld, unsafe_unmapped=unsafe_unmapped)
    return _readable_json(signed)


def sign_compact(header: Mapping[str, Any], payload: bytes, key: PrivateKey) -> str:
    """A compact JWS (RFC 7515 section 7.1) with this protected header, which must name the key's `alg`."""
    if header.get("alg") != key.algorithm:
        raise SigningRefused(f"the header's alg must be {key.algorithm}")
    text = f"{to_base64url(_compact_json(header))}.{to_base64url(payload)}"
    return f"{text}.{to_base64url(key.sign(text.encode('ascii')))}"


def _member(data: bytes) -> dict[str, Any]:
    if sniff(data) == "json":
        return parse_json(data)
    return {
        "@context": CREDENTIALS_V2,
        "id": _ENVELOPE + data.decode("ascii").strip(),
        "type": "EnvelopedVerifiableCredential",
    }


def _jwt_header(
    kind: Literal["vc", "vp"], key: PrivateKey, method: str, created: datetime, until: object
) -> dict[str, Any]:
    header: dict[str, Any] = {
        "alg": key.algorithm,
        "typ": f"{kind}+jwt",
        "cty": kind,
        "iss": method.partition("#")[0],
        "kid": method,
        "iat": int(created.timestamp()),
    }
    if isinstance(until, str):
        header["exp"] = int(from_rfc3339(until).timestamp())
    return header


def _compact_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _readable_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _contexts(document: Mapping[str, Any]) -> list[Any]:
    context = document.get("@context", [])
    return context if isinstance(context, list) else [context]
