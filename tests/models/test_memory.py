"""Memory that was freed goes back to the operating system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import gc
from discretion.models.memory import _malloc_trim, give_back
pages = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096
before = pages()
blocks = [b"x" * 60_000 for _ in range(4_000)]
last = blocks.pop()  # above all the others, so that the heap cannot shrink by itself
held = pages()
del blocks
give_back()
print(held - before, pages() - before, _malloc_trim() is not None)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory from /proc")
def test_what_is_freed_below_something_that_stays_is_handed_back() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    held, left, glibc = done.stdout.split()
    if glibc == "False":
        pytest.skip("memory is not managed by glibc")
    assert int(held) > 200_000_000
    assert int(left) < int(held) / 4
