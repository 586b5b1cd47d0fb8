"""Memory: what is free, and what models that are done with give back to the operating system."""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import cache
from pathlib import Path
from typing import Any


def memory_free() -> int | None:
    """Bytes of memory that programs can still have; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None


def give_back() -> None:
    """Free what nothing refers to any more, and hand freed memory back.

    A trainer, its callbacks, model and optimizer hold each other, and so stay until they are looked
    for. What is freed then stays with this process: glibc keeps the many blocks of a training's
    forwards for itself, hundreds of megabytes that grow with the model, unless it is asked.
    """
    gc.collect()
    if (trim := _malloc_trim()) is not None:
        trim(0)


@cache
def _malloc_trim() -> Any:
    """glibc's function; None where memory is managed by something else."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
