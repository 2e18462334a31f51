"""Data Integrity proofs, through the verifier: what they cover, and what contexts can't do to them."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
import rfc8785

from credentials.contexts import ContextStore
from credentials.data_integrity import CRYPTOSUITES, DATA_INTEGRITY_CONTEXT, Cryptosuite, signing_inputs
from credentials.encoding import to_base58btc
from credentials.jsonld import JsonLd
from credentials.policies import policy_named
from credentials.proof_inputs import SignedDocument
from credentials.report import Outcome, Report
from credentials.resolving import InlineResolver
from credentials.signing import PrivateKey, did_key, generate_key, inline_method, sign_credential
from credentials.times import from_rfc3339
from credentials.verification import Refused, Verified, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
TAGUS = (
    "https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#"
)
LOIRE = "https://w3id.org/gaia-x/development#"
CONTEXTS = ContextStore()
JSONLD = JsonLd(CONTEXTS)
VERIFIER = Verifier(policy_named("default"), InlineResolver(), CONTEXTS, lambda: NOW)
KEYS = {curve: generate_key(curve) for curve in ("Ed25519", "P-256", "P-384")}  # type: ignore[arg-type]
KINDS = [(suite, curve) for suite in CRYPTOSUITES.values() for curve in suite.curves]

Document = dict[str, Any]


def statement(key: PrivateKey, first: str = V2) -> Document:
    terms, since = (LOIRE, "validFrom") if first == V2 else (TAGUS, "issuanceDate")
    return {
        "@context": [first, terms],
        "type": ["VerifiableCredential"],
        "id": "https://alice.example/credential",
        "issuer": did_key(key.public()),
        since: "2026-05-01T00:00:00Z",
        "credentialSubject": {"id": "https://alice.example/service", "type": "gx:ServiceOffering"},
    }


def options(key: PrivateKey, suite: str) -> Document:
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": suite,
        "created": "2026-05-31T12:00:00Z",
        "verificationMethod": inline_method(did_key(key.public())),
        "proofPurpose": "assertionMethod",
    }


def prove(document: Document, proof: Document, key: PrivateKey, suite: Cryptosuite) -> Document:
    """The document with a proof over exactly these options, as another's program might make it."""
    data = next(signing_inputs(SignedDocument(document, JSONLD), proof, suite, key.public()))
    return {**document, "proof": {**proof, "proofValue": "z" + to_base58btc(key.sign(data))}}


def signed(suite: str, curve: str, first: str = V2) -> Document:
    key = KEYS[curve]
    method = inline_method(did_key(key.public()))
    data = sign_credential(
        statement(key, first),
        key,
        method,
        form=suite,
        created=NOW - timedelta(days=1),  # type: ignore[arg-type]
    )
    return dict(json.loads(data))


def accepted(document: Document) -> Verified:
    return VERIFIER.verify(json.dumps(document).encode())


def refused(document: Document) -> Report:
    with pytest.raises(Refused) as refusal:
        accepted(document)
    return refusal.value.report


def failures(report: Report) -> list[str]:
    return [check.name for check in report.checks if check.outcome is Outcome.FAILED]


@pytest.mark.parametrize(("suite", "curve"), KINDS)
@pytest.mark.parametrize("first", [V1, V2])
def test_each_suite_holds_and_covers_every_member_of_document_and_proof(
    suite: Cryptosuite, curve: str, first: str
) -> None:
    document = signed(suite.name, curve, first)
    report = accepted(document).report
    assert report.proof is not None
    assert (report.proof.suite, report.proof.variant) == ("DataIntegrityProof", suite.name)
    assert report.check("signature").evidence["options_covered"]
    for member, value in (
        ("created", "2026-05-31T12:00:01Z"),
        ("expires", "2027-01-01T00:00:00Z"),
        ("domain", "https://elsewhere.example"),
        ("challenge", "c"),
        ("nonce", "n"),
        ("id", "urn:uuid:4b7bd3c1-7dd3-4a5d-9a0f-1d8f2f8a0a11"),
    ):
        changed = {**document, "proof": {**document["proof"], member: value}}
        assert failures(refused(changed)) == ["signature"], member
    changed = copy.deepcopy(document)
    changed["credentialSubject"]["id"] += "s"
    assert failures(refused(changed)) == ["signature"]


