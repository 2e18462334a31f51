"""A node in real processes, for the tests in this folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import requests

from catalogue.client import NodeClient

#: Seconds that anything may take that the node does by itself.
PATIENCE = 30.0

#: The limits are other tests' business: here they must not get in the way.
NO_LIMITS = {
    "CATALOGUE_RATE_PUBLISH": "1000000/minute",
    "CATALOGUE_RATE_READ": "1000000/minute",
    "CATALOGUE_RATE_ISSUER": "1000000/minute",
    "CATALOGUE_SELF_ISSUED_DAILY": "1000000",
    "CATALOGUE_VOLUME_ADDRESS": "10000000000",
    "CATALOGUE_VOLUME_ISSUER": "10000000000",
}

T = TypeVar("T")


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def eventually(what: str, look: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The first true value of `look()`; AssertionError after `seconds` without one."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


def clean_environment() -> dict[str, str]:
    """Ours, without settings for a node and without what a coverage run or a terminal would add."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CATALOGUE_")}


def console_script() -> str:
    """The installed command `catalogue`."""
    return str(Path(sys.executable).parent / "catalogue")


class RunningNode:
    """`catalogue serve` on a port of its own. `environment` holds further CATALOGUE_* settings."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **clean_environment(),
            **NO_LIMITS,
            "CATALOGUE_PORT": str(self.port),
            "CATALOGUE_DATA": str(data),
            **(environment or {}),
        }
        self.client = NodeClient(self.url)
        self.log = data.parent / f"{data.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, wait: bool = True) -> float:
        """Start, and wait for the first answer; returns the seconds from the command to that."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [console_script(), "serve", *arguments],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            # Workers of a supervisor that was killed may still answer for a moment.
            eventually("an answer", lambda: self._answers() and "cat-worker" in self.pids())
        return time.monotonic() - began

    def _answers(self, path: str = "/healthz") -> bool:
        assert self.process is not None
        code = self.process.poll()
        assert code is None, f"the node ended with {code}:\n{self.trouble()}"
        try:
            return requests.get(self.url + path, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def output(self) -> str:
        """What the node has written."""
        return self.log.read_text() if self.log.exists() else ""

    def trouble(self) -> str:
        """The last of what the node has written, without its access log."""
        return "\n".join(line for line in self.output().splitlines() if '"answered"' not in line)[-5000:]

    def is_ready(self) -> bool:
        """Whether /readyz says so; AssertionError when the node has ended by itself."""
        return self._answers("/readyz")

    def pids(self) -> dict[str, list[int]]:
        """Process ids by role: `supervisor`, `cat-web`, `cat-worker`, `cat-indexer`."""
        assert self.process is not None
        found: dict[str, list[int]] = {"supervisor": [self.process.pid]}
        waiting = [self.process.pid]
        while waiting:
            for child in _children(waiting.pop()):
                found.setdefault(_name(child), []).append(child)
                waiting.append(child)
        return found

    def stop(self) -> int:
        """Ask for a graceful stop; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End everything at once, for the end of a test."""
        self.client.close()
        if self.process is None:
            return
        everything = [pid for pids in self.pids().values() for pid in pids]
        for pid in everything:
            kill_hard(pid)
        self.process.wait(PATIENCE)

    def offerings(self, **parameters: str) -> dict[str, Any]:
        """The answer of GET /offerings."""
        return self.client.get("/offerings", parameters.items())

    def run(self, *arguments: str) -> str:
        """Run a `catalogue` command with this node's settings; returns what it printed."""
        done = subprocess.run(
            [console_script(), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=4 * PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def is_found(self, name: str) -> bool:
        """Whether a search for `name` finds an offering of exactly that name."""
        return any(item["name"] == name for item in self.offerings(q=name, state="listed")["items"])


def kill_hard(pid: int) -> None:
    """SIGKILL, if it still runs."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return "gone"
