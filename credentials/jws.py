"""JSON Web Signatures: the compact form (RFC 7515) and the detached one of RFC 7797 that proofs use.

A token says which algorithm was used, never which key to believe: `jwk` inside is refused, `x5c`, `x5u` and
`jku` are not used and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from credentials.encoding import from_base64url, to_base64url
from credentials.errors import Rejection
from credentials.identity import digest_of
from credentials.keys import ALGORITHMS, PublicKey, SignatureInvalid
from credentials.parsing import parse_json

#: A header with a chain of four RSA certificates is 10 kB; nothing else in it is large.
MAX_HEADER = 16_384
#: An RSA-8192 signature is 1,366 letters; longer text is refused before it is decoded.
MAX_SIGNATURE = 1_366

# RFC 7515 section 4.1.11: names that the specifications themselves define may not be listed in `crit`.
_REGISTERED = frozenset({"alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"})
_UNUSED_KEY_HINTS = ("x5c", "x5u", "jku")


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS, decoded but not yet verified. `signing_input` is the ASCII of `header.payload`."""

    header: Mapping[str, Any]
    header_bytes: bytes
    payload: bytes
    signature: bytes
    signing_input: bytes
    remarks: tuple[str, ...] = ()

    @property
    def algorithm(self) -> str:
        """The header's `alg`, one of `keys.ALGORITHMS`."""
        return str(self.header["alg"])

    @property
    def content_id(self) -> str:
        """What was signed: SHA-256 of the signing input, 64 hex digits."""
        return digest_of(self.signing_input)


@dataclass(frozen=True, slots=True)
class DetachedJws:
    """A JWS whose payload lies elsewhere (`header..signature`); `encoded`: it is signed as base64url."""

    header: Mapping[str, Any]
    protected: str
    signature: bytes
    encoded: bool
    remarks: tuple[str, ...] = ()

    @property
    def algorithm(self) -> str:
        """The header's `alg`, one of `keys.ALGORITHMS`."""
        return str(self.header["alg"])

    def signing_input(self, payload: bytes) -> bytes:
        """The bytes that the signature covers for `payload` (RFC 7797 section 3)."""
        body = to_base64url(payload).encode("ascii") if self.encoded else payload
        return self.protected.encode("ascii") + b"." + body


def parse_compact(text: str | bytes) -> Jws:
    """Decode a compact JWS. Rejection of `parse`, `signature` or `key` when it must not be used.

    `b64: false` is refused here: RFC 7797 section 7 keeps it out of JWTs.
    """
    header_text, payload_text, signature_text = _parts(text)
    header, header_bytes, remarks = _header(header_text)
    if not _encoded(header):
        raise Rejection("signature", "A JWT with b64 false is not allowed (RFC 7797 section 7).")
    return Jws(
        header,
        header_bytes,
        _decoded(payload_text, "payload"),
        _signature(signature_text),
        f"{header_text}.{payload_text}".encode("ascii"),
        remarks,
    )


def parse_detached(text: str) -> DetachedJws:
    """Decode a JWS with detached payload, `b64` true, false or absent (RFC 7515 app. F, RFC 7797).

    Rejection of `signature` or `key` when it must not be used, of `parse` when it is none.
    """
    header_text, payload_text, signature_text = _parts(text)
    if payload_text:
        raise Rejection("signature", "The proof's jws carries a payload; it must be detached.")
    header, _, remarks = _header(header_text)
    return DetachedJws(header, header_text, _signature(signature_text), _encoded(header), remarks)


def check_signature(
    algorithm: str, signature: bytes, data: bytes, key: PublicKey, *, allow_rs256: bool = False
) -> tuple[str, ...]:
    """Check one signature by `key`; the remarks on it. Rejection of `signature` when it does not hold."""
    if algorithm == "RS256" and not allow_rs256:
        raise Rejection("signature", "RS256 is not accepted here; sign with PS256.", {"alg": algorithm})
    try:
        key.verify(algorithm, signature, data)
    except SignatureInvalid as error:
        raise Rejection("signature", _sentence(error.problem), {"alg": algorithm}) from error
    return key.remarks(algorithm)


def verify_compact(jws: Jws, key: PublicKey, *, allow_rs256: bool = False) -> tuple[str, ...]:
    """Check a compact JWS by `key`; the remarks on it. Rejection of `signature` when it does not hold."""
    remarks = check_signature(jws.algorithm, jws.signature, jws.signing_input, key, allow_rs256=allow_rs256)
    return jws.remarks + remarks


def _parts(text: str | bytes) -> tuple[str, str, str]:
    if isinstance(text, bytes):
        try:
            text = text.decode("ascii")
        except UnicodeDecodeError as error:
            raise Rejection("parse", "A compact JWS is ASCII text.") from error
    parts = text.split(".")
    if len(parts) != 3:
        raise Rejection("parse", f"A compact JWS has three parts; this text has {len(parts)}.")
    return parts[0], parts[1], parts[2]


def _sentence(problem: str) -> str:
    return problem[:1].upper() + problem[1:] + "."


def _decoded(text: str, what: str) -> bytes:
    try:
        return from_base64url(text)
    except ValueError as error:
        raise Rejection("parse", f"The {what} of the JWS is {error}.") from error


def _signature(text: str) -> bytes:
    if len(text) > MAX_SIGNATURE:
        raise Rejection("signature", "The JWS signature is longer than that of any accepted key.")
    return _decoded(text, "signature")


def _header(text: str) -> tuple[Mapping[str, Any], bytes, tuple[str, ...]]:
    if len(text) > MAX_HEADER:
        raise Rejection("parse", f"The JWS header is longer than {MAX_HEADER} characters.")
    raw = _decoded(text, "header")
    header = parse_json(raw)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        accepted = ", ".join(sorted(ALGORITHMS))
        raise Rejection(
            "signature", f"Algorithm {str(algorithm)[:40]!r} is not accepted; use one of {accepted}."
        )
    if "jwk" in header:
        raise Rejection("key", "The token brings its own key (jwk); keys come from DID documents only.")
    if not isinstance(header.get("kid", ""), str):
        raise Rejection("parse", "The JWS header's kid is not a string.")
    remarks = tuple(
        f"{name} in the token is not used as a key" for name in _UNUSED_KEY_HINTS if name in header
    )
    return header, raw, remarks


def _encoded(header: Mapping[str, Any]) -> bool:
    """Whether the payload is base64url in the signing input; checks `crit` and `b64` on the way."""
    critical = header.get("crit", [])
    if "crit" in header and (not isinstance(critical, list) or not critical):
        raise Rejection("signature", "The JWS header's crit must be a list of names, and not empty.")
    for name in critical:
        if not isinstance(name, str) or name in _REGISTERED or name not in header:
            raise Rejection("signature", f"The JWS header's crit names {str(name)[:40]!r}, which it may not.")
        if name != "b64":
            raise Rejection(
                "signature", f"The JWS header's crit asks for {name[:40]!r}, which is not understood here."
            )
    if len(critical) > 1:
        raise Rejection("signature", "The JWS header's crit names b64 twice.")
    encoded = header.get("b64", True)
    if not isinstance(encoded, bool):
        raise Rejection("signature", "The JWS header's b64 must be true or false.")
    if not encoded and not critical:
        raise Rejection("signature", "A JWS with b64 false must list it in crit (RFC 7797 section 6).")
    return encoded
