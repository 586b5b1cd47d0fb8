"""Sheets: cases written out for people or systems to fill in, and recognized when they come back.

A sheet has a row a case: what the case is, then empty columns for what was decided. Rows may be
repeated, one for each person.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from discretion.canonical import plain_decimal
from discretion.core.cases import Case
from discretion.core.judgments import DECISIONS
from discretion.core.units import Unit
from discretion.errors import DiscretionError, missing_extra
from discretion.importing.casetext import factors_in_words, neutral

DESCRIBING = ("case", "policy", "scenario", "value", "limit", "factors", "text")
"""Columns that say what a case is."""
EXPECTED = "expected grants"
"""What share of the others a person expects to grant."""
TO_FILL = ("answer", "explanation", "rater", "confidence", EXPECTED)
"""Columns that are filled in."""
COLUMNS = (*DESCRIBING, *TO_FILL)

_ENOUGH = 6
"""Of the columns, how many a file must have to be taken for a sheet; some may have been deleted."""
_LONGEST = {".csv": 131_000, ".xlsx": 32_767, ".jsonl": 900_000}
"""Characters in a cell, by ending: what spreadsheet programs, or our own readers, can take."""
_WIDTHS = {"case": 18, "scenario": 18, "factors": 24, "text": 80, "explanation": 40}
_ONE_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""In place of the time of writing: the same cases give the same file."""


def write_sheet(cases: Iterable[Case], path: Path) -> None:
    """Write the cases as XLSX, CSV or JSONL, by the ending of the name.

    In the first two, texts that a spreadsheet would run as formulas are quoted.

    Raises:
        DiscretionError: the file is there already (it may be filled in), has another ending or
            cannot be written; or a text is longer than a cell of it can be.
    """
    ending = path.suffix.lower()
    if ending not in _LONGEST:
        raise DiscretionError(
            f"cases cannot be written to a file that ends in {ending!r}"
            if ending
            else "its name has no ending",
            where=str(path),
            fix="name it .xlsx, .csv or .jsonl",
        )
    if path.exists():
        raise DiscretionError(
            "is there already, and somebody may have filled it in",
            where=str(path),
            fix="name another file, or remove this one",
        )
    rows = [_row(case) for case in cases]
    for row in rows:
        longest = max(len(cell) for cell in row.values())
        if longest > _LONGEST[ending]:
            raise DiscretionError(
                f"case {row['case']} has a text of {longest:,} characters, and a cell holds "
                f"{_LONGEST[ending]:,}",
                where=str(path),
                fix="write .jsonl, or choose other cases",
            )
    try:
        {".csv": _write_csv, ".xlsx": _write_xlsx, ".jsonl": _write_jsonl}[ending](rows, path)
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror or error})",
            where=str(path),
            fix="name another file",
        ) from error


def mapping_of(header: Collection[str]) -> Mapping[str, str] | None:
    """What `import` would have to be told of a sheet with this header: ``map``, ``scenario`` and
    ``decimal``, the sign in which amounts were written; None where it is no such sheet."""
    here = [name for name in COLUMNS if name in header]
    named = "case" in here or "scenario" in here
    if len(here) < _ENOUGH or "answer" not in here or not named:
        return None
    fields = [f"{name}={name}" for name in here if name not in ("scenario", EXPECTED)]
    if EXPECTED in here:
        fields.append(f"expected=`{EXPECTED}`")
    return {
        "map": ",".join(fields),
        "scenario": "scenario" if "scenario" in here else "",
        "decimal": ".",
    }


def _row(case: Case) -> dict[str, str]:
    unit = Unit.named(case.unit)
    described = {
        "case": case.id,
        "policy": case.policy,
        "scenario": "" if case.scenario == case.id else case.scenario,
        "value": "" if case.value is None else _shown(case.value, unit),
        "limit": "" if case.limit is None else _shown(case.limit, unit),
        "factors": factors_in_words(case),
        "text": case.text or "",
    }
    return {**described, **dict.fromkeys(TO_FILL, "")}


def _shown(amount: Decimal, unit: Unit) -> str:
    """As people write it; as a plain number where that would round it, as cents do $3.459."""
    shown = unit.show(amount)
    return shown if unit.read(shown) == amount else plain_decimal(amount)


def _write_csv(rows: list[dict[str, str]], path: Path) -> None:
    # With a mark at its start: without, spreadsheet programs take UTF-8 for something else.
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([neutral(row[name]) for name in COLUMNS] for row in rows)


def _write_jsonl(rows: list[dict[str, str]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def _write_xlsx(rows: list[dict[str, str]], path: Path) -> None:
    try:
        import xlsxwriter
    except ImportError as error:
        raise missing_extra("xlsx", "writing XLSX") from error
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": _ONE_DATE})
        sheet = book.add_worksheet("cases")
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
        wrapped.set_align("top")
        for place, name in enumerate(COLUMNS):
            sheet.set_column(place, place, _WIDTHS.get(name, 12), wrapped)
            sheet.write_string(0, place, name, bold)
            for number, row in enumerate(rows, start=1):
                if row[name]:
                    sheet.write_string(number, place, neutral(row[name]), wrapped)
        sheet.freeze_panes(1, 1)
        if rows:
            answer = COLUMNS.index("answer")
            # Other words may stand there too: what they mean is said at the import.
            choices = {"validate": "list", "source": list(DECISIONS), "error_type": "warning"}
            sheet.data_validation(1, answer, len(rows), answer, choices)
