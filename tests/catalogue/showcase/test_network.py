"""Places for the nodes of the showcase: ports of loopback, or namespaces where they may be made."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from catalogue.showcase import network
from catalogue.showcase.network import Loopback, Namespaces, NetworkUnusable


def test_on_loopback_each_node_has_a_port_of_its_own() -> None:
    places = Loopback(18490).open(["FR", "DE"])
    assert {name: place.url for name, place in places.items()} == {
        "FR": "http://127.0.0.1:18490",
        "DE": "http://127.0.0.1:18491",
    }
    assert places["FR"].prefix == ()


def test_only_root_makes_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/sbin/ip")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NetworkUnusable, match="only root"):
        Namespaces().open(["FR"])


def test_without_the_program_there_are_no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(NetworkUnusable, match="iproute2"):
        Namespaces().open(["FR"])


@pytest.fixture
def prefix(monkeypatch: pytest.MonkeyPatch) -> str:
    """Namespaces of this test's own, where the machine lets us make them."""
    if os.geteuid() != 0 or shutil.which("ip") is None or subprocess.run(["ip", "link"]).returncode:
        pytest.skip("network namespaces need root and iproute2")
    name = f"t{os.getpid() % 10_000}"
    monkeypatch.setattr(network, "PREFIX", name)
    monkeypatch.setattr(network, "SUBNET", network.IPv4Network(f"10.83.{112 + os.getpid() % 100}.0/24"))
    return name


def namespaces_named(prefix: str) -> list[str]:
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in listed.splitlines() if line.startswith(f"{prefix}-")]


def answers(place: network.Place, to: str) -> bool:
    """Whether one packet comes back from that address, sent from a place."""
    done = subprocess.run([*place.prefix, "ip", "route", "get", to], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.slow
def test_namespaces_are_made_and_leave_nothing_behind(prefix: str) -> None:
    made = Namespaces()
    try:
        places = made.open(["FR", "DE"])
    except NetworkUnusable as reason:
        pytest.skip(str(reason))
    try:
        assert sorted(namespaces_named(prefix)) == [f"{prefix}-de", f"{prefix}-fr"]
        assert answers(places["FR"], places["DE"].host)
    finally:
        made.close()
    assert namespaces_named(prefix) == []
    links = subprocess.run(["ip", "link"], capture_output=True, text=True, check=True).stdout
    assert prefix not in links


@pytest.mark.slow
def test_what_a_killed_run_left_behind_is_removed_at_the_next_start(prefix: str) -> None:
    killed, after = Namespaces(), Namespaces()
    try:
        killed.open(["FR", "DE"])
    except NetworkUnusable as reason:
        pytest.skip(str(reason))
    try:
        after.open(["FR"])
        assert namespaces_named(prefix) == [f"{prefix}-fr"]
    finally:
        after.close()


@pytest.mark.slow
def test_a_federation_that_runs_is_left_alone(prefix: str) -> None:
    running = Namespaces()
    try:
        places = running.open(["FR"])
    except NetworkUnusable as reason:
        pytest.skip(str(reason))
    process = subprocess.Popen([*places["FR"].prefix, "cat"], stdin=subprocess.PIPE)
    try:
        with pytest.raises(NetworkUnusable, match="another federation runs"):
            Namespaces().open(["FR"])
        assert namespaces_named(prefix) == [f"{prefix}-fr"]
    finally:
        process.communicate(b"")
        running.close()
