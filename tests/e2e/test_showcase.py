"""`make federation`, as whoever types it sees it: eleven nodes, one catalogue, and nothing left behind."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from running import clean_environment

from catalogue.showcase.homes import MEMBER_STATES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

#: Where eleven ports in a row are looked for: below those that connections get by chance.
FIRST_PORTS = range(18_460, 20_000, 11)
#: Seconds for everything, on a machine that does much else.
PATIENCE = 300.0


def all_free(ports: range) -> bool:
    """Whether nobody listens on any of these just now."""
    with contextlib.ExitStack() as bound:
        for port in ports:
            one = bound.enter_context(socket.socket())
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def run_until_invited(data: Path, port: int) -> tuple[subprocess.Popen[str], list[str]]:
    """Start it, and return once it says how to stop it, with what it has printed."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "catalogue.showcase"),
            *("--data", str(data), "--network", "loopback", "--port", str(port)),
        ],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    ends = threading.Timer(PATIENCE, process.terminate)
    ends.start()
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip())
        if "Stop them all" in line:
            break
    ends.cancel()
    return process, lines


def stop(process: subprocess.Popen[str]) -> str:
    """Ctrl-C, and all that is printed after it."""
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=PATIENCE)
    return rest


def services(url: str) -> tuple[int, dict[str, int]]:
    """How many services a node finds, and how many each node lists."""
    answer = requests.get(f"{url}/offerings?facets=listed_by&size=1", timeout=30).json()
    return answer["total"], {line["value"]: line["count"] for line in answer["facets"]["listed_by"]}


def test_eleven_nodes_end_with_the_same_catalogue_and_stop_in_order(tmp_path: Path) -> None:
    port = next(first for first in FIRST_PORTS if all_free(range(first, first + len(MEMBER_STATES))))
    process, lines = run_until_invited(tmp_path / "federation", port)
    try:
        shown = "\n".join(lines)
        assert "converged after" in shown, shown
        rows = [line for line in lines if line[:2] in MEMBER_STATES and "http" in line]
        assert [row[:2] for row in rows] == list(MEMBER_STATES)
        assert len({tuple(row.split()[-3:]) for row in rows}) == 1, "nobody is behind, and all find the same"
        urls = [f"http://127.0.0.1:{port + number}" for number in range(len(MEMBER_STATES))]
        found = [services(url) for url in (urls[0], urls[-1])]
        assert found[0] == found[1]
        total, by = found[0]
        assert len(by) == len(MEMBER_STATES)
        assert sum(by.values()) == total
    finally:
        rest = stop(process)
    assert process.returncode == 0
    assert "All nodes have stopped" in rest
    assert "did not stop in order" not in rest
    for url in urls:
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=5)
