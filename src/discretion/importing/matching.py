"""Matching: which of the cases that a workspace already has a row is about.

A row names its case by id, or by its scenario, value and factor levels, or by nothing but the very
text of a described case. What a scenario says (direction, unit, scale, limit) is never guessed from
a row: a row that says something else is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from discretion.core.cases import Case
from discretion.core.scenarios import Scenario
from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.importing.casetext import factors_in_words, plain, same_text
from discretion.importing.cells import ASIDE, Cell, RowError, amount, as_text
from discretion.importing.fields import Fields
from discretion.importing.identifiers import identifier
from discretion.importing.layouts import DEFAULT_POLICY, Layout
from discretion.importing.numerals import is_number
from discretion.importing.redaction import redact
from discretion.importing.rows import TableRow

_REWRITTEN = ("clock", "date")
"""Kinds of amounts that spreadsheet programs write in their own way when a sheet is saved."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a workspace has before a file is read."""

    described: Sequence[Case] = ()
    """The cases that its scenarios make."""
    imported: Sequence[Case] = ()
    """Those of earlier files; needed only where rows name cases by id."""
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    """By id."""


class UnmatchedError(RowError):
    """A row that names a case or scenario of the workspace and fits no case there. All such rows
    are worth knowing at once."""


class Matcher:
    """Finds the case of a row among the known ones."""

    def __init__(
        self, known: Known, layout: Layout, fields: Fields, header: Sequence[str] = ()
    ) -> None:
        self._known, self._layout, self._fields = known, layout, fields
        self._by_id = {case.id: case for case in (*known.imported, *known.described)}
        self._described = {case.id for case in known.described}
        self._in_scenario: dict[str, list[Case]] = {name: [] for name in known.scenarios}
        self._by_text: dict[str, list[Case]] = {}
        for case in known.described:
            self._in_scenario.setdefault(case.scenario, []).append(case)
            if case.text:
                self._by_text.setdefault(same_text(case.text), []).append(case)
        factors = {name for one in known.scenarios.values() for name in one.factors}
        taken = set(layout.fields.values())
        self._levels = {
            name: place
            for place, name in enumerate(header)
            if name in factors and name not in taken
        }
        """Columns that are called like a factor, and where they stand."""

    def key(self, row: TableRow) -> tuple[str, ...]:
        """The cells that count here and may not count for a case that is made from the row."""
        return tuple(row.cells[place] for place in self._levels.values())

    def match(self, row: TableRow, text: str | None) -> Case | None:
        """The case that a row is about; None where it names none that is here.

        Args:
            text: the row's text as it stands in the file.

        Raises:
            UnmatchedError: it names an id or a scenario of this workspace, and no case fits.
            RowError: it contradicts the case or the scenario that it names.
        """
        fields = self._fields
        by_id = "case" in self._layout.fields
        given = fields.text("case", row) if by_id else None
        if given is not None:
            case = self._by_id.get(given)
            if case is None:
                raise UnmatchedError(
                    f"no case has the id {given!r}",
                    given,
                    column=fields.label("case"),
                    fix="write the sheet anew with discretion cases --to FILE, since a case's id "
                    f"changes with its text, or {ASIDE}",
                )
            self._check_case(case, row, text)
            return case
        scenario = self._known.scenarios.get(self._scenario_of(row))
        if scenario is not None:
            return self._fitting(scenario, row, text)
        if text and self._by_text and not self._scenario_of(row):
            alike = self._by_text.get(same_text(text), [])
            if len(alike) > 1:
                raise self._ambiguous(alike, "this text")
            if alike:
                self._check_policy(alike[0].policy, alike[0].scenario, row)
                self._check_amounts(alike[0], row)
                return alike[0]
        if by_id:
            raise UnmatchedError(
                "the row names no case",
                column=fields.label("case"),
                fix=f"fill in the case's id, or {ASIDE}",
            )
        return None

    def _scenario_of(self, row: TableRow) -> str:
        layout = self._layout
        named = layout.one_scenario
        if named is None and layout.scenario:
            named = self._fields.columns(row)[layout.scenario]
        return identifier(named) if named else ""

    # By id: the case is known, and what else the row says must not contradict it.

    def _check_case(self, case: Case, row: TableRow, text: str | None) -> None:
        self._check_policy(case.policy, case.scenario, row)
        named = self._scenario_of(row)
        if named and case.scenario not in (named, case.id):
            raise RowError(
                f"case {case.id} is of scenario {case.scenario!r}, not {named!r}",
                named,
                column=self._layout.scenario or "",
            )
        self._check_amounts(case, row)
        self._check_factors(case, row)
        if text is None or case.text is None or same_text(text) == same_text(case.text):
            return
        masked = case.id not in self._described and redact(text).text
        if not masked or same_text(masked) != same_text(case.text):
            raise RowError(
                f"the text is not that of case {case.id}",
                column=self._fields.label("text"),
                fix="judge the text that the workspace has (discretion cases --to FILE), or "
                f"{ASIDE}",
            )

    def _check_factors(self, case: Case, row: TableRow) -> None:
        written = self._fields.text("factors", row)
        if written is not None and plain(written) != factors_in_words(case):
            raise RowError(
                f"case {case.id} has the factors {factors_in_words(case) or 'none'!r}",
                written,
                column=self._fields.label("factors"),
            )
        for name, place in self._levels.items():
            cell, level = row.cells[place], case.factors.get(name)
            if level is not None and name in self._layout.factors and not _same(cell, level):
                raise RowError(f"case {case.id} has {name} = {level!r}", cell, column=name)

    def _check_amounts(self, case: Case, row: TableRow) -> None:
        for name, known in (("value", case.value), ("limit", case.limit)):
            self._fields.optional(name, row, partial(self._check_amount, name, known, case))

    def _check_amount(self, name: str, known: Decimal | None, case: Case, cell: Cell) -> None:
        unit = Unit.named(case.unit)
        shown = "no " + name if known is None else unit.show(known)
        if isinstance(cell, str) and plain(cell) == shown:
            return
        try:
            given = self._amount(cell, unit)
        except RowError:
            if unit.kind in _REWRITTEN:
                return
            raise
        if given != known:
            raise RowError(
                f"the {name} is {_shown(given, unit)}, and case {case.id} has {shown}",
                as_text(cell),
            )

    # By scenario: direction, unit, scale and limit are the scenario's.

    def _fitting(self, scenario: Scenario, row: TableRow, text: str | None) -> Case:
        self._check_policy(scenario.policy, scenario.id, row)
        self._check_options(scenario, row)
        fields, unit = self._fields, scenario.measure
        fields.optional("limit", row, lambda cell: self._check_limit(scenario, cell))
        value = fields.optional("value", row, lambda cell: self._amount(cell, unit))
        cases = self._in_scenario[scenario.id]
        said = [f"scenario {scenario.id}"]
        if value is not None:
            cases = [case for case in cases if case.value == value]
            said.append(f"value {unit.show(value)}")
        cases, levels = self._of_levels(scenario, cases, row)
        said += levels
        if text is not None:
            alike = [case for case in cases if same_text(case.text or "") == same_text(text)]
            if cases and not alike:
                said.append("and this text")
            cases = alike
        if not cases:
            raise UnmatchedError(
                f"no case has {', '.join(said).replace(', and', ' and')}",
                "" if value is None else unit.show(value),
                column=fields.label("value") if value is not None else "",
                fix="correct the row, or name another scenario where it is no case of this one, "
                f"or {ASIDE}",
            )
        if len(cases) > 1:
            raise self._ambiguous(cases, ", ".join(said))
        return cases[0]

    def _of_levels(
        self, scenario: Scenario, cases: list[Case], row: TableRow
    ) -> tuple[list[Case], list[str]]:
        """Those of the cases that have the row's factor levels, and these levels in words."""
        written = self._fields.text("factors", row)
        if written is not None:
            return (
                [case for case in cases if factors_in_words(case) == plain(written)],
                [plain(written)],
            )
        said = []
        for name, place in self._levels.items():
            if name not in scenario.factors or not row.cells[place]:
                continue
            cell = plain(row.cells[place])
            levels = [level for level in scenario.factors[name].levels if _same(cell, level)]
            if levels:
                cases = [case for case in cases if case.factors[name] in levels]
                said.append(f"{name}={cell}")
            elif name in self._layout.factors:
                raise RowError(
                    f"factor {name} of scenario {scenario.id} has no level {cell!r}",
                    cell,
                    column=name,
                    fix=f"its levels are {', '.join(scenario.factors[name].levels)}; correct it "
                    f"or {ASIDE}",
                )
        return cases, said

    def _ambiguous(self, cases: Sequence[Case], what: str) -> UnmatchedError:
        first, *others = cases
        apart = [
            f"a column {name!r}"
            for name, level in first.factors.items()
            if any(case.factors.get(name) != level for case in others)
        ]
        if any(case.value != first.value for case in others):
            apart.insert(0, "value=COLUMN in --map")
        return UnmatchedError(
            f"{len(cases)} cases have {what}",
            fix=f"add what tells them apart: {' and '.join(apart)}, or case=COLUMN with each "
            f"case's id; or {ASIDE}",
        )

    def _check_options(self, scenario: Scenario, row: TableRow) -> None:
        """What the command line says of all rows must not contradict the scenario; the direction
        `at most` is what it says where nothing was given."""
        layout = self._layout
        wrong = None
        other = bool(layout.unit) and Unit.named(layout.unit) != scenario.measure
        amounts = [self._fields.text(name, row) for name in ("value", "limit")]
        if other and layout.unit_from_cells and any(is_number(one or "") for one in amounts):
            raise RowError(
                f"the cells are counted in {layout.unit}, and scenario {scenario.id} in "
                f"{scenario.unit or 'plain numbers'}",
                layout.unit,
                column=layout.fields.get("value", layout.fields.get("limit", "")),
                fix=f"write them in {scenario.unit or 'plain numbers'}",
            )
        if other and not layout.unit_from_cells:
            wrong = ("unit", layout.unit, scenario.unit or "none")
        elif layout.direction == "at least" and scenario.direction != "at least":
            wrong = ("direction", layout.direction, scenario.direction)
        elif layout.scale is not None and layout.scale != scenario.scale_amount:
            wrong = ("scale", str(layout.scale), str(scenario.scale_amount))
        if wrong is not None:
            name, given, known = wrong
            raise RowError(
                f"the {name} is {given!r}, and scenario {scenario.id} has {known!r}",
                given,
                column=f"--{name}",
                fix=f"leave --{name} out: the scenario has it",
            )

    def _check_limit(self, scenario: Scenario, cell: Cell) -> None:
        unit, known = scenario.measure, scenario.limit_amount
        given = self._amount(cell, unit)
        if given != known:
            raise RowError(
                f"the limit is {_shown(given, unit)}, and scenario {scenario.id} has "
                f"{_shown(known, unit)}",
                as_text(cell),
                fix="leave limit out of --map, or name another scenario where it is no case of "
                f"this one, or {ASIDE}",
            )

    def _check_policy(self, policy: str, scenario: str, row: TableRow) -> None:
        layout = self._layout
        given = layout.policy
        if "policy" in layout.fields:
            written = self._fields.text("policy", row)
            given = identifier(written) if written else DEFAULT_POLICY
        if given not in (policy, DEFAULT_POLICY):
            raise RowError(
                f"scenario {scenario} falls under policy {policy!r}, not {given!r}",
                given,
                column=self._fields.label("policy") or "--policy",
            )

    def _amount(self, cell: Cell, unit: Unit) -> Decimal | None:
        written = plain(cell) if isinstance(cell, str) else cell
        try:
            return amount(written, unit, self._layout.date_format)
        except DiscretionError as error:
            raise RowError(error.what, as_text(cell)) from error


def _shown(amount: Decimal | None, unit: Unit) -> str:
    return "none" if amount is None else unit.show(amount)


def _same(cell: str, level: str) -> bool:
    return plain(cell).casefold() == level.strip().casefold()