@pytest.mark.parametrize("first", [V1, V2])
def test_the_same_statement_has_one_content_id_whatever_the_suite(first: str) -> None:
    ids = {
        accepted(signed(suite.name, "Ed25519", first)).report.content_id
        for suite, curve in KINDS
        if curve == "Ed25519"
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    "name", ["bbs-2023", "ecdsa-sd-2023", "eddsa-2022", "EDDSA-RDFC-2022", "", None, 7, []]
)
def test_unknown_cryptosuite_is_refused_by_name(name: object) -> None:
    document = signed("eddsa-rdfc-2022", "Ed25519")
    document["proof"]["cryptosuite"] = name
    detail = refused(document).check("signature").detail
    assert str(name) in detail
    assert "eddsa-rdfc-2022" in detail


@pytest.mark.parametrize(("suite", "curve"), KINDS)
def test_a_suite_refuses_the_keys_of_another(suite: Cryptosuite, curve: str) -> None:
    document = signed(suite.name, curve)
    for other in CRYPTOSUITES.values():
        if curve not in other.curves:
            document["proof"]["cryptosuite"] = other.name
            assert "needs a key of" in refused(document).check("signature").detail


@pytest.mark.parametrize(("suite", "curve"), KINDS)
def test_a_proof_of_one_suite_is_none_of_another(suite: Cryptosuite, curve: str) -> None:
    document = signed(suite.name, curve)
    for other in CRYPTOSUITES.values():
        if curve in other.curves and other is not suite:
            changed = {**document, "proof": {**document["proof"], "cryptosuite": other.name}}
            assert failures(refused(changed)) == ["signature"]


def test_a_proof_without_time_is_a_proof() -> None:
    for suite, curve in KINDS:
        key = KEYS[curve]
        proof = options(key, suite.name)
        del proof["created"]
        report = accepted(prove(statement(key), proof, key, suite)).report
        assert report.proof is not None
        assert report.proof.created is None


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"expires": "2026-05-31T13:00:00Z"}, "validity"),
        ({"expires": "tomorrow"}, "validity"),
        ({"created": "2026-07-01T00:00:00Z"}, "validity"),
        ({"created": "yesterday"}, "validity"),
        ({"created": None}, "structure"),
        ({"proofPurpose": "authentication"}, "purpose"),
        ({"proofPurpose": "capabilityInvocation"}, "purpose"),
        ({"jws": "e30..AA"}, "terms"),
        ({"previousProof": "urn:uuid:none"}, "structure"),
        ({"id": 7}, "structure"),
    ],
)
def test_an_option_that_is_signed_but_unfit_is_refused(changes: Document, check: str) -> None:
    key, suite = KEYS["Ed25519"], CRYPTOSUITES["eddsa-jcs-2022"]
    document = prove(statement(key), {**options(key, suite.name), **changes}, key, suite)
    assert failures(refused(document))[0] == check


@pytest.mark.parametrize(
    "value", [None, 7, "", "u" + "A" * 86, "z0", "z" + "2" * 133, "z" + to_base58btc(b"\1" * 63)]
)
@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_a_proof_value_that_is_no_signature_is_refused(value: object, suite: str) -> None:
    document = signed(suite, "Ed25519")
    document["proof"]["proofValue"] = value
    assert failures(refused(document)) == ["signature"]


# Contexts


def test_context_of_data_integrity_is_put_in_where_the_document_lacks_it() -> None:
    key, suite = KEYS["Ed25519"], CRYPTOSUITES["eddsa-rdfc-2022"]
    bare = prove(statement(key, V1), options(key, suite.name), key, suite)
    assert DATA_INTEGRITY_CONTEXT not in bare["@context"]
    assert accepted(bare)
    bare["proof"]["created"] = "2026-05-31T12:00:01Z"
    assert failures(refused(bare)) == ["signature"]
    assert DATA_INTEGRITY_CONTEXT in signed("eddsa-rdfc-2022", "Ed25519", V1)["@context"]
    assert signed("eddsa-rdfc-2022", "Ed25519", V2)["@context"] == [V2, LOIRE]


