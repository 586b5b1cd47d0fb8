"""Workbooks: a sheet of an XLSX file as a table.

The reader unpacks a file and lays a sheet out in memory whole, so both sizes are looked at first.
That bounds what a file of a few kilobytes can claim; it does not bound texts that many cells share.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Unpack

from discretion.errors import DiscretionError, missing_extra
from discretion.importing.cells import iso
from discretion.importing.headers import Numbered, header_of, looked_at
from discretion.importing.rows import FileReading, Table, TableRow, Typed, fitted
from discretion.importing.textfiles import unreadable

MOST_BYTES = 512_000_000
"""Unpacked."""
MOST_CELLS = 20_000_000
"""From A1 to the farthest cell, empty ones included: they take memory too."""
_CHUNK = 1 << 20
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_CELL = re.compile(
    rb"<c\b([^>]*[^/>])>\s*(?:(<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)\s*)?(<v\s*/>|<v>[^<]*</v>)?\s*</c>"
)
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*["']([^"']*)["']""")
_LONGEST_CELL = 10_000
"""Bytes of a cell: a formula has 8,192 letters at most."""


def read_workbook(path: Path, **reading: Unpack[FileReading]) -> Table:
    """The table on one sheet; where none is named, on the only one that holds a table."""
    try:
        import python_calamine as calamine
    except ImportError as error:
        raise missing_extra("xlsx", "reading XLSX") from error
    unsolved, errors = _checked(path)
    try:
        with calamine.load_workbook(path) as workbook:
            name, notes = _chosen(workbook, path, reading.get("sheet"))
            chosen = workbook.get_sheet_by_name(name)
            _check_unsolved(path, name, unsolved)
            missing = errors.get(name, Counter())
            merged = chosen.merged_cell_ranges or []
            numbered = (
                (number, [_text(cell) for cell in cells])
                for number, cells in enumerate(chosen.iter_rows(), start=1)
            )
    except (calamine.CalamineError, IndexError) as error:
        raise _broken(path) from error
    row = reading.get("header_row")
    rows: Iterator[Numbered] = (one for one in numbered if row is None or one[0] >= row)
    header = header_of(looked_at(rows), path, reading)
    _check_merged(path, name, merged, header.row)
    return Table(
        path,
        header.names,
        _rows(chain(header.rows, rows), len(header.names)),
        (*notes, *header.notes),
        missing,
    )


def _chosen(workbook: Any, path: Path, named: str | None) -> tuple[str, list[str]]:
    """The sheet to read: the one that is named, or the only one with two rows or more."""
    names: list[str] = workbook.sheet_names
    if named is not None:
        if named not in names:
            raise DiscretionError(
                f"there is no sheet {named!r}",
                where=str(path),
                fix=f"the sheets are: {', '.join(names)}",
            )
        return named, []
    if len(names) == 1:
        return names[0], []
    import python_calamine as calamine

    seen = {
        one.name: (sheet.height, sheet.width)
        for one in workbook.sheets_metadata
        if one.visible == calamine.SheetVisibleEnum.Visible
        and (sheet := workbook.get_sheet_by_name(one.name)) is not None
    }
    tables = [name for name, (height, width) in seen.items() if height > 1 and width > 1]
    tables = tables or [name for name, (height, _) in seen.items() if height > 1] or names[:1]
    if len(tables) > 1:
        listed = ", ".join(f"{name} ({seen[name][0]:,} rows)" for name in tables)
        raise DiscretionError(
            f"several sheets hold a table: {listed}",
            where=str(path),
            fix=f'name one, for example --sheet "{tables[0]}"',
        )
    return tables[0], [f"the sheet {tables[0]!r} is read, one of {len(names)} (--sheet NAME)"]


def _check_unsolved(path: Path, sheet: str, unsolved: dict[str, list[str]]) -> None:
    """Raise where a formula has no result: what it would say is not in the file."""
    cells = unsolved.get(sheet, [])
    if cells:
        raise DiscretionError(
            f"{len(cells):,} formulas on sheet {sheet!r} have no stored result, "
            f"the first in cell {cells[0]}",
            where=str(path),
            fix="open it in a spreadsheet program, let it calculate, and save it; or save it as "
            "CSV",
        )


def _rows(rows: Iterable[Numbered], width: int) -> Generator[TableRow, None, None]:
    for number, cells in rows:
        row = fitted(number, cells, width)
        if row is not None:
            yield row


