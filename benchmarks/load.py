"""The load: wrk, a small program in C. Bodies are sent once, questions in turn; every answer is counted."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONNECTIONS = 8
#: What programs prefer, and what browsers do.
ANYTHING, PAGES = "*/*", "text/html"
#: More threads would only divide the work further: one keeps up with thousands of requests per second.
THREADS = 1
_SCRIPTS = Path(__file__).parent


class LoadFailed(Exception):
    """The load was not what it should have been, so its figures say nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Load:
    """One run: answers by status, latencies in milliseconds, and the load's own share of the CPUs."""

    seconds: float
    statuses: Mapping[int, int]
    p50: float
    p95: float
    p99: float
    longest: float
    client_cpu_seconds: float

    @property
    def answers(self) -> int:
        """All answers."""
        return sum(self.statuses.values())

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answers / self.seconds

    @property
    def client_share(self) -> float:
        """CPU time of the load for each answer, in milliseconds."""
        return self.client_cpu_seconds / self.answers * 1000


def write_bodies(path: Path, bodies: Iterable[bytes]) -> int:
    """Write the bodies as the script reads them; returns their number."""
    count = 0
    with path.open("wb") as file:
        for body in bodies:
            file.write(b"%d\n" % len(body) + body)
            count += 1
    return count


def publish(
    port: int, path: str, bodies: Path, media_type: str, seconds: int, *, until_all_sent: bool = False
) -> Load:
    """Send the bodies for `seconds`. LoadFailed when an answer is no 201 or the bodies didn't suffice.

    `until_all_sent` is for filling a node: then all bodies must go out within that time, and no rate counts.
    """
    load, unsent = _run(
        "publish.lua",
        f"http://127.0.0.1:{port}{path}",
        {"BODIES": str(bodies), "MEDIA_TYPE": media_type},
        bodies.with_suffix(".report"),
        seconds,
        CONNECTIONS,
    )
    if until_all_sent:
        # Idle requests of the rest of the time are answered 200. wrk takes one body for itself, to see at
        # the start whether the script pipelines.
        if load.statuses.get(201, 0) < count_of(bodies) - 1:
            raise LoadFailed(f"not all bodies were taken: {load.statuses}")
    elif unsent:
        raise LoadFailed("all bodies were sent before the time was up; sign more")
    elif set(load.statuses) != {201}:
        raise LoadFailed(f"answers by status: {load.statuses}")
    return load


def ask(
    url: str, paths: Path, seconds: int, *, connections: int = CONNECTIONS, accept: str = ANYTHING
) -> Load:
    """Ask for the addresses in the file `paths`, one a line, for `seconds`. LoadFailed unless all is 200."""
    environment = {"PATHS": str(paths), "ACCEPT": accept}
    load, _ = _run("search.lua", url, environment, paths.with_suffix(".report"), seconds, connections)
    if set(load.statuses) != {200}:
        raise LoadFailed(f"answers by status: {load.statuses}")
    return load


def _run(
    script: str, url: str, environment: Mapping[str, str], report: Path, seconds: int, connections: int
) -> tuple[Load, int]:
    """Run wrk; the load, and how many requests had nothing left to send."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [wrk(), f"-t{THREADS}", f"-c{connections}", f"-d{seconds}s", "-s", _SCRIPTS / script, url],
        env={
            **os.environ,
            **environment,
            "SCRIPTS": str(_SCRIPTS),
            "REPORT": str(report),
            "THREADS": str(THREADS),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise LoadFailed(f"wrk ended with {done.returncode}: {done.stderr[-500:]}")
    found: dict[str, Any] = json.loads(report.read_text())
    if found["broken"]:
        raise LoadFailed(f"broken connections: {found['broken']}")
    load = Load(
        seconds=found["seconds"],
        statuses={int(status): count for status, count in found["statuses"].items()},
        p50=found["p50"],
        p95=found["p95"],
        p99=found["p99"],
        longest=found["max"],
        client_cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )
    return load, int(found["unsent"])


def count_of(bodies: Path) -> int:
    """How many bodies a file holds."""
    data, count, place = bodies.read_bytes(), 0, 0
    while place < len(data):
        end = data.index(b"\n", place)
        place = end + 1 + int(data[place:end])
        count += 1
    return count


def wrk() -> str:
    """The program. LoadFailed when it isn't installed."""
    found = shutil.which("wrk")
    if found is None:
        raise LoadFailed("wrk is not installed (Debian: apt-get install wrk)")
    return found
