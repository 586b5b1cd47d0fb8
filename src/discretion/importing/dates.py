"""Dates: in which of the usual formats a file's dates are written, as strptime names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

_DAYS = (
    "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%Y/%m/%d",
    "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%b %d %Y", "%B %d, %Y", "%B %d %Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_LONGEST = 40
_ENOUGH = 500
"""Different cells that are looked at."""


def formats_of(cells: Iterable[str]) -> tuple[str, ...]:
    """The fewest formats that read these cells, ISO dates and what is no date aside.

    Where two read equally many they cannot be told apart, as with 03/04/2026: both are named, and
    whoever reads by both will stop at such a date.
    """
    reads: dict[str, set[str]] = {}
    for cell in list(dict.fromkeys(cells))[:_ENOUGH]:
        for one in () if _is_iso(cell) else _reading(cell):
            reads.setdefault(one, set()).add(cell)
    found: list[str] = []
    while reads:
        most = max(len(read) for read in reads.values())
        best = [one for one, read in reads.items() if len(read) == most]
        same = [one for one in best if reads[one] == reads[best[0]]]
        found += same
        done = reads[best[0]]
        reads = {one: left for one, read in reads.items() if (left := read - done)}
    return tuple(found)


def _reading(cell: str) -> Iterator[str]:
    """The formats that read a cell."""
    if len(cell) > _LONGEST or not any(letter.isdigit() for letter in cell):
        return
    times = _TIMES[1:] if ":" in cell else _TIMES[:1]
    for day in _DAYS:
        if day[2] not in cell:  # strptime takes ten times as long to see that.
            continue
        for time in times:
            try:
                datetime.strptime(cell, day + time)  # noqa: DTZ007
            except ValueError:
                continue
            yield day + time


def _is_iso(cell: str) -> bool:
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True
