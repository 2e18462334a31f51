"""Presentations that answer a question: what was asked must be signed by the holder, and by nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from credentials.contexts import ContextStore
from credentials.policies import policy_named
from credentials.presenting import NOTHING_ASKED, Asked
from credentials.report import Outcome, Report
from credentials.resolving import InlineResolver
from credentials.signing import (
    PRESENTATION_FORMS,
    did_key,
    generate_key,
    inline_method,
    sign_compact,
    sign_credential,
    sign_presentation,
)
from credentials.times import from_rfc3339
from credentials.verification import Refused, Verified, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
KEY, P256 = generate_key("Ed25519"), generate_key("P-256")
VERIFIER = Verifier(policy_named("default"), InlineResolver(), ContextStore(), lambda: NOW)
ASKED = Asked("f4b1c9", "https://buyer.example")


def credential(key: Any = KEY, **members: Any) -> bytes:
    did = did_key(key.public())
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "id": "https://alice.example/credential",
        "issuer": did,
        "validFrom": "2026-05-01T00:00:00Z",
        "credentialSubject": {"id": "https://alice.example/service", "type": "https://alice.example/Service"},
        **members,
    }
    return sign_credential(document, key, inline_method(did), form="vc-jwt", created=NOW)


def presentation(
    form: str, challenge: str | None = "f4b1c9", domain: str | None = "https://buyer.example"
) -> bytes:
    key = P256 if form.startswith("ecdsa") else KEY
    did = did_key(key.public())
    return sign_presentation(
        [credential(key)],
        key,
        inline_method(did),
        holder=did,
        form=form,  # type: ignore[arg-type]
        created=NOW,
        challenge=challenge,
        domain=domain,
    )


def verify(data: bytes, asked: Asked = ASKED) -> Verified:
    return VERIFIER.verify(data, asked=asked)


def refused(data: bytes, asked: Asked = ASKED) -> Report:
    with pytest.raises(Refused) as refusal:
        verify(data, asked)
    return refusal.value.report


def failures(report: Report) -> list[str]:
    return [check.name for check in report.checks if check.outcome is Outcome.FAILED]


COVERING = [form for form in PRESENTATION_FORMS if form != "jws2020-legacy"]


@pytest.mark.parametrize("form", COVERING)
def test_presentation_that_signs_what_was_asked_is_accepted_and_says_so(form: str) -> None:
    evidence = verify(presentation(form)).report.check("purpose").evidence
    names = ("nonce", "aud") if form == "vp-jwt" else ("challenge", "domain")
    assert [evidence[name] for name in names] == ["f4b1c9", "https://buyer.example"]


@pytest.mark.parametrize("form", COVERING)
@pytest.mark.parametrize(
    ("challenge", "domain"),
    [
        ("f4b1c8", "https://buyer.example"),
        (None, "https://buyer.example"),
        ("f4b1c9", "https://other.example"),
        ("f4b1c9", None),
        (None, None),
    ],
)
def test_presentation_that_signs_something_else_is_refused(
    form: str, challenge: str | None, domain: str | None
) -> None:
    data = presentation(form, challenge, domain)
    assert failures(refused(data)) == ["purpose"]
    assert verify(data, NOTHING_ASKED)


@pytest.mark.parametrize("form", [form for form in COVERING if form != "vp-jwt"])
@pytest.mark.parametrize("member", ["challenge", "domain"])
def test_an_answer_put_in_afterwards_is_not_signed(form: str, member: str) -> None:
    document = json.loads(presentation(form, None, None))
    document["proof"].update({"challenge": "f4b1c9", "domain": "https://buyer.example"})
    assert failures(refused(json.dumps(document).encode())) == ["signature"]


def test_form_that_signs_no_options_answers_nothing() -> None:
    data = presentation("jws2020-legacy")
    assert verify(data, NOTHING_ASKED)
    assert failures(refused(data)) == ["signature"]


def test_credential_answers_nothing() -> None:
    assert failures(refused(credential())) == ["purpose"]
    assert failures(refused(credential(), Asked(domain="https://buyer.example"))) == ["purpose"]


def test_the_credentials_inside_are_asked_nothing() -> None:
    report = verify(presentation("vp-jwt")).report
    assert "nonce" not in report.credentials[0].check("purpose").evidence


@pytest.mark.parametrize(
    ("claims", "holds"),
    [
        ({"nonce": "f4b1c9", "aud": ["https://a.example", "https://buyer.example"]}, True),
        ({"nonce": ["f4b1c9"], "aud": "https://buyer.example"}, False),
        ({"nonce": "f4b1c9", "aud": ["https://a.example"]}, False),
        ({"nonce": "f4b1c9", "aud": "https://buyer.example/"}, False),
        ({"nonce": 7, "aud": "https://buyer.example"}, False),
    ],
)
def test_token_may_name_several_readers_but_one_challenge(claims: dict[str, Any], holds: bool) -> None:
    did = did_key(KEY.public())
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": did,
        "verifiableCredential": [json.loads(presentation("eddsa-jcs-2022"))["verifiableCredential"][0]],
        **claims,
    }
    header = {"alg": "EdDSA", "typ": "vp+jwt", "kid": inline_method(did)}
    data = sign_compact(header, json.dumps(document).encode(), KEY).encode()
    if holds:
        assert verify(data)
    else:
        assert failures(refused(data)) == ["purpose"]
