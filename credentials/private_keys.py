"""Private keys of providers: made, kept as JWK, used to sign. Never logged, printed or sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from credentials.keys import CURVES, KeyUnusable, PublicKey, public_key_from_native

KeyKind = Literal["Ed25519", "P-256", "P-384", "secp256k1", "RSA-2048"]
KEY_KINDS: tuple[KeyKind, ...] = ("Ed25519", "P-256", "P-384", "secp256k1", "RSA-2048")

NativePrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key whose public half passes the same checks as anybody's."""

    native: NativePrivateKey = field(repr=False, compare=False)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> PrivateKey:
        """Read a private JWK (RFC 7517). KeyUnusable when it is public, damaged or of another kind."""
        kinds: dict[str, type[OKPKey] | type[ECKey] | type[RSAKey]]
        kinds = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}
        kind = kinds.get(str(jwk.get("kty")))
        if kind is None or "d" not in jwk:
            raise KeyUnusable("not a private JWK of kind OKP, EC or RSA")
        try:
            native = kind.import_key(dict(jwk)).private_key
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise KeyUnusable("the private JWK is damaged") from error
        return cls._checked(native)

    @classmethod
    def from_ed25519_seed(cls, seed: bytes) -> PrivateKey:
        """The Ed25519 key of a 32-byte seed (RFC 8032 section 5.1.5). KeyUnusable for other lengths."""
        if len(seed) != 32:
            raise KeyUnusable("an Ed25519 seed has 32 bytes")
        return cls(ed25519.Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def _checked(cls, native: object) -> PrivateKey:
        if not isinstance(native, NativePrivateKey):
            raise KeyUnusable("the private key is neither Ed25519, ECDSA nor RSA")
        key = cls(native)
        key.public()
        return key

    @property
    def algorithm(self) -> str:
        """The JOSE algorithm this key signs with: EdDSA, PS256, or that of its curve."""
        return self.public().algorithm

    def public(self) -> PublicKey:
        """The public half. KeyUnusable when nobody would accept it, say an RSA key that is too short."""
        return public_key_from_native(self.native.public_key())

    def to_jwk(self) -> dict[str, Any]:
        """The private JWK, for a file that only its owner can read."""
        key: OKPKey | ECKey | RSAKey
        if isinstance(self.native, ed25519.Ed25519PrivateKey):
            key = OKPKey.import_key(self.native)
        elif isinstance(self.native, ec.EllipticCurvePrivateKey):
            key = ECKey.import_key(self.native)
        else:
            key = RSAKey.import_key(self.native)
        return dict(key.as_dict(private=True))

    def sign(self, data: bytes) -> bytes:
        """Sign with `algorithm`; the raw JOSE form (RFC 7518 section 3, RFC 8037)."""
        if isinstance(self.native, ed25519.Ed25519PrivateKey):
            return self.native.sign(data)
        if isinstance(self.native, ec.EllipticCurvePrivateKey):
            curve = CURVES[self.public().curve]
            r, s = decode_dss_signature(self.native.sign(data, ec.ECDSA(curve.hash)))
            return r.to_bytes(curve.size, "big") + s.to_bytes(curve.size, "big")
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        return self.native.sign(data, pss, hashes.SHA256())


def generate_key(kind: KeyKind) -> PrivateKey:
    """A new key from the operating system's randomness. ValueError for an unknown kind."""
    if kind == "Ed25519":
        return PrivateKey(ed25519.Ed25519PrivateKey.generate())
    if kind in CURVES:
        return PrivateKey(ec.generate_private_key(CURVES[kind].native))
    if kind == "RSA-2048":
        return PrivateKey(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    raise ValueError(f"no such kind of key: {kind!r}; use one of {', '.join(KEY_KINDS)}")
