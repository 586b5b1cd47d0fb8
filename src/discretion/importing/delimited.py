"""Delimited text: CSV and its kin, with commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterator
from pathlib import Path

from discretion.errors import DiscretionError
from discretion.importing.rows import Row, Table, empty, fitted, named_header
from discretion.importing.textfiles import lines_of

_DELIMITERS = (",", ";", "\t", "|")


def read_delimited(path: Path, *, encoding: str, delimiter: str | None) -> Table:
    """The table in a file of delimited text; where no delimiter is given the header shows it."""
    delimiter = _given(delimiter) if delimiter is not None else _sniffed(path, encoding)
    records = _records(path, encoding, delimiter)
    for number, cells in records:
        if any(cell.strip() for cell in cells):
            header = named_header(cells, f"{path}:{number}")
            return Table(path, header, _rows(records, len(header)))
    raise empty(path)


def _rows(records: Iterator[tuple[int, list[str]]], width: int) -> Generator[Row, None, None]:
    for number, cells in records:
        row = fitted(number, cells, width)
        if row is not None:
            yield row


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it starts; quoted cells may span lines."""
    lines = (line for _, line in lines_of(path, encoding))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            long = "field larger" in str(error)
            raise DiscretionError(
                f"a quote that opens here is not closed within {csv.field_size_limit():,} "
                "characters"
                if long
                else f"the quotes are not as they should be ({error})",
                where=f"{path}:{start}",
                mend='close the quote; a quote inside a quoted cell is written twice, ""',
            ) from error
        if cells is None:
            return
        yield start, cells
        start = reader.line_num + 1


def _given(delimiter: str) -> str:
    character = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(character) != 1 or character in '"\r\n ':
        raise DiscretionError(
            f"{delimiter!r} is no delimiter",
            where="--delimiter",
            mend="give one character, or tab",
        )
    return character


def _sniffed(path: Path, encoding: str) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    for number, line in lines_of(path, encoding):
        if not line.strip():
            continue
        widths = {one: _width(line, one) for one in _DELIMITERS}
        widest = max(widths.values())
        best = [one for one, width in widths.items() if width == widest]
        if len(best) > 1 and widest > 1:
            raise DiscretionError(
                "the header does not show which delimiter separates the columns",
                where=f"{path}:{number}",
                mend="name it with --delimiter",
            )
        return best[0]
    raise empty(path)


def _width(line: str, delimiter: str) -> int:
    try:
        return max((len(cells) for cells in csv.reader([line], delimiter=delimiter)), default=0)
    except csv.Error:
        return 0
