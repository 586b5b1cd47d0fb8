"""Trainings: what luck in training adds to how far a comparison varies.

Two trainings that differ in nothing but their seed and their draw of examples decide differently,
and all cases that are asked of one of them share its luck. So trainings are a random factor,
crossed with the units: the held-out groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from discretion.stats.intervals import Mean
from discretion.stats.rates import Floats, Ints, sums_by
from discretion.stats.weights import Weigh, case_weights

FEWEST = 3
"""Fewer draws show too little of how trainings differ for any verdict."""
FEWEST_RANDOMIZED = 6
"""With fewer draws no pattern of signs is as rare as one in twenty."""
MOST_PATTERNS = 12
"""With more draws than this patterns of signs are drawn, not counted out."""
_DRAWN = 4_999


@dataclass(frozen=True, slots=True, eq=False)
class Luck:
    """How a paired difference varies from training to training."""

    means: Floats
    """(S,) the mean difference of each draw."""
    variance: float
    """That of the mean over draws, as it varies between draws."""
    shared: float
    """What of it the variance between units holds too: each unit's own difference from draw to
    draw, which averages out over units."""
    units: int

    @property
    def draws(self) -> int:
        return len(self.means)


def luck_of(each: Floats, unit: Ints, weigh: Weigh) -> Luck:
    """The variance by draws of the mean of a difference, over units and draws.

    The table of units by draws has one value in a cell, so its rows, columns and residuals give
    three mean squares; `variance` is that of the draws, over K S, and `shared` that of the
    residuals (Searle, Casella and McCulloch 1992, ch. 4). Units that weigh differently, as under
    ``weigh="cases"``, enter by their weights.

    Args:
        each: (S, C) the difference of each case in each draw. Cases that some draw lacks are left
            out.
        unit: (C,) codes.
    """
    whole = np.isfinite(each).all(axis=0)
    weight = case_weights(whole.astype(float), unit, weigh)
    draws = len(each)
    if not whole.any():
        return Luck(np.full(draws, np.nan), math.nan, math.nan, 0)
    weight = weight / weight.sum()
    sums = np.array([sums_by(unit, weight * np.where(whole, one, 0.0)) for one in each])
    share = sums_by(unit, weight)
    units = int((share > 0).sum())
    means = sums.sum(axis=1)
    if draws < 2 or units < 2:
        return Luck(means, math.nan, math.nan, units)
    left = sums - sums.mean(axis=0) - np.outer(means - means.mean(), share)
    variance = float(means.var(ddof=1)) / draws
    # What estimating the means takes from the residuals: K / (K - 1) where units weigh the same.
    square = share**2
    scale = square.sum() / float(square @ (1 - 2 * share + square.sum()))
    shared = scale * float((left**2).sum()) / (draws * (draws - 1))
    return Luck(means, variance, shared, units)


def with_luck(estimate: Mean, luck: Luck) -> Mean:
    """The same mean with the variance of units, people and draws.

    The variance is V + T - E: the estimate's own, plus that between draws, less what both hold; at
    least as large as V, and as T. Its degrees of freedom are Satterthwaite's (1946): V on the
    estimate's own, T on S - 1, E on (K - 1)(S - 1), all three also where V or T stands alone, since
    a few draws that happen to agree do not show that there is no luck; and no more than the
    estimate's own. With fewer than three draws there is no interval.
    """
    own, value = estimate.error, estimate.value
    if value is None or own is None:
        return estimate
    if luck.draws < FEWEST or not math.isfinite(luck.variance):
        return Mean(value, None, 0, estimate.n, f"needs {FEWEST} trainings or more")
    first, last = luck.draws - 1, (luck.units - 1) * (luck.draws - 1)
    total = max(own**2 + luck.variance - luck.shared, own**2, luck.variance)
    parts = own**4 / estimate.df + luck.variance**2 / first + luck.shared**2 / last
    df = min(total**2 / parts, estimate.df)
    return Mean(value, math.sqrt(total), df, estimate.n, estimate.note)


def sign_flips(means: Floats) -> float | None:
    """Two-sided p of the randomization test that a pair of trainings could be told either way.

    Where two targets teach equally well, which of a draw's pair is called the first does not
    matter, so every pattern of signs is as likely as the one observed (Fisher 1935; Winkler and
    others 2014). Up to twelve draws all patterns are counted; of more, 4,999 are drawn. It assumes
    nothing about how trainings vary, and says nothing of other held-out groups.

    Args:
        means: (S,) the mean difference of each draw; None is returned with fewer than six.
    """
    count = len(means)
    if count < FEWEST_RANDOMIZED or not np.isfinite(means).all():
        return None
    found = abs(float(means.sum()))
    exact = count <= MOST_PATTERNS
    if exact:
        signs = np.array(list(product((1.0, -1.0), repeat=count)))
    else:
        signs = np.random.default_rng(count).choice((1.0, -1.0), (_DRAWN, count))
    sums = np.abs(signs @ means)
    as_far = int((sums >= found * (1 - 1e-9)).sum())
    return as_far / len(signs) if exact else (1 + as_far) / (1 + _DRAWN)
