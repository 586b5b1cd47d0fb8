"""The spread of raters: how far their own grant rates lie apart, chance taken out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from discretion.stats.gaps import ENOUGH
from discretion.stats.rates import Floats, Ints, Rates, sums_by

FEWEST = 5
"""Raters below which no distribution of them is fitted."""


@dataclass(frozen=True, slots=True)
class Beta:
    """A distribution of true grant rates."""

    a: float
    b: float


@dataclass(frozen=True, slots=True)
class Spread:
    """True grant rates over raters. Those who were given other cases differ by that too."""

    raters: int
    """How many decided 10 times or more; the others are left out."""
    strict: float
    """The strictest tenth of them grant less than this share."""
    lax: float
    """The most lenient tenth grant more than this share."""
    chance: float
    """How likely raters who all grant alike would look as far apart as these."""


def rater_spread(rates: Rates) -> Spread | None:
    """A Beta over raters' rates, by greatest beta-binomial likelihood, against one rate for all.

    The likelihood ratio has its null value at the edge, so that half of a chi-squared with one
    degree of freedom is its distribution (Self and Liang 1987). None where raters are not known,
    or fewer than 5 decided 10 times.
    """
    from scipy.special import betaincinv, betaln, erfc, xlogy

    if rates.ballots is None:
        return None
    n = sums_by(rates.ballots.rater, rates.ballots.n)
    grants = sums_by(rates.ballots.rater, rates.ballots.grants)
    used = n >= ENOUGH
    n, grants = n[used], grants[used]
    if len(n) < FEWEST:
        return None
    beta = fit_beta(grants, n)
    share = float(grants.sum() / n.sum())
    apart = (betaln(beta.a + grants, beta.b + n - grants) - betaln(beta.a, beta.b)).sum()
    alike = xlogy(grants.sum(), share) + xlogy((n - grants).sum(), 1 - share)
    ratio = max(0.0, 2 * float(apart - alike))
    strict, lax = (float(betaincinv(beta.a, beta.b, tenth)) for tenth in (0.1, 0.9))
    return Spread(len(n), strict, lax, 0.5 * float(erfc(math.sqrt(ratio / 2))))


def fit_beta(grants: Floats, n: Floats) -> Beta:
    """The Beta of greatest beta-binomial likelihood for (C,) grants of n.

    Its size a + b is kept within [0.01, 1e6] and its mean within [1e-6, 1 - 1e-6]: where people
    never differ, or always grant, the likelihood has its maximum at infinity.
    """
    from scipy.optimize import minimize
    from scipy.special import betaln, expit

    granted, size, place = _kinds(grants, n)
    counts, refused = np.bincount(place), size - granted

    def shape(at: Floats) -> tuple[float, float]:
        mean, both = float(expit(at[0])), math.exp(at[1])
        return both * mean, both * (1 - mean)

    def loss(at: Floats) -> float:
        a, b = shape(at)
        return -float(counts @ (betaln(a + granted, b + refused) - betaln(a, b)))

    share = (counts @ granted + 0.5) / (counts @ size + 1)
    edge = math.log((1 - 1e-6) / 1e-6)
    start = min(max(math.log(share / (1 - share)), -edge), edge)
    bounds = [(-edge, edge), (math.log(0.01), math.log(1e6))]
    fits = [
        minimize(loss, np.array([start, math.log(both)]), method="L-BFGS-B", bounds=bounds)
        for both in (0.5, 5.0, 500.0)
    ]
    return Beta(*shape(min(fits, key=lambda fit: float(fit.fun)).x))


def _kinds(grants: Floats, n: Floats) -> tuple[Floats, Floats, Ints]:
    """The different pairs of grants and n, and (C,) which of them each case is."""
    wide = float(n.max()) + 1
    pairs, place = np.unique(n * wide + grants, return_inverse=True)
    return pairs % wide, pairs // wide, place