def _text(cell: object) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        return Typed(repr(float(f"{cell:.15g}")))  # Sums in binary are exact to 15 digits.
    if isinstance(cell, datetime):
        return iso(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat("minutes" if not cell.second else "auto")
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        ending = f":{seconds:02d}" if seconds else ""
        return f"{minutes // 60}:{minutes % 60:02d}{ending}"
    return str(cell)


def _checked(path: Path) -> tuple[dict[str, list[str]], dict[str, Counter[str]]]:
    """By sheet, the cells whose formula has no result, and how many hold which error.

    Raises:
        DiscretionError: the workbook is broken, or would take too much memory.
    """
    unsolved: dict[str, list[str]] = {}
    errors: dict[str, Counter[str]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > MOST_BYTES:
                raise DiscretionError(
                    f"unpacks to {unpacked / 1e6:,.0f} MB, more than {MOST_BYTES / 1e6:,.0f} MB",
                    where=str(path),
                    fix="save the sheet as CSV",
                )
            names = _sheet_names(archive)
            for member in archive.infolist():
                sheet = names.get(member.filename, member.filename)
                columns, rows = _extent(
                    archive,
                    member,
                    unsolved.setdefault(sheet, []),
                    errors.setdefault(sheet, Counter()),
                )
                if columns * rows > MOST_CELLS:
                    raise DiscretionError(
                        f"{member.filename} reaches to column {columns:,} of row {rows:,}, more "
                        f"than {MOST_CELLS:,} cells",
                        where=str(path),
                        fix="delete what stands far from the table, or save the sheet as CSV",
                    )
    except OSError as error:
        raise unreadable(path, error) from error
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise _broken(path) from error

    return unsolved, errors


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part of the archive that holds a sheet, to the sheet's name."""
    texts = {}
    for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        if part not in archive.namelist() or archive.getinfo(part).file_size > MOST_BYTES // 50:
            return {}
        texts[part] = archive.read(part).decode("utf-8", "replace")
    book, links = texts.values()
    parts = {
        found["Id"]: found["Target"]
        for tag in re.findall(r"<Relationship\b([^>]*)>", links)
        if {"Id", "Target"} <= (found := dict(_ATTRIBUTE.findall(tag))).keys()
    }
    names = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\b([^>]*)>", book):
        found = dict(_ATTRIBUTE.findall(tag))
        target = parts.get(found.get("r:id", ""), "").removeprefix("/").removeprefix("xl/")
        names[f"xl/{target}"] = html.unescape(found.get("name", ""))
    return names


def _extent(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    unsolved: list[str],
    errors: Counter[str],
) -> tuple[int, int]:
    """The farthest column and row that a part of the workbook names; formulas without a result and
    cells with an error are noted.

    The part is unpacked to its end, which also proves the size that it claims.
    """
    letters: set[bytes] = set()
    farthest = 0
    tail = b""
    with archive.open(member) as part:
        for chunk in iter(lambda: part.read(_CHUNK), b""):
            seen = tail + chunk
            for column, row in _PLACE.findall(seen):
                letters.add(column)
                farthest = max(farthest, int(row))
            done = 0
            if b"<f" in seen or b't="e"' in seen:
                done = _noted(seen, unsolved, errors)
            tail = seen[max(done, len(seen) - _LONGEST_CELL) :]
    return max(map(_column_number, letters), default=0), farthest


def _noted(seen: bytes, unsolved: list[str], errors: Counter[str]) -> int:
    """Note what is wrong with the whole cells in a piece of a sheet; where the last one ends."""
    end = 0
    for cell in _CELL.finditer(seen):
        end = cell.end()
        said = cell[1]
        value = (cell[3] or b"").removeprefix(b"<v>").removesuffix(b"</v>")
        if b't="e"' in said:
            errors[value.decode("ascii", "replace")] += 1
        # A formula that gives an empty text has type str, and is solved.
        elif cell[2] and (not value or value.startswith(b"<v")) and b't="str"' not in said:
            place = _PLACE.search(b" " + said)
            unsolved.append((place[1] + place[2]).decode() if place else "?")
    return end


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _check_merged(path: Path, sheet: str, ranges: list[Any], header: int) -> None:
    """Raise where cells of the table are merged; a title above it may be."""
    for (top, left), (bottom, right) in ranges:
        if bottom + 1 < header:
            continue
        span = f"{_column_letters(left)}{top + 1}:{_column_letters(right)}{bottom + 1}"
        raise DiscretionError(
            f"cells {span} of sheet {sheet!r} are merged",
            where=str(path),
            fix="unmerge them and give each row its own value",
        )


def _column_letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _broken(path: Path) -> DiscretionError:
    return DiscretionError(
        "is no XLSX workbook that can be read",
        where=str(path),
        fix="save it as .xlsx without a password, or as CSV",
    )
