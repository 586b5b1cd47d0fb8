"""Fields: what a layout asks of each row, bound to the columns that a table has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from discretion.core.units import Unit
from discretion.importing.cells import Cell, RowError, as_text
from discretion.importing.expressions import ColumnNode, bind, columns_in, find_column
from discretion.importing.layouts import CASE_FIELDS, NUMBER_FIELDS, Layout
from discretion.importing.markup import plain_text
from discretion.importing.missing import is_missing
from discretion.importing.numerals import NumberForm
from discretion.importing.rows import TableRow

T = TypeVar("T")

_PROSE = ("text", "explanation", "until")
"""Fields that people read: entities and tags in them become plain text."""


class Fields:
    """Reads the fields of rows. A field that is not mapped is like an empty cell."""

    def __init__(
        self, layout: Layout, header: Sequence[str], forms: Mapping[str, NumberForm] | None = None
    ) -> None:
        places = {name: index for index, name in enumerate(header)}
        unit = Unit.named(layout.unit)
        self._expressions = {
            name: bind(
                written,
                places,
                where=f"--map {name}",
                unit=unit,
                date_format=layout.date_format,
                forms=forms,
            )
            for name, written in layout.fields.items()
        }
        self._at = {
            name: expression.node.index
            for name, expression in self._expressions.items()
            if isinstance(expression.node, ColumnNode)
        }
        """Fields that are nothing but a column, and where it stands."""
        self._of_case = [self._expressions.get(name) for name in CASE_FIELDS]
        if layout.until is not None:
            self._expressions["until"] = bind(layout.until, places, where="--text-until", unit=unit)
            self._of_case.append(self._expressions["until"])
        named = {
            "--scenario": (
                () if layout.scenario is None or layout.one_scenario else (layout.scenario,)
            ),
            "--case": layout.case,
            "--factor": layout.factors,
            "--keep": layout.keep,
        }
        self._columns = {
            name: find_column(name, places, where=option)
            for option, names in named.items()
            for name in names
        }
        self._about = [(name, find_column(name, places, where="--about")) for name in layout.about]
        self._shown = [(name, find_column(name, places, where="--shown")) for name in layout.shown]
        in_fields = (columns_in(one.node) for one in self._expressions.values())
        read = {name for names in in_fields for name in names}
        self._read = {*read, *self._columns, *layout.about, *layout.shown}
        self._header = header

    def columns(self, row: TableRow) -> dict[str, str]:
        """The cells of the columns that describe a case, by name."""
        return {name: row.cells[index] for name, index in self._columns.items()}

    @property
    def unread(self) -> tuple[str, ...]:
        """The columns that nothing is taken from."""
        return tuple(name for name in self._header if name and name not in self._read)

    def shown(self, row: TableRow) -> dict[str, str]:
        """The filled cells of the columns that are shown to whoever decides, by name."""
        return {name: row.cells[index] for name, index in self._shown if row.cells[index]}

    def about(self, row: TableRow) -> dict[str, str]:
        """The filled cells of the columns that describe a judgment, by name."""
        return {name: row.cells[index] for name, index in self._about if row.cells[index]}

    def case_key(self, row: TableRow) -> tuple[Cell, ...]:
        """Everything that a case is made from: rows with equal keys have the same case."""
        given = ("" if field is None else field.of(row.cells) for field in self._of_case)
        shown = (row.cells[index] for _, index in self._shown)
        return (*given, *(row.cells[index] for index in self._columns.values()), *shown)

    def required(self, name: str, row: TableRow, read: Callable[[Cell], T]) -> T:
        """A field that must be mapped and filled."""
        expression = self._expressions[name]
        try:
            if name in NUMBER_FIELDS:
                return read(expression.number_of(row.cells))
            return read(expression.of(row.cells))
        except RowError as error:
            error.column = error.column or expression.label
            raise

    def optional(self, name: str, row: TableRow, read: Callable[[Cell], T]) -> T | None:
        """A field; None where it is not mapped or its cell is empty or says so, as NA does."""
        if name not in self._expressions:
            return None
        if name in self._at and is_missing(row.cells[self._at[name]]):
            return None
        return self.required(name, row, lambda cell: None if cell == "" else read(cell))

    def label(self, name: str) -> str:
        """What errors call a field: its column or expression; empty where it is not mapped."""
        return self._expressions[name].label if name in self._expressions else ""

    def text(self, name: str, row: TableRow) -> str | None:
        if name in self._at:
            cell = row.cells[self._at[name]]
            if is_missing(cell):
                return None
        else:
            cell = self.optional(name, row, as_text) or ""
        return (plain_text(cell) if name in _PROSE else cell) or None


def number_columns(layout: Layout, header: Sequence[str]) -> list[str]:
    """The columns that a layout reads as numbers, dates among them, in the order of the header."""
    places = {name: index for index, name in enumerate(header)}
    unit = Unit.named(layout.unit)
    named = {
        column
        for name in NUMBER_FIELDS
        if name in layout.fields
        and not (name in ("value", "limit") and unit.kind in ("clock", "date"))
        for column in columns_in(
            bind(layout.fields[name], places, where=f"--map {name}", unit=unit).node
        )
    }
    return [name for name in header if name in named]
