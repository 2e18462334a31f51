"""Children that don't outlive their parent, however it ended, and that have names.

A supervisor killed with -9 can't tell its children to stop; the kernel can (Linux: `PR_SET_PDEATHSIG`).
Elsewhere a timer looks once a second whether the parent is still the same.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from types import FrameType

#: `prctl` option of <linux/prctl.h>: the signal that this process gets when its parent ends.
_PR_SET_PDEATHSIG = 1
#: `prctl` option: the name that `ps` and `top` show.
_PR_SET_NAME = 15
#: Seconds between two looks at the parent where the kernel doesn't tell.
_LOOK_EVERY = 1.0


def end_with_parent(parent: int) -> None:
    """Ask for SIGTERM when the process `parent`, which must be the caller's parent, ends.

    To be called by the child right after the fork, with its final SIGTERM disposition or before it
    sets one. Where the parent is gone already, the signal is sent at once.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
            _look_at(parent)
    else:
        _look_at(parent)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def name_process(name: str) -> None:
    """Show `name` (15 bytes of it) in `ps` and `top`; without effect where the system has no such call."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, ctypes.create_string_buffer(name.encode()[:15]), 0, 0, 0)


def _look_at(parent: int) -> None:
    """The fallback: a timer signal instead of a thread, because the web arbiter forks again."""

    def look(_signum: int, _frame: FrameType | None) -> None:
        if os.getppid() != parent:
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_EVERY, _LOOK_EVERY)
