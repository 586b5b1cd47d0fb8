"""Contrasts: which of two arms is nearer to the panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from discretion.measures.figure import Figure
from discretion.measures.intervals import Estimate, mean_of
from discretion.measures.rates import Floats, Ints, Rates
from discretion.measures.weights import Weigh


@dataclass(frozen=True, slots=True)
class Contrast:
    """One arm's mean squared error less another's, on the cases both answered."""

    difference: Figure
    """Below zero where the first arm is nearer."""
    p_value: float | None
    """Two-sided, of no difference; None where there is no interval."""


def contrast(
    p: Floats,
    variance: Floats,
    other_p: Floats,
    other_variance: Floats,
    rates: Rates,
    *,
    weigh: Weigh = "scenarios",
) -> Contrast:
    """The paired contrast in squared error.

    Both arms meet the same judgments, so the judgments' noise cancels and one a case is enough:
    (p-h)^2 - (other_p-h)^2, less the difference of the arms' sampling variances.
    """

    def term(h: Floats, n: Floats, at: Ints) -> Floats:
        noise = variance[at] - other_variance[at]
        return (p[at] - h) ** 2 - (other_p[at] - h) ** 2 - noise

    estimate = mean_of(term, rates, weigh=weigh)
    return Contrast(estimate.figure(), _p_value(estimate))


def _p_value(estimate: Estimate) -> float | None:
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
