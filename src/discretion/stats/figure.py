"""Figure: one number with its interval, its n, and what must be said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

TOO_FEW = "too few cases for an interval"


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

    def within(self, least: float, most: float) -> Figure:
        """The same of a quantity that cannot lie outside these bounds.

        An interval that reaches beyond one of them ends there. One that holds all that is possible
        says nothing, and is left out.
        """
        if self.low is None or self.high is None:
            return self
        low, high = max(self.low, least), min(self.high, most)
        if low <= least and high >= most:
            note = "; ".join(filter(None, [self.note, TOO_FEW]))
            return replace(self, low=None, high=None, note=note)
        return replace(self, low=low, high=high)


def missing(note: str, n: int = 0) -> Figure:
    """The figure that cannot be computed, and why."""
    return Figure(None, None, None, n, note)
