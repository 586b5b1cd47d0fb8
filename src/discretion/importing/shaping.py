"""Shaping: a table made ready for a layout, so that a row holds one decision on one case.

Several columns of decisions become a row each, and rows that nothing identifies get a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import replace

from discretion.canonical import short_id
from discretion.core.units import Unit
from discretion.importing.expressions import bind, columns_in, find_column
from discretion.importing.layouts import Layout
from discretion.importing.missing import is_missing
from discretion.importing.rows import Table, TableRow
from discretion.importing.spellings import says_opposite

ROW, COLUMN, ANSWER = "(row)", "(column)", "(answer)"
"""Columns that a table gets here: the row's name, which column a decision stood in, and it."""
_GIVES = {"raters": "rater", "panels": "panel", "cases": "text"}
"""The field that the column of a decision gives."""


def shaped(table: Table, layout: Layout) -> tuple[Table, Layout]:
    """The table with one decision a row, and the layout that reads it.

    Raises:
        DiscretionError: a column of decisions is not there.
    """
    if layout.each_row and not layout.case:
        table = replace(table, header=(*table.header, ROW), rows=_named(table, layout))
        layout = replace(layout, case=(ROW,), each_row=False)
    if not layout.answer_columns:
        return table, layout
    if layout.columns_are == "cases" and "rater" not in layout.fields:
        # A row of a survey is a person, also where nothing names them.
        if ROW not in table.header:
            table = replace(table, header=(*table.header, ROW), rows=_named(table, layout))
        layout = replace(layout, fields={**layout.fields, "rater": f"`{ROW}`"})
    return _long(table, layout)


def _long(table: Table, layout: Layout) -> tuple[Table, Layout]:
    """A row for each filled column of decisions; those that are empty decide nothing."""
    places = {name: place for place, name in enumerate(table.header)}
    columns = [
        (name, find_column(name, places, where="--answer-columns"))
        for name in layout.answer_columns
    ]
    given = _GIVES[layout.columns_are]
    fields = {**layout.fields, "answer": f"`{ANSWER}`", given: f"`{COLUMN}`"}
    told_apart = {name for name, _ in columns if says_opposite(name)}

    def rows() -> Generator[TableRow, None, None]:
        for row in table.rows:
            if row.fault:
                yield row
                continue
            for name, place in columns:
                cell = row.cells[place]
                if is_missing(cell):
                    continue
                # What yes means depends on what was asked: `violates: yes` grants nothing.
                said = f"{name}: {cell}" if name in told_apart else cell
                yield TableRow(row.number, [*row.cells, name, said])

    header = (*table.header, COLUMN, ANSWER)
    return (
        replace(table, header=header, rows=rows()),
        replace(layout, fields=fields, answer_columns=()),
    )


def _named(table: Table, layout: Layout) -> Generator[TableRow, None, None]:
    """Rows with a name by what the layout reads of them, and how often that came before: a file
    that is sorted anew gives the same names."""
    read = _read_columns(layout, table.header)
    times: Counter[str] = Counter()
    for row in table.rows:
        if row.fault:
            yield row
            continue
        name = short_id([row.cells[place] for place in read])
        times[name] += 1
        yield TableRow(row.number, [*row.cells, f"{name}-{times[name]}"])


def _read_columns(layout: Layout, header: Sequence[str]) -> list[int]:
    """The places of the columns that a layout reads."""
    places = {name: place for place, name in enumerate(header)}
    unit = Unit.named(layout.unit)
    names = {*layout.factors, *layout.keep, *layout.about, *layout.answer_columns}
    for field, written in layout.fields.items():
        names.update(columns_in(bind(written, places, where=f"--map {field}", unit=unit).node))
    return sorted(places[name] for name in names if name in places)
