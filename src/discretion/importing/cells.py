"""Cells: what a written rate, count, amount or date means, or why it means nothing."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from discretion.canonical import plain_decimal
from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.importing.dates import EPOCHS, formats_of, iso_moment, moment_in

Cell = str | Decimal | datetime
"""A cell as it is written, or what was computed from several."""

ASIDE = "set it aside with --skip-bad FILE"
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_COUNT = re.compile(r"([0-9]{1,9}|[0-9]{1,3}(,[0-9]{3}){1,2})(\.0*)?")
_MOST_DIGITS = 30
"""Amounts beyond 10^30 or finer than 10^-30 are slips, and would be costly to write out."""


class RowError(Exception):
    """A row that cannot be read, before it is known whether it stops the import."""

    def __init__(self, what: str, value: str = "", *, column: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.value = value
        self.column = column
        """Filled in by whoever knows it."""
        self.fix = fix or f"correct it or {ASIDE}"


def number(text: str) -> Decimal | None:
    """A plain number, perhaps with commas between thousands; None where it is none."""
    if re.fullmatch(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", text):
        text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        return None
    amount = Decimal(text)
    return amount if _bounded(amount) else None


def rate(cell: Cell) -> float:
    """A share in [0, 1], written as 0.445 or 44.5%."""
    text = as_text(cell)
    amount = number(text.removesuffix("%").rstrip())
    if amount is not None and text.endswith("%"):
        amount /= 100
    if amount is None or not 0 <= amount <= 1:
        limits = "0 and 100%" if text.endswith("%") else "0 and 1"
        raise RowError(f"{quoted(text)} is no rate between {limits}", text)
    return float(amount)


def count(cell: Cell) -> int:
    """How many: a whole number from 0."""
    text = as_text(cell)
    if not _COUNT.fullmatch(text):
        raise RowError(f"{quoted(text)} is no count (a whole number from 0)", text)
    return int(Decimal(text.replace(",", "")))


def amount(cell: Cell, unit: Unit, date_format: str | None) -> Decimal | None:
    """An amount in the unit's own measure; None where the cell is empty."""
    if cell == "":
        return None
    if isinstance(cell, Decimal):
        return cell
    if unit.kind == "date":
        return Decimal(moment(cell, date_format).toordinal())
    if isinstance(cell, datetime):
        raise RowError(
            f"{quoted(as_text(cell))} is a date, not an amount",
            as_text(cell),
            fix="subtract another date from it in --map, or give --unit date",
        )
    written = re.sub(r"^([0-9]{1,2}:[0-9]{2}):00$", r"\1", cell) if unit.kind == "clock" else cell
    try:
        read = unit.read(written)
    except DiscretionError as error:
        what = error.what.replace(repr(written), quoted(written))
        raise RowError(what, cell, fix=f"{error.fix}, or {ASIDE}") from error
    if not _bounded(read):
        raise RowError(f"{quoted(cell)} is too large or too fine a number", cell)
    return read


def moment(cell: Cell, date_format: str | None) -> datetime:
    """A date, perhaps with a time: ISO 8601, or as one of the formats says."""
    if isinstance(cell, datetime):
        return cell
    text = as_text(cell)
    read = _moment(text, date_format)
    if read is None:
        raise RowError(
            f"{quoted(text)} is no date",
            text,
            fix="write it like 2026-03-31, say how it is written "
            f'(--date-format "{_likely(text, date_format)}"), or {ASIDE}',
        )
    return read


def quantity(text: str, unit: Unit, date_format: str | None) -> Decimal | datetime:
    """What arithmetic works on: a number, an amount of the unit, or a date."""
    if date_format and (read := _moment(text, date_format)):
        return read
    plain = number(text)
    if plain is not None:
        return plain
    if read := _moment(text, None):
        return read
    try:
        written = None if unit.kind in ("clock", "date") else unit.read(text)
    except DiscretionError:
        written = None
    if written is None or not _bounded(written):
        raise RowError(
            f"{quoted(text)} is neither a number nor a date",
            text,
            fix="correct it, say how dates are written "
            f'(--date-format "{_likely(text, date_format)}"), or {ASIDE}',
        )
    return written


def as_text(cell: Cell) -> str:
    """A cell as text; computed dates without a time as the day alone."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Decimal):
        return plain_decimal(cell)
    return iso(cell)


def iso(when: datetime) -> str:
    """ISO 8601; midnight without a time zone is the day alone."""
    if when.tzinfo is None and when == datetime(when.year, when.month, when.day):  # noqa: DTZ001
        return when.date().isoformat()
    return when.isoformat()


def check_date_format(date_format: str) -> None:
    """Raise where a format is not understood, or says no year: such dates mean nothing."""
    for one in _formats(date_format) or [date_format]:
        _check_format(one)


def _check_format(date_format: str) -> None:
    if date_format in EPOCHS:
        return
    day = datetime(2026, 3, 31)  # noqa: DTZ001
    known = re.search(r"%[YyGcx]", date_format.replace("%%", "")) is not None
    try:
        known = known and datetime.strptime(day.strftime(date_format), date_format) == day  # noqa: DTZ007
    except (ValueError, re.error):
        known = False
    if not known:
        raise DiscretionError(
            f"{date_format!r} is no format of a date",
            where="--date-format",
            fix="write it like %d.%m.%Y or %m/%d/%Y; epoch and epoch-ms are seconds and "
            "milliseconds since 1970",
        )


def _moment(text: str, date_format: str | None) -> datetime | None:
    found = {}
    for one in _formats(date_format):
        read = moment_in(text, one)
        if read is not None:
            found[read] = one
    if len(found) > 1:
        raise RowError(
            f"{quoted(text)} is another date by {' than by '.join(found.values())}",
            text,
            fix=f"leave only one of the two in --date-format, or {ASIDE}",
        )
    # Spreadsheets hand over their own dates in ISO, whatever the format.
    return next(iter(found)) if found else iso_moment(text)


def _formats(date_format: str | None) -> list[str]:
    return [one.strip() for one in (date_format or "").split("|") if one.strip()]


def _likely(text: str, known: str | None) -> str:
    """The format that a date seems to be written in, beside those that are known."""
    likely = formats_of([text])[:1] or ("%d.%m.%Y",)
    return "|".join(dict.fromkeys([*_formats(known), *likely]))


def _bounded(amount: Decimal) -> bool:
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and (
        exponent >= -_MOST_DIGITS and amount.adjusted() <= _MOST_DIGITS
    )


def quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
