"""Public keys: Ed25519, P-256, P-384, secp256k1 and RSA, and the signature algorithms that fit each.

A key that could not keep a secret is refused when it is read: RSA outside 2048 to 8192 bits, points off the
curve, Ed25519 points of small order (for which anybody can sign), keys published with their private half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from credentials.encoding import from_base58btc, from_base64url, from_multibase, to_base58btc, to_base64url

#: Shorter RSA keys are within reach of a state; RFC 7518 section 3.3 requires 2048 bits.
MIN_RSA_BITS = 2048
#: A verification with 8192 bits costs under 1 ms; larger keys only serve to keep a server busy.
MAX_RSA_BITS = 8192
#: FIPS 186-5 section 5.4(e) asks for 65537 or more; the bound above keeps a verification cheap.
MIN_RSA_EXPONENT, MAX_RSA_EXPONENT = 65537, 2**32 - 1
#: An RSA-8192 key in PEM is 1.5 kB, a certificate with its chain some 8 kB.
MAX_PEM = 16_384
#: Parsed keys kept; an RSA key takes about 2 kB, so at most some 8 MB a process.
KEY_CACHE = 4096


@dataclass(frozen=True, slots=True)
class Curve:
    """An elliptic curve for ECDSA with the one algorithm that goes with it (RFC 7518 section 3.4, RFC 8812).

    `size` is the length in bytes of a coordinate, and of each half of a signature.
    """

    name: str
    native: ec.EllipticCurve
    size: int
    algorithm: str
    hash: hashes.HashAlgorithm
    codec: bytes


# The codecs are multicodec prefixes as unsigned varints (0x1200, 0x1201, 0xe7).
CURVES = {
    curve.name: curve
    for curve in (
        Curve("P-256", ec.SECP256R1(), 32, "ES256", hashes.SHA256(), b"\x80\x24"),
        Curve("P-384", ec.SECP384R1(), 48, "ES384", hashes.SHA384(), b"\x81\x24"),
        Curve("secp256k1", ec.SECP256K1(), 32, "ES256K", hashes.SHA256(), b"\xe7\x01"),
    )
}

RSA_ALGORITHMS = frozenset({"PS256", "RS256"})
ED25519_ALGORITHMS = frozenset({"EdDSA", "Ed25519"})
#: Every algorithm that a signature may name. RS256 is refused unless the settings allow it.
ALGORITHMS = RSA_ALGORITHMS | ED25519_ALGORITHMS | {curve.algorithm for curve in CURVES.values()}

_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
_CODEC_ED25519 = b"\xed\x01"

_P25519 = 2**255 - 19
# y-coordinates of the points of order 1, 2, 4 and 8 (RFC 7748 section 6.1 names the same weakness).
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _P25519 - 1, _ORDER_8, _P25519 - _ORDER_8})

# ROCA (CVE-2017-15361): a flawed generator made moduli that are powers of 65537 modulo every small prime, and
# such keys can be factored. An honest modulus looks like that by chance once in 240 million.
_ROCA = {
    prime: frozenset(pow(65537, exponent, prime) for exponent in range(prime - 1))
    for prime in range(3, 168)
    if all(prime % divisor for divisor in range(2, prime))
}

NativeKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class KeyUnusable(Exception):
    """A public key that cannot or must not be used; `problem` says why in a sentence."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class SignatureInvalid(Exception):
    """The signature does not belong to this key and these bytes; `problem` says why in a sentence."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A checked public key.

    `kty` and `curve` are the JWK names (`curve` is "" for RSA), `algorithms` the JOSE algorithms that fit it,
    `hint` the `alg` that its JWK carried. Equal keys compare equal whatever form they came in.
    """

    kty: str
    curve: str
    parameters: tuple[tuple[str, str], ...]
    algorithms: frozenset[str] = field(compare=False)
    native: NativeKey = field(compare=False, repr=False)
    hint: str | None = field(default=None, compare=False)

    def jwk(self) -> dict[str, str]:
        """The public JWK (RFC 7517) with the required members only, in the order of RFC 7638."""
        members = {"kty": self.kty, **dict(self.parameters)}
        if self.curve:
            members["crv"] = self.curve
        return dict(sorted(members.items()))

    def multibase(self) -> str:
        """The Multikey form (`publicKeyMultibase`). KeyUnusable for RSA, which has no agreed short form."""
        if isinstance(self.native, ed25519.Ed25519PublicKey):
            return "z" + to_base58btc(_CODEC_ED25519 + self.native.public_bytes_raw())
        if isinstance(self.native, ec.EllipticCurvePublicKey):
            point = self.native.public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
            )
            return "z" + to_base58btc(CURVES[self.curve].codec + point)
        raise KeyUnusable("an RSA key has no multibase form here; use did:jwk or did:web")

    @property
    def algorithm(self) -> str:
        """The algorithm that new signatures by this key use: EdDSA, PS256, or that of its curve."""
        if self.curve in CURVES:
            return CURVES[self.curve].algorithm
        return "PS256" if self.kty == "RSA" else "EdDSA"

    def remarks(self, algorithm: str) -> tuple[str, ...]:
        """What is odd but harmless about a signature with `algorithm` by this key."""
        if self.hint is None or self.hint == algorithm or {self.hint, algorithm} <= ED25519_ALGORITHMS:
            return ()
        return (f"the key's own alg is {self.hint}, the signature's {algorithm}",)

    def verify(self, algorithm: str, signature: bytes, data: bytes) -> None:
        """Check `signature` (raw JOSE form, RFC 7518 section 3, RFC 8037) over `data`.

        SignatureInvalid when it is not this key's, or when `algorithm` does not fit the key.
        """
        if algorithm not in self.algorithms:
            raise SignatureInvalid(f"algorithm {algorithm!r} does not fit a {self.curve or self.kty} key")
        try:
            if isinstance(self.native, ed25519.Ed25519PublicKey):
                self.native.verify(signature, data)
            elif isinstance(self.native, ec.EllipticCurvePublicKey):
                curve = CURVES[self.curve]
                self.native.verify(_der_signature(signature, curve), data, ec.ECDSA(curve.hash))
            elif algorithm == "PS256":
                self.native.verify(signature, data, _PSS, hashes.SHA256())
            else:
                self.native.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise SignatureInvalid("the signature does not match the key and the content") from error


