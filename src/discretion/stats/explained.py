"""The explained share: how much of what people decide a fit finds, beyond always saying their
mean."""

from __future__ import annotations

import math
from dataclasses import replace

from discretion.stats.figure import Figure, missing
from discretion.stats.gaps import excess_brier, squared_terms
from discretion.stats.intervals import mean_of
from discretion.stats.rates import Floats, Ints, Rates
from discretion.stats.seeds import over_seeds
from discretion.stats.weights import Weigh

ALIKE = "people's rates hardly differ from the mean that was taught"


def explained_share(p: Floats, mean: Floats, rates: Rates, *, weigh: Weigh = "scenarios") -> Figure:
    """1 - excess Brier score of p / excess Brier score of the mean: 1 is deciding as people do on
    average, 0 is no better than the mean, below 0 is worse.

    The ratio is over sums, and its interval is that of its linear approximation (the delta
    method), so that judgment noise, raters and scenarios count as they do for a mean.

    Args:
        p: (S, C) by training and case, NaN where a case was not held out.
        mean: (S, C) the mean that the training of a case's fold was taught.
        rates: the people's.

    Returns:
        The share; without a value where the mean is not shown to be wrong.
    """
    zero = p * 0
    own, of_mean = (excess_brier(one + zero, zero, rates, weigh=weigh) for one in (p, mean))
    if own.value is None or of_mean.value is None:
        return missing(own.note or of_mean.note)
    if (of_mean.low if of_mean.low is not None else of_mean.value) <= 0:
        return missing(ALIKE, own.n)
    share, whole = 1 - own.value / of_mean.value, of_mean.value

    def term(h: Floats, n: Floats, at: Ints) -> Floats:
        one, other = (
            over_seeds(squared_terms(each[..., at] + zero[..., at], zero[..., at], h, n))
            for each in (p, mean)
        )
        return share + (other - one - share * other) / whole

    found = mean_of(term, rates, weigh=weigh).figure().within(-math.inf, 1.0)
    return replace(found, value=share)
