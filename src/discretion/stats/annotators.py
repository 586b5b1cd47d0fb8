"""An arm as one of the people: where it stands among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discretion.stats.figure import Figure, missing
from discretion.stats.rates import Floats, Rates

FEWEST_CASES = 10
"""A rater with fewer comparable cases says too little about where an arm stands."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an arm stands among the raters, each compared on the cases that rater judged."""

    stricter_than: float | None
    """Share of raters who granted more than the arm would, ties counting half; in [0, 1]."""
    raters: int
    """How many raters had enough cases."""


def standing(p: Floats, rates: Rates) -> Standing:
    """How strict an arm is beside each single rater.

    Each rater's grants are compared with the sum of the arm's grant probabilities on the same
    cases. A rater's own noise blurs the ranks: with few cases each, shares are drawn towards one
    half.
    """
    ballots = rates.ballots
    if ballots is None:
        return Standing(None, 0)
    known = np.isfinite(p[ballots.case])
    case, rater = ballots.case[known], ballots.rater[known]
    n, granted = ballots.n[known], ballots.grants[known]
    raters, place = np.unique(rater, return_inverse=True)
    cases = np.bincount(place, minlength=len(raters))
    surplus = np.bincount(place, granted - p[case] * n, minlength=len(raters))
    surplus = surplus[cases >= FEWEST_CASES]
    if not len(surplus):
        return Standing(None, 0)
    even = np.abs(surplus) < 1e-9
    share = float(np.mean(np.where(even, 0.5, surplus > 0)))
    return Standing(share, len(surplus))


def standing_figure(found: Standing) -> Figure:
    """The standing as a figure; its n counts raters."""
    if found.stricter_than is None:
        return missing(f"no rater judged {FEWEST_CASES} of these cases", found.raters)
    return Figure(found.stricter_than, None, None, found.raters)
