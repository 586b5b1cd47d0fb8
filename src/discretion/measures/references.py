"""References for the gap to a panel of n: the perfect model and the second panel."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from discretion.measures.figure import Figure, missing
from discretion.measures.gaps import ENOUGH
from discretion.measures.intervals import Term, mean_of
from discretion.measures.rates import Bools, Floats, Ints, Rates
from discretion.measures.weights import Weigh


@dataclass(frozen=True, slots=True)
class Beta:
    """The distribution of true grant rates over a panel's cases."""

    a: float
    b: float


@dataclass(frozen=True, slots=True)
class References:
    """What a gap to a panel of n is read against."""

    perfect_model: Figure
    """Mean abs(q-h) of a model that knows each case's true rate q."""
    second_panel: Figure
    """Mean abs(h'-h) of an independent panel of the same people, as large on each case."""
    beta: Beta | None
    """What was fitted; None where it could not be."""

    def beyond(self, p: Floats, rates: Rates, *, weigh: Weigh = "scenarios") -> Figure:
        """How much farther an arm's p, (C,), is from the panel than a second panel would be: the
        mean of abs(p-h) less what abs(h'-h) is expected to be, over the same cases."""
        if self.beta is None:
            return self.second_panel
        second = _each(second_distance, self.beta, whole=True)

        def term(h: Floats, n: Floats, at: Ints) -> Floats:
            return np.abs(p[at] - h) - second(h, n, at)

        return mean_of(term, rates, weigh=weigh, among=_judged(rates)).figure().within(-1.0, 1.0)


def references(rates: Rates, *, weigh: Weigh = "scenarios") -> References:
    """Both references, over the cases with at least 10 judgments, as exact expectations.

    The Beta is fitted to every case whose n is known; each case's true rate then has the
    posterior Beta(a + grants, b + refusals). Intervals are those of any mean over cases; the
    Beta is held as fitted, since all cases together tell it.
    """
    known = np.isfinite(rates.h) & (rates.n > 0)
    among = _judged(rates)
    if not among.any():
        none = missing(f"no case has {ENOUGH} judgments")
        return References(none, none, None)
    beta = fit_beta(rates.grants[known], rates.n[known])
    perfect, second = (
        mean_of(term, rates, weigh=weigh, among=among).figure().within(0.0, 1.0)
        for term in (
            _each(perfect_distance, beta, whole=False),
            _each(second_distance, beta, whole=True),
        )
    )
    return References(perfect, second, beta)


def _judged(rates: Rates) -> Bools:
    """(C,) the cases with at least 10 judgments, their number known."""
    judged: Bools = np.isfinite(rates.h) & (rates.n >= ENOUGH)
    return judged


def _each(distance: Callable[[Beta, Floats, Floats], Floats], beta: Beta, *, whole: bool) -> Term:
    """A distance as what each case contributes. ``whole``: it is that of whole people, so where
    judgments are weighted, of the nearest number of them."""

    def term(h: Floats, n: Floats, at: Ints) -> Floats:
        size = np.rint(n) if whole else n
        known = np.isfinite(h) & (size > 0)
        grants = h[known] * n[known]
        far = np.full(h.shape, np.nan)
        # A share times its number is off a whole number by a rounding of floating point.
        near = np.rint(grants)
        grants = near if whole else np.where(np.abs(grants - near) < 1e-9, near, grants)
        far[known] = distance(beta, np.minimum(grants, size[known]), size[known])
        return far

    return term


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


def perfect_distance(beta: Beta, grants: Floats, n: Floats) -> Floats:
    """(C,) the expectation of abs(q-h), with q from Beta(a + grants, b + refusals).

    E|q-h| = E q - h + 2 E max(h-q, 0), and the last is h F(a', b') - E q F(a'+1, b') at h.
    """
    from scipy.special import betainc

    a, b, h = beta.a + grants, beta.b + n - grants, grants / n
    mean = a / (a + b)
    below = h * betainc(a, b, h) - mean * betainc(a + 1, b, h)
    return np.asarray(mean - h + 2 * below, dtype=np.float64)


def second_distance(beta: Beta, grants: Floats, n: Floats) -> Floats:
    """(C,) the expectation of abs(h'-h), with h' n beta-binomial on the same posterior.

    E|k-g| = E k - g + 2 sum over k < g of (g-k) P(k).
    """
    from scipy.special import betaln, gammaln

    granted, size, place = _kinds(grants, n)
    far = np.empty(len(granted))
    for index, (g, m) in enumerate(zip(granted, size, strict=True)):
        a, b, k = beta.a + g, beta.b + m - g, np.arange(g)
        ways = gammaln(m + 1) - gammaln(k + 1) - gammaln(m - k + 1)
        chance = np.exp(ways + betaln(k + a, m - k + b) - betaln(a, b))
        far[index] = (m * a / (a + b) - g + 2 * float((g - k) @ chance)) / m
    return far[place]


def _kinds(grants: Floats, n: Floats) -> tuple[Floats, Floats, Ints]:
    """The different pairs of grants and n, and (C,) which of them each case is."""
    wide = float(n.max()) + 1
    pairs, place = np.unique(n * wide + grants, return_inverse=True)
    return pairs % wide, pairs // wide, place
