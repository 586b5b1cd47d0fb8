"""Sizes: how likely an arm that deserves to pass a margin does, in a study of so many cases.

The arm is one at half of the margin, or as near to it as any arm can get. What its figure varies by
is reckoned from the people's true rates: between scenarios, between cases within them, between
judgments of a case (exactly, over every number of grants that could be drawn), and between raters
who judge several scenarios. The chance that the upper end of its interval keeps the margin is then
a noncentral t's (Johnson and Welch 1940), with Satterthwaite's (1946) degrees of freedom for the
variance and those of `intervals.mean_of` for the interval, whose end skew moves out on average.
Shares of what people would grant or refuse are linearized, on the logit scale on which their
interval is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from discretion.stats.intervals import FEW
from discretion.stats.rates import Floats, Rates, sums_by
from discretion.stats.spread import fit_beta

Demand = str
"""The name that criteria have for a figure: ``wrong_grants``, ``gap`` and the like."""

BETWEEN = 0.1
"""The share of how cases differ in an arm's errors that lies between scenarios. An assumption."""
RATERS = 0.1
"""How far raters' grant rates lie apart, as a standard deviation, where nothing shows it."""
ORDINARY = (0.8, 0.8)
"""The Beta of true grant rates where nobody judged a case twice: people are mostly of one mind."""
_POINTS = 200
_STEP = 1e-4


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a study."""

    cases: int
    """In all."""
    people: int
    """Who judge each case."""
    scenarios: int
    raters: int | None = None
    """How many people there are in all; None where that is not known."""

    @property
    def judgments(self) -> int:
        return self.cases * self.people


@dataclass(frozen=True)
class People:
    """Those who judge: how their true rates vary between cases, and how far raters differ."""

    a: float = ORDINARY[0]
    b: float = ORDINARY[1]
    """The Beta of the cases' true grant rates."""
    raters: float = RATERS
    """The standard deviation of a rater's own grant rate about the others'."""
    assumed: bool = True
    """Whether nothing of it is known from judgments."""

    @cached_property
    def rates(self) -> Floats:
        """Equally likely true rates, in order."""
        from scipy.special import betaincinv

        places = (np.arange(_POINTS) + 0.5) / _POINTS
        return np.asarray(betaincinv(self.a, self.b, places), dtype=float)


def people_of(rates: Rates) -> People:
    """The people behind rates: the Beta of greatest likelihood over cases, and the spread of raters
    by moments. What cannot be known, since no case was judged twice, is assumed."""
    known = np.isfinite(rates.h) & (rates.n > 0)
    if not (known & (rates.n >= 2)).any():
        return People()
    beta = fit_beta(rates.grants[known], rates.n[known])
    return People(beta.a, beta.b, rater_deviation(rates), assumed=False)


def rater_deviation(rates: Rates) -> float:
    """The standard deviation of raters' own grant rates: the mean square of each one's mean
    distance from the others on the same cases, less what judgments vary by chance."""
    if rates.ballots is None:
        return RATERS
    one = rates.ballots
    others = rates.n[one.case] - one.n
    here = others > 0
    case, rater, own = one.case[here], one.rater[here], one.n[here]
    others = others[here]
    apart = one.grants[here] / own - (rates.grants[case] - one.grants[here]) / others
    noise = rates.h * (1 - rates.h) * rates.n / np.maximum(rates.n - 1, 1)
    count = sums_by(rater, np.ones(len(rater)))
    judged = count > 0
    if judged.sum() < 2:
        return RATERS
    mean = sums_by(rater, apart)[judged] / count[judged]
    chance = sums_by(rater, noise[case] * (1 / own + 1 / others))[judged] / count[judged] ** 2
    return math.sqrt(max(0.0, float(np.mean(mean**2 - chance))))


@dataclass(frozen=True, slots=True)
class _Arm:
    """What an arm at a margin's half does, over points of equal or other weight."""

    q: Floats
    p: Floats
    """Its decisions, or its probabilities where a gap is demanded."""
    weight: Floats
    share: float = 0.0
    """Its share of wrong grants or refusals, where that is demanded."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The variances of an arm's figure, and how much room the margin leaves it."""

    cases: float
    """Of what is true of a case, over cases."""
    judgments: float
    """Of a case's term, as its judgments are drawn."""
    rater: float
    room: float
    third: float = 0.0
    """Third central moment of a case's term, over cases and judgments."""
    third_of_cases: float = 0.0
    """The same of what is true of a case; both 0 for shares, whose interval is a bootstrap's."""


