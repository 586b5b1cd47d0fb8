"""Rows: what every reader of a file hands over, whatever the file's format."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from discretion.errors import DiscretionError


class Row(NamedTuple):
    """One row of a table."""

    number: int
    """Where it starts: the line in the file, or the row in the sheet, from 1."""
    cells: Sequence[str]
    """One for each column of the header, stripped; what was there instead, where it is at fault."""
    fault: str = ""
    """Why it cannot be a row of this table; empty where it can."""


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows under it, read as they are asked for."""

    path: Path
    header: tuple[str, ...]
    rows: Generator[Row, None, None]


def named_header(cells: Sequence[str], where: str) -> tuple[str, ...]:
    """The header's names; a column without one is called by its place, ``column 3``.

    Raises:
        DiscretionError: two columns have the same name.
    """
    names = [cell.strip() or f"column {place}" for place, cell in enumerate(cells, start=1)]
    first: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if first.setdefault(name, place) != place:
            raise DiscretionError(
                f"columns {first[name]} and {place} are both called {name!r}",
                where=where,
                mend="rename one of them",
            )
    return tuple(names)


def fitted(number: int, cells: Sequence[str], width: int) -> Row | None:
    """The row under a header of that width; None where every cell is empty."""
    cells = [cell.strip() for cell in cells]
    if not any(cells):
        return None
    while len(cells) > width and not cells[-1]:
        cells.pop()
    if len(cells) == width:
        return Row(number, cells)
    return Row(number, cells, f"the row has {len(cells)} cells and the header {width}")


def empty(path: Path) -> DiscretionError:
    return DiscretionError("there is nothing in it", where=str(path), mend="check the path")
