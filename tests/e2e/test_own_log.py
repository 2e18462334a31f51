"""The log of a running node: signed soon, by one of several hosts, whatever is killed, and never two ways."""

from __future__ import annotations

import itertools
import re
import shutil
import time
from typing import Any

import pytest
import requests
from offerings import Provider
from running import RunningNode, eventually, kill_hard

from credentials.transparency.checkpoints import SignedCheckpoint, verify_checkpoint
from credentials.transparency.merkle import Frontier, leaf_hash
from credentials.transparency.notes import NoteKey
from credentials.transparency.tiles import bundles_between, parse_bundle

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

_names = itertools.count(1)


def checkpoint(node: RunningNode) -> SignedCheckpoint:
    """What the node signs now, by the key that it tells."""
    keys = requests.get(f"{node.url}/log/keys", timeout=10).json()
    note = requests.get(f"{node.url}/log/checkpoint", timeout=10)
    assert note.status_code == 200, note.text
    return verify_checkpoint(note.content, keys["origin"], (NoteKey.parse(keys["key"]),))


def is_signed(node: RunningNode, size: int) -> bool:
    answer = requests.get(f"{node.url}/log/checkpoint", timeout=10)
    return answer.status_code == 200 and checkpoint(node).size >= size


def root(node: RunningNode, size: int) -> bytes:
    """What the entries that the node serves hash to."""
    edge = Frontier()
    for bundle in bundles_between(0, size):
        data = requests.get(f"{node.url}/log/{bundle.path}", timeout=10).content
        edge = edge.extend(map(leaf_hash, parse_bundle(bundle, data)))
    return edge.root()


def publish(node: RunningNode, provider: Provider) -> None:
    assert node.client.publish(provider.signed(f"Logged {next(_names)}")).body["records"]


def test_what_is_published_is_signed_within_a_second(make_node: Any) -> None:
    node: RunningNode = make_node()
    node.start()
    provider = Provider()
    eventually("the first signature", lambda: is_signed(node, 0))
    took = []
    for size in range(1, 6):
        publish(node, provider)
        began = time.monotonic()
        eventually("it is signed", lambda size=size: is_signed(node, size))  # type: ignore[misc]
        took.append(time.monotonic() - began)
    assert sorted(took)[2] < 1.0
    assert checkpoint(node).root == root(node, 5)


def test_log_stays_one_whatever_signer_is_killed_on_either_store(
    make_node: Any, store: dict[str, str]
) -> None:
    node: RunningNode = make_node(environment=store)
    node.start()
    provider = Provider()
    seen: dict[int, bytes] = {}
    for _ in range(4):
        publish(node, provider)
        for pid in node.pids().get("cat-federation", []):
            kill_hard(pid)
        publish(node, provider)
        head = eventually(
            "a signature", lambda: is_signed(node, max(seen, default=0) + 1) and checkpoint(node)
        )
        seen[head.size] = head.root
    eventually("all is signed", lambda: is_signed(node, 8))
    for size, signed in seen.items():
        assert root(node, size) == signed


def test_another_host_takes_over_the_signing(make_node: Any, postgresql_url: str) -> None:
    environment = {"CATALOGUE_DATABASE_URL": postgresql_url, "CATALOGUE_BASE_URL": "https://node.example"}
    first: RunningNode = make_node("first", environment)
    first.start()
    eventually("the first signature", lambda: is_signed(first, 0))
    second: RunningNode = make_node("second", environment)
    second.data.mkdir()
    shutil.copy(first.data / "node-key.json", second.data)
    second.start()
    eventually("the second waits", lambda: "another process signs the log" in second.output())
    provider = Provider()
    publish(second, provider)
    eventually("the first signs it", lambda: is_signed(second, 1))
    assert first.stop() == 0
    publish(second, provider)
    eventually("the second signs on", lambda: is_signed(second, 2))
    assert checkpoint(second).root == root(second, 2)


def test_database_from_yesterday_is_noticed_by_the_node_itself(make_node: Any) -> None:
    node: RunningNode = make_node()
    node.start()
    provider = Provider()
    publish(node, provider)
    eventually("it is signed", lambda: is_signed(node, 1))
    assert node.stop() == 0
    yesterday = node.data / "yesterday"
    yesterday.mkdir()
    for file in node.data.glob("catalogue.sqlite*"):
        shutil.copy(file, yesterday)
    node.start()
    publish(node, provider)
    eventually("it is signed", lambda: is_signed(node, 2))
    assert node.stop() == 0
    for file in node.data.glob("catalogue.sqlite*"):
        file.unlink()
    for file in yesterday.iterdir():
        shutil.copy(file, node.data)
    node.start()
    eventually("the log is held", lambda: "the log is held" in node.output())
    assert checkpoint(node).size == 1
    refused = requests.post(
        f"{node.url}/self-descriptions",
        data=provider.signed("Too early"),
        headers={"Content-Type": "application/ld+json"},
        timeout=10,
    )
    assert refused.status_code == 503
    # The sentence goes on in one way before peers were asked for the rest, and in another after.
    assert re.search(r"this node has signed 2 entries, (and )?its store holds 1", refused.json()["detail"])


def copied(node: RunningNode, size: int) -> bool:
    """Whether a node has all of so many entries of the one peer that it has."""
    (peer,) = node.client.get("/federation")["peers"]
    return bool(peer["size"] >= size and peer["state"] == "followed")


def test_restored_node_takes_back_from_its_peer_what_it_had_signed(make_node: Any) -> None:
    allowed = {"CATALOGUE_FETCH_ALLOW_HOSTS": "127.0.0.1", "CATALOGUE_PEER_POLL_SECONDS": "1"}
    node, peer = make_node("node", allowed), make_node("peer", allowed)
    for one, other in ((node, peer), (peer, node)):
        one.start()
        eventually("a signature", lambda one=one: is_signed(one, 0))
        other.environment["OTHER_KEY"] = requests.get(f"{one.url}/log/keys", timeout=10).json()["key"]
    for one, other in ((node, peer), (peer, node)):
        one.run("peers", "add", other.url, "--key", one.environment["OTHER_KEY"])
    provider = Provider()
    publish(node, provider)
    eventually("it is copied", lambda: copied(peer, 1))
    archive = node.data.parent / "backup.gz"
    node.run("backup", str(archive))
    for _ in range(3):
        publish(node, provider)
    eventually("it is copied", lambda: copied(peer, 4))
    before = node.client.get("/log/entries")["items"]
    signed = checkpoint(node)
    assert node.stop() == 0
    # The peer is away at first: the restored node waits for it.
    assert peer.stop() == 0
    shutil.move(node.data, node.data.parent / "lost")
    assert "The log is held" in node.run("restore", str(archive))
    node.start()
    eventually("it waits", lambda: "waiting for" in node.run("log", "status"))
    peer.start()
    eventually("it has all of it", lambda: node.client.get("/log/entries")["items"] == before)
    assert checkpoint(node).root == signed.root
    eventually("it takes something", lambda: "no" in node.run("log", "status").splitlines()[-1])
    publish(node, provider)
    eventually("the peer goes on", lambda: copied(peer, 5))
    assert node.client.get("/self-descriptions")["total"] == 5
    eventually("it lists it", lambda: peer.client.get("/self-descriptions")["total"] == 5)
