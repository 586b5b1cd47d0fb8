"""Contrasts: which of two arms is nearer to the panel, and what may be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from discretion.stats.figure import Figure
from discretion.stats.intervals import Mean, mean_of
from discretion.stats.rates import Floats, Ints, Rates
from discretion.stats.seeds import over_seeds
from discretion.stats.trainings import luck_of, sign_flips, with_luck
from discretion.stats.weights import Weigh

Verdict = Literal["helped", "hurt", "no relevant difference", "cannot be told"]

MARGIN = 0.01
"""A difference in Brier score that counts as none, unless the plan says otherwise."""
SURE = 0.05
"""An adjusted p below this is taken as a difference."""


@dataclass(frozen=True, slots=True)
class ContrastResult:
    """One arm's mean squared error less another's, on the cases both answered."""

    difference: Figure
    """Below zero where the first arm is nearer; with its 95% interval."""
    p_value: float | None
    """Two-sided, of no difference; None where there is no interval."""
    low_90: float | None = None
    """Lower end of the 90% interval, by which a difference is shown not to matter."""
    high_90: float | None = None
    draws: int | None = None
    """How many draws of a training, or pairs of them, were compared; None where their luck is not
    in the interval, since none was trained or all are as they are."""
    randomized: float | None = None
    """p of the randomization test over draws; None with fewer than six, or without pairs."""


def contrast(
    p: Floats,
    variance: Floats,
    other_p: Floats,
    other_variance: Floats,
    rates: Rates,
    *,
    weigh: Weigh = "scenarios",
    beyond: bool = False,
    trained: bool = False,
) -> ContrastResult:
    """The paired contrast in squared error.

    Both arms meet the same judgments, so the judgments' noise cancels and one a case is enough:
    (p-h)^2 - (other_p-h)^2, less the difference of the arms' sampling variances. The difference is
    that of the Brier scores, each case counting the same.

    Args:
        p: (C,), or (S, C) for S seeds, whose squared errors are averaged on each case.
        variance: sampling variance of p, of the same shape.
        other_p: as p, with a number of seeds of its own.
        other_variance: as variance.
        rates: the panel's; `scenario` holds the units of the interval, say held-out domains.
        weigh: whether scenarios or cases count the same.
        beyond: with few scenarios, too, the interval is one over other scenarios than these.
        trained: the seeds of an arm are draws of its training, whose luck is in the interval; see
            `with_luck`. Two arms of several seeds are paired seed by seed; one without seeds, or
            with one, meets each of the other's.
    """

    def term(h: Floats, n: Floats, at: Ints) -> Floats:
        one = over_seeds((p[..., at] - h) ** 2 - variance[..., at])
        other = over_seeds((other_p[..., at] - h) ** 2 - other_variance[..., at])
        apart: Floats = one - other
        return apart

    # By t alone, as its p: which of two arms is called the first must not matter to either.
    estimate = replace(mean_of(term, rates, weigh=weigh, beyond=beyond), skew=0.0)
    draws, randomized = None, None
    if trained:
        square, other_square = (
            np.atleast_2d((each - rates.h) ** 2 - noise)
            for each, noise in ((p, variance), (other_p, other_variance))
        )
        paired = len(square) == len(other_square)
        luck = luck_of(square - other_square, rates.scenario, weigh)
        estimate = with_luck(estimate, luck)
        draws, randomized = luck.draws, sign_flips(luck.means) if paired else None
    difference = estimate.figure(-1.0, 1.0)
    p_value = _p_value(estimate)
    return ContrastResult(difference, p_value, *estimate.interval(0.90), draws, randomized)


def verdict(found: ContrastResult, adjusted: float | None, margin: float = MARGIN) -> Verdict:
    """What a contrast says of its first arm, against the second.

    No relevant difference where the 90% interval lies inside the margin (two one-sided tests at
    5%); else helped or hurt where the adjusted p is below .05; else it cannot be told. Where both
    hold the margin decides: the difference is real, and smaller than what was declared to matter
    before it was seen. Where trainings were paired in six draws or more, luck in training alone
    must not explain the difference either: the randomization test has to be below .05.

    Args:
        found: the contrast; below zero the first arm is nearer.
        adjusted: its p, adjusted within its family.
        margin: the smallest difference in Brier score that matters, declared before.
    """
    low, high = found.low_90, found.high_90
    if low is not None and high is not None and -margin < low and high < margin:
        return "no relevant difference"
    by_luck = found.randomized is not None and found.randomized >= SURE
    if adjusted is None or adjusted >= SURE or by_luck or not found.difference.value:
        return "cannot be told"
    return "helped" if found.difference.value < 0 else "hurt"


def _p_value(estimate: Mean) -> float | None:
    from scipy.special import stdtr

    if estimate.value is None or estimate.error is None:
        return None
    return float(2 * stdtr(estimate.df, -abs(estimate.value) / estimate.error))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment over a declared family, in the order given.

    What was declared counts in the family even where it could not be computed, and stays None.
    """
    adjusted: list[float | None] = [None] * len(p_values)
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    floor = 0.0
    for rank, (p, index) in enumerate(known):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p))
        adjusted[index] = floor
    return adjusted
