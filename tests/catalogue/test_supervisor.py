"""The supervisor over real processes: restarts, ordered stops, no orphans."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: Services that write their process id and each stop into files; `bad` can't start, `once` ends by itself.
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from catalogue.supervisor import Service, Supervisor

folder = Path(sys.argv[1])

def lasting(name):
    def run():
        def stop(signum, frame):
            with open(folder / "stops", "a") as file:
                file.write(name + "\\n")
            os._exit(0)
        signal.signal(signal.SIGTERM, stop)
        (folder / f"{name}.new").write_text(str(os.getpid()))
        (folder / f"{name}.new").rename(folder / name)
        while True:
            time.sleep(60)
    return Service(name, run, 5.0)

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (folder / "stubborn").write_text(str(os.getpid()))
    while True:
        time.sleep(60)

def bad():
    with open(folder / "bad", "a") as file:
        file.write("x")
    raise RuntimeError("no database")

def once():
    with open(folder / "once", "a") as file:
        file.write("x")
    return 3

services = {
    "first": lasting("first"),
    "second": lasting("second"),
    "stubborn": Service("stubborn", stubborn, 0.3),
    "bad": Service("bad", bad, 5.0),
    "once": Service("once", once, 5.0, lasting=False),
}
sys.exit(Supervisor([services[name] for name in sys.argv[2:]]).run())
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a supervisor over the named services; whatever is left of it is killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*services: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), *services],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
    for name in ("first", "second", "stubborn"):
        if (tmp_path / name).exists():
            kill_hard(int((tmp_path / name).read_text()))
    for process in started:
        process.communicate()


def pid_in(path: Path, other_than: int | None = None) -> int:
    """The process id that a service wrote, once it differs from `other_than`."""
    return int(eventually(lambda: path.exists() and path.read_text() not in ("", str(other_than)), path))


def eventually(condition: Callable[[], bool], path: Path | None = None) -> str:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, f"not within 10 s: {path or condition}"
        time.sleep(0.02)
    return path.read_text() if path else ""


def kill_hard(pid: int) -> None:
    """What a supervisor has left behind must not outlive the test."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_sigterm_stops_the_services_in_their_order_and_exits_zero(start: Start, tmp_path: Path) -> None:
    supervisor = start("first", "second")
    pids = [pid_in(tmp_path / "first"), pid_in(tmp_path / "second")]
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    assert (tmp_path / "stops").read_text() == "first\nsecond\n"
    assert not any(alive(pid) for pid in pids)


def test_interrupt_of_the_whole_group_is_a_graceful_stop_too(start: Start, tmp_path: Path) -> None:
    supervisor = start("first", "second")
    pid_in(tmp_path / "first"), pid_in(tmp_path / "second")
    os.killpg(supervisor.pid, signal.SIGINT)
    assert supervisor.wait(10) == 0
    assert (tmp_path / "stops").read_text() == "first\nsecond\n"


def test_killed_service_is_started_again(start: Start, tmp_path: Path) -> None:
    start("first")
    pid = pid_in(tmp_path / "first")
    for _ in range(3):
        os.kill(pid, signal.SIGKILL)
        pid = pid_in(tmp_path / "first", other_than=pid)


def test_services_of_a_killed_supervisor_stop_by_themselves(start: Start, tmp_path: Path) -> None:
    supervisor = start("first", "second")
    pids = [pid_in(tmp_path / "first"), pid_in(tmp_path / "second")]
    supervisor.kill()
    eventually(lambda: not any(alive(pid) for pid in pids))
    assert sorted((tmp_path / "stops").read_text().split()) == ["first", "second"]


def test_service_that_cannot_start_ends_the_supervisor_with_its_reason(start: Start, tmp_path: Path) -> None:
    supervisor = start("first", "bad")
    output, _ = supervisor.communicate(timeout=20)
    assert supervisor.returncode == 1
    assert (tmp_path / "bad").read_text() == "xxx"
    assert b"no database" in output
    assert b"service cannot start" in output
    assert (tmp_path / "stops").read_text() == "first\n"


def test_service_that_ignores_the_stop_is_killed(start: Start, tmp_path: Path) -> None:
    supervisor = start("stubborn")
    pid = pid_in(tmp_path / "stubborn")
    supervisor.terminate()
    assert supervisor.wait(10) == 0
    assert not alive(pid)


def test_service_that_ends_by_itself_is_not_started_again(start: Start, tmp_path: Path) -> None:
    supervisor = start("once", "first")
    pid = pid_in(tmp_path / "first")
    eventually(lambda: (tmp_path / "once").exists())
    os.kill(pid, signal.SIGKILL)
    pid_in(tmp_path / "first", other_than=pid)
    assert (tmp_path / "once").read_text() == "x"
    assert supervisor.poll() is None
