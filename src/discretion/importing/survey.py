"""A survey of a table: what stands in each column, seen in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Unpack

from discretion.importing.missing import is_missing
from discretion.importing.numerals import is_number
from discretion.importing.rows import FileReading
from discretion.importing.tables import open_table

MOST_KINDS = 200
"""A column with more different cells is not counted out."""
_LOOKED_AT = 1_000
"""Rows whose cells are looked at closely."""
_FIRST = 200
"""Rows of which all short cells are kept."""
_EXAMPLE, _SHORT = 200, 40
"""Letters of an example, and of what may be a date."""


@dataclass(slots=True)
class Column:
    """What stands in a column."""

    name: str
    values: Counter[str] | None = field(default_factory=Counter)
    """Each different cell, empty ones too, with its number of rows; None where there are too
    many."""
    seen: int = 0
    """Filled cells among those looked at closely."""
    letters: int = 0
    """Their letters together."""
    numbers: int = 0
    """How many of them are numbers, perhaps with a sign or a unit."""
    kinds: int = 0
    """How many different ones there are among them."""
    example: str = ""
    """The beginning of the first filled cell, on one line."""
    short: list[str] = field(default_factory=list)
    """Those of them that are short enough to be dates."""
    first: list[str] = field(default_factory=list)
    """The cells of the first rows, so that columns can be set side by side; empty where a cell is
    missing or too long to be a date."""

    @property
    def length(self) -> float:
        """Letters in a filled cell, on average."""
        return self.letters / self.seen if self.seen else 0.0

    @property
    def numeric(self) -> bool:
        return self.seen > 0 and self.numbers >= 0.9 * self.seen

    @property
    def repeats(self) -> bool:
        """Whether cells come up again and again, as names of people do."""
        return self.kinds < 0.7 * self.seen


@dataclass(frozen=True, slots=True)
class Survey:
    """A table seen as a whole."""

    columns: tuple[Column, ...]
    rows: int

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


def survey(path: Path, **reading: Unpack[FileReading]) -> Survey:
    """Look through a file; rows that are at fault are passed over."""
    table = open_table(path, **reading)
    columns = tuple(Column(name) for name in table.header)
    rows = 0
    with closing(table.rows):
        for row in table.rows:
            if row.fault:
                continue
            rows += 1
            if rows <= _LOOKED_AT:
                _look(columns, row.cells)
            for column, cell in zip(columns, row.cells, strict=True):
                if column.values is not None:
                    column.values[cell] += 1
                    if len(column.values) > MOST_KINDS:
                        column.kinds = max(column.kinds, len(column.values))
                        column.values = None
            if rows == _LOOKED_AT:
                _settle(columns)
    if rows < _LOOKED_AT:
        _settle(columns)
    return Survey(columns, rows)


def _look(columns: Sequence[Column], cells: Sequence[str]) -> None:
    for column, cell in zip(columns, cells, strict=True):
        if len(column.first) < _FIRST:
            column.first.append("" if is_missing(cell) or len(cell) > _SHORT else cell)
        if not is_missing(cell):
            column.seen += 1
            column.letters += len(cell)
            column.example = column.example or " ".join(cell[:_EXAMPLE].split())
            if len(cell) <= _SHORT:
                column.short.append(cell)
            column.numbers += len(cell) < 30 and is_number(cell)


def _settle(columns: Sequence[Column]) -> None:
    for column in columns:
        if column.values is not None:
            column.kinds = sum(not is_missing(cell) for cell in column.values)
