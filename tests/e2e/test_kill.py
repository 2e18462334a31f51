"""Any process killed with -9 at any instant of a load: nothing answered is lost, nothing is half-listed.

CI runs a few rounds; `make soak` sets KILL_ROUNDS to a thousand.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from offerings import Provider
from running import RunningNode, eventually, kill_hard

from catalogue.client import NodeClient, NodeProblem, NodeUnreachable
from credentials.identity import digest_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

ROUNDS = int(os.environ.get("KILL_ROUNDS", "8"))
#: Threads that publish while processes are killed.
PUBLISHERS = 4
#: The longest pause before a kill; several batches of the indexer pass in it.
MAX_PAUSE = 0.7
ROLES = ("cat-worker", "cat-web", "cat-indexer", "supervisor")


class Load:
    """Publishes until stopped and remembers what was answered with 201 and what was never answered."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._mutex = threading.Lock()
        self._threads = [threading.Thread(target=self._publish, args=(n,)) for n in range(PUBLISHERS)]
        self.answered: dict[str, bytes] = {}
        self.unanswered: dict[str, bytes] = {}
        self.refusals: list[str] = []

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _publish(self, number: int) -> None:
        provider, client, count = Provider(), NodeClient(self._url), 0
        while not self._stop.is_set():
            count += 1
            form = ("vc-jwt", "ed25519-2020")[count % 2]
            data = provider.signed(f"Kill {os.getpid()} {number} {count}", form)
            kept = self.unanswered
            try:
                client.publish(data)
                kept = self.answered
            except NodeUnreachable:
                time.sleep(0.02)
            except NodeProblem as problem:
                # 503 while a store is away is an answer that promises nothing; anything else is a fault.
                if problem.status != 503:
                    self.refusals.append(f"{problem.status}: {problem}")
            with self._mutex:
                kept[digest_of(data)] = data
        client.close()


def listed_digests(node: RunningNode) -> Iterator[dict[str, Any]]:
    """Every line of GET /self-descriptions."""
    cursor: str | None = ""
    while cursor is not None:
        parameters = {"size": "100"} | ({"cursor": cursor} if cursor else {})
        page = node.client.get("/self-descriptions", parameters.items())
        yield from page["items"]
        cursor = page["next"]


def check(node: RunningNode, load: Load) -> None:
    """What must hold after every round."""
    assert not load.refusals
    listed = {line["digest"]: line for line in listed_digests(node)}
    lost = load.answered.keys() - listed.keys()
    assert not lost, f"{len(lost)} of {len(load.answered)} answered publications are not listed"
    sent = load.answered | load.unanswered
    for digest, line in listed.items():
        assert line["state"] == "listed"
        if digest in sent:
            stored = requests.get(f"{node.url}/self-descriptions/{digest}", timeout=10)
            assert stored.content == sent[digest]
            report = node.client.get(f"/self-descriptions/{digest}/report")
            assert report["verdict"] == "accepted"
    for digest in load.unanswered.keys() - listed.keys():
        assert requests.get(f"{node.url}/self-descriptions/{digest}", timeout=10).status_code == 404
    eventually("the index has caught up", lambda: node.offerings()["total"] == len(listed))


def test_nothing_answered_is_lost_whatever_is_killed(make_node: Any, store: dict[str, str]) -> None:
    seed = int(os.environ.get("KILL_SEED", str(random.randrange(10**6))))
    print(f"KILL_SEED={seed}")
    chance = random.Random(seed)
    node = make_node(environment=store)
    node.start()
    kills = 0
    for number in range(ROUNDS):
        role = ROLES[number % len(ROLES)]
        with Load(node.url) as load:
            time.sleep(chance.uniform(0.05, MAX_PAUSE))
            for pid in chance.sample(pids := node.pids().get(role, []), min(1, len(pids))):
                kill_hard(pid)
                kills += 1
            if role == "supervisor":
                node.process.wait()
                node.start()
            time.sleep(0.3)
        eventually("an answer after the kill", node.is_ready)
        check(node, load)
    assert kills >= ROUNDS * 3 // 4
