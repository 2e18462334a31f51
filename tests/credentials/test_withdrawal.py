"""Withdrawals: by a current key of the issuer, fresh, and saying exactly what they mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credentials.errors import Rejection
from credentials.resolving import FirstOf, InlineResolver, ReplayResolver
from credentials.signing import (
    KEY_KINDS,
    KeyKind,
    PrivateKey,
    did_document,
    did_key,
    generate_key,
    inline_method,
    sign_compact,
)
from credentials.withdrawal import (
    MAX_REASON,
    WINDOW,
    WITHDRAWAL_TYPE,
    Withdrawal,
    sign_withdrawal,
    verify_withdrawal,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ISSUER = "did:web:provider.example"
CONTENT = "0123456789abcdef" * 4
OLD, NEW, LOGIN = (generate_key("Ed25519") for _ in range(3))
DOCUMENT = {
    **did_document(ISSUER, {"old": OLD.public(), "new": NEW.public(), "login": LOGIN.public()}),
    "assertionMethod": [ISSUER + "#new"],
}
RESOLVER = FirstOf([InlineResolver(), ReplayResolver({ISSUER: json.dumps(DOCUMENT).encode()}, "https")])


def token(
    key: PrivateKey = NEW, fragment: str = "new", header: dict[str, Any] | None = None, **claims: Any
) -> bytes:
    payload = {"iss": ISSUER, "content_id": CONTENT, "iat": int(NOW.timestamp()), **claims}
    head = {"alg": key.algorithm, "typ": WITHDRAWAL_TYPE, "kid": f"{ISSUER}#{fragment}", **(header or {})}
    kept = {name: value for name, value in payload.items() if value is not ...}
    head = {name: value for name, value in head.items() if value is not ...}
    return sign_compact(head, json.dumps(kept).encode(), key).encode()


def refused(data: bytes, **options: Any) -> Rejection:
    with pytest.raises(Rejection) as rejection:
        verify_withdrawal(data, RESOLVER, **{"now": NOW, **options})
    return rejection.value


def test_withdrawal_by_a_current_key_holds_and_keeps_what_it_rests_on() -> None:
    data = sign_withdrawal(CONTENT, ISSUER, NEW, ISSUER + "#new", NOW, "Eingestellt").encode()
    found = verify_withdrawal(data, RESOLVER, now=NOW)
    assert found == Withdrawal(ISSUER, CONTENT, NOW, "Eingestellt", ISSUER + "#new", found.sources)
    source = found.sources[0]
    assert (source.name, source.obtained, json.loads(source.data)) == (ISSUER, "https", DOCUMENT)
    replayed = ReplayResolver({source.name: source.data}, source.obtained)
    assert verify_withdrawal(data, replayed, now=NOW) == found


@pytest.mark.parametrize("kind", KEY_KINDS)
def test_every_kind_of_key_withdraws(kind: KeyKind) -> None:
    key = generate_key(kind)
    resolver = ReplayResolver(
        {ISSUER: json.dumps(did_document(ISSUER, {"k": key.public()})).encode()}, "folder"
    )
    data = sign_withdrawal(CONTENT, ISSUER, key, ISSUER + "#k", NOW).encode()
    assert verify_withdrawal(data, resolver, now=NOW).reason is None


def test_withdrawal_by_a_did_key_needs_no_sources() -> None:
    did = did_key(NEW.public())
    data = sign_withdrawal(CONTENT, did, NEW, inline_method(did), NOW).encode()
    assert verify_withdrawal(data, RESOLVER, now=NOW).sources == ()


@pytest.mark.parametrize("sign", [-1, 1])
def test_iat_counts_within_five_minutes_both_ways(sign: int) -> None:
    assert verify_withdrawal(token(), RESOLVER, now=NOW + sign * WINDOW).content_id == CONTENT
    late = NOW + sign * (WINDOW + timedelta(seconds=1))
    assert refused(token(), now=late).check == "validity"
    assert verify_withdrawal(token(), RESOLVER, now=late, check_age=False).issued_at == NOW


@pytest.mark.parametrize(
    ("make", "check"),
    [
        (lambda: token(OLD, "old"), "purpose"),
        (lambda: token(LOGIN, "login"), "purpose"),
        (lambda: token(OLD, "new"), "signature"),
        (lambda: token(fragment="absent"), "key"),
        (lambda: token(header={"kid": "did:web:attacker.example#new"}), "issuer_binding"),
        (lambda: token(iss="did:web:attacker.example"), "issuer_binding"),
        (lambda: token(header={"kid": ...}), "key"),
        (lambda: token(header={"typ": "vc+jwt"}), "structure"),
        (lambda: token(header={"typ": "JWT"}), "structure"),
        (lambda: token(header={"typ": ...}), "structure"),
        (lambda: token(content_id=...), "structure"),
        (lambda: token(content_id=CONTENT.upper()), "structure"),
        (lambda: token(content_id=CONTENT[:-1]), "structure"),
        (lambda: token(content_id=[CONTENT]), "structure"),
        (lambda: token(iss="provider.example"), "structure"),
        (lambda: token(iss=...), "structure"),
        (lambda: token(iat=...), "structure"),
        (lambda: token(iat="1777636800"), "structure"),
        (lambda: token(iat=True), "structure"),
        (lambda: token(iat=1777636800.5), "structure"),
        (lambda: token(iat=int(NOW.timestamp()) * 1000), "validity"),
        (lambda: token(iat=-(2**50)), "validity"),
        (lambda: token(reason=7), "structure"),
        (lambda: token(reason="x" * (MAX_REASON + 1)), "structure"),
        (lambda: token(scope="all"), "structure"),
        (lambda: token()[:-3] + b"AAA", "signature"),
        (lambda: b"x" * 40_000, "parse"),
        (lambda: b"", "parse"),
    ],
)
def test_withdrawal_that_is_not_the_issuers_or_not_exact_is_refused(
    make: Callable[[], bytes], check: str
) -> None:
    assert refused(make()).check == check


def test_issuer_that_cannot_be_resolved_is_refused_at_key() -> None:
    data = sign_withdrawal(CONTENT, "did:web:gone.example", NEW, "did:web:gone.example#new", NOW).encode()
    rejection = refused(data)
    assert (rejection.check, rejection.evidence["temporary"]) == ("key", False)


def test_revoked_key_withdraws_nothing() -> None:
    document = json.loads(json.dumps(DOCUMENT))
    for method in document["verificationMethod"]:
        method["revoked"] = "2026-05-01T11:59:59Z"
    resolver = ReplayResolver({ISSUER: json.dumps(document).encode()}, "https")
    with pytest.raises(Rejection, match="revoked"):
        verify_withdrawal(token(), resolver, now=NOW)


def test_no_token_is_signed_that_would_be_refused() -> None:
    with pytest.raises(ValueError, match="64"):
        sign_withdrawal("abc", ISSUER, NEW, ISSUER + "#new", NOW)
    with pytest.raises(ValueError, match="reason"):
        sign_withdrawal(CONTENT, ISSUER, NEW, ISSUER + "#new", NOW, "x" * (MAX_REASON + 1))
