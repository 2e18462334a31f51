"""Nodes of a federation in real processes: killed, cut off, put back in time, out of disk, altered."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from cutting_proxy import CuttingProxy
from loading import Load, listed_digests
from offerings import Provider
from running import RunningNode, console_script, eventually, free_port, kill_hard

from catalogue.federation.heads import SIGNED_FILE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

TOKEN = "only for tests"
FEDERATION = "cat-federation"
ROUNDS = int(os.environ.get("KILL_ROUNDS", "6"))


@pytest.fixture
def make_peer(make_node: Callable[..., RunningNode]) -> Callable[..., RunningNode]:
    """Make a node that asks its peers every second, and may ask any port of this machine."""

    def make(name: str, **settings: str) -> RunningNode:
        own = {
            "CATALOGUE_FETCH_ALLOW_HOSTS": "127.0.0.1",
            "CATALOGUE_OPERATOR_TOKEN_SHA256": hashlib.sha256(TOKEN.encode()).hexdigest(),
            "CATALOGUE_PEER_POLL_SECONDS": "1",
            "CATALOGUE_WORKERS": "1",
            **{f"CATALOGUE_{key.upper()}": value for key, value in settings.items()},
        }
        return make_node(name, own)

    return make


def follow(node: RunningNode, other: RunningNode, url: str | None = None) -> None:
    """Have a node follow another one, with the key that the other says is its own."""
    key = eventually("a signed log", lambda: other.client.get("/log/keys"))["key"]
    answer = requests.post(
        f"{node.url}/operator/peers",
        json={"url": url or other.url, "key": key},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text


def peer_of(node: RunningNode) -> dict[str, Any]:
    """How the one peer of a node stands."""
    (peer,) = node.client.get("/federation")["peers"]
    found: dict[str, Any] = peer
    return found


def has_all_of(node: RunningNode, other: RunningNode) -> bool:
    """Whether a node has received and decided all that the other has signed."""
    peer, size = peer_of(node), other.client.get("/federation")["size"]
    return bool(peer["size"] == size and not peer["entries"]["pending"] and not peer["entries"]["deferred"])


def digests(node: RunningNode) -> list[str]:
    return sorted(line["digest"] for line in listed_digests(node))


def publish(node: RunningNode, provider: Provider, *names: str) -> None:
    for name in names:
        node.client.publish(provider.signed(name))


@pytest.fixture
def pair(make_peer: Callable[..., RunningNode]) -> tuple[RunningNode, RunningNode]:
    """One node, and one that follows it."""
    origin, follower = make_peer("origin"), make_peer("follower")
    for node in (origin, follower):
        node.start()
    follow(follower, origin)
    return origin, follower


def test_whatever_instant_the_follower_is_killed_at_nothing_is_lost_or_doubled(
    pair: tuple[RunningNode, RunningNode],
) -> None:
    origin, follower = pair
    seed = int(os.environ.get("KILL_SEED", "8"))
    chance = random.Random(seed)
    kills = 0
    with Load(origin.url) as load:
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.05, 0.7))
            # Those that judge for it are its children, and end with it.
            for pid in follower.pids().get(FEDERATION, [])[:1]:
                kill_hard(pid)
                kills += 1
    assert not load.refusals
    assert kills > ROUNDS // 2
    eventually("the follower has all", lambda: has_all_of(follower, origin), 60)
    there, here = digests(origin), digests(follower)
    assert len(there) >= len(load.answered) > 0
    assert here == there
    peer = peer_of(follower)
    assert peer["entries"]["accepted"] == peer["size"] == len(set(here)) == len(here)
    eventually("all is searchable", lambda: follower.offerings()["total"] == len(here))
    # A killed follower is no fault of the peer's.
    assert (peer["state"], peer["last_error"]) == ("followed", None)


def test_a_cut_line_delays_and_loses_nothing(make_peer: Callable[..., RunningNode]) -> None:
    port = free_port()
    line = CuttingProxy(port)
    origin = make_peer("origin", port=str(port), base_url=f"http://127.0.0.1:{line.port}")
    origin.port, origin.url = port, f"http://127.0.0.1:{port}"
    origin.client.url = origin.url
    follower = make_peer("follower")
    provider = Provider()
    for node in (origin, follower):
        node.start()
    try:
        follow(follower, origin, f"http://127.0.0.1:{line.port}")
        publish(origin, provider, "Before")
        eventually("it is copied", lambda: follower.is_found("Before"))
        line.cut_answers()
        publish(origin, provider, *(f"During {number}" for number in range(20)))
        eventually("it shows that the peer is away", lambda: peer_of(follower)["last_error"])
        assert follower.is_found("Before"), "silence deletes nothing"
        assert peer_of(follower)["state"] == "followed"
        line.mend()
        eventually("it is followed again", lambda: has_all_of(follower, origin))
        eventually("all is searchable", lambda: follower.offerings()["total"] == 21)
        assert peer_of(follower)["last_error"] is None
    finally:
        line.close()


def put_back(node: RunningNode, yesterday: Path, *, with_memory: bool) -> None:
    """Stop a node, and put the store of yesterday in place; with what it remembers to have signed, or not."""
    assert node.stop() == 0
    for name in ("catalogue.sqlite-wal", "catalogue.sqlite-shm"):
        (node.data / name).unlink(missing_ok=True)
    shutil.copy(yesterday, node.data / "catalogue.sqlite")
    if not with_memory:
        (node.data / SIGNED_FILE).unlink()
    node.start()


def copy_store(node: RunningNode, to: Path) -> None:
    """A copy of a running node's store, as a careful operator makes it."""
    with (
        closing(sqlite3.connect(node.data / "catalogue.sqlite")) as store,
        closing(sqlite3.connect(to)) as copy,
    ):
        store.backup(copy)


