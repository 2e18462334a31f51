"""Public keys: which are taken, which refused, and that a signature has exactly one form."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from credentials.encoding import from_base58btc, from_base64url, from_multibase, to_base58btc, to_base64url
from credentials.keys import (
    KeyUnusable,
    SignatureInvalid,
    public_key_from_jwk,
    public_key_from_multibase,
    public_key_from_pem,
)
from credentials.private_keys import KEY_KINDS, KeyKind, PrivateKey, generate_key

KEYS = {kind: generate_key(kind) for kind in KEY_KINDS}
ED25519, P256, P384, K256, RSA = (KEYS[kind] for kind in KEY_KINDS)


def jwk_of(key: PrivateKey, **changes: Any) -> dict[str, Any]:
    return {**key.public().jwk(), **changes}


def problem(jwk: dict[str, Any]) -> str:
    with pytest.raises(KeyUnusable) as refusal:
        public_key_from_jwk(jwk)
    return refusal.value.problem


@pytest.mark.parametrize("kind", KEY_KINDS)
def test_key_verifies_what_its_private_half_signed(kind: KeyKind) -> None:
    key = KEYS[kind]
    key.public().verify(key.algorithm, key.sign(b"data"), b"data")
    with pytest.raises(SignatureInvalid):
        key.public().verify(key.algorithm, key.sign(b"data"), b"date")


@pytest.mark.parametrize("kind", KEY_KINDS)
def test_key_is_the_same_in_every_form(kind: KeyKind) -> None:
    public = KEYS[kind].public()
    pem = public.native.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert public_key_from_jwk(public.jwk()) == public
    assert public_key_from_pem(pem) == public_key_from_pem(pem.decode()) == public
    assert PrivateKey.from_jwk(json.loads(json.dumps(KEYS[kind].to_jwk()))).public() == public
    if kind != "RSA-2048":
        assert public_key_from_multibase(public.multibase()) == public


def test_private_key_shows_nothing_of_itself() -> None:
    for key in KEYS.values():
        assert repr(key) == "PrivateKey()"


@pytest.mark.parametrize(
    ("prefix", "key"), [("z6Mk", ED25519), ("zDn", P256), ("z82L", P384), ("zQ3s", K256)]
)
def test_multibase_begins_as_published_did_keys_do(prefix: str, key: PrivateKey) -> None:
    assert key.public().multibase().startswith(prefix)


def test_rsa_has_no_multibase_form() -> None:
    with pytest.raises(KeyUnusable, match="did:jwk"):
        RSA.public().multibase()


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_published_private_key_is_refused(member: str) -> None:
    assert "compromised" in problem(jwk_of(RSA, **{member: "AQAB"}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"use": "enc"}, "use"),
        ({"key_ops": ["encrypt"]}, "key_ops"),
        ({"key_ops": "verify"}, "key_ops"),
        ({"alg": "ES256K"}, "alg"),
        ({"alg": 7}, "alg"),
        ({"crv": "P-521"}, "not supported"),
        ({"crv": ["P-256"]}, "not supported"),
        ({"crv": "P-384"}, "32 bytes instead of 48"),
        ({"crv": "secp256k1"}, "not on curve"),
        ({"crv": None}, "not supported"),
        ({"kty": "oct"}, "not supported"),
        ({"kty": ["EC"]}, "not supported"),
        ({"x": None}, "member x"),
        ({"x": "!"}, "member x"),
        ({"x": to_base64url(b"\0" * 31)}, "31 bytes"),
        ({"x": to_base64url(b"\0" * 33)}, "33 bytes"),
        ({"x": to_base64url(b"\1" * 32)}, "not on curve"),
    ],
)
def test_unfit_p256_jwk_is_refused(changes: dict[str, Any], words: str) -> None:
    assert words in problem(jwk_of(P256, **changes))


def test_coordinates_of_a_valid_point_on_another_curve_are_refused() -> None:
    numbers = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()
    x, y = (to_base64url(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    assert "not on curve" in problem({"kty": "EC", "crv": "P-256", "x": x, "y": y})


def rsa_jwk(n: int, e: int = 65537) -> dict[str, str]:
    return {
        "kty": "RSA",
        "n": to_base64url(n.to_bytes((n.bit_length() + 7) // 8, "big")),
        "e": to_base64url(e.to_bytes((e.bit_length() + 7) // 8, "big")),
    }


def modulus() -> int:
    native = RSA.public().native
    assert isinstance(native, rsa.RSAPublicKey)
    return native.public_numbers().n


def test_rsa_outside_2048_to_8192_bits_is_refused() -> None:
    assert "2047 bits" in problem(rsa_jwk(modulus() >> 1 | 1))
    assert "8193 bits" in problem(rsa_jwk(1 << 8192 | 1))
    assert public_key_from_jwk(rsa_jwk((1 << 8191) + 3)).kty == "RSA"


@pytest.mark.parametrize("e", [1, 3, 65536, 65538, 2**32 + 1, 2**64 + 1])
def test_rsa_exponent_that_is_weak_or_slow_is_refused(e: int) -> None:
    assert "exponent" in problem(rsa_jwk(modulus(), e))


def test_even_modulus_and_damaged_numbers_are_refused() -> None:
    assert "modulus" in problem(rsa_jwk(modulus() - 1))
    assert "leading zero" in problem({**jwk_of(RSA), "e": to_base64url(b"\0\0\1\0\1")})
    assert public_key_from_jwk({**jwk_of(RSA), "e": to_base64url(b"\0\1\0\1")}) == RSA.public()


def test_jwk_hint_rs256_with_a_ps256_signature_is_a_remark() -> None:
    key = public_key_from_jwk(jwk_of(RSA, alg="RS256"))
    key.verify("PS256", RSA.sign(b"data"), b"data")
    assert "RS256" in key.remarks("PS256")[0]
    assert key.remarks("RS256") == ()


def test_jwk_hint_ps256_excludes_rs256() -> None:
    assert public_key_from_jwk(jwk_of(RSA, alg="PS256")).algorithms == {"PS256"}


def test_both_names_of_ed25519_are_one() -> None:
    key = public_key_from_jwk(jwk_of(ED25519, alg="Ed25519"))
    for algorithm in ("EdDSA", "Ed25519"):
        key.verify(algorithm, ED25519.sign(b"data"), b"data")
        assert key.remarks(algorithm) == ()


@pytest.mark.parametrize("kind", KEY_KINDS)
@pytest.mark.parametrize(
    "algorithm", ["PS256", "RS256", "ES256", "ES384", "ES256K", "ES512", "EdDSA", "HS256", "none", ""]
)
def test_algorithm_that_does_not_fit_the_key_is_refused(kind: KeyKind, algorithm: str) -> None:
    key = KEYS[kind]
    if algorithm == key.algorithm:
        return
    with pytest.raises(SignatureInvalid):
        key.public().verify(algorithm, key.sign(b"data"), b"data")


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[:-1],
        lambda s: s + b"\0",
        lambda s: b"\0" + s,
        lambda s: b"",
        lambda s: s[:32],
        lambda s: s * 2,
    ],
)
@pytest.mark.parametrize("kind", KEY_KINDS)
def test_signature_has_exactly_one_length(kind: KeyKind, change: Any) -> None:
    key = KEYS[kind]
    with pytest.raises(SignatureInvalid):
        key.public().verify(key.algorithm, change(key.sign(b"data")), b"data")


# y-coordinates of the eight points of small order, with the spellings beyond the field's prime.
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
]


@pytest.mark.parametrize("point", SMALL_ORDER)
@pytest.mark.parametrize("sign_bit", [0, 0x80])
def test_ed25519_point_of_small_order_is_refused(point: str, sign_bit: int) -> None:
    raw = bytearray.fromhex(point)
    raw[31] |= sign_bit
    assert "small order" in problem({"kty": "OKP", "crv": "Ed25519", "x": to_base64url(bytes(raw))})
    with pytest.raises(KeyUnusable):
        public_key_from_multibase("z" + to_base58btc(b"\xed\x01" + raw))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "mAAAA",
        "z0",
        "z" + to_base58btc(b"\xed\x01" + b"\1" * 31),
        "z" + to_base58btc(b"\xec\x01" + b"\1" * 32),
        "z" + to_base58btc(b"\x80\x24" + b"\4" + b"\1" * 64),
        "z" + to_base58btc(b"\x80\x24" + b"\2" + b"\xff" * 32),
        "z" + "2" * 5000,
    ],
)
def test_multibase_that_is_no_supported_key_is_refused(text: str) -> None:
    with pytest.raises(KeyUnusable):
        public_key_from_multibase(text)


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "x",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "é",
    ],
)
def test_text_that_is_no_pem_key_is_refused(pem: str) -> None:
    with pytest.raises(KeyUnusable):
        public_key_from_pem(pem)


def test_oversized_pem_is_refused_unread() -> None:
    with pytest.raises(KeyUnusable, match="longer"):
        public_key_from_pem("x" * 20_000)


def test_pem_of_another_kind_of_key_is_refused() -> None:
    for native in (ec.generate_private_key(ec.SECP521R1()), rsa.generate_private_key(65537, 1024)):
        pem = native.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        with pytest.raises(KeyUnusable):
            public_key_from_pem(pem)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "EC", "d": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "d": "AA", "x": "AA"},
        {"kty": "RSA", "d": 5},
        {"kty": [], "d": "AA"},
    ],
)
def test_damaged_private_jwk_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(KeyUnusable):
        PrivateKey.from_jwk(jwk)


def test_public_jwk_is_no_private_key() -> None:
    with pytest.raises(KeyUnusable):
        PrivateKey.from_jwk(jwk_of(ED25519))


def test_reading_a_known_key_again_costs_almost_nothing() -> None:
    jwk = jwk_of(RSA)
    public_key_from_jwk(jwk)
    start = time.perf_counter()
    for _ in range(200):
        public_key_from_jwk(jwk)
    assert (time.perf_counter() - start) / 200 < 0.000_5


@given(st.binary(max_size=80))
def test_base64url_and_base58_come_back(data: bytes) -> None:
    assert from_base64url(to_base64url(data)) == data
    if data:
        assert from_base58btc(to_base58btc(data)) == data


@given(st.text(max_size=12))
def test_base64url_text_that_is_taken_has_no_other_spelling(text: str) -> None:
    try:
        data = from_base64url(text)
    except ValueError:
        return
    assert to_base64url(data) == text


@pytest.mark.parametrize("text", ["A", "AB", "AAAA=", "AA==", "A A", "AAAA\n", "AA+A", "AA/A", "é"])
def test_other_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        from_base64url(text)


@pytest.mark.parametrize("text", ["", "0", "l", "2 2", "22\n", "é"])
def test_other_base58_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base58"):
        from_base58btc(text)


def test_multibase_other_than_base58btc_is_refused() -> None:
    with pytest.raises(ValueError, match="multibase"):
        from_multibase("uAAAA")
