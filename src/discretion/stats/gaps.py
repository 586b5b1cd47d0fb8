"""Gaps: how far an arm's grant probabilities are from a panel's rates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from discretion.stats.figure import Figure, missing
from discretion.stats.intervals import Mean, Term, mean_of
from discretion.stats.rates import Bools, Floats, Ints, Rates
from discretion.stats.seeds import over_seeds
from discretion.stats.weights import Weigh

ENOUGH = 10
"""Judgments a case from which on a gap to the panel itself, noise included, is printed."""


def squared_terms(p: Floats, variance: Floats, h: Floats, n: Floats) -> Floats:
    """(p-h)^2 - h(1-h)/(n-1) - s2/m for each case, NaN where n < 2 or not known.

    Unbiased for the squared distance to the rate that all such people would have.
    """
    terms: Floats = (p - h) ** 2 - noise_of(h, n) - variance
    return terms


def noise_of(h: Floats, n: Floats) -> Floats:
    """h(1-h)/(n-1): unbiased for the mean square of a panel's rate about the truth. NaN below two
    judgments."""
    square: Floats = np.divide(h * (1 - h), n - 1, out=np.full(h.shape, np.nan), where=n >= 2)
    return square


def corrected_gap(
    p: Floats,
    variance: Floats,
    rates: Rates,
    *,
    weigh: Weigh = "scenarios",
    level: float = 0.95,
) -> Figure:
    """The noise-corrected gap: the signed square root of the excess Brier score, and of the ends of
    its interval."""
    return rooted(excess_brier(p, variance, rates, weigh=weigh, level=level))


def excess_brier(
    p: Floats,
    variance: Floats,
    rates: Rates,
    *,
    weigh: Weigh = "scenarios",
    level: float = 0.95,
) -> Figure:
    """The excess Brier score: the mean of `squared_terms`, by how much an arm's Brier score exceeds
    that of one who knows the people's true rates.

    Below zero where the arm is nearer to these judgments than chance lets the truth be; it is not
    clipped. Several seeds, (S, C), are averaged in the square. None where no case has two
    judgments.
    """

    def term(h: Floats, n: Floats, at: Ints) -> Floats:
        return over_seeds(squared_terms(p[..., at], variance[..., at], h, n))

    return mean_of(term, rates, weigh=weigh).figure(-1.0, 1.0, level=level)


def rooted(figure: Figure) -> Figure:
    """The figure with its value and its ends rooted, signs kept."""
    return replace(
        figure,
        value=signed_root(figure.value),
        low=signed_root(figure.low),
        high=signed_root(figure.high),
    )


def signed_root(square: float | None) -> float | None:
    """The square root of the size, with the sign; None stays None."""
    return None if square is None else math.copysign(math.sqrt(abs(square)), square)


def signed_gap(p: Floats, rates: Rates, *, weigh: Weigh = "scenarios") -> Figure:
    """The mean of p-h: too lax above zero, too strict below. Unbiased, whatever n is.

    Several seeds, (S, C), are averaged.
    """
    return signed_estimate(p, rates, weigh=weigh).figure(-1.0, 1.0)


def signed_estimate(p: Floats, rates: Rates, *, weigh: Weigh = "scenarios") -> Mean:
    """The same with its standard error and degrees of freedom."""
    return mean_of(_difference(over_seeds(p)), rates, weigh=weigh)


def panel_rate(rates: Rates, *, weigh: Weigh = "scenarios") -> Figure:
    """The panel's mean grant rate."""
    return mean_of(lambda h, n, at: h, rates, weigh=weigh).figure(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class PanelGap:
    """The gap to a panel of n, which its own noise enlarges: it never ranks arms."""

    gap: Figure
    """Mean abs(p-h) over cases with at least 10 judgments or an unknown number."""
    over_grant: Figure
    """Its part where the arm is too lax: mean of max(p-h, 0)."""
    under_grant: Figure
    """Its part where the arm is too strict: mean of max(h-p, 0)."""


def panel_gap(p: Floats, rates: Rates, *, weigh: Weigh = "scenarios") -> PanelGap:
    """The gap to a panel of n and its two halves, which add up to it."""
    difference = _difference(p)
    among = enough(rates)
    unknown = int((np.isnan(rates.n) & np.isfinite(rates.h) & np.isfinite(p)).sum())

    def over(term: Term) -> Figure:
        figure = mean_of(term, rates, weigh=weigh, among=among).figure(0.0, 1.0)
        if figure.value is None:
            return missing(f"no case has {ENOUGH} judgments")
        if not unknown:
            return figure
        clauses = [f"n unknown for {unknown} of {figure.n} cases", figure.note]
        return replace(figure, note="; ".join(filter(None, clauses)))

    return PanelGap(
        gap=over(lambda h, n, at: np.abs(difference(h, n, at))),
        over_grant=over(lambda h, n, at: np.maximum(difference(h, n, at), 0)),
        under_grant=over(lambda h, n, at: np.maximum(-difference(h, n, at), 0)),
    )


def enough(rates: Rates) -> Bools:
    """(C,) the cases with at least 10 judgments or an unknown number."""
    return np.isnan(rates.n) | (rates.n >= ENOUGH)


def _difference(p: Floats) -> Term:
    def term(h: Floats, n: Floats, at: Ints) -> Floats:
        return p[at] - h

    return term
