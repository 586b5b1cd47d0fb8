"""Headers: in which row a table's columns are named, and which rows above or below are no data.

Exports put a title and a date above the table, and survey tools two further rows under the header.
A header further down is taken only where the rows above it cannot be rows of the same table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from discretion.errors import DiscretionError
from discretion.importing.dates import iso_moment
from discretion.importing.numerals import is_number
from discretion.importing.rows import FileReading, empty, named_header

LOOKED_AT = 40
"""Rows at the beginning of a file that are looked at for its header."""
_SHARE = 0.8
_OPEN_ENDED = frozenset(("open-ended response", "response", "other (please specify)"))

Numbered = tuple[int, Sequence[str]]
"""A row's number, and its cells as they are written."""


class Header(NamedTuple):
    """The columns' names, the first rows under them, and what is worth saying."""

    names: tuple[str, ...]
    rows: list[Numbered]
    """Data rows among those that were looked at."""
    notes: tuple[str, ...]
    row: int
    """Where it stands; 0 where there is none."""


def header_of(first: Sequence[Numbered], path: Path, reading: FileReading) -> Header:
    """The header among the first rows of a table, empty ones included.

    Raises:
        DiscretionError: there is none, or two columns have the same name.
    """
    rows = [(number, cells) for number, cells in first if any(cell.strip() for cell in cells)]
    if not rows:
        raise empty(path)
    if reading.get("no_header"):
        width = max(len(_trimmed(cells)) for _, cells in rows)
        return Header(named_header([""] * width, str(path)), rows, (), 0)
    notes: list[str] = []
    wanted = reading.get("header_row")
    if wanted is not None:
        place = next((at for at, (number, _) in enumerate(rows) if number == wanted), None)
        if place is None:
            raise DiscretionError(
                f"there is no header in row {wanted}",
                where=str(path),
                fix=f"the first rows that are not empty are: "
                f"{', '.join(str(number) for number, _ in rows[:5])}",
            )
    else:
        place = _place(rows)
        if place:
            above = " / ".join(" ".join(filter(None, cells)) for _, cells in rows[:place])
            notes.append(
                f"the header is in row {rows[place][0]}; above it stands: {above[:80]!r} "
                "(--header-row N to name another)"
            )
    number, cells = rows[place]
    names = named_header(cells, f"{path}:{number}")
    under = rows[place + 1 :]
    more = _survey_rows(under)
    if more:
        notes.append(
            f"rows {under[0][0]} to {under[more - 1][0]} repeat the questions of a survey "
            "and are no data"
            if more > 1
            else f"row {under[0][0]} repeats the questions of a survey and is no data"
        )
    elif wanted is None and _is_data(cells, under):
        notes.append("the first row looks like data; if the file has no header, say --no-header")
    return Header(names, under[more:], tuple(notes), number)


def _place(rows: Sequence[Numbered]) -> int:
    """The place of the header: the first row, unless it is clear that the table begins below."""
    widths = [len(_trimmed(cells)) for _, cells in rows]
    filled = [sum(1 for cell in cells if cell.strip()) for _, cells in rows]
    wide = sorted(widths)[int(0.9 * (len(widths) - 1))]
    place = next((at for at, width in enumerate(widths) if width >= wide), 0)
    if not place or wide < 2:
        return 0
    number, cells = rows[place]
    names = [cell.strip() for cell in cells if cell.strip()]
    under = widths[place + 1 :]
    gap = number > rows[place - 1][0] + 1
    clear = (
        max(filled[:place]) <= max(1, wide // 2)
        and len(names) >= _SHARE * wide
        and len(set(names)) == len(names)
        and not any(_is_value(name) for name in names)
        and len(under) >= 1
        and sum(width > max(filled[:place]) for width in under) >= _SHARE * len(under)
        # Of two columns, one may be a sentence that was cut at its comma.
        and (wide > 2 or gap)
    )
    return place if clear else 0


def _survey_rows(under: Sequence[Numbered]) -> int:
    """How many rows under a header are further headers: of Qualtrics two, with the questions and
    with ids in JSON; of SurveyMonkey one."""
    for place, (_, cells) in enumerate(under[:2]):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if filled and sum(cell.startswith('{"ImportId"') for cell in filled) > len(filled) / 2:
            return place + 1
    first = [cell.strip().lower() for cell in under[0][1] if cell.strip()] if under else []
    return int("open-ended response" in first and bool(_OPEN_ENDED & set(first)))


def _is_data(cells: Sequence[str], under: Sequence[Numbered]) -> bool:
    """Whether a header holds a number or a date over a column of such."""
    return any(
        _is_value(name)
        and len(under) > 1
        and all(
            place < len(row) and _is_value(row[place].strip()) and row[place].strip() != name
            for _, row in under[:5]
        )
        and not _is_year(name)
        for place, name in enumerate(cell.strip() for cell in cells)
    )


def _is_value(cell: str) -> bool:
    plain = any(letter.isdigit() for letter in cell) and not cell[:1].isalpha()
    return plain and (is_number(cell) or iso_moment(cell) is not None)


def _is_year(cell: str) -> bool:
    return cell.isdigit() and 1900 <= int(cell) <= 2100


def _trimmed(cells: Sequence[str]) -> list[str]:
    """The cells without empty ones at their end, where names or titles stand before them."""
    kept = list(cells)
    while len(kept) > 1 and not kept[-1].strip():
        kept.pop()
    return kept


def looked_at(rows: Iterator[Numbered]) -> list[Numbered]:
    """The first rows, taken off the others."""
    first: list[Numbered] = []
    filled = 0
    for row in rows:
        first.append(row)
        filled += any(cell.strip() for cell in row[1])
        if filled == LOOKED_AT:
            break
    return first
