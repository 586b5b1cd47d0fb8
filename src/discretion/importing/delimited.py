"""Delimited text: CSV and its kin, with commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Literal, Unpack

from discretion.errors import DiscretionError
from discretion.importing.headers import LOOKED_AT, Numbered, header_of, looked_at
from discretion.importing.rows import FileReading, Table, TableRow, empty, fitted
from discretion.importing.textfiles import found_encoding, lines_of

_DELIMITERS = (",", ";", "\t", "|")
_REGULAR = 0.8


def read_delimited(path: Path, **reading: Unpack[FileReading]) -> Table:
    """The table in a file of delimited text; where no delimiter is given its first lines show it.

    The first line may say ``sep=;``. UTF-16 is known by its first bytes.
    """
    given, named = reading.get("delimiter"), reading.get("encoding") or "utf-8"
    encoding, notes = found_encoding(path, named)
    said = _said(path, encoding)
    if given is not None:
        delimiter = _given(given)
    else:
        delimiter = said or _sniffed(path, encoding, no_quotes=reading.get("no_quotes", False))
    records = _records(
        path, encoding, delimiter, skip=said is not None, quotes=not reading.get("no_quotes")
    )
    if reading.get("header_row") is not None:
        records = _from(records, int(reading["header_row"] or 0))
    first = looked_at(records)
    header = header_of(first, path, reading)
    rows = _rows(chain(header.rows, records), len(header.names))
    return Table(path, header.names, rows, (*notes, *header.notes))


def _from(records: Iterator[tuple[int, list[str]]], row: int) -> Iterator[tuple[int, list[str]]]:
    return (record for record in records if record[0] >= row)


def _rows(records: Iterable[Numbered], width: int) -> Generator[TableRow, None, None]:
    for number, cells in records:
        row = fitted(number, cells, width)
        if row is not None:
            yield row


def _said(path: Path, encoding: str) -> str | None:
    """The delimiter of a first line such as ``sep=;``, which spreadsheets write and honor."""
    with closing(lines_of(path, encoding)) as lines:
        _, line = next(lines, (1, ""))
    found = re.fullmatch(r'"?sep=(.)"?[;,\t|]*\s*', line, re.I)
    return found[1] if found else None


def _records(
    path: Path, encoding: str, delimiter: str, *, skip: bool, quotes: bool
) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it starts; quoted cells may span lines."""
    lines = (line for _, line in lines_of(path, encoding))
    if skip:
        next(lines)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=delimiter, strict=True, quoting=quoting)
    start = 1 + skip
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
                fix='close the quote; a quote inside a quoted cell is written twice, ""; where '
                "quotes are letters like others, say --no-quotes",
            ) from error
        if cells is None:
            return
        yield start, cells
        start = reader.line_num + 1 + skip


def _given(delimiter: str) -> str:
    character = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(character) != 1 or character in '"\r\n ':
        raise DiscretionError(
            f"{delimiter!r} is no delimiter",
            where="--delimiter",
            fix="give one character, or tab",
        )
    return character


def _sniffed(path: Path, encoding: str, *, no_quotes: bool) -> str:
    """The delimiter that splits the first lines: the header's, or where that has none, as a title
    above a table has, the one that splits most of the lines below."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    seen: list[tuple[int, dict[str, int]]] = []
    with closing(lines_of(path, encoding)) as lines:
        for number, line in lines:
            if line.strip():
                seen.append((number, {one: _width(line, one, no_quotes) for one in _DELIMITERS}))
            if len(seen) == LOOKED_AT:
                break
    if not seen:
        raise empty(path)
    number, widths = seen[0]
    if max(widths.values()) <= 2:
        # A title: one cell, or two by a comma of its own. The rows below it tell which.
        regular = {one: _regularity([width[one] for _, width in seen]) for one in _DELIMITERS}
        most = max(regular.values())
        best = [one for one, share in regular.items() if share == most]
        if most >= _REGULAR and len(best) == 1:
            return best[0]
    widest = max(widths.values())
    best = [one for one, width in widths.items() if width == widest]
    if len(best) > 1 and widest > 1:
        raise DiscretionError(
            "the header does not show which delimiter separates the columns",
            where=f"{path}:{number}",
            fix="name it with --delimiter",
        )
    return best[0]


def _regularity(widths: list[int]) -> float:
    """The share of lines with the commonest number of cells, from the first one of three cells on;
    0 where there are not two such lines."""
    start = next((place for place, width in enumerate(widths) if width > 2), len(widths))
    below = widths[start:]
    return Counter(below).most_common(1)[0][1] / len(below) if len(below) > 1 else 0.0


def _width(line: str, delimiter: str, no_quotes: bool) -> int:
    quoting: Literal[0, 3] = csv.QUOTE_NONE if no_quotes else csv.QUOTE_MINIMAL
    try:
        read = csv.reader([line], delimiter=delimiter, quoting=quoting)
        return max((len(cells) for cells in read), default=0)
    except csv.Error:
        return 0
