"""Provider, buyer and operator at the command line, with a node in real processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from running import RunningNode, console_script, eventually

pytestmark = pytest.mark.slow

FORMATS = ("ed25519-2020", "jws2020", "jws2020-legacy", "vc-jwt", "eddsa-rdfc-2022", "eddsa-jcs-2022")


class Shell:
    """Runs `catalogue` in a folder, with a node's settings."""

    def __init__(self, folder: Path, node: RunningNode) -> None:
        self.folder = folder
        self._environment = node.environment

    def __call__(self, *arguments: str, code: int = 0, **settings: str) -> str:
        done = subprocess.run(
            [console_script(), *arguments],
            cwd=self.folder,
            env=self._environment | settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + (done.stderr if code else "")

    def offering(self, name: str, number: int) -> str:
        """Write an unsigned offering; returns the file's name."""
        file = self.folder / f"offering-{number}.json"
        document = {
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
            "id": f"https://provider.example/credentials/{number}",
            "type": ["VerifiableCredential", "gx:ServiceOffering"],
            "credentialSubject": {
                "id": f"https://provider.example/offerings/{number}",
                "type": "gx:ServiceOffering",
                "gx:name": name,
            },
        }
        file.write_text(json.dumps(document))
        return file.name


@pytest.fixture
def node(make_node: Any) -> RunningNode:
    node: RunningNode = make_node()
    node.start()
    return node


@pytest.fixture
def shell(node: RunningNode, tmp_path: Path) -> Shell:
    folder = tmp_path / "work"
    folder.mkdir()
    return Shell(folder, node)


def test_every_format_goes_the_whole_way(node: RunningNode, shell: Shell) -> None:
    shell("keygen", "--out", "key.jwk")
    signed = []
    for number, form in enumerate(FORMATS):
        unsigned = shell.offering(f"Harbour {form}", number)
        shell("sign", unsigned, "--key", "key.jwk", "--format", form, "--out", f"signed-{form}")
        signed.append(f"signed-{form}")
    extra = shell.offering("Harbour in a presentation", 10)
    shell("sign", extra, "--key", "key.jwk", "--format", "vc-jwt", "--out", "inner")
    for form in ("vp-jwt", "vp-ed25519-2020", "vp-eddsa-rdfc-2022", "vp-eddsa-jcs-2022"):
        shell("sign", signed[0], "inner", "--key", "key.jwk", "--format", form, "--out", form)
        signed.append(form)
    reports = [json.loads(line) for line in shell("verify", "--json", *signed).splitlines()]
    assert [report["verdict"] for report in reports] == ["accepted"] * len(signed)
    lines = shell("publish", node.url, *signed).splitlines()
    assert len(lines) == len(signed)
    assert all("listed" in line for line in lines)
    eventually("all are found", lambda: node.offerings(state="listed")["total"] == len(FORMATS) + 1)
    table = shell("search", node.url, "harbour", "presentation", "--state", "listed")
    assert "Harbour in a presentation" in table
    answer = json.loads(shell("search", node.url, "--json", "--size", "1"))
    assert len(answer["items"]) == 1
    told = shell("history", node.url, answer["items"][0]["id"], "--order", "oldest")
    assert told.split("\t")[1] == "listed"


@pytest.mark.parametrize("kind", ["P-256", "P-384", "secp256k1", "RSA-2048"])
def test_other_kinds_of_keys_publish_too(kind: str, node: RunningNode, shell: Shell) -> None:
    shell("keygen", "--type", kind, "--out", "key.jwk")
    for form in ("jws2020", "vc-jwt"):
        unsigned = shell.offering(f"Quay {form}", len(form))
        shell("sign", unsigned, "--key", "key.jwk", "--format", form, "--out", form)
        shell("publish", node.url, form)


def test_publish_says_what_was_wrong_and_publishes_the_rest(node: RunningNode, shell: Shell) -> None:
    shell("keygen", "--out", "key.jwk")
    shell("sign", shell.offering("Pier", 1), "--key", "key.jwk", "--format", "vc-jwt", "--out", "good")
    good = (shell.folder / "good").read_text().strip()
    (shell.folder / "forged").write_text(good[:-8] + "AAAAAAAA")
    output = shell("publish", node.url, "forged", "good", code=1)
    assert "forged: refused: " in output
    assert "signature: " in output
    assert "good: listed" in output
    output = shell("publish", node.url, "missing", "good", code=2)
    assert "missing: No such file" in output
    assert "good: already listed" in output
    shell("publish", "http://127.0.0.1:9", "good", code=1)
    shell("publish", "nonsense", "good", code=2)


def test_withdrawing_by_file_and_asking_why(node: RunningNode, shell: Shell) -> None:
    did = json.loads(shell("keygen", "--out", "key.jwk"))["did"]
    method = f"{did}#{did.removeprefix('did:key:')}"
    shell("sign", shell.offering("Jetty", 1), "--key", "key.jwk", "--format", "vc-jwt", "--out", "good")
    assert "nothing of this issuer was ever listed here" in shell("why", node.url, did)
    shell("publish", node.url, "good")
    assert "listed: 1" in shell("why", node.url, did)
    arguments = ("withdraw", node.url, "good", "--key", "key.jwk", "--method", method, "--reason", "closed")
    assert "withdrawn" in shell(*arguments)
    assert "withdrawn: 1" in shell("why", node.url, did)
    assert "withdrawn" in shell("publish", node.url, "good", code=1)
    shell("withdraw", node.url, "0" * 64, "--key", "key.jwk", "--method", method, code=1)


def test_limit_is_waited_out(make_node: Any, tmp_path: Path) -> None:
    node = make_node(environment={"CATALOGUE_RATE_PUBLISH": "2/second"})
    node.start()
    shell = Shell(tmp_path, node)
    shell("keygen", "--out", "key.jwk")
    files = []
    for number in range(6):
        unsigned = shell.offering(f"Buoy {number}", number)
        shell("sign", unsigned, "--key", "key.jwk", "--format", "vc-jwt", "--out", f"signed-{number}")
        files.append(f"signed-{number}")
    assert shell("publish", node.url, *files).count(": listed") == 6


def test_operator_blocks_erases_and_rebuilds_beside_the_running_node(node: RunningNode, shell: Shell) -> None:
    did = json.loads(shell("keygen", "--out", "key.jwk"))["did"]
    for number in (1, 2):
        unsigned = shell.offering(f"Mole {number}", number)
        shell("sign", unsigned, "--key", "key.jwk", "--format", "vc-jwt", "--out", f"mole-{number}")
    shell("publish", node.url, "mole-1", "mole-2")
    eventually("both are found", lambda: node.is_found("Mole 1") and node.is_found("Mole 2"))

    shell("issuers", "block", did, "--reason", "spam")
    eventually("they are hidden", lambda: not node.is_found("Mole 1"))
    assert "spam" in shell("issuers", "list")
    assert "blocked by the operator" in shell("why", node.url, did)
    assert "blocked" in shell("publish", node.url, "mole-1", code=1)
    shell("issuers", "disallow", did, code=1)
    shell("issuers", "unblock", did)
    eventually("they show again", lambda: node.is_found("Mole 1"))

    digest = node.client.get("/self-descriptions", [("issuer", did)])["items"][0]["digest"]
    shell("erase", digest, "--reason", "asked for by a court")
    eventually("it is gone", lambda: node.offerings(state="listed")["total"] == 1)
    shell("erase", digest, "--reason", "again", code=1)
    before = node.client.get("/self-descriptions")["items"]
    shell("rebuild")
    assert node.client.get("/self-descriptions")["items"] == before
    shell("search", "rebuild")
    assert node.offerings(state="listed")["total"] == 1


def test_backup_of_a_running_node_restores_into_another_folder(
    node: RunningNode, shell: Shell, make_node: Any, store: dict[str, str]
) -> None:
    shell("keygen", "--out", "key.jwk")
    shell("sign", shell.offering("Dock", 1), "--key", "key.jwk", "--format", "vc-jwt", "--out", "dock")
    shell("publish", node.url, "dock")
    shell("backup", "copy.gz")
    shell("backup", "copy.gz", code=2)
    shell("restore", "copy.gz", code=2)  # the node runs
    other = make_node("other", store)
    there = Shell(shell.folder, other)
    there("restore", "copy.gz")
    there("restore", "copy.gz", code=2)  # not empty any more
    other.start()
    eventually("it is found there", lambda: other.is_found("Dock"))
    assert other.client.get("/self-descriptions")["items"] == node.client.get("/self-descriptions")["items"]
