"""Hostile signatures and keys from Project Wycheproof, against the same code that verifies credentials."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import Rejection
from credentials.jws import parse_compact, verify_compact
from credentials.keys import (
    ALGORITHMS,
    KeyUnusable,
    PublicKey,
    SignatureInvalid,
    public_key_from_jwk,
    public_key_from_pem,
)

VECTORS = Path(__file__).parents[3] / "shared/reference/vectors/wycheproof/testvectors_v1"


def groups(name: str) -> list[dict[str, Any]]:
    path = VECTORS / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the reference data is missing: {path.name}")
        pytest.skip("the Wycheproof vectors are not beside this repository")
    return list(json.loads(path.read_text())["testGroups"])


def outcomes(
    name: str, algorithm: str, fits: Callable[[dict[str, Any]], bool] = lambda group: True
) -> Iterator[tuple[int, bool, bool]]:
    """(test id, expected, found) of every raw signature in one file."""
    for group in groups(name):
        if not fits(group):
            continue
        key: PublicKey | None
        try:
            key = public_key_from_pem(group["publicKeyPem"])
        except KeyUnusable:
            key = None
        for test in group["tests"]:
            found = key is not None
            try:
                if key:
                    key.verify(algorithm, bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
            except SignatureInvalid:
                found = False
            yield test["tcId"], test["result"] == "valid", found


@pytest.mark.parametrize(
    ("name", "algorithm", "least"),
    [
        ("ed25519_test.json", "EdDSA", 150),
        ("ecdsa_secp256r1_sha256_p1363_test.json", "ES256", 250),
        ("ecdsa_secp384r1_sha384_p1363_test.json", "ES384", 250),
        ("ecdsa_secp256k1_sha256_p1363_test.json", "ES256K", 250),
        ("rsa_pss_2048_sha256_mgf1_32_test.json", "PS256", 100),
    ],
)
def test_every_raw_signature_is_judged_as_published(name: str, algorithm: str, least: int) -> None:
    found = list(outcomes(name, algorithm))
    assert len(found) >= least
    assert [test for test, expected, got in found if expected != got] == []


def test_pss_with_other_parameters_than_those_of_ps256_is_refused() -> None:
    def ours(group: dict[str, Any]) -> bool:
        return (group["sha"], group["mgfSha"], group["sLen"]) == ("SHA-256", "SHA-256", 32)

    assert [got for _, _, got in outcomes("rsa_pss_misc_test.json", "PS256", ours)] == [True]
    others = [got for _, _, got in outcomes("rsa_pss_misc_test.json", "PS256", lambda g: not ours(g))]
    assert len(others) > 100
    assert not any(others)


def jws_holds(jwk: dict[str, Any], token: str) -> bool:
    try:
        verify_compact(parse_compact(token), public_key_from_jwk(jwk), allow_rs256=True)
    except (Rejection, KeyUnusable):
        return False
    return True


def test_every_jws_is_judged_as_published_except_for_algorithms_left_out_on_purpose() -> None:
    tried = 0
    for group in groups("json_web_signature_test.json"):
        jwk = group.get("public") or group["private"]
        # RFC 7520's examples give the key another `alg` than the token on purpose, and call that valid.
        if (
            jwk["kty"] == "oct"
            or group["comment"].startswith("rfc7520")
            or jwk.get("alg", "RS256") not in ALGORITHMS
        ):
            assert not any(
                jws_holds(jwk, test["jws"]) for test in group["tests"] if test["result"] != "valid"
            )
            continue
        for test in group["tests"]:
            tried += 1
            assert jws_holds(jwk, test["jws"]) == (test["result"] == "valid"), test
    assert tried > 100


def test_every_weak_or_mismatched_jwk_is_refused() -> None:
    tried = 0
    for group in groups("json_web_key_test.json"):
        if "public" not in group:
            continue
        for test in group["tests"]:
            tried += 1
            kept = any(jws_holds(jwk, test["jws"]) for jwk in group["public"]["keys"])
            assert kept == (test["result"] == "valid"), (group["comment"], test["comment"])
    assert tried >= 10
