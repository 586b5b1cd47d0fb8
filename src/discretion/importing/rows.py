"""Rows: what every reader of a file hands over, whatever the file's format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypedDict

from discretion.errors import DiscretionError


class FileReading(TypedDict, total=False):
    """How a file is to be read; what is left out is found out."""

    sheet: str | None
    encoding: str
    delimiter: str | None
    header_row: int | None
    """The line or the sheet's row in which the header stands, from 1."""
    no_header: bool
    """The first row is data, and columns are called by their places."""
    no_quotes: bool
    """Quotation marks are letters like others."""


class Typed(str):
    """A number that the file holds as a number, not as text: 1.234 is no thousand there."""

    __slots__ = ()


class TableRow(NamedTuple):
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
    rows: Generator[TableRow, None, None]
    notes: tuple[str, ...] = ()
    """What was found out about the file, for the user to see: where the header is, and the like."""
    missing: Counter[str] = field(default_factory=Counter)
    """Cells that hold an error instead of a value, by the error; counted as rows are read."""


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
                fix="rename one of them; if the first row is no header, say --no-header or "
                "--header-row N",
            )
    return tuple(names)


def fitted(number: int, cells: Sequence[str], width: int) -> TableRow | None:
    """The row under a header of that width; None where every cell is empty."""
    cells = [cell if isinstance(cell, Typed) else cell.strip() for cell in cells]
    if not any(cells):
        return None
    while len(cells) > width and not cells[-1]:
        cells.pop()
    if len(cells) == width:
        return TableRow(number, cells)
    return TableRow(number, cells, f"the row has {len(cells)} cells and the header {width}")


def empty(path: Path) -> DiscretionError:
    return DiscretionError("there is nothing in it", where=str(path), fix="check the path")