def _der_signature(signature: bytes, curve: Curve) -> bytes:
    # RFC 7518 section 3.4: r and s as `size` octets each, nothing else.
    size = curve.size
    if len(signature) != 2 * size:
        raise SignatureInvalid(
            f"an {curve.algorithm} signature has {2 * size} bytes, this one {len(signature)}"
        )
    return encode_dss_signature(
        int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    )


def public_key_from_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    """A key from a public JWK (RFC 7517, RFC 8037). KeyUnusable when it must not verify signatures."""
    if private := sorted(_PRIVATE_MEMBERS & jwk.keys()):
        raise KeyUnusable(f"the JWK carries private members ({', '.join(private)}): the key is compromised")
    hint = _usage(jwk)
    match jwk.get("kty"), jwk.get("crv"):
        case "OKP", "Ed25519":
            key = _ed25519(_member(jwk, "x", 32))
        case "EC", str(name) if name in CURVES:
            size = CURVES[name].size
            key = _on_curve(name, b"\x04" + _member(jwk, "x", size) + _member(jwk, "y", size))
        case "RSA", _:
            key = _rsa(_unsigned(jwk, "n"), _unsigned(jwk, "e"))
        case kty, curve:
            raise KeyUnusable(f"key type {_shown(kty)} with curve {_shown(curve)} is not supported")
    if hint is None:
        return key
    if hint not in key.algorithms:
        raise KeyUnusable(f"the JWK's alg {_shown(hint)} is not one that is accepted of such a key")
    # Gaia-X keys published as RS256 sign with PS256: stronger, so taken. The other way round is a downgrade.
    algorithms = frozenset({"PS256"}) if hint == "PS256" else key.algorithms
    return PublicKey(key.kty, key.curve, key.parameters, algorithms, key.native, hint)


def _usage(jwk: Mapping[str, Any]) -> str | None:
    """The JWK's `alg`, after `use` and `key_ops` have been checked (RFC 7517 sections 4.2 to 4.4)."""
    if jwk.get("use", "sig") != "sig":
        raise KeyUnusable(f"the JWK is for use {_shown(jwk['use'])}, not for signatures")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeyUnusable("the JWK's key_ops do not include verify")
    hint = jwk.get("alg")
    if hint is not None and not isinstance(hint, str):
        raise KeyUnusable("the JWK's alg is not a string")
    return hint


def _shown(value: object) -> str:
    return repr(value)[:40]


def _member(jwk: Mapping[str, Any], name: str, length: int | None = None) -> bytes:
    value = jwk.get(name)
    if not isinstance(value, str) or len(value) > MAX_PEM:
        raise KeyUnusable(f"the JWK's member {name} is missing or not base64url text")
    try:
        data = from_base64url(value)
    except ValueError as error:
        raise KeyUnusable(f"the JWK's member {name} is {error}") from error
    if length is not None and len(data) != length:
        raise KeyUnusable(f"the JWK's member {name} has {len(data)} bytes instead of {length}")
    return data


def _unsigned(jwk: Mapping[str, Any], name: str) -> int:
    # RFC 7518 section 6.3.1.1 warns of implementations that prefix one zero octet: harmless, so taken.
    data = _member(jwk, name)
    if data[:2] == b"\x00\x00":
        raise KeyUnusable(f"the JWK's member {name} has several leading zero bytes")
    return int.from_bytes(data, "big")


@lru_cache(maxsize=KEY_CACHE)
def _ed25519(raw: bytes) -> PublicKey:
    y = (int.from_bytes(raw, "little") & (2**255 - 1)) % _P25519
    if y in _SMALL_ORDER:
        raise KeyUnusable("the Ed25519 key is a point of small order, for which anybody can sign")
    native = ed25519.Ed25519PublicKey.from_public_bytes(raw)
    return PublicKey("OKP", "Ed25519", (("x", to_base64url(raw)),), ED25519_ALGORITHMS, native)


