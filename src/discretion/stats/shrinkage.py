"""Shrinkage: many estimates of one kind, each drawn towards their mean as far as chance explains
how they differ.

The largest of many noisy values is large by chance too. Empirical Bayes takes that out: it is what
partial pooling comes to where values are normal (Efron and Morris 1975; Gelman and Hill 2007).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from discretion.stats.rates import Floats

FEWEST = 4
"""Fewer values say too little of how far they truly differ."""
NORMAL = 1.959963984540054
"""The normal quantile of a 95% interval."""
_STEPS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Shrunk:
    """The values as drawn towards their mean, (K,) each."""

    value: Floats
    low: Floats
    high: Floats
    """Ends of the 95% interval, which knows that mean and spread are estimated too."""
    mean: float
    spread: float
    """Standard deviation of the true values; 0 where chance explains all differences."""


def shrunk(value: Floats, variance: Floats, quantile: Floats | float = NORMAL) -> Shrunk | None:
    """Each value's empirical Bayes estimate, by Morris (1983, JASA 78, section 5).

    1. The spread's square A solves sum of (Y - m)^2 / (V + A) = K - 1, m being the mean weighted by
       1 / (V + A): Paule and Mandel (1982). It is 0 where there is no such A.
    2. Each value moves by B = (K - 3) / (K - 1) x V / (V + A) of its way to m.
    3. Its variance is V (1 - (1 - w) B) + 2 / (K - 3) x B^2 (U + A) / (V + A) (Y - m)^2, w being
       its share of the weights, U the weighted mean of V: what estimating m and A adds is in it.

    Args:
        value: (K,) Y, the estimates.
        variance: (K,) V, their sampling variances; above 0.
        quantile: of the interval, (K,) where the variances have few degrees of freedom.

    Returns:
        None with fewer than four values.
    """
    count = len(value)
    if count < FEWEST:
        return None
    square = spread_of(value, variance)
    weight = 1 / (variance + square)
    share = weight / weight.sum()
    mean = float(share @ value)
    pull = (count - 3) / (count - 1) * variance / (variance + square)
    away = value - mean
    typical = float(share @ variance)
    unsure = 2 / (count - 3) * pull**2 * (typical + square) / (variance + square) * away**2
    error = np.sqrt(variance * (1 - (1 - share) * pull) + unsure)
    moved = mean + (1 - pull) * away
    half = quantile * error
    return Shrunk(moved, moved - half, moved + half, mean, math.sqrt(square))


def spread_of(value: Floats, variance: Floats) -> float:
    """The variance of the true values, by Paule and Mandel's estimate, found by halving."""

    def beyond(square: float) -> float:
        weight = 1 / (variance + square)
        mean = weight @ value / weight.sum()
        return float(weight @ (value - mean) ** 2) - (len(value) - 1)

    low, high = 0.0, float(np.ptp(value)) ** 2 + 1e-300
    if beyond(0.0) <= 0:
        return 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) > 0 else (low, middle)
        if high - low <= 1e-12 * high:
            break
    return high
