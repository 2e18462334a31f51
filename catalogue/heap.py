"""How much memory the C library keeps of what a process has freed: little, since a node has many processes.

Both functions do nothing where the C library isn't glibc. Why: ADR 0026.
"""

from __future__ import annotations

import ctypes

#: Numbers of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_ARENA_MAX = -1, -8
#: Heaps of a process. By default each of its threads may get one, up to eight for each processor.
ARENAS = 2
#: Bytes at the end of a heap from which on they are given back. By default it grows with what was freed.
TRIM = 128 * 1024


def keep_little() -> None:
    """Ask that of this process, and of those that are forked from it. Before it has threads."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
        mallopt(_M_TRIM_THRESHOLD, TRIM)


def give_back() -> None:
    """Return what is free now to the system, from the middle of heaps too. Takes some milliseconds."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)
