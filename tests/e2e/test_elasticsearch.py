"""A node that searches on a real Elasticsearch, and everything that may happen to that: nothing is lost.

After each mishap the index is compared with the store, record by record.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from elasticsearch_servers import PASSWORD, Cluster
from loading import Load, listed_digests
from offerings import Provider
from running import RunningNode, eventually, kill_hard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: "Published -> found", in seconds.
FOUND_SECONDS = 2.0
#: Seconds of a load while something happens.
LOAD_SECONDS = 3.0


@pytest.fixture
def prefix() -> str:
    return f"catalogue-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def single(elasticsearch_node: Cluster, prefix: str) -> Iterator[Cluster]:
    """The one server, running again at the end whatever the test did."""
    yield elasticsearch_node
    revive(elasticsearch_node)
    elasticsearch_node.forget(prefix)


@pytest.fixture
def cluster(elasticsearch_cluster: Cluster, prefix: str) -> Iterator[Cluster]:
    """The three servers, all running again at the end."""
    yield elasticsearch_cluster
    revive(elasticsearch_cluster)
    elasticsearch_cluster.forget(prefix)


def revive(cluster: Cluster) -> None:
    for node in cluster.nodes:
        cluster.wake(node)
    dead = [node for node in cluster.nodes if node.process is None]
    if dead:
        cluster.start(*dead)


@pytest.fixture
def start(make_node: Any, prefix: str) -> Any:
    """Start a node on a cluster; it is ready unless `ready` is False."""

    def started(cluster: Cluster, *, ready: bool = True, **settings: str) -> RunningNode:
        more = {f"CATALOGUE_{name.upper()}": value for name, value in settings.items()}
        node: RunningNode = make_node(environment=cluster.environment(prefix) | more)
        node.start()
        if ready:
            eventually("the node is ready", node.is_ready)
        return node

    return started


def publish(node: RunningNode, *names: str) -> None:
    provider = Provider()
    for name in names:
        assert node.client.publish(provider.signed(name)).status == 201


def problem_of(node: RunningNode, path: str = "/offerings") -> dict[str, Any]:
    response = requests.get(node.url + path, timeout=30)
    assert response.status_code == 503, response.text
    assert response.headers["Content-Type"].startswith("application/problem+json")
    body: dict[str, Any] = response.json()
    return body


def engines(node: RunningNode) -> dict[str, int | None]:
    """How far each engine is behind, by name; None while it is out of reach."""
    body = requests.get(f"{node.url}/readyz", timeout=30).json()
    return {engine["name"]: engine["lag"] for engine in body["engines"]}


def compare(node: RunningNode, load: Load | None = None) -> None:
    """The index holds what the store lists: every record once and none besides."""
    listed = sorted(line["digest"] for line in listed_digests(node))
    if load is not None:
        assert not load.refusals
        assert load.answered.keys() <= set(listed)
    eventually("the index has caught up", lambda: engines(node).get("elasticsearch") == 0)
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = node.offerings(sort="name", size="100", **({"cursor": cursor} if cursor else {}))
        found += [item["digest"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(found) == listed
    assert page["total"] == len(listed)


def test_published_is_found_within_two_seconds(start: Any, single: Cluster) -> None:
    node = start(single)
    publish(node, "Warm-up of everything")
    eventually("the first is found", lambda: node.is_found("Warm-up of everything"))
    for number in range(3):
        publish(node, f"Glacier {number}")
        began = time.monotonic()
        eventually("it is found", lambda number=number: node.is_found(f"Glacier {number}"))
        assert time.monotonic() - began <= FOUND_SECONDS
    assert engines(node) == {"elasticsearch": 0}
    assert PASSWORD not in node.output()


def test_rebuild_of_a_running_node_changes_indexes_at_once_and_answers_all_along(
    start: Any, single: Cluster, prefix: str
) -> None:
    node = start(single)
    publish(node, *(f"Service {number}" for number in range(30)))
    eventually("all are found", lambda: node.offerings()["total"] == 30)
    (before,) = single.indexes(prefix)
    totals: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            totals.append(requests.get(f"{node.url}/offerings?size=1", timeout=10).json()["total"])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        node.run("search", "rebuild")
    finally:
        done.set()
        asking.join()
    assert set(totals) == {30}
    (after,) = single.indexes(prefix)
    assert after != before
    compare(node)


def test_node_starts_without_its_elasticsearch_takes_publications_and_catches_up(
    start: Any, single: Cluster
) -> None:
    single.kill(single.nodes[0])
    node = start(single, ready=False)
    publish(node, "Patient one", "Patient two")
    body = problem_of(node)
    assert body["type"].endswith("unavailable")
    assert requests.get(f"{node.url}/readyz", timeout=30).status_code == 503
    assert requests.get(f"{node.url}/healthz", timeout=30).status_code == 200
    single.start()
    eventually("the node has caught up", lambda: node.is_ready() and node.is_found("Patient two"), 60)
    compare(node)


def test_fallback_answers_while_elasticsearch_is_away(start: Any, single: Cluster) -> None:
    node = start(single, search_fallback="embedded")
    publish(node, "Before the outage")
    eventually("both have it", lambda: set(engines(node).values()) == {0})
    single.kill(single.nodes[0])
    publish(node, "During the outage")
    eventually("the other answers", lambda: node.is_found("During the outage"))
    assert engines(node) == {"elasticsearch": None, "embedded": 0}
    assert node.is_ready()
    began = time.monotonic()
    for _ in range(20):
        assert node.is_found("Before the outage")
    assert time.monotonic() - began < 20
    single.start()
    eventually("both have it again", lambda: engines(node) == {"elasticsearch": 0, "embedded": 0}, 60)
    compare(node)


def test_server_that_hangs_does_not_hold_up_the_fallback(start: Any, single: Cluster) -> None:
    node = start(single, search_fallback="embedded")
    publish(node, "Before the outage")
    eventually("both have it", lambda: set(engines(node).values()) == {0})
    single.hang(single.nodes[0])
    # Each worker waits once for a time-out, and then asks the other for a while.
    for _ in range(8):
        assert node.is_found("Before the outage")
    for number in range(3):
        publish(node, f"During the outage {number}")
        began = time.monotonic()
        eventually("it is found", lambda number=number: node.is_found(f"During the outage {number}"))
        assert time.monotonic() - began <= FOUND_SECONDS
    single.wake(single.nodes[0])
    eventually("both have it again", lambda: engines(node) == {"elasticsearch": 0, "embedded": 0}, 90)
    compare(node)


def test_server_killed_in_a_load_costs_nothing(start: Any, single: Cluster) -> None:
    node = start(single)
    with Load(node.url) as load:
        time.sleep(LOAD_SECONDS / 2)
        single.kill(single.nodes[0])
        time.sleep(LOAD_SECONDS / 2)
    single.start()
    assert len(load.answered) > 20
    compare(node, load)


def test_indexer_killed_in_a_load_costs_nothing(start: Any, single: Cluster) -> None:
    node = start(single)
    with Load(node.url) as load:
        for _ in range(4):
            time.sleep(LOAD_SECONDS / 4)
            for pid in node.pids().get("cat-indexer", []):
                kill_hard(pid)
    compare(node, load)


def test_index_deleted_behind_our_back_is_made_anew(start: Any, single: Cluster, prefix: str) -> None:
    node = start(single)
    publish(node, *(f"Service {number}" for number in range(5)))
    eventually("all are found", lambda: node.offerings()["total"] == 5)
    (before,) = single.indexes(prefix)
    with single.client() as client:
        client.indices.delete(index=before)
    eventually("all are found again", lambda: node.is_ready() and node.offerings()["total"] == 5)
    publish(node, "Afterwards")
    eventually("the new one is found", lambda: node.is_found("Afterwards"))
    assert len(single.indexes(prefix)) == 1
    compare(node)


def test_wrong_password_takes_publications_and_is_told_apart_from_damage(start: Any, single: Cluster) -> None:
    node = start(single, ready=False, search_password="not-the-password")
    publish(node, "Behind a closed door")
    problem_of(node)
    eventually("the log says why", lambda: "401" in node.output())
    assert "not-the-password" not in node.output()
    assert PASSWORD not in node.output()


def test_node_of_three_lost_in_a_load_costs_nothing(start: Any, cluster: Cluster) -> None:
    node = start(cluster, search_shards="3")
    with Load(node.url) as load:
        time.sleep(LOAD_SECONDS)
        cluster.kill(cluster.nodes[1])
        time.sleep(LOAD_SECONDS)
        eventually("it answers without the lost one", node.is_ready, 60)
    assert len(load.answered) > 20
    compare(node, load)


def test_missing_shard_is_no_half_answer(start: Any, cluster: Cluster, prefix: str) -> None:
    node = start(cluster, search_shards="3")
    publish(node, *(f"Service {number}" for number in range(30)))
    eventually("all are found", lambda: node.offerings()["total"] == 30)
    with cluster.client() as client:
        client.indices.put_settings(
            index=f"{prefix}-v*", settings={"auto_expand_replicas": False, "number_of_replicas": 0}
        )
        holders = {shard["node"] for shard in client.cat.shards(index=f"{prefix}-v*", format="json")}
    assert len(holders) == 3
    cluster.kill(cluster.nodes[2])
    seen: set[int] = set()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and 503 not in seen:
        response = requests.get(f"{node.url}/offerings?size=100", timeout=30)
        seen.add(response.status_code)
        if response.status_code == 200:
            assert response.json()["total"] == 30
    assert 503 in seen
    problem_of(node)
    publish(node, *(f"Later {number}" for number in range(10)))
    cluster.start(cluster.nodes[2])
    eventually("all shards answer", lambda: node.is_ready() and node.offerings()["total"] == 40, 90)
    compare(node)
