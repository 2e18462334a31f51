"""One running node per data folder, and a restart that waits for the last one to be gone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

#: A node that was killed leaves children finishing their requests; they are gone well within this time.
WAIT_SECONDS = 25.0
_LOOK_EVERY = 0.02


class FolderInUse(Exception):
    """Another node runs on this data folder; `pid` is its supervisor's, None when that is unknown."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        super().__init__(f"a node already runs on {folder}" + (f" (process {pid})" if pid else ""))
        self.folder = folder
        self.pid = pid


class FolderLock:
    """A lock that the supervisor and everything it forks hold together.

    It is free again when the last of them has ended, however they ended: no stale lock files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock. Waits for children of a dead supervisor; FolderInUse when a living one holds it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = os.open(self._folder / "node.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = _pid_in(file)
                if time.monotonic() > deadline or (pid is not None and _is_alive(pid)):
                    os.close(file)
                    raise FolderInUse(self._folder, pid) from None
                time.sleep(_LOOK_EVERY)
                continue
            break
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _pid_in(file: int) -> int | None:
    with contextlib.suppress(ValueError):
        return int(os.pread(file, 32, 0))
    return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
