"""Real processes to measure: a node as `catalogue serve` starts it, and what they cost the machine."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Seconds for anything that is started here to answer.
START_SECONDS = 60.0
_PAUSE = 0.005
#: The limits are on and count every request, but stand so high that one client can load a node.
HIGH_LIMITS = {
    "CATALOGUE_RATE_PUBLISH": "100000000/minute",
    "CATALOGUE_RATE_READ": "100000000/minute",
    "CATALOGUE_RATE_ISSUER": "100000000/minute",
    "CATALOGUE_VOLUME_ADDRESS": "1000000000000",
    "CATALOGUE_VOLUME_ISSUER": "1000000000000",
}


@dataclass(frozen=True, slots=True)
class Running:
    """A started server: its port, its first process, its data folder."""

    port: int
    process: subprocess.Popen[bytes]
    data: Path

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON of one answer; (0, None) while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except (ConnectionError, http.client.HTTPException, TimeoutError, json.JSONDecodeError):
            return 0, None
        finally:
            connection.close()

    def lag(self) -> tuple[int, int]:
        """Entries of the log, and how many of them the index is behind."""
        _, body = self.get("/readyz")
        return body["entries"], body["lag"]

    def wait_searchable(self, seconds: float) -> float:
        """Seconds until everything that is listed can be found. TimeoutError after `seconds`."""
        start = time.monotonic()
        while self.lag()[1]:
            if time.monotonic() - start > seconds:
                raise TimeoutError(f"the index is still {self.lag()[1]} entries behind after {seconds} s")
            time.sleep(0.05)
        return time.monotonic() - start


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def node(data: Path, settings: Mapping[str, str]) -> Iterator[Running]:
    """A node over `data`, answering; stopped in order afterwards."""
    command = [str(Path(sys.executable).with_name("catalogue")), "serve"]
    own = {"CATALOGUE_DATA": str(data), "CATALOGUE_LOG_LEVEL": "info", **HIGH_LIMITS, **settings}
    with server(command, own, data, port_key="CATALOGUE_PORT") as running:
        yield running


@contextmanager
def server(
    command: Sequence[str], settings: Mapping[str, str], data: Path, *, port_key: str
) -> Iterator[Running]:
    """Any server that answers `GET /healthz` on the port that the variable `port_key` names."""
    port = free_port()
    data.mkdir(parents=True, exist_ok=True)
    # Written as a log collector would get it, beside the data folder and not into it.
    with (data.parent / f"{data.name}.log").open("wb") as log:
        process = subprocess.Popen(
            list(command), env=environment_with({**settings, port_key: str(port)}), stdout=log, stderr=log
        )
    running = Running(port, process, data)
    try:
        wait_for(running, "/healthz")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def environment_with(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings of a node in place of any that it has."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("CATALOGUE_")}
    return {**own, **settings}


def wait_for(running: Running, path: str) -> None:
    """Return at the first 200. TimeoutError or ChildProcessError when there is none."""
    deadline = time.monotonic() + START_SECONDS
    while running.get(path)[0] != 200:
        if running.process.poll() is not None:
            raise ChildProcessError(f"the server ended with {running.process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"no answer on {path} within {START_SECONDS} s")
        time.sleep(_PAUSE)


def processes_of(first: int) -> tuple[int, ...]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(int(entry.name), "stat")):
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [first]
    for process in found:
        found += children.get(process, ())
    return tuple(found)


def pss(first: int) -> int:
    """Bytes of memory of a process and its descendants, a shared page divided among those that share it."""
    lines = "".join(_read(process, "smaps_rollup") for process in processes_of(first)).splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def cpu_seconds(first: int) -> dict[str, float]:
    """CPU time used so far by a process and its descendants, by name; the same names added up."""
    ticks = os.sysconf("SC_CLK_TCK")
    used: dict[str, float] = {}
    for process in processes_of(first):
        name, _, rest = _read(process, "stat").partition("(")[2].rpartition(")")
        if name:
            fields = rest.split()
            used[name] = used.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / ticks
    return used


def _read(process: int, file: str) -> str:
    """A file of /proc, "" when the process has gone."""
    try:
        return Path(f"/proc/{process}/{file}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def disk_bytes(folder: Path) -> int:
    """What a folder occupies on disk, in whole blocks."""
    return sum(entry.stat().st_blocks * 512 for entry in folder.rglob("*") if entry.is_file())
