"""`catalogue verify`: one report per file in their order, and exit codes that scripts can rely on."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from catalogue.cli import catalogue
from catalogue.spreading import WORTH_IT
from credentials.signing import did_document, did_key, generate_key, inline_method, sign_credential
from credentials.times import from_rfc3339

CREATED = "2026-05-01T00:00:00Z"
AT = "2026-06-01T00:00:00Z"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, without settings from outside and without a network."""
    for name in list(os.environ):
        if name.startswith("CATALOGUE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def no_network(*arguments: Any, **_options: Any) -> Any:
        raise AssertionError(f"a connection is made: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    return tmp_path


def offering(issuer: str) -> dict[str, Any]:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
        "id": "https://provider.example/credentials/1",
        "type": ["VerifiableCredential", "gx:ServiceOffering"],
        "issuer": issuer,
        "validFrom": CREATED,
        "credentialSubject": {
            "id": "https://provider.example/offerings/1",
            "type": "gx:ServiceOffering",
            "schema:name": "Lighthouse",
        },
    }


@pytest.fixture
def good(folder: Path) -> str:
    """A file that every policy accepts."""
    key = generate_key("Ed25519")
    did = did_key(key.public())
    data = sign_credential(
        offering(did), key, inline_method(did), form="vc-jwt", created=from_rfc3339(CREATED)
    )
    (folder / "good.jwt").write_bytes(data)
    return "good.jwt"


@pytest.fixture
def by_web(folder: Path) -> str:
    """A file signed with the key of a did:web, whose document is in the folder `dids`."""
    key, did = generate_key("Ed25519"), "did:web:provider.example"
    (folder / "dids").mkdir()
    (folder / "dids" / "any.json").write_text(json.dumps(did_document(did, {"key-1": key.public()})))
    data = sign_credential(
        offering(did), key, f"{did}#key-1", form="ed25519-2020", created=from_rfc3339(CREATED)
    )
    (folder / "web.json").write_bytes(data)
    return "web.json"


def verify(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(catalogue, ["verify", "--at", AT, *arguments], **options)


def reports(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def outcome(report: dict[str, Any], name: str) -> str:
    (check,) = [check for check in report["checks"] if check["name"] == name]
    return str(check["outcome"])


def test_accepted_file_exits_zero(good: str) -> None:
    done = verify("--json", good)
    assert done.exit_code == 0, done.output
    (report,) = reports(done)
    assert report["verdict"] == "accepted"
    assert report["verified_at"] == AT


def test_standard_input_is_a_file_too(good: str, folder: Path) -> None:
    done = verify("--json", "-", input=(folder / good).read_bytes())
    assert done.exit_code == 0
    assert reports(done)[0]["verdict"] == "accepted"


def test_reports_come_in_the_order_of_the_arguments_and_one_refusal_exits_one(
    good: str, folder: Path
) -> None:
    (folder / "forged.jwt").write_bytes((folder / good).read_bytes()[:-8] + b"AAAAAAAA")
    done = verify("--json", "forged.jwt", good)
    assert done.exit_code == 1
    assert [report["verdict"] for report in reports(done)] == ["refused", "accepted"]
    assert outcome(reports(done)[0], "signature") == "failed"


@pytest.mark.parametrize("content", [b"", b"[]", b"hello", b"{", b"\xff", b'{"a":1,"a":2}', b"a.b.c"])
def test_malformed_file_is_refused_with_a_report_whose_parse_failed(content: bytes, folder: Path) -> None:
    (folder / "bad").write_bytes(content)
    done = verify("--json", "bad")
    assert done.exit_code == 1, done.output
    (report,) = reports(done)
    assert report["verdict"] == "refused"
    assert outcome(report, "parse") == "failed"


def test_unreadable_file_exits_two_and_the_others_are_verified_all_the_same(good: str, folder: Path) -> None:
    (folder / "bad").write_bytes(b"{")
    done = verify("--json", "missing", good, "bad")
    assert done.exit_code == 2
    assert [report["verdict"] for report in reports(done)] == ["accepted", "refused"]
    assert "missing: No such file" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--at", "yesterday"),
        ("--policy", "none"),
        ("--did-documents", "nowhere"),
        ("--trust-anchors", "nowhere"),
        ("--trust-anchors", "good.jwt"),
    ],
)
def test_wrong_usage_exits_two_before_anything_is_verified(arguments: tuple[str, ...], good: str) -> None:
    done = CliRunner().invoke(catalogue, ["verify", "--json", *arguments, good])
    assert done.exit_code == 2
    assert done.stdout == ""


def test_damaged_trust_list_is_told_and_nothing_verified(good: str) -> None:
    done = verify("--json", good, env={"CATALOGUE_TRUST_LIST": good})
    assert (done.exit_code, done.stdout) == (2, "")
    assert "trust list: " in done.stderr


def test_did_web_is_not_fetched_unless_online(by_web: str) -> None:
    done = verify("--json", by_web)
    assert done.exit_code == 1
    assert outcome(reports(done)[0], "key") == "failed"


def test_did_web_is_found_in_the_folder(by_web: str) -> None:
    done = verify("--json", "--did-documents", "dids", by_web)
    assert done.exit_code == 0, done.output
    assert verify(by_web, env={"CATALOGUE_DID_DOCUMENTS": "dids"}).exit_code == 0


def test_policy_comes_from_the_option_before_the_setting(good: str) -> None:
    done = verify("--json", "--policy", "lab", good, env={"CATALOGUE_POLICY": "default"})
    assert reports(done)[0]["policy"] == "lab"
    done = verify("--json", good, env={"CATALOGUE_POLICY": "lab"})
    assert reports(done)[0]["policy"] == "lab"


def test_without_json_a_person_reads_why(good: str, folder: Path) -> None:
    (folder / "forged.jwt").write_bytes((folder / good).read_bytes()[:-8] + b"AAAAAAAA")
    done = verify(good, "forged.jwt")
    assert done.exit_code == 1
    assert "good.jwt: accepted under policy default" in done.output
    assert "forged.jwt: refused under policy default" in done.output
    assert "signature: failed: " in done.output


def test_many_files_are_told_in_their_order_whatever_process_looked(good: str, folder: Path) -> None:
    (folder / "forged.jwt").write_bytes((folder / good).read_bytes()[:-8] + b"AAAAAAAA")
    names = ["missing" if n == 70 else "forged.jwt" if n % 7 == 3 else good for n in range(WORTH_IT * 2)]
    done = verify("--json", *names)
    assert done.exit_code == 2
    expected = ["refused" if name == "forged.jwt" else "accepted" for name in names if name != "missing"]
    assert [report["verdict"] for report in reports(done)] == expected
    assert "missing: No such file" in done.stderr


@pytest.mark.parametrize("form", ["vp-jwt", "vp-eddsa-rdfc-2022"])
def test_presentation_answers_the_challenge_that_it_was_signed_for(
    form: str, good: str, folder: Path
) -> None:
    run = CliRunner().invoke
    assert run(catalogue, ["keygen", "--out", "key.jwk"]).exit_code == 0
    options = ("--challenge", "c-1", "--domain", "d.example")
    signing = [
        "sign",
        good,
        "--key",
        "key.jwk",
        "--format",
        form,
        "--created",
        CREATED,
        "--out",
        "vp",
        *options,
    ]
    assert run(catalogue, signing).exit_code == 0
    assert verify("vp").exit_code == 0
    assert verify("vp", *options).exit_code == 0
    for others in (("--challenge", "c-2"), ("--domain", "e.example")):
        done = verify("--json", "vp", *others)
        assert done.exit_code == 1
        assert outcome(reports(done)[0], "purpose") == "failed"