def chance(
    people: People, demand: Demand, margin: float, size: Size, *, confidence: float, few: bool
) -> float:
    """How likely an arm at half of the margin passes.

    Args:
        few: whether fewer than six scenarios may pass, for these cases only.
    """
    from scipy.special import nctdtr, stdtrit

    parts = _parts(people, demand, margin, size.people)
    raters = None if size.raters is None else max(size.raters, size.people)
    of_raters = 0.0 if raters is None else parts.rater / raters
    many = size.scenarios >= FEW
    if parts.room <= 0 or (not many and not few):
        return 0.0
    if many:
        each = BETWEEN * parts.cases
        inside = ((1 - BETWEEN) * parts.cases + parts.judgments) * size.scenarios / size.cases
        units, variance = size.scenarios, (each + inside) / size.scenarios
    else:
        units = size.people * size.cases if raters is None else raters
        variance = parts.judgments / size.cases
    df = (units if raters is None else min(units, raters)) - 1
    whole = variance + of_raters
    if df < 1 or not whole > 0:
        return 0.0
    spread = variance**2 / max(units - 1, 1)
    if raters is not None and raters > 1:
        spread += of_raters**2 / (raters - 1)
    widened = 1.0
    if many and raters is not None:
        widened += _guard(of_raters, parts.judgments / size.cases, raters) / whole
    t = float(stdtrit(df, confidence))
    quantile = t * math.sqrt(widened)
    if many and parts.third:
        quantile += _long_tail(parts, size, variance, whole) * (2 * t**2 + 1) / 6
    missed = nctdtr(whole**2 / spread, parts.room / math.sqrt(whole), quantile)
    return float(np.clip(1 - missed, 0.0, 1.0))


def _guard(of_raters: float, of_judgments: float, raters: int) -> float:
    """What the guard of the raters' variance, never below nothing, adds to it on average: it is a
    difference of two jackknife variances that each hold the judgments' noise, and where it comes
    out negative by chance it counts as nothing (the mean of a normal cut off at zero)."""
    error = (of_judgments + of_raters) * math.sqrt(2 / max(raters - 1, 1))
    at = of_raters / error if error > 0 else math.inf
    if not math.isfinite(at):
        return 0.0
    density = math.exp(-(at**2) / 2) / math.sqrt(2 * math.pi)
    below = 0.5 * math.erfc(at / math.sqrt(2))
    return error * density - of_raters * below


def _long_tail(parts: _Parts, size: Size, variance: float, whole: float) -> float:
    """The skew by which `Estimate.interval` moves the upper end out, on average: that of the mean,
    and what a few scenarios seem to have by chance, where it is above zero (the mean of a normal
    cut off there; the error of Fisher's skewness is a normal sample's)."""
    k = size.scenarios
    between = BETWEEN**1.5 * parts.third_of_cases
    inside = (parts.third - between) * (k / size.cases) ** 2
    at = float((between + inside) / k**2 / whole**1.5)
    error = math.sqrt(6 * k * (k - 1) / ((k - 2) * (k + 1) * (k + 3)) / k)
    error *= float((variance / whole) ** 1.5)
    z = at / error
    density = math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return error * density + at * 0.5 * math.erfc(-z / math.sqrt(2))


def best_possible(people: People, demand: Demand) -> float:
    """The least that any arm can show of a figure; none can keep a margin below it."""
    q = people.rates
    return float(np.minimum(q, 1 - q).mean()) if demand == "disagreement" else 0.0


@lru_cache(maxsize=4096)
def _parts(people: People, demand: Demand, margin: float, n: int) -> _Parts:
    if n < 2 and demand in ("beyond_colleague", "gap", "beyond_second_panel"):
        return _Parts(0.0, 0.0, 0.0, 0.0)
    arm = _arm(people, demand, margin, n)
    term = _term(arm, demand)
    mean, variance, third = _moments(term, arm.q, n)
    more = _moments(term, np.clip(arm.q + _STEP, 0, 1), n)[0]
    less = _moments(term, np.clip(arm.q - _STEP, 0, 1), n)[0]
    true = float(arm.weight @ mean)
    slope = float(arm.weight @ (more - less)) / (2 * _STEP)
    away = mean - true
    parts = _Parts(
        cases=float(arm.weight @ away**2),
        judgments=float(arm.weight @ variance),
        rater=(slope * people.raters) ** 2,
        room=margin**2 - true if demand in ("gap", "beyond_second_panel") else margin - true,
        third=float(arm.weight @ (third + 3 * away * variance + away**3)),
        third_of_cases=float(arm.weight @ away**3),
    )
    if demand not in ("wrong_grants", "wrong_refusals"):
        return parts
    inside = arm.share * (1 - arm.share)
    if not 0 < margin < 1 or inside <= 0:
        return replace(parts, room=0.0)
    room = math.log(margin / (1 - margin)) - math.log(arm.share / (1 - arm.share))
    scale = inside**2
    return _Parts(parts.cases / scale, parts.judgments / scale, parts.rater / scale, room)


