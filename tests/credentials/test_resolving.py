"""From DIDs to documents without a network."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from credentials.dids import MAX_DID_DOCUMENT
from credentials.encoding import to_base58btc, to_base64url
from credentials.keys import PublicKey
from credentials.resolving import (
    Fetched,
    FetchFailed,
    FirstOf,
    FolderResolver,
    FolderUnusable,
    InlineResolver,
    NotResponsible,
    ReplayResolver,
    ResolutionFailed,
    Resolver,
    SelfCertifyingResolver,
    WebResolver,
)
from credentials.signing import (
    KEY_KINDS,
    KeyKind,
    did_document,
    did_jwk,
    did_key,
    generate_key,
    inline_method,
)

KEYS: dict[KeyKind, PublicKey] = {kind: generate_key(kind).public() for kind in KEY_KINDS}
KEY = KEYS["Ed25519"]
DID = "did:web:provider.example"
HOSTS = frozenset({"wizard.example", "localhost:3002"})
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def raw_document(did: str = DID, key: PublicKey = KEY) -> bytes:
    return json.dumps(did_document(did, {"key-1": key})).encode()


def failure(resolver: Resolver, did: str) -> ResolutionFailed:
    with pytest.raises(ResolutionFailed) as failed:
        resolver.resolve(did)
    return failed.value


def pem(key: PublicKey) -> bytes:
    return key.native.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


# did:key and did:jwk


@pytest.mark.parametrize("kind", KEY_KINDS)
def test_inline_did_is_its_key(kind: KeyKind) -> None:
    dids = [did_jwk(KEYS[kind])] + ([did_key(KEYS[kind])] if kind != "RSA-2048" else [])
    for did in dids:
        resolved = InlineResolver().resolve(did)
        method = resolved.document.find(inline_method(did))
        assert method.key() == KEYS[kind]
        assert method.id in resolved.document.assertion_methods
        assert method.id in resolved.document.authentication_methods
        assert resolved.obtained == "inline"


def test_published_did_key_examples_resolve() -> None:
    # did:key method specification, sections "Ed25519" and "P-256".
    for did in (
        "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
        "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
    ):
        assert InlineResolver().resolve(did).document.find(did + "#" + did[8:]).key().multibase() == did[8:]


def test_method_of_an_inline_did_has_one_name() -> None:
    did = did_jwk(KEY)
    document = InlineResolver().resolve(did).document
    assert document.find(did + "#0").id == document.find(did).id
    with pytest.raises(Exception, match="no such method"):
        document.find(did + "#1")


@pytest.mark.parametrize(
    ("did", "curve"),
    [
        # Examples of the did:key method specification.
        ("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "Ed25519"),
        ("did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", "P-256"),
        ("did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9", "P-384"),
        ("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", "secp256k1"),
    ],
)
def test_did_key_of_each_curve_resolves_to_its_key(did: str, curve: str) -> None:
    assert InlineResolver().resolve(did).document.find(did).key().curve == curve


@pytest.mark.parametrize(
    "did",
    [
        "did:key:z6Mk",
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBmf",
        "did:key:uAAAA",
        "did:jwk:AAAA",
        "did:jwk:%41",
        "did:jwk:" + to_base64url(b"[]"),
        "did:jwk:" + to_base64url(b'{"kty":"oct","k":"AAAA"}'),
        "did:jwk:" + to_base64url(json.dumps({**KEY.jwk(), "use": "enc"}).encode()),
        "did:jwk:" + to_base64url(json.dumps({**KEY.jwk(), "d": "AAAA"}).encode()),
        "did:jwk:" + to_base64url(json.dumps(KEY.jwk()).encode()) + "=",
    ],
)
def test_inline_did_without_usable_key_fails_for_good(did: str) -> None:
    failed = failure(InlineResolver(), did)
    assert not isinstance(failed, NotResponsible)
    assert not failed.temporary


# Wizard keys


@pytest.mark.parametrize("prefix", ["", "development:"])
def test_wizard_did_of_a_named_host_is_its_key(prefix: str) -> None:
    key = KEYS["RSA-2048"]
    did = f"did:web:wizard.example:{prefix}api:credentials:{to_base58btc(pem(key).strip())}"
    resolved = SelfCertifyingResolver(HOSTS).resolve(did)
    assert resolved.document.find(did + "#JWK2020").key() == key
    assert resolved.obtained == "derived"


def test_wizard_host_may_have_a_port() -> None:
    did = f"did:web:localhost%3A3002:api:credentials:{to_base58btc(pem(KEY))}"
    assert SelfCertifyingResolver(HOSTS).resolve(did).document.find(did).key() == KEY


@pytest.mark.parametrize(
    "head",
    [
        "did:web:other.example:api:credentials:",
        "did:web:localhost:api:credentials:",
        "did:web:wizard.example.other.example:api:credentials:",
        "did:web:wizard.example:credentials:",
        "did:web:wizard.example:api:credentials:x:",
        "did:key:api:credentials:",
    ],
)
def test_did_of_another_host_or_shape_is_not_believed(head: str) -> None:
    assert isinstance(failure(SelfCertifyingResolver(HOSTS), head + to_base58btc(pem(KEY))), NotResponsible)


@pytest.mark.parametrize("text", ["0OIl", to_base58btc(b"no pem"), "2" * 3900, "%41"])
def test_wizard_did_without_readable_key_fails(text: str) -> None:
    failed = failure(SelfCertifyingResolver(HOSTS), f"did:web:wizard.example:api:credentials:{text}")
    assert not isinstance(failed, NotResponsible)


def test_without_hosts_no_wizard_did_is_believed() -> None:
    did = f"did:web:wizard.example:api:credentials:{to_base58btc(pem(KEY))}"
    assert isinstance(failure(SelfCertifyingResolver(frozenset()), did), NotResponsible)


# Folders


def test_folder_finds_documents_by_id_whatever_the_file_is_called(tmp_path: Path) -> None:
    did = "did:web:registration.example::development"
    (tmp_path / "anything.json").write_bytes(raw_document())
    (tmp_path / "1.json").write_bytes(raw_document(did))
    (tmp_path / "README.txt").write_text("not looked at")
    resolver = FolderResolver(tmp_path)
    assert resolver.resolve(DID).obtained == "folder"
    assert resolver.resolve(did).document.find(did + "#key-1").key() == KEY
    assert resolver.resolve(did).raw == raw_document(did)
    assert isinstance(failure(resolver, "did:web:absent.example"), NotResponsible)


def test_same_document_twice_is_one_and_different_ones_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(raw_document())
    (tmp_path / "b.json").write_text(json.dumps(json.loads(raw_document()), indent=2))
    assert FolderResolver(tmp_path).resolve(DID).document.id == DID
    (tmp_path / "c.json").write_bytes(raw_document(key=KEYS["P-256"]))
    with pytest.raises(FolderUnusable, match=r"c\.json.*different document"):
        FolderResolver(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"id": 1}', b'{"id": "x"}', b" " * (MAX_DID_DOCUMENT + 1)]
)
def test_folder_with_a_file_that_is_no_did_document_is_an_error_that_names_it(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "broken.json").write_bytes(content)
    with pytest.raises(FolderUnusable) as unusable:
        FolderResolver(tmp_path)
    assert unusable.value.path.name == "broken.json"


def test_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FolderUnusable, match="not a folder"):
        FolderResolver(tmp_path / "absent")


# The web, with a fetcher that hands out what it was given


class Handed:
    """A fetcher for one answer."""

    def __init__(self, answer: bytes | FetchFailed) -> None:
        self.answer = answer
        self.asked: list[tuple[str, int]] = []

    def fetch(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        self.asked.append((url, max_bytes))
        if isinstance(self.answer, FetchFailed):
            raise self.answer
        return Fetched(self.answer, "application/did+json", url, NOW)


def test_web_document_is_fetched_from_its_address_within_bounds() -> None:
    fetcher = Handed(raw_document())
    resolved = WebResolver(fetcher).resolve(DID)
    assert fetcher.asked == [("https://provider.example/.well-known/did.json", MAX_DID_DOCUMENT)]
    assert (resolved.obtained, resolved.fetched_at, resolved.raw) == ("https", NOW, raw_document())


@pytest.mark.parametrize("temporary", [True, False])
def test_failed_fetch_says_whether_to_try_again(temporary: bool) -> None:
    failed = failure(WebResolver(Handed(FetchFailed("https://x", "no", temporary=temporary))), DID)
    assert failed.temporary is temporary


def test_document_of_another_did_is_refused() -> None:
    assert (
        "not this DID" in failure(WebResolver(Handed(raw_document("did:web:attacker.example"))), DID).reason
    )


@pytest.mark.parametrize("did", ["did:web:a::b", "did:web:127.0.0.1", "not a did"])
def test_did_without_web_address_is_never_fetched(did: str) -> None:
    fetcher = Handed(raw_document())
    assert not failure(WebResolver(fetcher), did).temporary
    assert fetcher.asked == []


# Chains and replays


def test_first_responsible_resolver_answers_and_its_failure_counts(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(raw_document())
    web = Handed(raw_document("did:web:elsewhere.example"))
    chain = FirstOf([InlineResolver(), FolderResolver(tmp_path), WebResolver(web)])
    assert chain.resolve(DID).obtained == "folder"
    assert chain.resolve(did_key(KEY)).obtained == "inline"
    assert chain.resolve("did:web:elsewhere.example").obtained == "https"
    assert "multibase" in failure(chain, "did:key:broken").reason
    assert len(web.asked) == 1


def test_chain_in_which_nobody_is_responsible_gives_every_reason() -> None:
    failed = failure(FirstOf([InlineResolver(), SelfCertifyingResolver(HOSTS)]), "did:example:1")
    assert "does not contain its key" in failed.reason
    assert "no wizard key" in failed.reason
    assert not isinstance(failed, NotResponsible)
    assert failure(FirstOf([]), DID).reason


@pytest.mark.parametrize("obtained", ["https", {DID: "https"}])
def test_replay_answers_from_kept_bytes_and_keeps_how_they_were_obtained(obtained: Any) -> None:
    resolver = ReplayResolver({DID: raw_document()}, obtained)
    assert resolver.resolve(DID).obtained == "https"
    assert resolver.resolve(DID).raw == raw_document()
    assert isinstance(failure(resolver, "did:web:other.example"), NotResponsible)
