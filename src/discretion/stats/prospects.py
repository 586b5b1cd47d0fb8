"""Prospects: what so many held-out units can tell, known before anything is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from discretion.stats.contrasts import MARGIN, SURE

SPREAD = 0.03
"""How much a difference in Brier score is taken to differ from unit to unit, as a standard
deviation, where nothing better is known. An assumption, and told as one."""
LARGEST = 0.1
"""A difference in Brier score between two targets that would surprise."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What the contrasts of one family could tell with K units, were their differences normal."""

    units: int
    """K, the held-out groups."""
    family: int
    """How many contrasts the family declares: the first to be told is held to .05 / family."""
    margin: float
    spread: float
    """The standard deviation of a difference from unit to unit that is assumed."""
    ratio: float | None
    """How many times its standard deviation between units a mean difference must be for "helped"
    or "hurt"; None where there is no interval."""
    smallest: float | None
    """The smallest difference that could be told, at the spread assumed: ratio x spread. One that
    is truly so large is told about half of the time."""
    widest: float | None
    """The largest spread at which "no relevant difference" can be reached, by arms that do not
    differ at all."""

    @property
    def possible(self) -> bool:
        """Whether, at the spread assumed, any verdict but "cannot be told" is to be had for a
        difference that would not surprise."""
        if self.smallest is None or self.widest is None:
            return False
        return self.smallest <= LARGEST or self.spread < self.widest


def prospect(
    units: int,
    *,
    family: int = 1,
    margin: float = MARGIN,
    spread: float = SPREAD,
    raters: int | None = None,
) -> Prospect:
    """What K units can tell, by the t that the contrasts use: min(K, R) - 1 degrees of freedom.

    The raters' own part of the variance is left out, so that the truth is no better than this.

    Args:
        units: the held-out groups.
        family: contrasts declared in the family.
        margin: the smallest difference in Brier score that matters.
        spread: standard deviation of the difference between units.
        raters: how many judged; None where it is not known.
    """
    from scipy.special import stdtrit

    df = (units if raters is None else min(units, raters)) - 1
    if df < 1:
        return Prospect(units, family, margin, spread, None, None, None)
    ratio = float(stdtrit(df, 1 - SURE / (2 * max(family, 1)))) / math.sqrt(units)
    widest = margin * math.sqrt(units) / float(stdtrit(df, 0.95))
    return Prospect(units, family, margin, spread, ratio, ratio * spread, widest)
