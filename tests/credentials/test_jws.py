"""JSON Web Signatures: exact about RFC 7515 and RFC 7797, and deaf to keys inside tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from credentials.encoding import to_base64url
from credentials.errors import Rejection
from credentials.identity import digest_of
from credentials.jws import MAX_HEADER, check_signature, parse_compact, parse_detached, verify_compact
from credentials.private_keys import KEY_KINDS, KeyKind, PrivateKey, generate_key
from credentials.signing import SigningRefused, sign_compact

KEYS = {kind: generate_key(kind) for kind in KEY_KINDS}
KEY = KEYS["P-256"]
RSA = KEYS["RSA-2048"]
JOSERFC_KINDS = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}
# RFC 9864 prefers the name Ed25519; credentials in circulation say EdDSA.
old_name = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


def raw_token(header: Any, payload: bytes = b"{}", key: PrivateKey = KEY) -> str:
    text = f"{to_base64url(json.dumps(header).encode())}.{to_base64url(payload)}"
    return f"{text}.{to_base64url(key.sign(text.encode()))}"


def refused(text: str | bytes, detached: bool = False) -> Rejection:
    with pytest.raises(Rejection) as rejection:
        parse_detached(str(text)) if detached else parse_compact(text)
    return rejection.value


@old_name
@pytest.mark.parametrize("kind", KEY_KINDS)
def test_our_tokens_hold_for_us_and_for_joserfc(kind: KeyKind) -> None:
    key = KEYS[kind]
    token = sign_compact({"alg": key.algorithm, "typ": "vc+jwt"}, b'{"a":1}', key)
    jws = parse_compact(token.encode())
    assert verify_compact(jws, key.public()) == ()
    assert jws.payload == b'{"a":1}'
    assert jws.content_id == digest_of(token.rpartition(".")[0].encode())
    other = JOSERFC_KINDS[key.public().kty].import_key(dict(key.public().jwk()))
    assert joserfc_jws.deserialize_compact(token, other, algorithms=[key.algorithm]).payload == b'{"a":1}'


@old_name
@pytest.mark.parametrize("kind", KEY_KINDS)
def test_tokens_of_joserfc_hold_for_us(kind: KeyKind) -> None:
    key = KEYS[kind]
    own = JOSERFC_KINDS[key.public().kty].import_key(key.to_jwk())
    token = joserfc_jws.serialize_compact({"alg": key.algorithm}, b"{}", own, algorithms=[key.algorithm])
    verify_compact(parse_compact(token), key.public())


def test_detached_token_of_joserfc_with_b64_false_holds_for_us() -> None:
    own = ECKey.import_key(KEY.to_jwk())
    header = {"alg": "ES256", "b64": False, "crit": ["b64"]}
    token = joserfc_jws.serialize_compact(header, b"hash", own, algorithms=["ES256"])
    head, _, signature = token.split(".")
    jws = parse_detached(f"{head}..{signature}")
    assert not jws.encoded
    KEY.public().verify("ES256", jws.signature, jws.signing_input(b"hash"))


@pytest.mark.parametrize("extra", [{}, {"b64": True, "crit": ["b64"]}, {"b64": True}])
def test_detached_token_with_b64_true_or_absent_signs_the_encoded_payload(extra: dict[str, Any]) -> None:
    token = raw_token({"alg": "ES256", **extra}, b"hash")
    head, _, signature = token.split(".")
    jws = parse_detached(f"{head}..{signature}")
    assert jws.encoded
    KEY.public().verify("ES256", jws.signature, jws.signing_input(b"hash"))


@pytest.mark.parametrize(
    ("header", "check", "words"),
    [
        ({"alg": "none"}, "signature", "not accepted"),
        ({"alg": "NONE"}, "signature", "not accepted"),
        ({"alg": "HS256"}, "signature", "not accepted"),
        ({"alg": "ES512"}, "signature", "not accepted"),
        ({"alg": ["ES256"]}, "signature", "not accepted"),
        ({}, "signature", "not accepted"),
        ({"alg": "ES256", "jwk": KEY.public().jwk()}, "key", "its own key"),
        ({"alg": "ES256", "jwk": None}, "key", "its own key"),
        ({"alg": "ES256", "kid": 7}, "parse", "kid"),
        ({"alg": "ES256", "crit": []}, "signature", "crit"),
        ({"alg": "ES256", "crit": "b64", "b64": True}, "signature", "crit"),
        ({"alg": "ES256", "crit": None}, "signature", "crit"),
        ({"alg": "ES256", "crit": ["exp"], "exp": 1}, "signature", "not understood"),
        ({"alg": "ES256", "crit": ["b64"]}, "signature", "may not"),
        ({"alg": "ES256", "crit": ["alg"]}, "signature", "may not"),
        ({"alg": "ES256", "crit": [7]}, "signature", "may not"),
        ({"alg": "ES256", "crit": ["b64", "b64"], "b64": True}, "signature", "twice"),
        ({"alg": "ES256", "b64": "false", "crit": ["b64"]}, "signature", "true or false"),
        ({"alg": "ES256", "b64": 0, "crit": ["b64"]}, "signature", "true or false"),
        ({"alg": "ES256", "b64": False}, "signature", "must list it in crit"),
        ({"alg": "ES256", "pad": "x" * MAX_HEADER}, "parse", "longer"),
    ],
)
def test_header_that_must_not_be_followed_is_refused(header: dict[str, Any], check: str, words: str) -> None:
    token = raw_token(header)
    head, _, signature = token.split(".")
    for rejection in (refused(token), refused(f"{head}..{signature}", detached=True)):
        assert rejection.check == check
        assert words in rejection.detail


def test_jwt_with_b64_false_is_refused() -> None:
    assert "RFC 7797" in refused(raw_token({"alg": "ES256", "b64": False, "crit": ["b64"]})).detail


def test_detached_token_that_carries_a_payload_is_refused() -> None:
    assert "detached" in refused(raw_token({"alg": "ES256"}), detached=True).detail


@pytest.mark.parametrize("name", ["x5c", "x5u", "jku"])
def test_key_hints_in_the_token_are_reported_and_not_used(name: str) -> None:
    jws = parse_compact(raw_token({"alg": "ES256", name: "https://attacker.example"}))
    assert name in jws.remarks[0]
    with pytest.raises(Rejection):
        verify_compact(jws, generate_key("P-256").public())


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t + ".",
        lambda t: t.rpartition(".")[0],
        lambda t: t + "=",
        lambda t: t + "\n",
        lambda t: t.replace(".", " .", 1),
        lambda t: "." + t.partition(".")[2],
        lambda t: t.replace(".", "=.", 1),
        lambda t: "é" + t,
        lambda t: t.rpartition(".")[0] + "." + "A" * 5000,
        lambda t: to_base64url(b"[]") + "." + t.partition(".")[2],
        lambda t: to_base64url(b'{"alg":"ES256","alg":"none"}') + "." + t.partition(".")[2],
    ],
)
def test_text_that_is_no_exact_compact_jws_is_refused(change: Any) -> None:
    refused(change(raw_token({"alg": "ES256"})))
    refused(change(raw_token({"alg": "ES256"})).encode())


def test_rs256_is_refused_unless_allowed() -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    assert isinstance(RSA.native, rsa.RSAPrivateKey)
    signature = RSA.native.sign(b"data", padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(Rejection, match="PS256"):
        check_signature("RS256", signature, b"data", RSA.public())
    assert check_signature("RS256", signature, b"data", RSA.public(), allow_rs256=True) == ()
    with pytest.raises(Rejection):
        check_signature("PS256", signature, b"data", RSA.public(), allow_rs256=True)


def test_token_by_another_key_or_with_a_changed_part_is_refused() -> None:
    token = raw_token({"alg": "ES256"}, b'{"a":1}')
    head, payload, signature = token.split(".")
    verify_compact(parse_compact(token), KEY.public())
    changed = f"{head}.{to_base64url(b'{}')}.{signature}"
    for jws, key in ((changed, KEY), (token, generate_key("P-256")), (token, RSA), (token, KEYS["Ed25519"])):
        with pytest.raises(Rejection) as rejection:
            verify_compact(parse_compact(jws), key.public())
        assert rejection.value.check == "signature"
    assert payload


def test_header_must_name_the_algorithm_of_the_key_that_signs() -> None:
    with pytest.raises(SigningRefused):
        sign_compact({"alg": "PS256"}, b"{}", KEY)
