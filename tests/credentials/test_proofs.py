"""Embedded proofs: every form that is signed here holds under its own name and breaks when touched."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from credentials import proofs
from credentials.contexts import ContextStore
from credentials.encoding import to_base58btc, to_base64url
from credentials.errors import Rejection
from credentials.identity import digest_of
from credentials.jsonld import JsonLd
from credentials.proof_inputs import canonical_options, hashed, proof_options, unsigned
from credentials.proofs import ProofMatch, content_id_of, match_proof
from credentials.signing import (
    KEY_KINDS,
    CredentialForm,
    KeyKind,
    PrivateKey,
    SigningRefused,
    generate_key,
    sign_credential,
    sign_presentation,
)

JSONLD = JsonLd(ContextStore())
KEYS = {kind: generate_key(kind) for kind in KEY_KINDS}
METHOD = "did:web:provider.example#key-1"
CREATED = datetime(2026, 5, 1, 12, tzinfo=UTC)
TAGUS = (
    "https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#"
)

V1 = {
    "@context": ["https://www.w3.org/2018/credentials/v1", TAGUS],
    "type": ["VerifiableCredential"],
    "id": "https://provider.example/credentials/1",
    "issuer": "did:web:provider.example",
    "issuanceDate": "2026-05-01T00:00:00Z",
    "credentialSubject": {
        "id": "https://provider.example/services/1",
        "type": "gx:ServiceOffering",
        "gx:name": "Löschteich",
    },
}
V2 = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
    "type": ["VerifiableCredential"],
    "id": "https://provider.example/credentials/2",
    "issuer": "did:web:provider.example",
    "validFrom": "2026-05-01T00:00:00Z",
    "credentialSubject": {
        "id": "https://provider.example/services/2",
        "type": "gx:ServiceOffering",
        "schema:name": "Löschteich",
    },
}
DATA_INTEGRITY: list[tuple[CredentialForm, KeyKind, str, bool]] = [
    ("eddsa-rdfc-2022", "Ed25519", "eddsa-rdfc-2022", True),
    ("ecdsa-rdfc-2019", "P-256", "ecdsa-rdfc-2019", True),
    ("ecdsa-rdfc-2019", "P-384", "ecdsa-rdfc-2019", True),
    ("eddsa-jcs-2022", "Ed25519", "eddsa-jcs-2022", True),
    ("ecdsa-jcs-2019", "P-256", "ecdsa-jcs-2019", True),
    ("ecdsa-jcs-2019", "P-384", "ecdsa-jcs-2019", True),
]
EMBEDDED: list[tuple[CredentialForm, KeyKind, str, bool]] = [
    *DATA_INTEGRITY,
    ("ed25519-2020", "Ed25519", "ed25519-2020", True),
    *(("jws2020", kind, "jws2020-std", True) for kind in KEY_KINDS),
    *(("jws2020-legacy", kind, "gx-legacy", False) for kind in KEY_KINDS),
]


def sign(
    document: Mapping[str, Any], key: PrivateKey, form: CredentialForm, **options: Any
) -> dict[str, Any]:
    data = sign_credential(document, key, METHOD, form=form, created=CREATED, jsonld=JSONLD, **options)
    return dict(json.loads(data))


def match(document: Mapping[str, Any], key: PrivateKey, **options: Any) -> ProofMatch:
    return match_proof(document, document["proof"], key.public(), JSONLD, **options)


def refused(document: Mapping[str, Any], key: PrivateKey) -> str:
    with pytest.raises(Rejection) as rejection:
        match(document, key)
    assert rejection.value.check == "signature"
    return rejection.value.detail


@pytest.mark.parametrize("document", [V1, V2], ids=["v1", "v2"])
@pytest.mark.parametrize(("form", "kind", "variant", "covered"), EMBEDDED)
def test_signed_form_holds_under_its_own_name(
    document: dict[str, Any], form: CredentialForm, kind: KeyKind, variant: str, covered: bool
) -> None:
    signed = sign(document, KEYS[kind], form)
    found = match(signed, KEYS[kind])
    assert (found.variant, found.options_covered) == (variant, covered)
    assert found.suite == signed["proof"]["type"]
    assert (
        found.content_id
        == content_id_of(signed, JSONLD)
        == digest_of(JSONLD.quads(unsigned(signed)).encode())
    )
    assert bool(found.remarks) is not covered


@pytest.mark.parametrize(("form", "kind", "variant", "covered"), EMBEDDED)
def test_changed_content_or_other_key_breaks_every_form(
    form: CredentialForm, kind: KeyKind, variant: str, covered: bool
) -> None:
    signed = sign(V1, KEYS[kind], form)
    changed = copy.deepcopy(signed)
    changed["credentialSubject"]["gx:name"] = "Loschteich"
    assert "does not match" in refused(changed, KEYS[kind])
    refused({**signed, "issuer": "did:web:attacker.example"}, KEYS[kind])
    refused(signed, generate_key(kind))


@pytest.mark.parametrize(("form", "kind", "variant", "covered"), EMBEDDED)
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("proofPurpose", "authentication"),
        ("created", "2026-05-01T12:00:01Z"),
        ("verificationMethod", "did:web:provider.example#key-2"),
        ("domain", "https://elsewhere.example"),
        ("expires", "2026-06-01T12:00:00Z"),
    ],
)
def test_changed_option_breaks_all_forms_but_the_legacy_one(
    form: CredentialForm, kind: KeyKind, variant: str, covered: bool, member: str, value: str
) -> None:
    signed = sign(V1, KEYS[kind], form)
    signed["proof"][member] = value
    if covered:
        refused(signed, KEYS[kind])
    else:
        assert not match(signed, KEYS[kind]).options_covered


def test_order_of_members_and_white_space_change_nothing() -> None:
    signed = sign(V1, KEYS["Ed25519"], "ed25519-2020")
    turned = dict(reversed(list(signed.items())))
    assert match(turned, KEYS["Ed25519"]) == match(signed, KEYS["Ed25519"])


def test_suite_context_variant_is_told_from_the_standard_one() -> None:
    key = KEYS["RSA-2048"]
    document = {**V1, "@context": [*V1["@context"], proofs.SUITE_CONTEXT[1]]}
    proof = sign(document, key, "jws2020")["proof"]
    options = JSONLD.canonicalise(proof_options(proof, list(proofs.SUITE_CONTEXT)))
    # In this document both contexts give the options the same meaning, so the standard name comes first.
    assert options == JSONLD.canonicalise(proof_options(proof, document["@context"]))
    # Without the suite's context in the document only the other variant covers the options.
    bare = dict(V1)
    quads = hashed(options) + hashed(JSONLD.canonicalise(bare))
    header = to_base64url(b'{"alg":"PS256","b64":false,"crit":["b64"]}')
    proof["jws"] = f"{header}..{to_base64url(key.sign(header.encode() + b'.' + quads))}"
    found = match({**bare, "proof": proof}, key)
    assert (found.variant, found.options_covered) == ("jws2020-std-proofctx", True)


def test_options_that_the_context_does_not_map_are_reported_as_uncovered() -> None:
    key = KEYS["P-256"]
    proof = sign(V1, key, "jws2020")["proof"]
    options = JSONLD.canonicalise(proof_options(proof, V1["@context"]))
    assert "created" not in options
    data = hashed(options) + hashed(JSONLD.canonicalise(V1))
    header = to_base64url(b'{"alg":"ES256","b64":false,"crit":["b64"]}')
    proof["jws"] = f"{header}..{to_base64url(key.sign(header.encode() + b'.' + data))}"
    found = match({**V1, "proof": proof}, key)
    assert not found.options_covered
    assert "created" in found.remarks[0]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"created": "2026-05-01T12:00:00.123+02:00"},
        {"verificationMethod": "did:jwk:eyJ_-9#0"},
        {"verificationMethod": "did:web:a%3A8443::b#JWK2020"},
        {"proofPurpose": "authentication"},
        {"proofPurpose": "capabilityInvocation"},
        {"proofPurpose": "https://example.org/own"},
        {"created": "2026\u00e9\n"},
        {"created": '2026"@en'},
        {"created": {"@value": "2026-05-01T12:00:00Z"}},
        {"created": ["2026-05-01T12:00:00Z", "2027-05-01T12:00:00Z"]},
        {"verificationMethod": "key-1"},
        {"verificationMethod": {"id": METHOD}},
        {"nonce": "n"},
        {"id": "https://provider.example/proofs/1"},
    ],
)
@pytest.mark.parametrize("suite", ["Ed25519Signature2020", "JsonWebSignature2020"])
@pytest.mark.parametrize(
    "context",
    [
        V1["@context"],
        [*V1["@context"], proofs.SUITE_CONTEXT[1]],
        [*V1["@context"], {"own": "https://own.example/"}],
    ],
)
def test_template_gives_the_same_options_as_canonicalising_them(
    values: dict[str, Any], suite: str, context: list[Any]
) -> None:
    proof = {
        "type": suite,
        "created": "2026-05-01T12:00:00Z",
        "proofPurpose": "assertionMethod",
        "verificationMethod": METHOD,
        "jws": "x",
        **values,
    }
    try:
        expected = JSONLD.canonicalise(proof_options(proof, context))
    except Rejection:
        with pytest.raises(Rejection):
            canonical_options(proof, context, JSONLD)
        return
    assert canonical_options(proof, context, JSONLD) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "Ed25519Signature2018"},
        {"type": "DataIntegrityProof"},
        {"type": "DataIntegrityProof", "cryptosuite": ["eddsa-rdfc-2022"]},
        {"type": "DataIntegrityProof", "cryptosuite": "bbs-2023"},
        {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"},
        {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022"},
        {"type": "DataIntegrityProof", "cryptosuite": "ecdsa-jcs-2019"},
        {"type": None},
        {"type": ["Ed25519Signature2020"]},
        {"proofValue": None},
        {"proofValue": 7},
        {"proofValue": ""},
        {"proofValue": "uAAAA"},
        {"proofValue": "z0"},
        {"proofValue": "z" + to_base58btc(b"\1" * 63)},
        {"proofValue": "z" + "2" * 5000},
        {"type": "JsonWebSignature2020"},
        {"type": "JsonWebSignature2020", "jws": 7},
        {"type": "JsonWebSignature2020", "jws": "a.b"},
        {"type": "JsonWebSignature2020", "jws": ".."},
    ],
)
def test_proof_of_another_or_broken_form_is_refused(changes: dict[str, Any]) -> None:
    signed = sign(V1, KEYS["Ed25519"], "ed25519-2020")
    with pytest.raises(Rejection):
        match({**signed, "proof": {**signed["proof"], **changes}}, KEYS["Ed25519"])


def test_algorithm_of_another_key_is_named_in_the_refusal() -> None:
    signed = sign(V1, KEYS["P-256"], "jws2020")
    assert "signed with ES256" in refused(signed, KEYS["RSA-2048"])
    ed25519 = sign(V1, KEYS["Ed25519"], "ed25519-2020")
    assert "one for ES256" in refused(ed25519, KEYS["P-256"])


def test_expansion_made_before_gives_the_same_result() -> None:
    signed = sign(V2, KEYS["P-256"], "jws2020")
    expansion = JSONLD.expand(unsigned(signed))
    assert match(signed, KEYS["P-256"], expansion=expansion) == match(signed, KEYS["P-256"])


# Signing


def test_unmapped_term_is_not_signed_unless_asked_for() -> None:
    document = {**V1, "credentialSubject": {**V1["credentialSubject"], "colour": "blue"}}
    with pytest.raises(SigningRefused, match="colour"):
        sign(document, KEYS["Ed25519"], "ed25519-2020")
    match(sign(document, KEYS["Ed25519"], "ed25519-2020", unsafe_unmapped=True), KEYS["Ed25519"])


def test_ed25519_suite_refuses_other_keys_and_jwt_refuses_vc_1() -> None:
    with pytest.raises(SigningRefused, match="Ed25519 key"):
        sign(V1, KEYS["P-256"], "ed25519-2020")
    with pytest.raises(SigningRefused, match=r"VC 2\.0"):
        sign(V1, KEYS["P-256"], "vc-jwt")


def test_signing_again_replaces_the_proof() -> None:
    once = sign(V1, KEYS["Ed25519"], "ed25519-2020")
    assert sign(once, KEYS["Ed25519"], "ed25519-2020") == once


@pytest.mark.parametrize(("form", "kind", "variant", "covered"), EMBEDDED)
@pytest.mark.parametrize("document", [V1, V2], ids=["v1", "v2"])
def test_presentation_and_its_credentials_hold_one_by_one(
    document: dict[str, Any], form: Any, kind: KeyKind, variant: str, covered: bool
) -> None:
    key = KEYS[kind]
    twin = {**document, "id": "https://provider.example/credentials/3"}
    inner = [json.dumps(sign(each, key, form)).encode() for each in (document, twin)]
    data = sign_presentation(
        inner, key, METHOD, holder="did:web:provider.example", form=form, created=CREATED, jsonld=JSONLD
    )
    presentation = json.loads(data)
    assert presentation["proof"]["proofPurpose"] == "authentication"
    assert match(presentation, key).variant == variant
    for credential, original in zip(presentation["verifiableCredential"], inner, strict=True):
        assert credential == json.loads(original)
        assert match(credential, key).variant == variant
    del presentation["verifiableCredential"][1]
    refused(presentation, key)


@pytest.mark.parametrize(
    ("context", "suite"),
    [
        ("https://w3id.org/security/suites/ed25519-2020/v1", {"type": "Ed25519Signature2020"}),
        (
            "https://w3id.org/security/data-integrity/v2",
            {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"},
        ),
    ],
)
def test_presentation_signed_over_the_other_canonical_form_holds_with_the_same_content_id(
    context: str, suite: dict[str, str]
) -> None:
    address = {"gx:countrySubdivisionCode": "BE-BRU"}
    subject = {"type": "gx:LegalParticipant", "gx:headquarterAddress": address, "gx:legalAddress": address}
    statement = {name: value for name, value in V1.items() if name != "id"}
    members = [
        {**statement, "credentialSubject": subject},
        {**statement, "credentialSubject": {**subject, "gx:legalName": "Löschteich"}},
    ]
    presentation = {
        "@context": [*V1["@context"], context],
        "type": ["VerifiablePresentation"],
        "holder": "did:web:provider.example",
        "verifiableCredential": members,
    }
    forms = [JSONLD.canonicalise(presentation, related=related) for related in ("duplicates", "distinct")]
    assert forms[0] != forms[1]
    key = KEYS["Ed25519"]
    proof = {
        **suite,
        "created": "2026-05-01T12:00:00Z",
        "proofPurpose": "authentication",
        "verificationMethod": METHOD,
    }
    options = hashed(JSONLD.canonicalise(proof_options(proof, presentation["@context"])))
    for form in forms:
        proof["proofValue"] = "z" + to_base58btc(key.sign(options + hashed(form)))
        found = match_proof(presentation, proof, key.public(), JSONLD)
        assert found.content_id == digest_of(forms[0].encode())
