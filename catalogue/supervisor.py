"""One process that starts the node's others by fork, restarts those that die and stops them in order.

It stays single-threaded and opens neither a database nor an index, so that what its children inherit is
safe to inherit: imported code, shared page by page.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import structlog

from catalogue.heap import keep_little
from catalogue.lifeline import end_with_parent, name_process

#: A child that lived this many seconds was well: the next death is answered by a restart without delay.
WELL_AFTER = 5.0
#: First and longest pause, in seconds, before a child that keeps dying is started again.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
#: A service that ends this often in a row on its own account before it was ever well can't start here:
#: the supervisor gives up and says so, instead of failing forever in silence.
FAILED_STARTS = 3
#: Exit code of a child that ended with an error nobody expected (EX_SOFTWARE of sysexits.h).
EXIT_BUG = 70

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_HANDLED = (*_STOP_SIGNALS, signal.SIGHUP, signal.SIGCHLD)


@dataclass(frozen=True, slots=True)
class Service:
    """One child: `run` is called in it and returns its exit code.

    `stop_seconds` is how long it may take after SIGTERM before it is killed. A service with
    `lasting=False` does its work once and is not started again.
    """

    name: str
    run: Callable[[], int]
    stop_seconds: float
    lasting: bool = True


@dataclass(slots=True)
class _Child:
    """What the supervisor remembers of a service."""

    service: Service
    pid: int | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    quick_deaths: int = 0
    failed_starts: int = 0
    was_well: bool = False


class Supervisor:
    """Runs `services` until SIGTERM or SIGINT, or until one of them can't be started.

    They are started and stopped in the order given: the one whose requests must be finished first comes
    first. A second signal while stopping kills what is left.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        self._children = [_Child(service) for service in services]
        self._log = structlog.get_logger("catalogue.supervisor")
        self._read_end, self._write_end = os.pipe()
        self._stop_requests = 0
        self._gave_up = False

    def run(self) -> int:
        """Supervise. Returns 0 after a stop by signal, 1 when a service could not be started."""
        with self._signals():
            keep_little()
            gc.collect()
            gc.freeze()  # what exists now never becomes garbage: collecting would unshare the pages
            for child in self._children:
                self._start(child)
            while not self._stop_requests and not self._gave_up:
                self._wait(self._until_restart())
                self._reap()
                self._restart_due()
            for child in self._children:
                self._stop(child)
        return 1 if self._gave_up else 0

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals wake the loop through a pipe; nothing happens inside a handler."""

        def noted(_signum: int, _frame: FrameType | None) -> None:
            """The signal's number is in the pipe; a handler must exist for that."""

        for end in (self._read_end, self._write_end):
            os.set_blocking(end, False)
        previous = {signum: signal.signal(signum, noted) for signum in _HANDLED}
        signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for signum, handler in previous.items():
                signal.signal(signum, handler)
            os.close(self._read_end)
            os.close(self._write_end)

    def _wait(self, seconds: float | None) -> None:
        """Sleep until a signal or for `seconds`; note requests to stop."""
        readable, _, _ = select.select([self._read_end], [], [], seconds)
        if readable:
            for signum in os.read(self._read_end, 4096):
                if signum in _STOP_SIGNALS:
                    self._stop_requests += 1

    def _start(self, child: _Child) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        pid = os.fork()
        if pid == 0:
            self._become(child.service, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        child.pid, child.started_at, child.restart_at = pid, time.monotonic(), None
        self._log.debug("child started", service=child.service.name, pid=pid)

    def _become(self, service: Service, parent: int) -> NoReturn:
        """The child's side of the fork: ordinary signals again, a group of its own, then the work."""
        code = EXIT_BUG
        try:
            # Ctrl-C reaches the whole foreground group; only the supervisor is to act on it.
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            for signum in _HANDLED:
                signal.signal(signum, signal.SIG_DFL)
            os.close(self._read_end)
            os.close(self._write_end)
            end_with_parent(parent)
            name_process(service.name)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            code = service.run()
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        except BaseException:  # noqa: BLE001 - the boundary of this process: report, end with a code that says so
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code & 0xFF)

    def _reap(self) -> None:
        """Collect children that ended and decide when each is started again."""
        for child in self._children:
            if child.pid is None:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._ended(child, os.waitstatus_to_exitcode(status))

    def _ended(self, child: _Child, code: int) -> None:
        """`code` is the exit code, or minus the signal's number."""
        pid, child.pid = child.pid, None
        if not child.service.lasting:
            return
        lived = time.monotonic() - child.started_at
        if lived >= WELL_AFTER:
            child.was_well, child.quick_deaths = True, 0
        child.failed_starts = child.failed_starts + 1 if code > 0 and not child.was_well else 0
        if child.failed_starts >= FAILED_STARTS:
            self._gave_up = True
            self._log.error("service cannot start", service=child.service.name, exit_code=code)
            return
        pause = 0.0 if not child.quick_deaths else FIRST_PAUSE * 2.0 ** (child.quick_deaths - 1)
        child.quick_deaths += 1
        child.restart_at = time.monotonic() + min(pause, LONGEST_PAUSE)
        self._log.warning(
            "child ended, starting it again", service=child.service.name, pid=pid, exit_code=code
        )

    def _until_restart(self) -> float | None:
        due = [child.restart_at for child in self._children if child.restart_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _restart_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.restart_at is not None and child.restart_at <= now and not self._stop_requests:
                self._start(child)

    def _stop(self, child: _Child) -> None:
        """SIGTERM, then wait; SIGKILL when it takes too long or a second signal asks for haste."""
        if child.pid is None:
            return
        os.kill(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + child.service.stop_seconds
        while True:
            pid, _ = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                child.pid = None
                return
            left = deadline - time.monotonic()
            if left <= 0 or self._stop_requests > 1:
                self._log.warning("child killed, it did not stop", service=child.service.name, pid=child.pid)
                os.kill(child.pid, signal.SIGKILL)
                os.waitpid(child.pid, 0)
                child.pid = None
                return
            self._wait(min(left, 1.0))
