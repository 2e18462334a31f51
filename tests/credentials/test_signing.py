"""Every form and key, signed here and verified by the real verifier under the default policy."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from credentials.contexts import ContextStore
from credentials.data_integrity import CRYPTOSUITES
from credentials.jws import parse_compact
from credentials.policies import policy_named
from credentials.resolving import FirstOf, InlineResolver, ReplayResolver
from credentials.signing import (
    CREDENTIAL_FORMS,
    KEY_KINDS,
    CredentialForm,
    KeyKind,
    PresentationForm,
    SigningRefused,
    did_document,
    did_jwk,
    did_key,
    generate_key,
    inline_method,
    sign_credential,
    sign_presentation,
    x5c_from_pem,
)
from credentials.verification import Refused, Verified, Verifier

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ISSUER = "did:web:provider.example"
METHOD = ISSUER + "#key-1"
KEYS = {kind: generate_key(kind) for kind in KEY_KINDS}
STORE = ContextStore()

CREDENTIAL: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
    "type": ["VerifiableCredential"],
    "id": "https://provider.example/credentials/1",
    "issuer": ISSUER,
    "validFrom": "2026-05-01T00:00:00Z",
    "validUntil": "2027-05-01T00:00:00Z",
    "credentialSubject": {
        "id": "https://provider.example/services/1",
        "type": "gx:ServiceOffering",
        "schema:name": "Löschteich",
    },
}
#: The keys that a form takes; those not here take any.
KEYS_OF_FORM: dict[str, tuple[str, ...]] = {
    "ed25519-2020": ("Ed25519",),
    **{suite.name: suite.curves for suite in CRYPTOSUITES.values()},
}
FORMS = [
    (form, kind)
    for form in CREDENTIAL_FORMS
    for kind in KEY_KINDS
    if kind in KEYS_OF_FORM.get(form, KEY_KINDS)
]


def verify(data: bytes, kind: KeyKind) -> Verified:
    documents = {ISSUER: json.dumps(did_document(ISSUER, {"key-1": KEYS[kind].public()})).encode()}
    resolver = FirstOf([InlineResolver(), ReplayResolver(documents, "https")])
    return Verifier(policy_named("default"), resolver, STORE, lambda: NOW).verify(data)


def signed(form: CredentialForm, kind: KeyKind, document: dict[str, Any] = CREDENTIAL) -> bytes:
    return sign_credential(document, KEYS[kind], METHOD, form=form, created=NOW)


@pytest.mark.parametrize(("form", "kind"), FORMS)
def test_signed_credential_is_accepted(form: CredentialForm, kind: KeyKind) -> None:
    verified = verify(signed(form, kind), kind)
    credential = verified.credentials[0]
    assert (credential.issuer, credential.subjects) == (ISSUER, ("https://provider.example/services/1",))
    assert verified.report.proof is not None
    assert verified.report.proof.verification_method == METHOD


@pytest.mark.parametrize(("form", "kind"), FORMS)
def test_signed_presentation_is_accepted(form: CredentialForm, kind: KeyKind) -> None:
    outer: PresentationForm = "vp-jwt" if form == "vc-jwt" else form
    second = {**CREDENTIAL, "id": "https://provider.example/credentials/2"}
    data = sign_presentation(
        [signed(form, kind), signed(form, kind, second)],
        KEYS[kind],
        METHOD,
        holder=ISSUER,
        form=outer,
        created=NOW,
    )
    verified = verify(data, kind)
    assert (verified.form, len(verified.credentials)) == ("vp", 2)


@pytest.mark.parametrize("form", KEYS_OF_FORM)
def test_form_refuses_keys_that_are_not_its_own(form: CredentialForm) -> None:
    for kind in set(KEY_KINDS) - set(KEYS_OF_FORM[form]):
        with pytest.raises(SigningRefused, match="needs a"):
            signed(form, kind)


def test_jwt_and_json_ld_may_be_mixed_in_a_presentation() -> None:
    inner = [signed("vc-jwt", "P-256"), signed("jws2020", "P-256")]
    for form in ("vp-jwt", "jws2020"):
        data = sign_presentation(inner, KEYS["P-256"], METHOD, holder=ISSUER, form=form, created=NOW)
        assert len(verify(data, "P-256").credentials) == 2


@pytest.mark.parametrize(("form", "kind"), FORMS)
def test_credential_signed_by_somebody_else_is_refused(form: CredentialForm, kind: KeyKind) -> None:
    document = {**CREDENTIAL, "issuer": "did:web:victim.example"}
    with pytest.raises(Refused) as refusal:
        verify(signed(form, kind, document), kind)
    assert {check.name for check in refusal.value.report.failed()} & {"issuer_binding", "key"}


@pytest.mark.parametrize("make", [did_key, did_jwk])
def test_did_of_the_key_itself_signs(make: Any) -> None:
    key = KEYS["P-256"]
    did = make(key.public())
    data = sign_credential({**CREDENTIAL, "issuer": did}, key, inline_method(did), form="vc-jwt", created=NOW)
    assert verify(data, "P-256").sources == ()


def test_jwt_header_is_that_of_gaia_x_loire() -> None:
    header = parse_compact(signed("vc-jwt", "RSA-2048")).header
    assert header == {
        "alg": "PS256",
        "typ": "vc+jwt",
        "cty": "vc",
        "iss": ISSUER,
        "kid": METHOD,
        "iat": int(NOW.timestamp()),
        "exp": int(datetime(2027, 5, 1, tzinfo=UTC).timestamp()),
    }
    data = sign_presentation([], KEYS["Ed25519"], METHOD, holder=ISSUER, form="vp-jwt", created=NOW)
    assert {**header, "typ": "vp+jwt", "cty": "vp", "alg": "EdDSA"}.items() > parse_compact(
        data
    ).header.items()


def test_enveloped_credential_is_a_data_url_of_the_exact_token() -> None:
    token = signed("vc-jwt", "P-256")
    data = sign_presentation([token], KEYS["P-256"], METHOD, holder=ISSUER, form="vp-jwt", created=NOW)
    member = json.loads(parse_compact(data).payload)["verifiableCredential"][0]
    assert member["type"] == "EnvelopedVerifiableCredential"
    assert member["id"] == "data:application/vc+jwt," + token.decode()


def certificate_chain() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEYS["RSA-2048"].native.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(KEYS["P-256"].native, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def test_did_document_carries_the_chain_with_its_key() -> None:
    pem = certificate_chain()
    chain = x5c_from_pem(pem + pem)
    public = KEYS["RSA-2048"].public()
    url = "https://provider.example/chain.pem"
    method = did_document(ISSUER, {"key-1": public}, x5u=url, x5c=chain)["verificationMethod"][0]
    assert method["publicKeyJwk"]["x5u"] == url
    assert len(method["publicKeyJwk"]["x5c"]) == 2
    leaf = x509.load_der_x509_certificate(base64.b64decode(method["publicKeyJwk"]["x5c"][0]))
    assert leaf.public_key() == public.native


def test_did_document_needs_keys_and_one_key_for_a_chain() -> None:
    with pytest.raises(ValueError, match="without keys"):
        did_document(ISSUER, {})
    two = {"a": KEYS["P-256"].public(), "b": KEYS["Ed25519"].public()}
    with pytest.raises(ValueError, match="one key"):
        did_document(ISSUER, two, x5u="https://provider.example/chain.pem")
    assert len(did_document(ISSUER, two)["assertionMethod"]) == 2


def test_pem_that_is_no_chain_is_an_error() -> None:
    with pytest.raises(ValueError, match="PEM"):
        x5c_from_pem(b"no chain")


def test_unknown_kind_of_key_is_an_error() -> None:
    with pytest.raises(ValueError, match="RSA-1024"):
        generate_key("RSA-1024")  # type: ignore[arg-type]
