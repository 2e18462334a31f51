"""Signing anew with a new key: only what an old key of the issuer has signed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from credentials.contexts import ContextStore
from credentials.envelope import statements_in
from credentials.policies import policy_named
from credentials.renewing import NotSignedBefore, renew
from credentials.report import Verdict
from credentials.resolving import ReplayResolver
from credentials.signing import CredentialForm, did_document, generate_key, sign_credential
from credentials.times import from_rfc3339, to_rfc3339
from credentials.verification import Verified, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
BEFORE = NOW - timedelta(days=30)
DID = "did:web:provider.example"
OLD, NEW, STRANGER = generate_key("Ed25519"), generate_key("Ed25519"), generate_key("Ed25519")
CONTEXTS = ContextStore()


def signed(form: CredentialForm, *, key: Any = OLD, issuer: str = DID, method: str = f"{DID}#old") -> bytes:
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
        "id": "https://provider.example/c/1",
        "type": ["VerifiableCredential", "gx:ServiceOffering"],
        "issuer": issuer,
        "validFrom": to_rfc3339(BEFORE),
        "validUntil": to_rfc3339(NOW + timedelta(days=30)),
        "credentialSubject": {"id": "https://p.example/o", "type": "gx:ServiceOffering", "gx:name": "N"},
    }
    return sign_credential(document, key, method, form=form, created=BEFORE)


def renewed(data: bytes, key: Any = NEW) -> bytes:
    (statement,) = statements_in(data)
    return renew(statement, DID, [STRANGER.public(), OLD.public()], key, f"{DID}#new", NOW)


def verified(data: bytes, key: Any = NEW) -> Verified:
    import json

    document = json.dumps(did_document(DID, {"new": key.public()})).encode()
    resolver = ReplayResolver({DID: document}, "https")
    return Verifier(policy_named("default"), resolver, CONTEXTS, lambda: NOW).verify(data)


@pytest.mark.parametrize(
    "form", ["vc-jwt", "ed25519-2020", "jws2020", "eddsa-rdfc-2022", "eddsa-jcs-2022", "jws2020-legacy"]
)
def test_renewed_statement_says_the_same_from_now_on_under_the_new_key(form: CredentialForm) -> None:
    old = signed(form)
    found = verified(renewed(old))
    assert found.report.verdict is Verdict.ACCEPTED
    (credential,) = found.credentials
    (before,) = statements_in(old)
    assert credential.valid_from == NOW
    changed = {name for name in before.claims if before.claims[name] != credential.document.get(name)} - {
        "@context"
    }
    assert changed == {"validFrom"}
    proof = found.report.proof
    assert proof is not None
    assert proof.verification_method == f"{DID}#new"


@pytest.mark.parametrize("kind", ["P-256", "RSA-2048"])
def test_another_kind_of_key_signs_in_a_form_that_fits_it(kind: Any) -> None:
    key = generate_key(kind)
    for form in ("vc-jwt", "ed25519-2020", "eddsa-jcs-2022"):
        assert verified(renewed(signed(form), key), key).report.verdict is Verdict.ACCEPTED  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["vc-jwt", "ed25519-2020"])
def test_what_no_old_key_signed_is_not_renewed(form: CredentialForm) -> None:
    other = generate_key("Ed25519")
    for data in (
        signed(form, key=other),
        signed(form, issuer="did:web:somebody.example"),
        signed(form, issuer="did:web:somebody.example", method="did:web:somebody.example#k"),
    ):
        with pytest.raises(NotSignedBefore):
            renewed(data)


def test_statement_that_was_altered_on_the_way_is_not_renewed() -> None:
    data = signed("ed25519-2020").replace(b'"N"', b'"M"')
    with pytest.raises(NotSignedBefore):
        renewed(data)


def test_ended_statement_is_recognised_all_the_same() -> None:
    (statement,) = statements_in(signed("vc-jwt"))
    later = NOW + timedelta(days=90)
    assert renew(statement, DID, [OLD.public()], NEW, f"{DID}#new", later)