def _arm(people: People, demand: Demand, margin: float, n: int) -> _Arm:
    """An arm whose figure is half of the margin, or as near to it as any arm can get."""
    q = people.rates
    even = np.full(len(q), 1 / len(q))
    if demand in ("disagreement", "beyond_colleague"):
        least = float(np.minimum(q, 1 - q).mean())
        among = 2 * float((q * (1 - q)).mean()) if demand == "beyond_colleague" else 0.0
        flipped = (margin / 2 + among - least) / max(1 - 2 * least, 1e-9)
        flipped = min(max(flipped, 0.0), 1.0)
        most = (q > 0.5).astype(float)
        weight = np.concatenate([even * (1 - flipped), even * flipped])
        return _Arm(np.tile(q, 2), np.concatenate([most, 1 - most]), weight)
    if demand in ("wrong_grants", "wrong_refusals"):
        # From the requests that people least (or most) refuse on, it grants so many.
        wrong = 1 - q[::-1] if demand == "wrong_grants" else q
        reached = np.cumsum(wrong) / wrong.sum()
        decided = (reached <= margin / 2).astype(float)
        at = int(decided.sum())
        if at < len(q):
            before = float(reached[at - 1]) if at else 0.0
            decided[at] = (margin / 2 - before) / (float(reached[at]) - before)
        hit = decided[::-1] if demand == "wrong_grants" else decided
        weight = np.concatenate([even * (1 - hit), even * hit])
        missed, made = np.zeros(len(q)), np.ones(len(q))
        return _Arm(np.tile(q, 2), np.concatenate([missed, made]), weight, margin / 2)
    square = margin**2 / 4
    if demand == "beyond_second_panel":
        square += float((q * (1 - q)).mean()) / n
    low, high = 0.0, 1.0
    for _ in range(40):
        away = (low + high) / 2
        p = np.concatenate([np.clip(q + away, 0, 1), np.clip(q - away, 0, 1)])
        reached_square = float(np.mean((p - np.tile(q, 2)) ** 2))
        low, high = (away, high) if reached_square < square else (low, away)
    return _Arm(np.tile(q, 2), p, np.tile(even / 2, 2))


def _term(arm: _Arm, demand: Demand) -> Callable[[Floats, int], Floats]:
    """What a case of which h was granted by n contributes to the figure."""
    p, q = arm.p[:, None], arm.q
    granted, refused = float(arm.weight @ q), float(arm.weight @ (1 - q))

    def term(h: Floats, n: int) -> Floats:
        noise = h * (1 - h) / (n - 1) if n > 1 else np.zeros_like(h)
        if demand == "disagreement":
            return p * (1 - h) + (1 - p) * h
        if demand == "beyond_colleague":
            return p * (1 - h) + (1 - p) * h - 2 * n * noise
        if demand == "wrong_grants":
            return (p - arm.share) * (1 - h) / refused
        if demand == "wrong_refusals":
            return (p - arm.share) * h / granted
        return (p - h) ** 2 - (2 if demand == "beyond_second_panel" else 1) * noise

    return term


def _moments(
    term: Callable[[Floats, int], Floats], q: Floats, n: int
) -> tuple[Floats, Floats, Floats]:
    """(points,) mean, variance and third central moment of the term over every number of grants of
    n."""
    from scipy.special import gammaln, xlog1py, xlogy

    k = np.arange(n + 1.0)[None, :]
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    weight = np.exp(ways + xlogy(k, q[:, None]) + xlog1py(n - k, -q[:, None]))
    value = term(np.broadcast_to(k / n, weight.shape), n)
    mean = (weight * value).sum(axis=1)
    away = value - mean[:, None]
    return mean, (weight * away**2).sum(axis=1), (weight * away**3).sum(axis=1)
