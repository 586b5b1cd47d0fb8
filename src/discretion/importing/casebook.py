"""The casebook: which case each row is about, made once and the same wherever it comes up."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from discretion.canonical import short_id
from discretion.cases import Case
from discretion.importing.cells import ASIDE, Cell, RowError, amount, as_text
from discretion.importing.fields import Fields
from discretion.importing.identifiers import identifier
from discretion.importing.layouts import Layout
from discretion.importing.rows import Row
from discretion.units import Unit


class Casebook:
    """The cases of a table."""

    def __init__(self, layout: Layout, fields: Fields) -> None:
        self.cases: dict[str, Case] = {}
        self.first: dict[str, int] = {}
        """The row in which a case first came up."""
        self._layout = layout
        self._fields = fields
        self._unit = Unit.named(layout.unit)
        self._known: dict[tuple[Cell, ...], Case] = {}
        """Most rows repeat a case that was made before."""

    def case(self, row: Row) -> Case:
        """The case that a row is about.

        Raises:
            RowError: a cell cannot be read, nothing tells the case from another, or the row gives
                it another text, value or column than a row before it.
        """
        key = self._fields.case_key(row)
        if key not in self._known:
            case = self._made(row)
            before = self.cases.get(case.id)
            if before is not None and before != case:
                raise self._conflict(before, case)
            self.first.setdefault(case.id, row.number)
            self._known[key] = self.cases.setdefault(case.id, case)
        return self._known[key]

    def _made(self, row: Row) -> Case:
        layout, fields = self._layout, self._fields
        value, limit = (fields.optional(name, row, self._amount) for name in ("value", "limit"))
        if limit == 0 and layout.scale is None:
            raise RowError(
                "a limit of 0 does not say what a large deviation is", "0", mend="give --scale"
            )
        text = fields.text("text", row)
        columns = fields.columns(row)
        factors = {name: columns[name] for name in layout.factors}
        policy = layout.policy
        if "policy" in layout.fields:
            policy = fields.required("policy", row, lambda cell: identifier(as_text(cell)))
        named = columns[layout.scenario] if layout.scenario is not None else ""
        scenario = identifier(named) if named else ""
        if layout.case:
            identity: object = {name: columns[name] for name in layout.case}
            nothing = not any(columns[name] for name in layout.case)
        else:
            identity = (text, value, limit, factors)
            nothing = text is None and value is None and not any(factors.values())
        if nothing:
            raise RowError(
                "nothing tells this case from another",
                mend=f"name the columns that do with --case, map text or value, or {ASIDE}",
            )
        case = short_id((policy, scenario, identity))
        return Case(
            id=case,
            policy=policy,
            scenario=scenario or case,
            domain=fields.text("domain", row) or "",
            text=text,
            value=value,
            limit=limit,
            direction=layout.direction,
            unit=layout.unit,
            scale=None if limit is None else layout.scale or abs(limit),
            factors=factors,
            columns={name: cell for name, cell in columns.items() if name not in factors},
            cell=case,
            pair=case,
        )

    def _amount(self, cell: Cell) -> Decimal | None:
        return amount(cell, self._unit, self._layout.date_format)

    def _conflict(self, before: Case, case: Case) -> RowError:
        differing = next(
            part.name
            for part in dataclasses.fields(case)
            if getattr(case, part.name) != getattr(before, part.name)
        )
        what = {"columns": "columns kept with it are", "factors": "factors are"}.get(
            differing, f"{differing} is"
        )
        return RowError(
            f"the {what} not that of the same case in row {self.first[case.id]}",
            mend="tell the two apart with --case, keep only columns that describe a case, or "
            f"{ASIDE}",
        )
