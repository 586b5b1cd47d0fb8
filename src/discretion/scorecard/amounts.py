"""Computed amounts in a policy's unit, rounded and worded as people would say them."""

from __future__ import annotations

import math
from decimal import Decimal

from discretion.core.cases import Case
from discretion.core.units import Unit
from discretion.stats.thresholds import value_at


def value_of(case: Case, deviation: float) -> float:
    """The value that lies beyond the case's limit by a deviation."""
    limit, scale = float(case.limit or 0), float(case.scale or 1)
    return value_at(deviation, limit, scale, at_most=case.direction == "at most")


def show(case: Case, value: float) -> str:
    """A value, to as many digits as its distance to the limit deserves."""
    digits = _digits(case, abs(value - float(case.limit or 0)))
    return Unit.named(case.unit).show(_rounded(value, digits))


def show_at(case: Case, deviation: float) -> str:
    """The value at a deviation, as `show` words it."""
    return show(case, value_of(case, deviation))


def show_range(case: Case, first: str, last: str) -> str:
    """From one amount in words to another, the noun said once."""
    noun = f" {Unit.named(case.unit).name}"
    return f"{first.removesuffix(noun) if last.endswith(noun) else first} to {last}"


def show_shift(case: Case, shift: float, step: float) -> str:
    """A difference of two values with its sign, no finer than the grid can tell.

    ``step`` is the smallest violation tried, in the case's unit.
    """
    amount = _rounded(shift, min(_digits(case, abs(shift)), _digits(case, step)))
    sign = "+" if amount > 0 else ""
    return f"{sign}{Unit.named(case.unit).show_distance(amount)}".replace("-", "−")


def show_money(currency: str, amount: float) -> str:
    """A computed sum of money; cents only where it is small."""
    return Unit.named(currency).show(_rounded(amount, 0 if abs(amount) >= 20 else 2))


def _digits(case: Case, size: float) -> int:
    """Decimals: whole minutes and days of the calendar, cents, elsewhere two digits of the size."""
    kind = Unit.named(case.unit).kind
    if kind in ("clock", "date"):
        return 0
    if kind == "money":
        return 2
    return min(max(0, 1 - math.floor(math.log10(size))), 4) if size > 0 else 0


def _rounded(value: float, digits: int) -> Decimal:
    amount = Decimal(f"{value:.{digits}f}")
    return abs(amount) if amount == 0 else amount
