"""The spread of raters: how far their own grant rates lie apart, chance taken out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from discretion.measures.gaps import ENOUGH
from discretion.measures.rates import Rates, sums_by
from discretion.measures.references import fit_beta

FEWEST = 5
"""Raters below which no distribution of them is fitted."""


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
