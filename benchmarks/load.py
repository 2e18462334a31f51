"""Load over HTTP by `wrk`, a small program in C: 8 connections, each body sent once, every answer counted."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 8
#: More threads would only divide the bodies further: one keeps up with thousands of requests per second.
THREADS = 1
_SCRIPT = Path(__file__).with_name("publish.lua")


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
    report = bodies.with_suffix(".report")
    url = f"http://127.0.0.1:{port}{path}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [wrk(), f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", _SCRIPT, url],
        env={
            **os.environ,
            "BODIES": str(bodies),
            "MEDIA_TYPE": media_type,
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
    found = json.loads(report.read_text())
    statuses = {int(status): count for status, count in found["statuses"].items()}
    if until_all_sent:
        # Idle requests of the rest of the time are answered 200. wrk takes one body for itself, to see at
        # the start whether the script pipelines.
        if statuses.get(201, 0) < count_of(bodies) - 1:
            raise LoadFailed(f"not all bodies were taken: {statuses}")
    elif found["unsent"]:
        raise LoadFailed("all bodies were sent before the time was up; sign more")
    if (set(statuses) != {201} and not until_all_sent) or found["broken"]:
        raise LoadFailed(f"answers by status: {statuses}, broken connections: {found['broken']}")
    return Load(
        seconds=found["seconds"],
        statuses=statuses,
        p50=found["p50"],
        p95=found["p95"],
        p99=found["p99"],
        longest=found["max"],
        client_cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


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
