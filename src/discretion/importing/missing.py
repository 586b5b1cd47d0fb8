"""Missing: how exports write that there is nothing in a cell."""

from __future__ import annotations

_WRITTEN = "NA N/A n/a N.A. n.a. #N/A <NA> NaN nan NAN NULL null Null None none NONE NIL ? - -- – —"
MISSING = frozenset(_WRITTEN.split())
"""By their capitals: Nan is a name."""


def is_missing(written: str) -> bool:
    """Whether a cell says that there is nothing in it: NA, N/A, NULL, None, ?, -, or empty."""
    return not written or written in MISSING
