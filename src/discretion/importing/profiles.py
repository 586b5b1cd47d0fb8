"""Profiles: one look through a file before its rows are read, to see how its numbers are written.

Nothing of the rows is kept, so memory does not grow with the file.
"""

from __future__ import annotations

import dataclasses
from contextlib import closing
from pathlib import Path
from typing import Unpack

from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.importing.dates import EPOCHS, moment_in
from discretion.importing.expressions import ColumnNode, bind
from discretion.importing.fields import number_columns
from discretion.importing.layouts import Layout
from discretion.importing.numerals import NumberForm, Profile, forms_of
from discretion.importing.rows import FileReading, Table
from discretion.importing.tables import open_table


def number_forms(
    path: Path, layout: Layout, **reading: Unpack[FileReading]
) -> tuple[Layout, dict[str, NumberForm], list[str]]:
    """The layout with the unit that its cells show, the form of each column that it reads as
    numbers, and what is worth saying about them.

    Raises:
        AmbiguousNumbersError: a column can be read in two ways.
        DiscretionError: the file or the layout cannot be read, or times are taken for amounts.
    """
    table = open_table(path, **reading)
    with closing(table.rows):
        names = number_columns(layout, table.header)
        profiles = {name: Profile(name) for name in names}
        _fill(profiles, table)
    _check_epochs(profiles, layout, str(path))
    forms, notes = forms_of(profiles, given=layout.decimal, unit=layout.unit, where=str(path))
    mixed = {name for name, profile in profiles.items() if _is_mixed(profile, layout)}
    forms |= {name: dataclasses.replace(forms[name], mark="", mixed=True) for name in mixed}
    # Where one column shows several units, the marks of another say nothing of all rows.
    unit = layout.unit or ("" if mixed else _unit(layout, forms, table.header))
    if unit != layout.unit:
        notes.append(f"values and limits are counted in {unit}, as their cells say")
    found = unit != layout.unit
    return dataclasses.replace(layout, unit=unit, unit_from_cells=found), forms, notes


def _is_mixed(profile: Profile, layout: Layout) -> bool:
    """Whether rows are about cases with units of their own, and the column shows several."""
    by_scenario = layout.scenario is not None and layout.one_scenario is None
    if not by_scenario and "case" not in layout.fields:
        return False
    return 0 < profile.marks.total() < profile.numbers or len(profile.marks) > 1


def _fill(profiles: dict[str, Profile], table: Table) -> None:
    if not profiles:
        return
    places = [(table.header.index(name), profile) for name, profile in profiles.items()]
    for row in table.rows:
        if not row.fault:
            for place, profile in places:
                profile.add(row.cells[place])


def _check_epochs(profiles: dict[str, Profile], layout: Layout, where: str) -> None:
    """Raise where seconds since 1970 would be taken for days, or for any other amount."""
    known = set((layout.date_format or "").split("|")) | {"seconds", "milliseconds"} & {layout.unit}
    for name, profile in profiles.items():
        kind = profile.epoch
        if not kind or known & {*EPOCHS, "seconds", "milliseconds"}:
            continue
        example = profile.first_epoch
        moment = moment_in(example, kind)
        counted = "seconds" if kind == "epoch" else "milliseconds"
        raise DiscretionError(
            f"the numbers look like times in {counted} since 1970: {example} is "
            f"{moment:%Y-%m-%d %H:%M} UTC",
            where=f"{where}, column {name!r}",
            fix=f"say so with --date-format {kind}, and differences are in days; "
            f"or keep plain numbers with --unit {counted}",
        )


def _unit(layout: Layout, forms: dict[str, NumberForm], header: tuple[str, ...]) -> str:
    """What the cells of a value or a limit say that they are counted in; empty where nothing."""
    places = {name: index for index, name in enumerate(header)}
    for name in ("value", "limit"):
        written = layout.fields.get(name)
        if written is None:
            continue
        node = bind(written, places, where=f"--map {name}", unit=Unit.named("")).node
        if isinstance(node, ColumnNode) and (mark := forms[node.name].mark):
            return mark
    return ""
