"""The effective number: how many equally heavy voices carry as much as these."""

from __future__ import annotations

import numpy as np

from discretion.stats.figure import Figure, missing
from discretion.stats.rates import Floats, Ints, Rates, sums_by


def kish(weights: Floats) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2: n for n equal weights; 0 without any."""
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def to_effective(weights: Floats, case: Ints) -> Floats:
    """(J,) weights scaled so that those of each case sum to its effective number."""
    total, squares = sums_by(case, weights), sums_by(case, weights**2)
    factor = np.divide(total, squares, out=np.zeros(len(total)), where=squares > 0)
    scaled: Floats = weights * factor[case]
    return scaled


def effective_raters(rates: Rates) -> Figure:
    """How many raters with equal shares the panel amounts to, by Kish over each rater's share of
    all judgments. None where a rater is not known; its n counts the raters."""
    if rates.ballots is None:
        return missing("not every rater is known")
    known = np.isfinite(rates.h[rates.ballots.case])
    shares = sums_by(rates.ballots.rater[known], rates.ballots.n[known])
    shares = shares[shares > 0]
    if not len(shares):
        return missing("nobody decided")
    return Figure(kish(shares), None, None, len(shares), "no interval is made for a count")
