"""What a process frees goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

#: Frees all but the last of many blocks, so that the heap can't shrink from its end.
_PROGRAM = """
import os
from catalogue.heap import give_back, keep_little

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

keep_little()
blocks = [bytes(3_000) for _ in range(30_000)]
last = blocks.pop()
blocks.clear()
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked")
def test_what_is_free_in_the_middle_of_a_heap_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 60_000_000
