"""The casebook: which case each row is about, made once and the same wherever it comes up."""

from __future__ import annotations

import dataclasses
from collections import Counter
from decimal import Decimal

from discretion.canonical import short_id
from discretion.cases import Case
from discretion.importing.cells import ASIDE, Cell, RowError, amount, as_text
from discretion.importing.fields import Fields
from discretion.importing.identifiers import identifier
from discretion.importing.layouts import Layout
from discretion.importing.pseudonyms import Pseudonyms
from discretion.importing.redaction import Marks, redact
from discretion.importing.rows import Row
from discretion.importing.threads import cut
from discretion.units import Unit


class Casebook:
    """The cases of a table, personal data in their texts replaced where there are pseudonyms."""

    def __init__(self, layout: Layout, fields: Fields, pseudonyms: Pseudonyms | None) -> None:
        self.cases: dict[str, Case] = {}
        self.first: dict[str, int] = {}
        """The row in which a case first came up."""
        self.found: Counter[str] = Counter()
        """Places that were replaced in texts, by kind."""
        self.uncut = 0
        """Texts in which what should end them was not found."""
        self._marks: dict[str, Marks] = {}
        self._pseudonyms = pseudonyms
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

    def explained(self, case: str, explanation: str | None) -> str | None:
        """An explanation with the marks of its case's text."""
        if explanation is None or self._pseudonyms is None:
            return explanation
        redacted = redact(explanation, self._marks.get(case))
        self.found.update(redacted.found)
        return redacted.text

    def _made(self, row: Row) -> Case:
        layout, fields = self._layout, self._fields
        value, limit = (fields.optional(name, row, self._amount) for name in ("value", "limit"))
        if limit == 0 and layout.scale is None:
            raise RowError(
                "a limit of 0 does not say what a large deviation is", "0", mend="give --scale"
            )
        text = self._text(row)
        said: object = text
        marks: Marks = {}
        if text is not None and self._pseudonyms is not None:
            redacted = redact(text)
            if redacted.marks:
                # Two texts may be alike but for what was replaced, and are still two cases.
                said = (redacted.text, self._pseudonyms.keyed("text", text))
                text, marks = redacted.text, redacted.marks
                self.found.update(redacted.found)
        columns = fields.columns(row)
        factors = {name: columns[name] for name in layout.factors}
        policy = layout.policy
        if "policy" in layout.fields:
            policy = fields.required("policy", row, lambda cell: identifier(as_text(cell)))
        named = layout.one_scenario or (columns[layout.scenario] if layout.scenario else "")
        scenario = identifier(named) if named else ""
        if layout.case:
            identity: object = {name: columns[name] for name in layout.case}
            nothing = not any(columns[name] for name in layout.case)
        else:
            identity = (said, value, limit, factors)
            nothing = text is None and value is None and not any(factors.values())
        if nothing:
            raise RowError(
                "nothing tells this case from another",
                mend=f"name the columns that do with --case, map text or value, or {ASIDE}",
            )
        case = short_id((policy, scenario, identity))
        if marks:
            self._marks.setdefault(case, marks)
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

    def _text(self, row: Row) -> str | None:
        """The text, up to where what follows it in a thread begins."""
        text = self._fields.text("text", row)
        if text is None or self._layout.until is None:
            return text
        end = self._fields.text("until", row)
        if end is None:
            return text
        before = cut(text, end)
        self.uncut += before is None
        return text if before is None else before or None

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
