"""Figure: one number with its interval, its n, and what must be said of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One number as it may be printed."""

    value: float | None
    """None where it cannot be computed; `note` says why."""
    low: float | None
    """Lower end of the 95% interval; None where there is none."""
    high: float | None
    n: int
    """How many cases it is over, or judgments for a score over single judgments."""
    note: str = ""
    """What must be said beside it, as short clauses joined by semicolons; often empty."""


def missing(note: str, n: int = 0) -> Figure:
    """The figure that cannot be computed, and why."""
    return Figure(None, None, None, n, note)