def held(node: RunningNode) -> str | None:
    reason: str | None = node.client.get("/federation")["held"]
    return reason


def audit(file: Path) -> subprocess.CompletedProcess[str]:
    """Judge evidence offline, as somebody does who has nothing but the file."""
    return subprocess.run(
        [console_script(), "audit", str(file)], capture_output=True, text=True, timeout=60, check=False
    )


def evidence_against(node: RunningNode, tmp_path: Path) -> Path:
    """The evidence that a node holds against its peer, saved."""
    (name,) = peer_of(node)["contradictions"]
    file = tmp_path / "evidence.json"
    file.write_bytes(requests.get(f"{node.url}/federation/contradictions/{name}", timeout=30).content)
    return file


def test_a_store_of_yesterday_is_noticed_by_its_own_node_and_else_by_its_peers(
    pair: tuple[RunningNode, RunningNode], tmp_path: Path
) -> None:
    origin, follower = pair
    provider = Provider()
    publish(origin, provider, "Yesterday")
    copy_store(origin, tmp_path / "yesterday.sqlite")
    publish(origin, provider, "Today")
    eventually("both are copied", lambda: len(digests(follower)) == 2)

    put_back(origin, tmp_path / "yesterday.sqlite", with_memory=True)
    eventually("the node holds its own log", lambda: held(origin))
    refused = requests.post(
        f"{origin.url}/self-descriptions",
        data=provider.signed("Refused"),
        headers={"Content-Type": "application/jwt"},
        timeout=30,
    )
    assert refused.status_code == 503
    assert peer_of(follower)["state"] == "followed", "nothing was signed, so nothing contradicts"

    put_back(origin, tmp_path / "yesterday.sqlite", with_memory=False)
    publish(origin, provider, "Another today", "And tomorrow")
    eventually("its peer has caught it", lambda: peer_of(follower)["state"] == "contradicted")
    assert len(digests(follower)) == 2, "what it had listed stays, and nothing more is taken"
    judged = audit(evidence_against(follower, tmp_path))
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_a_full_disk_stops_copying_for_as_long_as_it_is_full(
    make_peer: Callable[..., RunningNode],
) -> None:
    origin, follower = make_peer("origin"), make_peer("follower")
    # What it tells goes elsewhere, as to a collector of logs.
    follower.log = Path(os.devnull)
    for node in (origin, follower):
        node.start()
    follow(follower, origin)
    provider = Provider()
    publish(origin, provider, "Before")
    eventually("it is copied", lambda: follower.is_found("Before"))
    # No file of the follower's may grow: so a full disk looks to whoever writes.
    for pids in follower.pids().values():
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    publish(origin, provider, *(f"During {number}" for number in range(30)))
    eventually("the peer's log has grown", lambda: origin.client.get("/federation")["size"] == 31)
    time.sleep(3)  # several polls, each of which fails to write
    assert follower.is_ready(), "it goes on answering"
    assert follower.is_found("Before")
    assert len(digests(follower)) < 31
    for pids in follower.pids().values():
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    eventually("it has all once there is room", lambda: has_all_of(follower, origin), 60)
    eventually("all is searchable", lambda: follower.offerings()["total"] == 31)
    assert digests(follower) == digests(origin)


def alter(node: RunningNode, *, coherently: bool) -> None:
    """Have an entry name something else than what was signed; coherently: as if it had always done so."""
    with closing(sqlite3.connect(node.data / "catalogue.sqlite")) as store, store:
        (entry,) = store.execute("SELECT entry FROM intake WHERE leaf = 0").fetchone()
        form = json.loads(entry)
        form["digest"] = "0" * 64
        altered = json.dumps(form, sort_keys=True, separators=(",", ":"))
        store.execute("UPDATE intake SET entry = ?, digest = ? WHERE leaf = 0", (altered, form["digest"]))
        if coherently:
            store.execute("DELETE FROM checkpoints")
            store.execute("DELETE FROM tiles")
    if coherently:
        (node.data / SIGNED_FILE).unlink()


def test_a_history_altered_by_hand_isn_t_signed_by_its_own_node(
    pair: tuple[RunningNode, RunningNode],
) -> None:
    origin, follower = pair
    provider = Provider()
    publish(origin, provider, "First", "Second")
    eventually("it is copied", lambda: has_all_of(follower, origin) and len(digests(follower)) == 2)
    alter(origin, coherently=False)
    publish(origin, provider, "Third")
    eventually("the node refuses to sign", lambda: held(origin))
    assert "entry of the log" in (held(origin) or "")
    assert peer_of(follower)["state"] == "followed"
    assert peer_of(follower)["size"] == 2


def test_a_history_altered_with_all_that_hangs_on_it_is_caught_by_peers_within_a_poll(
    pair: tuple[RunningNode, RunningNode], tmp_path: Path
) -> None:
    origin, follower = pair
    provider = Provider()
    publish(origin, provider, "First", "Second")
    eventually("it is copied", lambda: len(digests(follower)) == 2)
    assert origin.stop() == 0
    alter(origin, coherently=True)
    origin.start()
    publish(origin, provider, "Third")
    eventually("its peer has caught it", lambda: peer_of(follower)["state"] == "contradicted", 15)
    file = evidence_against(follower, tmp_path)
    judged = audit(file)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert "two different logs" in judged.stdout
    # What was changed in the evidence proves nothing.
    forged = json.loads(file.read_bytes())
    forged["kind"] = "rollback"
    file.write_text(json.dumps(forged))
    assert audit(file).returncode == 1
