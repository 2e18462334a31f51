"""A key is changed: the running node notices by itself, and one command puts everything right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import eventually, kill_hard
from test_commands import Shell

pytestmark = pytest.mark.slow

DID = "did:web:provider.example"


def test_changed_key_hides_and_renewal_brings_back_across_a_kill(make_node: Any, tmp_path: Path) -> None:
    documents = tmp_path / "dids"
    documents.mkdir()
    node = make_node(
        environment={"CATALOGUE_DID_DOCUMENTS": str(documents), "CATALOGUE_RECHECK_SECONDS": "1"}
    )
    shell = Shell(tmp_path, node)
    for number in (1, 2):
        shell("keygen", "--out", f"key-{number}.jwk")
    document = str(documents / "provider.json")
    shell("did-document", "--did", DID, "--key", "key-1=key-1.jwk", "--out", document)
    node.start()
    for form in ("vc-jwt", "ed25519-2020"):
        name = shell.offering(f"Ferry {form}", len(form))
        options = ("--key", "key-1.jwk", "--method", f"{DID}#key-1", "--format", form)
        shell("sign", name, *options, "--out", form)
    shell(
        "sign",
        "vc-jwt",
        "--key",
        "key-1.jwk",
        "--method",
        f"{DID}#key-1",
        "--format",
        "vp-jwt",
        "--out",
        "vp",
    )
    shell("publish", node.url, "vp", "ed25519-2020")
    eventually("both are found", lambda: node.offerings(q="ferry")["total"] == 2)

    # The indexer is killed again and again; whoever takes its place goes on.
    Path(document).unlink()
    shell("did-document", "--did", DID, "--key", "key-2=key-2.jwk", "--out", document)
    node.stop()
    node.start()
    for pid in node.pids()["cat-indexer"]:
        kill_hard(pid)
    eventually("neither is found", lambda: node.offerings(q="ferry")["total"] == 0)
    assert node.offerings(q="ferry", state="unverifiable")["total"] == 2
    why = shell("why", node.url, DID)
    assert "unverifiable: 2" in why

    renewal = ("publish", node.url, "--renew", "--key", "key-2.jwk", "--method", f"{DID}#key-2")
    assert shell(*renewal, "--old-key", "key-2.jwk", code=1).count("not renewed") == 2
    assert shell(*renewal, "--old-key", "key-1.jwk").count(": renewed, digest ") == 2
    eventually("both are found again", lambda: node.offerings(q="ferry")["total"] == 2)
    record = node.offerings(q="ferry")["items"][0]
    detail = node.client.get(f"/offerings/{record['id']}")
    assert [event["kind"] for event in detail["events"]] == ["unverifiable"]
    before = states(node)
    node.stop()
    shell("rebuild")
    node.start()
    assert states(node) == before
    assert json.loads(shell("search", node.url, "--json", "ferry"))["total"] == 2


def states(node: Any) -> list[tuple[str, str]]:
    return [(item["content_id"], item["state"]) for item in node.client.get("/self-descriptions")["items"]]
