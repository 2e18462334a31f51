"""What real participants publish and no specification foresees: it is survived, and the report remarks on it.

Certificates that ended before the signature, and that name another host, are in `test_chains.py`.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from credentials.contexts import ContextStore
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from credentials.policies import policy_named
from credentials.report import Outcome, Report, Verdict
from credentials.resolving import ReplayResolver
from credentials.shapes.bridging import TYPE, statements_in
from credentials.signing import did_document, generate_key, sign_compact, sign_credential
from credentials.statements import once
from credentials.times import from_rfc3339
from credentials.verification import Refused, Verifier
from vocab.namespaces import DEVELOPMENT, TAGUS, V2511

NOW = from_rfc3339("2026-06-01T12:00:00Z")
SECONDS = int(NOW.timestamp())
CONTEXTS = ContextStore()
DID = "did:web:provider.example"
KEY = generate_key("RSA-2048")
METHOD = f"{DID}#key"


def resolver(**jwk: Any) -> ReplayResolver:
    """The provider's DID document, with members of the key's JWK as told."""
    document = did_document(DID, {"key": KEY.public()})
    document["verificationMethod"][0]["publicKeyJwk"] |= jwk
    return ReplayResolver({DID: json.dumps(document).encode()}, "folder")


def report_on(data: bytes, policy: str, **jwk: Any) -> Report:
    try:
        return Verifier(policy_named(policy), resolver(**jwk), CONTEXTS, lambda: NOW).verify(data).report
    except Refused as refused:
        return refused.report


def accepted(data: bytes, policy: str, **jwk: Any) -> Report:
    report = report_on(data, policy, **jwk)
    assert report.verdict is Verdict.ACCEPTED, [check.detail for check in report.failed()]
    return report


def loire(**changes: Any) -> dict[str, Any]:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2", DEVELOPMENT],
        "type": ["VerifiableCredential", "gx:ServiceOffering"],
        "issuer": DID,
        "validFrom": "2026-05-01T00:00:00Z",
        "credentialSubject": {"id": "https://provider.example/s", "type": "gx:ServiceOffering"},
        **changes,
    }


def tagus(context: str = TAGUS, **changes: Any) -> dict[str, Any]:
    return {
        "@context": ["https://www.w3.org/2018/credentials/v1", context],
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "issuanceDate": "2026-05-01T00:00:00Z",
        "credentialSubject": {"id": "https://provider.example/s", "type": "gx:ServiceOffering"},
        **changes,
    }


def token(document: dict[str, Any], **header: Any) -> bytes:
    members = {"alg": "PS256", "typ": "vc+jwt", "iss": DID, "kid": METHOD, **header}
    return sign_compact(members, json.dumps(document).encode(), KEY).encode()


def embedded(document: dict[str, Any], method: str = METHOD, **options: Any) -> bytes:
    created = NOW - timedelta(days=1)
    return sign_credential(document, KEY, method, form="jws2020", created=created, **options)


@pytest.mark.parametrize("policy", ["lab", "default"])
def test_a_key_whose_own_alg_says_rs256_signs_with_ps256(policy: str) -> None:
    for data in (token(loire()), embedded(tagus())):
        check = accepted(data, policy, alg="RS256").check("signature")
        assert check.evidence["remarks"] == ["the key's own alg is RS256, the signature's PS256"]


@pytest.mark.parametrize("policy", ["lab", "default"])
def test_a_method_without_fragment_is_the_only_key(policy: str) -> None:
    check = accepted(token(loire(), kid=DID), policy).check("key")
    assert check.evidence["remark"] == "no fragment; the document has this one key only"


@pytest.mark.parametrize("policy", ["lab", "default"])
def test_times_in_the_header_and_in_milliseconds(policy: str) -> None:
    times = {"iat": (SECONDS - 60) * 1000, "exp": (SECONDS + 60) * 1000}
    for data in (token(loire(), **times), token(loire(**times))):
        remarks = accepted(data, policy).check("validity").evidence["remarks"]
        assert [remark.split()[1] for remark in remarks] == ["iat", "exp"]
    late = report_on(token(loire(), exp=(SECONDS - 60) * 1000), policy)
    assert late.check("validity").outcome is Outcome.FAILED


@pytest.mark.parametrize("policy", ["lab", "default"])
def test_a_type_joined_with_itself_by_a_comma_is_read_as_one(policy: str) -> None:
    subject = {"id": "https://provider.example/s", "type": "gx:ServiceOffering,gx:ServiceOffering"}
    joined = loire(type=["VerifiableCredential", "gx:ServiceOffering"], credentialSubject=subject)
    for data in (token(joined), embedded(joined)):
        assert "joined with itself" in accepted(data, policy).check("terms").evidence["remarks"][0]
    jsonld = JsonLd(CONTEXTS)
    graph = interpret(joined, jsonld)
    assert graph.nodes["https://provider.example/s"].types == (DEVELOPMENT + "ServiceOffering",)
    stated = statements_in(jsonld.expand(joined).quads)
    assert stated["<https://provider.example/s>"][TYPE] == [f"<{V2511}ServiceOffering>"]


@pytest.mark.parametrize(
    ("type_", "read"),
    [
        (f"{DEVELOPMENT}LegalPerson,gx:LegalPerson", f"{DEVELOPMENT}LegalPerson"),
        (f"{DEVELOPMENT}LegalPerson, {DEVELOPMENT}LegalPerson", f"{DEVELOPMENT}LegalPerson"),
        ("VerifiableCredential,VerifiableCredential", "VerifiableCredential"),
        ("VerifiableCredential,VerifiablePresentation", "VerifiableCredential,VerifiablePresentation"),
        (f"{DEVELOPMENT}LegalPerson,gx:ServiceOffering", f"{DEVELOPMENT}LegalPerson,gx:ServiceOffering"),
        (",", ","),
        ("urn:a,", "urn:a,"),
    ],
)
def test_only_the_same_type_is_joined(type_: str, read: str) -> None:
    assert once(type_) == read


@pytest.mark.parametrize("policy", ["lab", "default"])
@pytest.mark.parametrize(
    "context",
    [TAGUS, TAGUS[:-1], TAGUS.replace("eu/dev", "eu//dev"), TAGUS.replace("eu/dev", "eu//dev")[:-1]],
)
def test_each_spelling_of_the_trust_frameworks_context_means_the_same(policy: str, context: str) -> None:
    accepted(embedded(tagus(context)), policy)
    graph = interpret(tagus(context), JsonLd(CONTEXTS))
    assert graph.nodes["https://provider.example/s"].types == (TAGUS + "ServiceOffering",)


def unmapped(document: dict[str, Any]) -> dict[str, Any]:
    """In VC 2.0's context alone, where Loire's default vocabulary doesn't catch every name."""
    subject = {"id": "https://provider.example/s", "colour": "blue"}
    return {
        **document,
        "@context": document["@context"][:1],
        "type": ["VerifiableCredential"],
        "credentialSubject": subject,
    }


@pytest.mark.parametrize("policy", ["lab", "default", "strict"])
def test_unmapped_terms_of_a_token_are_told_and_never_interpreted(policy: str) -> None:
    document = unmapped(loire())
    check = report_on(token(document), policy).check("terms")
    assert check.outcome is Outcome.PASSED
    assert check.evidence["unmapped"] == [{"term": "colour", "path": "/credentialSubject/colour"}]
    assert "https://provider.example/s" not in interpret(document, JsonLd(CONTEXTS)).nodes
    if policy != "strict":
        accepted(token(document), policy)


def test_unmapped_terms_under_an_embedded_proof_are_refused_by_default_and_told_under_lab() -> None:
    data = embedded(unmapped(tagus()), unsafe_unmapped=True)
    assert report_on(data, "default").verdict is Verdict.REFUSED
    assert accepted(data, "lab").check("terms").outcome is Outcome.FAILED
