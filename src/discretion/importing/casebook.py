"""The casebook: which case each row is about, made once and the same wherever it comes up."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from sys import intern

from discretion.canonical import short_id
from discretion.core.cases import Case
from discretion.core.units import Unit
from discretion.importing.cells import ASIDE, RowError, amount, as_text
from discretion.importing.fields import Fields
from discretion.importing.identifiers import identifier
from discretion.importing.layouts import Layout
from discretion.importing.matching import Known, Matcher
from discretion.importing.pseudonyms import Pseudonyms
from discretion.importing.redaction import Marks, Ready, Redacted, redact
from discretion.importing.rows import TableRow
from discretion.importing.threads import cut

_NOTHING: Mapping[str, str] = {}
"""Factors or columns of a case that has none: one for all of them."""
_AMOUNTS = 4096
"""Written amounts whose meaning is remembered: most come up again."""


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case as it stands in the book."""

    case: Case
    row: int
    """In which it first came up."""
    shown: str
    """`Case.shown`, which takes a hash each time."""
    marks: Marks
    """What was found in its text."""


class Casebook:
    """The cases of a table, personal data in their texts replaced where there are pseudonyms."""

    def __init__(
        self,
        layout: Layout,
        fields: Fields,
        pseudonyms: Pseudonyms | None,
        matcher: Matcher | None = None,
    ) -> None:
        self.replaced: Counter[str] = Counter()
        """Places that were replaced in texts, by kind."""
        self.uncut = 0
        """Texts in which what should end them was not found."""
        self._pseudonyms = pseudonyms
        self._layout = layout
        self._fields = fields
        self._matcher = matcher or Matcher(Known(), layout, fields)
        unit = Unit.named(layout.unit)
        self._amount = lru_cache(_AMOUNTS)(lambda cell: amount(cell, unit, layout.date_format))
        self._size = lru_cache(_AMOUNTS)(abs)
        self._by_id: dict[str, KnownCase] = {}
        self._met: dict[str, KnownCase] = {}
        """Cases that the workspace has already, and that rows are about."""
        self._known: dict[bytes, KnownCase] = {}
        """By the hash of what a case is made from: in most files rows repeat a case that was made
        before, and the texts themselves would take as much memory as the cases."""

    @property
    def cases(self) -> tuple[Case, ...]:
        """Those that are made from rows."""
        return tuple(found.case for found in self._by_id.values())

    @property
    def met(self) -> tuple[Case, ...]:
        """Those that the workspace has already."""
        return tuple(found.case for found in self._met.values())

    def first(self, case: str) -> int:
        """The row in which a case first came up."""
        return (self._met.get(case) or self._by_id[case]).row

    def case(self, row: TableRow, redacted: Redacted | None = None) -> KnownCase:
        """The case that a row is about; `redacted` is its text where that was looked at already.

        Raises:
            RowError: a cell cannot be read, nothing tells the case from another, the row gives it
                another text, value or column than a row before it, or it contradicts or misses
                the case of the workspace that it names.
        """
        written = repr((self._fields.case_key(row), self._matcher.key(row))).encode()
        key = blake2b(written, digest_size=16).digest()
        if key not in self._known:
            text, _ = text_of(row, self._fields, self._layout)
            here = self._matcher.match(row, text)
            if here is not None:
                met = self._met.setdefault(here.id, KnownCase(here, row.number, here.shown, ""))
                self._known[key] = met
                return met
            case, marks = self._made(row, redacted)
            before = self._by_id.get(case.id)
            if before is not None and before.case != case:
                raise self._conflict(before, case)
            if before is None:
                before = self._by_id[case.id] = KnownCase(case, row.number, case.shown, marks)
            self._known[key] = before
        return self._known[key]

    def explained(
        self, explanation: str | None, marks: Marks, ready: Ready = (None, None)
    ) -> str | None:
        """An explanation with the marks of its case's text, whose row may be an earlier one: what
        is `ready` holds only where it was made with the same marks."""
        if explanation is None or self._pseudonyms is None:
            return explanation
        text, redacted = ready
        if redacted is None or (text.marks if text else "") != marks:
            redacted = redact(explanation, marks)
        self._count(redacted)
        return redacted.text

    def _count(self, redacted: Redacted) -> None:
        for kind, places in redacted.found.items():
            self.replaced[kind] += places

    def _made(self, row: TableRow, redacted: Redacted | None) -> tuple[Case, Marks]:
        layout, fields = self._layout, self._fields
        value, limit = (fields.optional(name, row, self._amount) for name in ("value", "limit"))
        if limit == 0 and layout.scale is None:
            raise RowError(
                "a limit of 0 does not say what a large deviation is", "0", fix="give --scale"
            )
        text, whole = text_of(row, fields, layout)
        self.uncut += whole
        said: object = text
        marks: Marks = ""
        if text is not None and self._pseudonyms is not None:
            redacted = redacted or redact(text)
            if redacted.marks:
                # Two texts may be alike but for what was replaced, and are still two cases.
                said = (redacted.text, self._pseudonyms.keyed("text", text))
                text, marks = redacted.text, redacted.marks
                self._count(redacted)
        shown, marks = self._shown(row, marks)
        columns = fields.columns(row)
        factors = {name: columns[name] for name in layout.factors} or _NOTHING
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
                fix=f"name the columns that do with --case, map text or value, or {ASIDE}",
            )
        case = short_id((policy, scenario, identity))
        made = Case(
            id=case,
            policy=intern(policy),
            scenario=intern(scenario) if scenario else case,
            domain=intern(fields.text("domain", row) or ""),
            text=text,
            value=value,
            limit=limit,
            direction=layout.direction,
            unit=layout.unit,
            scale=None if limit is None else layout.scale or self._size(limit),
            factors=factors,
            columns={name: cell for name, cell in columns.items() if name not in factors}
            or _NOTHING,
            cell=case,
            pair=case,
            shown_columns=shown or _NOTHING,
        )
        return made, marks

    def _shown(self, row: TableRow, marks: Marks) -> tuple[dict[str, str], Marks]:
        """The shown cells, masked as texts are, with the marks of the case's text."""
        cells = self._fields.shown(row)
        if self._pseudonyms is None:
            return cells, marks
        masked = {}
        for name, cell in cells.items():
            redacted = redact(cell, marks)
            self._count(redacted)
            masked[name], marks = redacted.text, redacted.marks
        return masked, marks

    def _conflict(self, before: KnownCase, case: Case) -> RowError:
        differing = next(
            part.name
            for part in dataclasses.fields(case)
            if getattr(case, part.name) != getattr(before.case, part.name)
        )
        what = {
            "columns": "columns kept with it are",
            "shown_columns": "columns shown with it are",
            "factors": "factors are",
        }.get(differing, f"{differing} is")
        return RowError(
            f"the {what} not that of the same case in row {before.row}",
            fix="tell the two apart with --case, keep only columns that describe a case, or "
            f"{ASIDE}",
        )


def text_of(row: TableRow, fields: Fields, layout: Layout) -> tuple[str | None, bool]:
    """A row's text, up to where what follows it in a thread begins, and whether it is whole
    because that was not found in it."""
    text = fields.text("text", row)
    end = None if text is None or layout.until is None else fields.text("until", row)
    if text is None or end is None:
        return text, False
    before = cut(text, end)
    return (text, True) if before is None else (before or None, False)