def test_context_that_gives_the_purpose_another_meaning_is_refused() -> None:
    """Signed for authentication, read as an assertion: the quads are the same, the JSON is not."""
    key, suite = KEYS["Ed25519"], CRYPTOSUITES["eddsa-rdfc-2022"]
    security = "https://w3id.org/security#"
    proof = {**options(key, suite.name), "proofPurpose": "authentication"}
    genuine = prove(statement(key, V1), proof, key, suite)
    remapped = {
        "DataIntegrityProof": security + "DataIntegrityProof",
        "created": {
            "@id": "http://purl.org/dc/terms/created",
            "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
        },
        "cryptosuite": {"@id": security + "cryptosuite", "@type": security + "cryptosuiteString"},
        "proofPurpose": {"@id": security + "proofPurpose", "@type": "@vocab"},
        "verificationMethod": {"@id": security + "verificationMethod", "@type": "@id"},
        "assertionMethod": security + "authenticationMethod",
    }
    forged = {
        **genuine,
        "@context": [*genuine["@context"], remapped],
        "proof": {**genuine["proof"], "proofPurpose": "assertionMethod"},
    }
    assert failures(refused(genuine)) == ["purpose"]
    assert failures(refused(forged)) == ["signature"]


@pytest.mark.parametrize("suite", ["eddsa-jcs-2022", "ecdsa-jcs-2019"])
def test_a_context_added_after_those_of_a_json_proof_is_not_read(suite: str) -> None:
    document = signed(suite, "Ed25519" if suite.startswith("eddsa") else "P-256")
    before = accepted(document)
    document["@context"] = [
        *document["@context"],
        {"@vocab": "https://evil.example/", "name": "https://evil.example/n"},
    ]
    after = accepted(document)
    assert after.report.content_id == before.report.content_id
    assert after.credentials == before.credentials
    assert "evil" not in json.dumps(after.credentials[0].document)


@pytest.mark.parametrize(
    "change",
    [
        lambda contexts: contexts[:1],
        lambda contexts: contexts[::-1],
        lambda contexts: ["https://w3id.org/security/data-integrity/v2", *contexts],
        lambda contexts: contexts[0],
        lambda contexts: [],
        lambda contexts: None,
    ],
)
def test_a_document_whose_context_does_not_begin_with_that_of_its_json_proof_is_refused(change: Any) -> None:
    document = signed("eddsa-jcs-2022", "Ed25519")
    document["@context"] = change(document["@context"])
    assert failures(refused(document)) == ["context"]


def test_a_json_proof_without_context_covers_that_of_the_document() -> None:
    key, suite = KEYS["Ed25519"], CRYPTOSUITES["eddsa-jcs-2022"]
    document = prove(statement(key), options(key, suite.name), key, suite)
    assert accepted(document)
    document["@context"] = [*document["@context"], DATA_INTEGRITY_CONTEXT]
    assert failures(refused(document)) == ["signature"]


def test_a_json_proof_covers_the_spelling_of_numbers_that_rfc_8785_gives_them() -> None:
    key, suite = KEYS["Ed25519"], CRYPTOSUITES["eddsa-jcs-2022"]
    document = statement(key)
    document["credentialSubject"]["https://alice.example/share"] = 1.5
    signed_ = prove(document, options(key, suite.name), key, suite)
    text = json.dumps(signed_)
    assert VERIFIER.verify(text.replace("1.5", "15e-1").encode())
    assert VERIFIER.verify(rfc8785.dumps(signed_))
    with pytest.raises(Refused):
        VERIFIER.verify(text.replace("1.5", '"1.5"').encode())


def test_a_number_without_canonical_form_is_refused_before_anything_is_hashed() -> None:
    for suite in ("eddsa-jcs-2022", "eddsa-rdfc-2022"):
        document = signed(suite, "Ed25519")
        document["credentialSubject"]["https://alice.example/data"] = {"@type": "@json", "@value": [2**53]}
        assert failures(refused(document)) == ["parse"]