@lru_cache(maxsize=KEY_CACHE)
def _on_curve(name: str, point: bytes) -> PublicKey:
    curve = CURVES[name]
    try:
        native = ec.EllipticCurvePublicKey.from_encoded_point(curve.native, point)
    except ValueError as error:
        raise KeyUnusable(f"the point is not on curve {name}") from error
    numbers = native.public_numbers()
    x, y = (to_base64url(number.to_bytes(curve.size, "big")) for number in (numbers.x, numbers.y))
    return PublicKey("EC", name, (("x", x), ("y", y)), frozenset({curve.algorithm}), native)


@lru_cache(maxsize=KEY_CACHE)
def _rsa(n: int, e: int) -> PublicKey:
    if not MIN_RSA_BITS <= n.bit_length() <= MAX_RSA_BITS:
        raise KeyUnusable(
            f"the RSA key has {n.bit_length()} bits; {MIN_RSA_BITS} to {MAX_RSA_BITS} are accepted"
        )
    if not MIN_RSA_EXPONENT <= e <= MAX_RSA_EXPONENT or e % 2 == 0 or n % 2 == 0:
        raise KeyUnusable("the RSA key's exponent or modulus is out of range")
    if all(n % prime in residues for prime, residues in _ROCA.items()):
        raise KeyUnusable("the RSA key comes from a generator whose keys can be factored (CVE-2017-15361)")
    try:
        native = rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError as error:
        raise KeyUnusable("the RSA key's numbers do not form a key") from error
    members = tuple(
        (name, to_base64url(number.to_bytes((number.bit_length() + 7) // 8, "big")))
        for name, number in (("e", e), ("n", n))
    )
    return PublicKey("RSA", "", members, RSA_ALGORITHMS, native)


def public_key_from_multibase(text: str) -> PublicKey:
    """A key from its Multikey text (`publicKeyMultibase`, did:key). KeyUnusable for RSA and other kinds."""
    try:
        data = from_multibase(text)
    except ValueError as error:
        raise KeyUnusable(f"the multibase key is {error}") from error
    codec, raw = data[:2], data[2:]
    if codec == _CODEC_ED25519 and len(raw) == 32:
        return _ed25519(raw)
    for curve in CURVES.values():
        if codec == curve.codec and len(raw) == curve.size + 1:
            return _on_curve(curve.name, raw)
    raise KeyUnusable(
        f"the multibase key is neither a 32-byte Ed25519 nor a compressed {', '.join(CURVES)} key"
    )


def public_key_from_base58(text: str, curve: str) -> PublicKey:
    """A key from its bare bytes (`publicKeyBase58` of the suites before Multikey). KeyUnusable else.

    `curve` says whose: `Ed25519`, or one of `CURVES` with a compressed point.
    """
    try:
        raw = from_base58btc(text)
    except ValueError as error:
        raise KeyUnusable(f"the base58 key is {error}") from error
    if curve in CURVES and len(raw) == CURVES[curve].size + 1:
        return _on_curve(curve, raw)
    if curve == "Ed25519" and len(raw) == 32:
        return _ed25519(raw)
    raise KeyUnusable(f"the base58 key has {len(raw)} bytes, which is not the length of a {curve} key")


def public_key_from_pem(pem: str | bytes) -> PublicKey:
    """A key from PEM: a `PUBLIC KEY`, or the first `CERTIFICATE` of a chain. KeyUnusable else.

    Of a certificate only the key is taken; whether anybody vouches for it is for the chain check.
    """
    data = pem.encode("utf-8", "replace") if isinstance(pem, str) else pem
    if len(data) > MAX_PEM:
        raise KeyUnusable(f"the PEM text is longer than {MAX_PEM} bytes")
    try:
        native = (
            x509.load_pem_x509_certificate(data).public_key()
            if b"-----BEGIN CERTIFICATE-----" in data
            else serialization.load_pem_public_key(data)
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable("the PEM text holds no readable public key or certificate") from error
    return public_key_from_native(native)


def public_key_from_native(native: object) -> PublicKey:
    """A key from an object of `cryptography`. KeyUnusable for other kinds, curves and sizes."""
    if isinstance(native, ed25519.Ed25519PublicKey):
        return _ed25519(native.public_bytes_raw())
    if isinstance(native, ec.EllipticCurvePublicKey):
        uncompressed = serialization.PublicFormat.UncompressedPoint
        for curve in CURVES.values():
            if native.curve.name == curve.native.name:
                return _on_curve(curve.name, native.public_bytes(serialization.Encoding.X962, uncompressed))
    if isinstance(native, rsa.RSAPublicKey):
        numbers = native.public_numbers()
        return _rsa(numbers.n, numbers.e)
    raise KeyUnusable(f"the key is neither Ed25519, RSA nor one of {', '.join(CURVES)}")
