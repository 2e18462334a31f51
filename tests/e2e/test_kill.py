"""Any process killed with -9 at any instant of a load: nothing answered is lost, nothing is half-listed.

CI runs a few rounds; `make soak` sets KILL_ROUNDS to a thousand.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any

import pytest
import requests
from loading import Load, listed_digests
from running import RunningNode, eventually, kill_hard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

ROUNDS = int(os.environ.get("KILL_ROUNDS", "8"))
#: The longest pause before a kill; several batches of the indexer pass in it.
MAX_PAUSE = 0.7
ROLES = ("cat-worker", "cat-web", "cat-indexer", "supervisor")


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
