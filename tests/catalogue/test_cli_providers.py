"""A provider at the command line: keys, DID documents, signing."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from catalogue.cli import catalogue
from catalogue.cli.keys import KINDS
from catalogue.cli.signing import CREDENTIAL_FORMATS, PRESENTATION_FORMATS
from credentials.dids import parse_did_document
from credentials.signing import CREDENTIAL_FORMS, KEY_KINDS, PRESENTATION_FORMS

OFFERING = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
    "id": "https://provider.example/credentials/1",
    "type": ["VerifiableCredential", "gx:ServiceOffering"],
    "credentialSubject": {
        "id": "https://provider.example/offerings/1",
        "type": "gx:ServiceOffering",
        "schema:name": "Lighthouse",
    },
}


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(catalogue, list(arguments), **options)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, without settings from outside."""
    for name in list(os.environ):
        if name.startswith("CATALOGUE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def key(name: str = "key.jwk", kind: str = "Ed25519") -> dict[str, Any]:
    done = run("keygen", "--type", kind, "--out", name)
    assert done.exit_code == 0, done.output
    shown: dict[str, Any] = json.loads(done.output)
    return shown


@pytest.mark.parametrize("kind", KEY_KINDS)
def test_private_key_is_in_a_file_for_its_owner_and_never_printed(kind: str, folder: Path) -> None:
    old = os.umask(0)
    try:
        done = run("keygen", "--type", kind, "--out", "key.jwk")
    finally:
        os.umask(old)
    assert stat.S_IMODE((folder / "key.jwk").stat().st_mode) == 0o600
    private = json.loads((folder / "key.jwk").read_text())
    assert private["d"] not in done.output
    shown = json.loads(done.output)
    assert "d" not in shown["publicKeyJwk"]
    assert shown["did"].startswith("did:jwk:" if kind == "RSA-2048" else "did:key:z")


def test_keygen_never_overwrites(folder: Path) -> None:
    (folder / "key.jwk").write_text("precious")
    done = run("keygen", "--out", "key.jwk")
    assert done.exit_code == 2
    assert "never overwritten" in done.output
    assert (folder / "key.jwk").read_text() == "precious"


def test_keygen_does_not_follow_a_link(folder: Path) -> None:
    (folder / "key.jwk").symlink_to(folder / "elsewhere")
    assert run("keygen", "--out", "key.jwk").exit_code == 2
    assert not (folder / "elsewhere").exists()


def test_did_document_holds_public_keys_that_may_assert(folder: Path) -> None:
    key("one.jwk")
    key("two.jwk", "P-256")
    done = run("did-document", "--did", "did:web:p.example", "--key", "main=one.jwk", "--key", "two.jwk")
    assert done.exit_code == 0, done.output
    assert '"d"' not in done.output
    document = parse_did_document("did:web:p.example", done.output.encode())
    assert [method.id for method in document.verification_methods] == [
        "did:web:p.example#main",
        "did:web:p.example#key-2",
    ]
    assert "did:web:p.example#main" in document.assertion_methods


def test_did_document_carries_the_address_of_its_chain() -> None:
    key()
    chain = "https://p.example/chain.pem"
    done = run("did-document", "--did", "did:web:p.example", "--key", "key.jwk", "--x5u", chain)
    assert json.loads(done.output)["verificationMethod"][0]["publicKeyJwk"]["x5u"] == chain


@pytest.mark.parametrize(
    "arguments",
    [
        ("--did", "did:key:z123", "--key", "key.jwk"),
        ("--did", "did:web:p.example", "--key", "missing.jwk"),
        ("--did", "did:web:p.example", "--key", "text"),
        ("--did", "did:web:p.example", "--key", "key.jwk", "--x5c", "text"),
        ("--did", "did:web:p.example", "--key", "a=key.jwk", "--key", "a=key.jwk"),
        ("--did", "did:web:p.example"),
    ],
)
def test_did_document_from_unusable_input_exits_two(arguments: tuple[str, ...], folder: Path) -> None:
    key()
    (folder / "text").write_text("nothing of use")
    done = run("did-document", *arguments)
    assert done.exit_code == 2
    assert "Error: " in done.output


def test_signing_completes_issuer_and_start_of_validity(folder: Path) -> None:
    did = key()["did"]
    (folder / "offering.json").write_text(json.dumps(OFFERING))
    done = run(
        "sign",
        "offering.json",
        "--key",
        "key.jwk",
        "--format",
        "ed25519-2020",
        "--created",
        "2026-05-01T00:00:00Z",
    )
    assert done.exit_code == 0, done.output
    signed = json.loads(done.output)
    assert signed["issuer"] == did
    assert signed["validFrom"] == "2026-05-01T00:00:00Z"
    assert signed["proof"]["created"] == "2026-05-01T00:00:00Z"


def test_signing_for_another_issuer_warns(folder: Path) -> None:
    key()
    (folder / "offering.json").write_text(json.dumps(OFFERING | {"issuer": "did:web:other.example"}))
    done = run("sign", "offering.json", "--key", "key.jwk", "--format", "vc-jwt", "--out", "signed")
    assert done.exit_code == 0
    assert "no node will accept it" in done.output


@pytest.mark.parametrize(
    ("kind", "form"),
    [("P-256", "ed25519-2020"), ("Ed25519", "vc-jwt")],
)
def test_what_cannot_be_signed_exits_two_and_writes_nothing(kind: str, form: str, folder: Path) -> None:
    key(kind=kind)
    document = OFFERING | {"@context": ["https://www.w3.org/2018/credentials/v1"]}
    (folder / "offering.json").write_text(json.dumps(document))
    done = run("sign", "offering.json", "--key", "key.jwk", "--format", form, "--out", "signed")
    assert done.exit_code == 2
    assert "not signed: " in done.output
    assert not (folder / "signed").exists()


def test_two_files_need_a_presentation(folder: Path) -> None:
    key()
    (folder / "offering.json").write_text(json.dumps(OFFERING))
    done = run("sign", "offering.json", "offering.json", "--key", "key.jwk", "--format", "vc-jwt")
    assert done.exit_code == 2


def test_the_command_offers_every_form_and_kind_of_key_of_the_library() -> None:
    assert (*CREDENTIAL_FORMATS.values(),) == CREDENTIAL_FORMS
    assert (*PRESENTATION_FORMATS.values(),) == PRESENTATION_FORMS
    assert KINDS == KEY_KINDS


def test_a_proof_is_added_to_those_there_are(folder: Path) -> None:
    key()
    key(name="notary.jwk", kind="P-256")
    (folder / "offering.json").write_text(json.dumps(OFFERING))
    first = ("--format", "eddsa-rdfc-2022", "--proof-id", "urn:uuid:1", "--out", "one.json")
    assert run("sign", "offering.json", "--key", "key.jwk", *first).exit_code == 0
    for how, links in (("set", None), ("chain", "urn:uuid:1")):
        second = ("--format", "ecdsa-rdfc-2019", "--add", how, "--out", f"{how}.json")
        done = run("sign", "one.json", "--key", "notary.jwk", *second)
        assert done.exit_code == 0, done.output
        assert "Warning" not in done.output
        proofs = json.loads((folder / f"{how}.json").read_text())["proof"]
        assert [proof.get("previousProof") for proof in proofs] == [None, links]
        verified = run("verify", f"{how}.json")
        assert verified.exit_code == 0
        assert f"co-signed by {proofs[1]['verificationMethod'].partition('#')[0]}\n" in verified.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "vc-jwt", "--add", "set"),
        ("--format", "vc-jwt", "--proof-id", "urn:uuid:1"),
        ("--format", "eddsa-rdfc-2022", "--challenge", "c"),
        ("--format", "eddsa-rdfc-2022", "--holder", "did:web:h.example"),
        ("--format", "vp-eddsa-rdfc-2022", "--add", "set"),
    ],
)
def test_options_that_the_format_has_no_use_for_are_refused(arguments: tuple[str, ...], folder: Path) -> None:
    key()
    (folder / "offering.json").write_text(json.dumps(OFFERING))
    done = run("sign", "offering.json", "--key", "key.jwk", *arguments)
    assert done.exit_code == 2
    assert "are for" in done.output
