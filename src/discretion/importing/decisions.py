"""Decisions: a file of what people or a system decided, read into plain nouns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Unpack

from discretion.core.cases import Case
from discretion.core.judgments import Judgment, Tally
from discretion.errors import DiscretionError
from discretion.importing.assembly import (
    Assembly,
    LeftOutError,
    NoDecisionError,
    Recorded,
    UnknownAnswerError,
)
from discretion.importing.cells import ASIDE, RowError
from discretion.importing.layouts import Layout
from discretion.importing.matching import Known, UnmatchedError
from discretion.importing.profiles import number_forms
from discretion.importing.pseudonyms import Pseudonyms
from discretion.importing.redactors import looked_at, processors
from discretion.importing.rows import FileReading
from discretion.importing.shaping import shaped
from discretion.importing.spellings import is_numeral, to_fill_in
from discretion.importing.tables import open_table

_MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that was set aside."""

    number: int
    """Its line in the file, or its row in the sheet, from 1."""
    column: str
    """Empty where no single column is to blame."""
    value: str
    why: str
    fix: str
    cells: tuple[str, ...]
    """As they stand in the file, in the order of the header; more or fewer where that is the
    mistake, and the whole line where it is no row at all."""
    meant: bool = False
    """Whether it was said that such rows are left out, or there is no decision in it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Everything that a file says. Nothing of it is stored yet."""

    cases: tuple[Case, ...]
    """Those that the file brings."""
    judgments: tuple[Judgment, ...]
    tallies: tuple[Tally, ...]
    recorded: tuple[Recorded, ...]
    skipped: tuple[SkippedRow, ...]
    header: tuple[str, ...]
    rows: int
    """How many rows were read, those set aside among them."""
    undecided: int
    """Answers of a recorded arm that were neither grant nor refuse; they decide nothing."""
    replaced: Mapping[str, int]
    """By kind, how many places in texts and explanations became marks."""
    uncut: int
    """Texts that do not hold what should end them, and were left whole."""
    empty: int = 0
    """Rows without a decision: an empty cell, NA, ?, -; they are among those set aside."""
    met: tuple[Case, ...] = ()
    """The cases of the workspace that rows are about; they are not in `cases`."""
    unanswered: int = 0
    """Rows that name a case and leave open what was decided."""
    notes: tuple[str, ...] = ()
    """What was found out about the file and its numbers, for the user to see."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Cells that hold an error such as #N/A, by the error: they were read as empty."""
    unit: str = ""
    """What values and limits are counted in: as the layout says, or else the cells."""
    unread: tuple[str, ...] = ()
    """Columns that nothing was taken from: they are not kept."""

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, by name."""
        return {
            "rows": self.rows,
            "cases": len(self.cases),
            "matched": len(self.met),
            "unanswered": self.unanswered,
            "judgments": len(self.judgments),
            "unsure": sum(judgment.answer == "unsure" for judgment in self.judgments),
            "tallies": len(self.tallies),
            "recorded": len(self.recorded),
            "undecided": self.undecided,
            "skipped": len(self.skipped),
            "uncut": self.uncut,
            "empty": self.empty,
        }


def read_decisions(
    path: Path,
    layout: Layout,
    *,
    skip_bad: bool = False,
    secret: bytes | None = None,
    processes: int | None = None,
    known: Known | None = None,
    **reading: Unpack[FileReading],
) -> Imported:
    """Read a CSV, TSV, JSON, JSONL, XLSX or Parquet file of decisions.

    Ids depend on what the rows say and not on the file's name or their order, so that importing
    it twice gives the same ids. `skip_bad` sets bad rows aside instead of stopping at the first.
    With a `secret`, personal data in texts and explanations becomes marks and raters get
    pseudonyms, which the same secret makes the same again; without, all stays as it is written.
    Where a file is long, texts are looked at by `processes` processes, by default one for each
    processor; what comes of it does not depend on how many there are. With what is `known`, rows
    meet the cases that a workspace has already: see `matching`.

    Raises:
        DiscretionError: the options do not go together or do not fit the file; the file cannot be
            read; or a row is bad. The sentence names file, row, column, value and the fix.
        AmbiguousNumbersError: a column of numbers can be read in two ways.
    """
    layout.check()
    layout, forms, notes = number_forms(path, layout, **reading)
    table = open_table(path, **reading)
    header = table.header
    elsewhere = {*layout.answer_columns, *layout.leave_out}
    table, layout = shaped(table, layout)
    pseudonyms = None if secret is None else Pseudonyms(secret)
    assembly = Assembly(layout, table.header, path.name, pseudonyms, known, forms)
    skipped: list[SkippedRow] = []
    unknown: Counter[str] = Counter()
    first_unknown = 0
    numerals: Counter[str] = Counter()
    unmatched: list[tuple[int, RowError]] = []
    rows, empty = 0, 0
    if processes is None:
        processes = processors()
    looking = looked_at(table.rows, assembly.texts, 1 if secret is None else processes)
    with closing(table.rows), closing(looking):
        for row, ready in looking:
            rows += 1
            try:
                assembly.add(row, ready)
            except RowError as error:
                meant = isinstance(error, LeftOutError)
                empty += isinstance(error, NoDecisionError)
                if isinstance(error, UnknownAnswerError) and is_numeral(error.value):
                    numerals[error.value] += 1
                if skip_bad or meant:
                    skipped.append(
                        SkippedRow(
                            row.number,
                            error.column,
                            error.value,
                            error.what,
                            error.fix,
                            tuple(row.cells if row.fault else row.cells[: len(header)]),
                            meant,
                        )
                    )
                elif isinstance(error, UnknownAnswerError):
                    unknown[error.value] += 1
                    first_unknown = first_unknown or row.number
                elif isinstance(error, UnmatchedError):
                    unmatched.append((row.number, error))
                else:
                    raise _stopped(path, row.number, error) from error
    if numerals and assembly.numerals and layout.spellings.scale is None:
        # A 0 and a 1 of 0 to 4 are levels, and no refusal and grant.
        raise _levels(path, layout.fields["answer"].strip("`"), numerals)
    if unknown:
        raise _unknown_answers(path, first_unknown, layout.fields["answer"].strip("`"), unknown)
    if unmatched:
        raise _unmatched(path, unmatched)
    if not rows:
        raise DiscretionError(
            "has a header and no rows under it", where=str(path), fix="check the file"
        )
    return Imported(
        assembly.cases,
        tuple(assembly.judgments),
        tuple(assembly.tallies),
        tuple(assembly.recorded),
        tuple(skipped),
        header,
        rows,
        assembly.undecided,
        assembly.replaced,
        assembly.uncut,
        empty,
        assembly.met,
        assembly.unanswered,
        (*table.notes, *notes),
        dict(table.missing),
        layout.unit,
        tuple(name for name in assembly.unread if name in header and name not in elsewhere),
    )


def _stopped(path: Path, number: int, error: RowError) -> DiscretionError:
    column = f", column {error.column!r}" if error.column else ""
    return DiscretionError(error.what, where=f"{path}:{number}{column}", fix=error.fix)


def _unknown_answers(path: Path, first: int, column: str, unknown: Counter[str]) -> DiscretionError:
    common = unknown.most_common(_MOST_LISTED)
    listed = ", ".join(f"{_short(value)!r} ({times:,})" for value, times in common)
    more = f" and {len(unknown) - len(common):,} more" if len(unknown) > len(common) else ""
    example = to_fill_in(value for value, _ in common)
    return DiscretionError(
        f"{'an answer is' if len(unknown) == 1 else f'{len(unknown):,} answers are'} not known, "
        f"with the number of rows: {listed}{more}",
        where=f"{path}:{first}, column {column!r}",
        fix=f'add --answers "{example}", with grant, refuse, unsure or - (leave out) in place of '
        "each ?, or set such rows aside with --skip-bad FILE",
    )


def _levels(path: Path, column: str, unknown: Counter[str]) -> DiscretionError:
    levels = sorted(unknown, key=float)
    return DiscretionError(
        f"holds a 0 or 1 and other numbers too: {', '.join(levels[:_MOST_LISTED])}. It may be a "
        "scale, on which 0 and 1 are levels",
        where=f"{path}, column {column!r}",
        fix=f"say the lowest level that grants: --grant-from {levels[len(levels) // 2]}; or say "
        f'what each number means: --answers "{";".join(f"{one}=?" for one in levels)}"',
    )


def _unmatched(path: Path, rows: list[tuple[int, RowError]]) -> DiscretionError:
    lines = [f"  row {number}: {error.what}" for number, error in rows[:_MOST_LISTED]]
    if len(rows) > _MOST_LISTED:
        lines.append(f"  and {len(rows) - _MOST_LISTED:,} more")
    count = "1 row matches" if len(rows) == 1 else f"{len(rows):,} rows match"
    listed = "\n".join(lines)
    return DiscretionError(
        f"{count} no case of this workspace:\n{listed}\nNothing was stored",
        where=str(path),
        fix=rows[0][1].fix.removesuffix(f", or {ASIDE}").removesuffix(f"; or {ASIDE}")
        + ", or set such rows aside with --skip-bad FILE",
    )


def _short(value: str) -> str:
    return value if len(value) <= 40 else value[:37] + "..."
