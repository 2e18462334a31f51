"""DIDs, their web addresses and their documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credentials.dids import (
    MAX_DID,
    MAX_DID_DOCUMENT,
    MAX_METHODS,
    Did,
    DidDocument,
    DidDocumentInvalid,
    DidMalformed,
    DidUrl,
    MethodNotFound,
    parse_did_document,
    web_host,
    web_url,
)
from credentials.encoding import from_multibase, to_base58btc
from credentials.keys import KeyUnusable, PublicKey
from credentials.private_keys import KEY_KINDS, generate_key

DID = "did:web:provider.example"
KEY = generate_key("P-256").public()
OTHER = generate_key("Ed25519").public()


def method(fragment: str = "#key-1", **changes: Any) -> dict[str, Any]:
    entry = {
        "id": fragment,
        "type": "JsonWebKey2020",
        "controller": DID,
        "publicKeyJwk": KEY.jwk(),
        **changes,
    }
    return {name: value for name, value in entry.items() if value is not None}


def document(**members: Any) -> DidDocument:
    return parse_did_document(DID, json.dumps({"id": DID, **members}).encode())


def invalid(raw: bytes) -> str:
    with pytest.raises(DidDocumentInvalid) as refusal:
        parse_did_document(DID, raw)
    return refusal.value.problem


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
        ("did:web:example.com%3a3000", "https://example.com:3000/.well-known/did.json"),
        ("did:web:localhost%3A8443", "https://localhost:8443/.well-known/did.json"),
        ("did:web:Example.COM:A", "https://example.com/A/did.json"),
        ("did:web:example.com:a%20b".replace("%20", "%C3%A9"), "https://example.com/a%C3%A9b/did.json"),
        ("did:web:xn--bcher-kva.example", "https://xn--bcher-kva.example/.well-known/did.json"),
    ],
)
def test_did_web_has_the_address_of_its_specification(did: str, url: str) -> None:
    assert web_url(did) == url


@pytest.mark.parametrize(
    "did",
    [
        "did:key:z6Mk",
        "did:web:",
        "did:web:127.0.0.1",
        "did:web:127.0.0.1%3A8080",
        "did:web:2130706433",
        "did:web:0x7f.0x1",
        "did:web:example.0x",
        "did:web:%5B%3A%3A1%5D",
        "did:web:user%40example.com",
        "did:web:example.com%2Fpath",
        "did:web:example.com%3F",
        "did:web:example.com%3A",
        "did:web:example.com%3A0",
        "did:web:example.com%3A080",
        "did:web:example.com%3A65536",
        "did:web:example.com%3A80%3A80",
        "did:web:example.com%3Aabc",
        "did:web:example.com.",
        "did:web:.example.com",
        "did:web:exa_mple.com",
        "did:web:-example.com",
        "did:web:ex%61mple.com",
        "did:web:example.com::a",
        "did:web:example.com:..:a",
        "did:web:example.com:.:a",
        "did:web:example.com:%2e%2e:a",
        "did:web:example.com:%2E:a",
        "did:web:example.com:a%2Fb",
        "did:web:example.com:a%5Cb",
        "did:web:example.com:a%252Fb",
        "did:web:example.com:a%3Fb",
        "did:web:example.com:a%23b",
        "did:web:example.com:a%00",
        "did:web:example.com:a%0D%0A",
        "did:web:example.com:a%20b",
        "did:web:" + "a" * 64 + ".example",
        "did:web:" + "a." * 127 + "example",
    ],
)
def test_did_web_that_would_lead_elsewhere_has_no_address(did: str) -> None:
    with pytest.raises(DidMalformed):
        web_url(did)


def test_did_with_an_empty_segment_is_a_did_though_it_has_no_address() -> None:
    did = "did:web:registration.example::development"
    assert str(Did.parse(did)) == did
    assert web_host(did) == "registration.example"
    assert parse_did_document(did, json.dumps({"id": did}).encode()).id == did


@pytest.mark.parametrize(
    "text",
    [
        "",
        "did",
        "did:web",
        "did:web:",
        "did::a",
        "did:Web:a",
        "did:web:a:",
        "did:web:a#b",
        "did:web:a/b",
        "did:web:a?b",
        "did:web:a%",
        "did:web:a%4",
        "did:web:a%4g",
        "did:web:a b",
        "did:web:a\n",
        " did:web:a",
        "did:web:é",
        "DID:web:a",
        "urn:did:web:a",
        "did:web:" + "a" * MAX_DID,
    ],
)
def test_text_that_is_no_did_is_refused(text: str) -> None:
    with pytest.raises(DidMalformed):
        Did.parse(text)


@pytest.mark.parametrize(
    "text", [DID + "#", DID + "#a#b", DID + "#a b", DID + "/p#a", DID + "?q#a", "#a", DID + "#é"]
)
def test_text_that_is_no_key_of_a_did_is_refused(text: str) -> None:
    with pytest.raises(DidMalformed):
        DidUrl.parse(text)


def test_did_url_keeps_its_parts() -> None:
    assert DidUrl.parse(DID + "#key-1") == DidUrl(DID, "key-1")
    assert str(DidUrl.parse(DID)) == DID


def test_hostile_did_is_refused_quickly() -> None:
    for text in ("did:a:" + "%4" * 2000, "did:a:" + ":" * 4000, "did:a:" + "a" * 4000 + "!"):
        with pytest.raises(DidMalformed):
            Did.parse(text)


def test_referenced_embedded_and_relative_methods_are_found() -> None:
    found = document(
        verificationMethod=[method("#key-1"), method(DID + "#key-2", publicKeyJwk=OTHER.jwk())],
        assertionMethod=["#key-1", DID + "#key-2", method("#key-3")],
        authentication=[DID + "#key-1"],
    )
    assert found.assertion_methods == {f"{DID}#key-{number}" for number in (1, 2, 3)}
    assert found.authentication_methods == {DID + "#key-1"}
    assert found.find(DID + "#key-1").key() == KEY
    assert found.find(DID + "#key-2").key() == OTHER
    assert found.ignored == ()


def test_method_without_relationship_is_found_but_asserts_nothing() -> None:
    found = document(verificationMethod=[method()])
    assert found.find(DID + "#key-1").key() == KEY
    assert found.assertion_methods == frozenset()


def test_did_alone_names_the_only_method_and_none_of_several() -> None:
    assert document(verificationMethod=[method()]).find(DID).id == DID + "#key-1"
    with pytest.raises(MethodNotFound, match="2 methods"):
        document(verificationMethod=[method(), method("#key-2")]).find(DID)


def test_other_did_never_names_the_only_method() -> None:
    with pytest.raises(MethodNotFound, match="another DID"):
        document(verificationMethod=[method()]).find("did:web:other.example")


def test_method_called_like_the_did_itself_is_found_among_several() -> None:
    found = document(verificationMethod=[method(DID), method("#key-2")])
    assert found.find(DID).id == DID


@pytest.mark.parametrize(
    "wanted", [DID + "#key-2", "did:web:other.example#key-1", "#key-1", "", DID + "#KEY-1"]
)
def test_method_that_the_document_does_not_have_is_not_found(wanted: str) -> None:
    with pytest.raises(MethodNotFound):
        document(verificationMethod=[method(), method("#key-9")]).find(wanted)


@pytest.mark.parametrize(
    "entry",
    [
        method(controller="did:web:attacker.example"),
        method(controller=None),
        method(controller=[DID]),
        method("did:web:attacker.example#key-1"),
        method("key-1"),
        method(None or ""),
        method(expires="soon"),
        "#key-1",
        7,
    ],
)
def test_method_that_is_not_the_dids_own_is_left_out_with_the_reason(entry: Any) -> None:
    found = document(verificationMethod=[entry], assertionMethod=["#key-1"])
    assert found.verification_methods == ()
    assert found.assertion_methods == frozenset()
    assert found.ignored


def test_reference_to_a_method_elsewhere_is_left_out_with_the_reason() -> None:
    found = document(verificationMethod=[method()], assertionMethod=["did:web:other.example#key-1"])
    assert found.assertion_methods == frozenset()
    assert "other.example" in found.ignored[0]


def test_two_different_methods_of_one_name_make_the_document_unusable() -> None:
    raw = json.dumps({"id": DID, "verificationMethod": [method(), method(publicKeyJwk=OTHER.jwk())]}).encode()
    assert "two different" in invalid(raw)
    assert len(document(verificationMethod=[method()], assertionMethod=[method()]).verification_methods) == 1


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "JSON"),
        (b"[]", "JSON"),
        (b'{"id": "%s", "id": "x"}' % DID.encode(), "JSON"),
        (b"{}", "id is"),
        (b'{"id": "did:web:other.example"}', "id is"),
        (b'{"id": ["did:web:provider.example"]}', "id is"),
        (b" " * (MAX_DID_DOCUMENT + 1), "larger"),
    ],
)
def test_document_that_is_not_the_dids_is_refused(raw: bytes, words: str) -> None:
    assert words in invalid(raw)


def test_document_with_too_many_methods_is_refused() -> None:
    many = [method(f"#{number}") for number in range(MAX_METHODS + 1)]
    assert "more than" in invalid(json.dumps({"id": DID, "verificationMethod": many}).encode())
    half = json.dumps({"id": DID, "verificationMethod": many[:40], "assertionMethod": many[40:]}).encode()
    assert "more than" in invalid(half)


def test_expired_or_revoked_method_is_unusable_from_then_on() -> None:
    ends = datetime(2026, 1, 1, tzinfo=UTC)
    entry = method(expires="2027-01-01T00:00:00Z", revoked="2026-01-01T00:00:00Z")
    found = document(verificationMethod=[entry]).find(DID)
    assert found.usable_at(ends - timedelta(seconds=1))
    assert not found.usable_at(ends)
    assert document(verificationMethod=[method()]).find(DID).usable_at(ends)


@pytest.mark.parametrize(
    "material",
    [
        {"publicKeyJwk": None},
        {"publicKeyMultibase": OTHER.multibase()},
        {"publicKeyJwk": "text"},
        {"publicKeyJwk": None, "publicKeyMultibase": 7},
        {"publicKeyJwk": None, "publicKeyBase58": "abc"},
        {"publicKeyJwk": None, "publicKeyPem": ["x"]},
    ],
)
def test_method_needs_exactly_one_usable_key(material: dict[str, Any]) -> None:
    found = document(verificationMethod=[method(**material)]).find(DID)
    with pytest.raises(KeyUnusable):
        found.key()


def test_multibase_key_is_read_and_jwk_is_kept_as_published() -> None:
    entry = method(publicKeyJwk=None, publicKeyMultibase=OTHER.multibase())
    found = document(verificationMethod=[entry]).find(DID)
    assert found.key() == OTHER
    assert found.jwk is None
    jwk = {**KEY.jwk(), "x5u": "https://provider.example/chain.pem"}
    assert document(verificationMethod=[method(publicKeyJwk=jwk)]).find(DID).jwk == jwk


KINDS = {kind: generate_key(kind).public() for kind in KEY_KINDS}


def base58(key: PublicKey) -> str:
    """The key without its codec, as the suites before Multikey wrote it."""
    return to_base58btc(from_multibase(key.multibase())[2:])


@pytest.mark.parametrize(
    ("type_", "kinds"),
    [
        ("Multikey", KEY_KINDS),
        ("JsonWebKey", KEY_KINDS),
        ("JsonWebKey2020", KEY_KINDS),
        ("Ed25519VerificationKey2020", ("Ed25519",)),
        ("Ed25519VerificationKey2018", ("Ed25519",)),
        ("EcdsaSecp256k1VerificationKey2019", ("secp256k1",)),
    ],
)
def test_method_types_hold_the_keys_they_are_for_and_no_others(type_: str, kinds: tuple[str, ...]) -> None:
    for kind, key in KINDS.items():
        forms: list[dict[str, Any]] = [{"publicKeyJwk": key.jwk()}]
        if kind != "RSA-2048":
            forms.append({"publicKeyMultibase": key.multibase()})
            # Bare bytes say nothing of their curve: those of another may be a point of this one too.
            if type_.endswith(("2018", "2019")) and kind in kinds:
                forms.append({"publicKeyBase58": base58(key)})
        for form in forms:
            entry = method(type=type_, **{"publicKeyJwk": None, **form})
            found = document(verificationMethod=[entry]).find(DID)
            if kind in kinds:
                assert found.key() == key
            else:
                with pytest.raises(KeyUnusable):
                    found.key()


def test_bare_bytes_without_a_type_that_says_whose_they_are_no_key() -> None:
    entry = method(type="Multikey", publicKeyJwk=None, publicKeyBase58=base58(KINDS["Ed25519"]))
    with pytest.raises(KeyUnusable, match="says nothing"):
        document(verificationMethod=[entry]).find(DID).key()
