"""A node in real processes: it starts fast, finds what was published, stops in order and starts again."""

from __future__ import annotations

import http.client
import os
import shlex
import signal
import subprocess
import threading
import time
from typing import Any

import pytest
import requests
from offerings import Provider
from running import console_script, eventually

from catalogue.client import NodeProblem
from credentials.identity import digest_of
from credentials.times import utc_now
from credentials.withdrawal import sign_withdrawal

pytestmark = pytest.mark.slow

#: "Start to first answer on an empty node", in seconds.
START_SECONDS = 2.0
#: "Published -> found", in seconds.
FOUND_SECONDS = 2.0


def crowding() -> float:
    """How much longer work takes than on a core of one's own, measured now; 1.0 when nobody else runs."""
    began, busy = time.perf_counter(), time.process_time()
    while time.process_time() - busy < 0.3:
        pass
    return max(1.0, (time.perf_counter() - began) / (time.process_time() - busy))


@pytest.fixture
def provider() -> Provider:
    return Provider()


def test_empty_node_answers_within_two_seconds(make_node: Any) -> None:
    # The limit is for a core of one's own; the best of three, since others may use this one.
    tries = [make_node(f"node{number}").start() / crowding() for number in range(3)]
    assert min(tries) <= START_SECONDS


def test_published_is_found_within_two_seconds(
    make_node: Any, store: dict[str, str], provider: Provider
) -> None:
    node = make_node(environment=store)
    node.start()
    node.client.publish(provider.signed("Warm-up of everything"))
    eventually("the first one is found", lambda: node.is_found("Warm-up of everything"))
    for form in ("vc-jwt", "ed25519-2020"):
        name = f"Glacier backup {form}"
        data = provider.signed(name, form)
        began = time.monotonic()
        answer = node.client.publish(data)
        assert answer.status == 201
        assert answer.body["digest"] == digest_of(data)
        eventually(f"{name} is found", lambda name=name: node.is_found(name))
        assert time.monotonic() - began <= FOUND_SECONDS
        stored = requests.get(f"{node.url}/self-descriptions/{answer.body['digest']}", timeout=10)
        assert stored.content == data


def test_whole_life_of_an_offering(make_node: Any, store: dict[str, str], provider: Provider) -> None:
    node = make_node(environment=store)
    node.start()
    subject = "https://provider.example/offerings/life"
    older = provider.signed("Old lighthouse", subject=subject, age_seconds=3600)
    newer = provider.signed("New lighthouse", subject=subject, age_seconds=60)

    first = node.client.publish(newer).body["records"][0]
    assert node.client.publish(older).body["records"][0]["state"] == "superseded"
    assert node.client.publish(newer).status == 200
    eventually("the newer one is found", lambda: node.is_found("New lighthouse"))
    assert not node.is_found("Old lighthouse")

    token = sign_withdrawal(first["content_id"], provider.did, provider.key, provider.method, utc_now())
    assert node.client.withdraw(token).status == 201
    assert node.client.withdraw(token).status == 200
    assert requests.get(f"{node.url}/self-descriptions/{first['digest']}", timeout=10).status_code == 410
    with pytest.raises(NodeProblem) as refusal:
        node.client.publish(newer)
    assert refusal.value.status == 409
    eventually("the withdrawn one is not found", lambda: not node.is_found("New lighthouse"))


def test_second_start_keeps_the_data(make_node: Any, store: dict[str, str], provider: Provider) -> None:
    node = make_node(environment=store)
    node.start()
    data = provider.signed("Enduring archive")
    digest = node.client.publish(data).body["digest"]
    assert node.stop() == 0
    node.start()
    assert requests.get(f"{node.url}/self-descriptions/{digest}", timeout=10).content == data
    eventually("it is found again", lambda: node.is_found("Enduring archive"))


def test_stop_finishes_the_request_in_flight(make_node: Any, provider: Provider) -> None:
    node = make_node()
    node.start()
    data = provider.signed("Halfway")
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)
    connection.putrequest("POST", "/self-descriptions")
    connection.putheader("Content-Type", "application/jwt")
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data[:100])
    time.sleep(0.5)  # the worker is reading the body by now
    stopping = threading.Thread(target=node.stop)
    stopping.start()
    time.sleep(0.5)
    connection.send(data[100:])
    with connection.getresponse() as response:
        assert response.status == 201
    connection.close()
    stopping.join(20)
    assert node.process.returncode == 0
    node.start()
    eventually("what was answered is found", lambda: node.is_found("Halfway"))


def test_interrupt_stops_all_processes(make_node: Any) -> None:
    node = make_node()
    node.start()
    everything = [pid for pids in node.pids().values() for pid in pids]
    assert len(everything) >= 5
    os.killpg(node.process.pid, signal.SIGINT)
    assert node.process.wait(20) == 0
    for pid in everything:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_port_in_use_is_said_and_exits_two(make_node: Any, tmp_path: Any) -> None:
    node = make_node()
    node.start()
    second = subprocess.run(
        [console_script(), "serve", "--data", str(tmp_path / "other")],
        env=node.environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 2
    assert f"127.0.0.1:{node.port} is in use" in second.stderr


def test_folder_in_use_is_said_and_exits_two(make_node: Any) -> None:
    node = make_node()
    node.start()
    second = subprocess.run(
        [console_script(), "serve", "--port", "1234"],
        env=node.environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 2
    assert f"a node already runs on {node.data} (process {node.process.pid})" in second.stderr


def test_restart_works_at_once_after_the_supervisor_was_killed(make_node: Any) -> None:
    node = make_node()
    node.start()
    node.process.kill()
    node.process.wait()
    assert node.start() < 5


def test_samples_fill_an_empty_node_and_the_printed_search_finds_something(make_node: Any) -> None:
    node = make_node()
    node.start("--samples")
    eventually("the invitation is printed", lambda: "Stop" in node.output())
    line = next(line for line in node.output().splitlines() if "curl" in line)
    command = shlex.split(line[line.index("curl") :])
    found = subprocess.run([*command, "--silent"], capture_output=True, text=True, timeout=20, check=True)
    assert '"total":0' not in found.stdout
    assert '"items":[{' in found.stdout
    assert f"http://127.0.0.1:{node.port}" in node.output()

    total = node.offerings()["total"]
    assert node.stop() == 0
    node.start("--samples")
    eventually("the invitation is printed again", lambda: node.output().count("Stop") == 2)
    assert node.offerings()["total"] == total
