"""Workbooks: a sheet of an XLSX file as a table.

The reader unpacks a file and lays a sheet out in memory whole, so both sizes are looked at first.
That bounds what a file of a few kilobytes can claim; it does not bound texts that many cells share.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError, missing_extra
from discretion.importing.cells import iso
from discretion.importing.rows import Row, Table, empty, fitted, named_header
from discretion.importing.textfiles import unreadable

MOST_BYTES = 512_000_000
"""Unpacked."""
MOST_CELLS = 20_000_000
"""From A1 to the farthest cell, empty ones included: they take memory too."""
_CHUNK = 1 << 20
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_LONGEST_PLACE = 64


def read_workbook(path: Path, *, sheet: str | None) -> Table:
    """The table on one sheet; the first where none is named."""
    try:
        import python_calamine as calamine
    except ImportError as error:
        raise missing_extra("xlsx", "reading XLSX") from error
    _check_size(path)
    try:
        with calamine.load_workbook(path) as workbook:
            names = workbook.sheet_names
            if sheet is not None and sheet not in names:
                raise DiscretionError(
                    f"there is no sheet {sheet!r}",
                    where=str(path),
                    mend=f"the sheets are: {', '.join(names)}",
                )
            chosen = workbook.get_sheet_by_name(names[0] if sheet is None else sheet)
            _check_merged(path, chosen.name, chosen.merged_cell_ranges or [])
            rows = enumerate(chosen.iter_rows(), start=1)
    except (calamine.CalamineError, IndexError) as error:
        raise _broken(path) from error
    for number, cells in rows:
        texts = [_text(cell) for cell in cells]
        if any(texts):
            header = named_header(texts, f"{path}:{number}")
            return Table(path, header, _rows(rows, len(header)))
    raise empty(path)


def _rows(rows: Iterator[tuple[int, list[Any]]], width: int) -> Generator[Row, None, None]:
    for number, cells in rows:
        row = fitted(number, [_text(cell) for cell in cells], width)
        if row is not None:
            yield row


def _text(cell: object) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
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


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > MOST_BYTES:
                raise DiscretionError(
                    f"unpacks to {unpacked / 1e6:,.0f} MB, more than {MOST_BYTES / 1e6:,.0f} MB",
                    where=str(path),
                    mend="save the sheet as CSV",
                )
            for member in archive.infolist():
                columns, rows = _extent(archive, member)
                if columns * rows > MOST_CELLS:
                    raise DiscretionError(
                        f"{member.filename} reaches to column {columns:,} of row {rows:,}, more "
                        f"than {MOST_CELLS:,} cells",
                        where=str(path),
                        mend="delete what stands far from the table, or save the sheet as CSV",
                    )
    except OSError as error:
        raise unreadable(path, error) from error
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise _broken(path) from error


def _extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    """The farthest column and row that a part of the workbook names.

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
            tail = seen[-_LONGEST_PLACE:]
    return max(map(_column_number, letters), default=0), farthest


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _check_merged(path: Path, sheet: str, ranges: list[Any]) -> None:
    for (top, left), (bottom, right) in ranges[:1]:
        span = f"{_column_letters(left)}{top + 1}:{_column_letters(right)}{bottom + 1}"
        raise DiscretionError(
            f"cells {span} of sheet {sheet!r} are merged",
            where=str(path),
            mend="unmerge them and give each row its own value",
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
        mend="save it as .xlsx without a password, or as CSV",
    )
