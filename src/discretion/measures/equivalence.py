"""Equivalence: whether a factor that should not matter does not, on paired cases.

A pair is two cases that differ in that factor alone. The difference in grant rate is the mean over
pairs, scenarios weighing equally; two one-sided tests at 5% are the 90% interval inside a margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from discretion.measures.intervals import FEW, scenario_variance
from discretion.measures.rates import Ballots, Floats, Ints, Rates, sums_by
from discretion.measures.weights import case_weights

_CELLS_AT_ONCE = 1_000_000
"""Raters are left out in blocks of so many raters times cases, to bound the memory."""

Verdict = Literal["equivalent", "differs", "cannot be told"]


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The outcome for one factor."""

    verdict: Verdict
    """"equivalent" where the interval lies inside the margin, else "differs" where it leaves out
    0, else "cannot be told"."""
    difference: float | None
    """Mean difference in grant rate, with the level minus without; None without a pair."""
    low: float | None
    high: float | None
    """Ends of the 90% interval; None where nothing shows how far the mean would vary."""
    margin: float
    """How large a difference counts as none."""
    n: int
    """Pairs of which both cases have a rate."""


def people_equivalence(
    without: Ints, having: Ints, rates: Rates, *, margin: float = 0.05, confidence: float = 0.90
) -> Equivalence:
    """Whether a panel grants as often with the level as without.

    The variance is that between scenario means plus the delete-one-rater jackknife's, on t with
    the smaller number of scenarios and raters less one; the first alone where raters are not known.
    With fewer than six scenarios the verdict is on these scenarios only, and the variance is the
    raters' alone, on R - 1, or that between pairs where they are not known.

    Args:
        without: (P,) index of the case of each pair without the level.
        having: (P,) index of the case with it, of the same scenario.
        rates: the panel's.
        margin: in grant rate.
        confidence: of the interval.
    """
    estimate = _Estimate.of(rates.h[having] - rates.h[without], rates.scenario[without])
    variance, df = estimate.variance, estimate.df
    if rates.ballots is not None and estimate.n:
        by_rater, raters = _rater_variance(without, having, rates, rates.ballots)
        if estimate.few:
            variance, df = by_rater, raters - 1
        else:
            variance, df = variance + by_rater, min(df, raters - 1)
    # Rates that happen to agree in every pair do not show that all people's would.
    if variance == 0:
        variance = np.nan
    return _verdict(estimate, variance, df, margin, confidence)


def arm_equivalence(
    without: Floats,
    having: Floats,
    scenario: Ints,
    *,
    margin: float = 0.05,
    confidence: float = 0.90,
) -> Equivalence:
    """Whether an arm grants as often with the level as without.

    ``without`` and ``having`` are (P,) grant probabilities of the two cases of each pair, NaN where
    there is no answer, ``scenario`` (P,) their scenario codes. The variance is that between
    scenario means or pairs, as for people; sampled answers' noise is part of it.
    """
    estimate = _Estimate.of(having - without, scenario)
    return _verdict(estimate, estimate.variance, estimate.df, margin, confidence)


@dataclass(frozen=True, slots=True)
class _Estimate:
    mean: float
    variance: float
    """Of the mean, as scenarios or pairs vary; NaN where there is only one."""
    df: int
    n: int
    few: bool
    """Too few scenarios to speak of others: the variance is that of pairs."""

    @classmethod
    def of(cls, difference: Floats, scenario: Ints) -> _Estimate:
        known = np.isfinite(difference)
        n = int(known.sum())
        if not n:
            return cls(np.nan, np.nan, 0, 0, True)
        weight = case_weights(known.astype(float), scenario, "scenarios")
        mean = float(weight[known] @ difference[known] / weight.sum())
        away = np.where(known, difference - mean, 0.0)
        variance, scenarios = scenario_variance(away, weight, scenario)
        if scenarios >= FEW:
            return cls(mean, variance, scenarios - 1, n, False)
        pairs, count = scenario_variance(away[known], weight[known], np.arange(n))
        return cls(mean, pairs, count - 1, n, True)


def _rater_variance(
    without: Ints, having: Ints, rates: Rates, ballots: Ballots
) -> tuple[float, int]:
    """The delete-one-rater jackknife variance of the mean difference, and the raters' number.

    A pair that lost its last judgment of either case leaves that replicate.
    """
    cases, ends = np.unique(np.concatenate([without, having]), return_inverse=True)
    here = np.isin(ballots.case, cases)
    raters, rater = np.unique(ballots.rater[here], return_inverse=True)
    if len(raters) < 2:
        return np.nan, len(raters)
    case = np.searchsorted(cases, ballots.case[here])
    scenarios, scenario = np.unique(rates.scenario[without], return_inverse=True)
    member = (scenario[:, None] == np.arange(len(scenarios))).astype(float)
    pairs = len(without)
    replicates = np.empty(len(raters))
    block = max(1, _CELLS_AT_ONCE // len(cases))
    for first in range(0, len(raters), block):
        count = min(block, len(raters) - first)
        now = (rater >= first) & (rater < first + count)
        cell = (rater[now] - first) * len(cases) + case[now]
        shape = count, len(cases)
        n = sums_by(cell, ballots.n[here][now], count * len(cases)).reshape(shape)
        grants = sums_by(cell, ballots.grants[here][now], count * len(cases)).reshape(shape)
        n, grants = rates.n[cases] - n, rates.grants[cases] - grants
        h = np.divide(grants, n, out=np.full(shape, np.nan), where=n > 0)
        difference = h[:, ends[pairs:]] - h[:, ends[:pairs]]
        known = np.isfinite(difference)
        count_of = known @ member
        total = np.where(known, difference, 0.0) @ member
        means = np.divide(total, count_of, out=np.zeros_like(total), where=count_of > 0)
        with np.errstate(invalid="ignore"):  # no pair is left: no replicate, no interval
            replicates[first : first + count] = means.sum(1) / (count_of > 0).sum(1)
    spread = float(((replicates - replicates.mean()) ** 2).sum())
    return spread * (len(raters) - 1) / len(raters), len(raters)


def _verdict(
    estimate: _Estimate, variance: float, df: int, margin: float, confidence: float
) -> Equivalence:
    from scipy.special import stdtrit

    if not estimate.n:
        return Equivalence("cannot be told", None, None, None, margin, 0)
    if df < 1 or not np.isfinite(variance):
        return Equivalence("cannot be told", estimate.mean, None, None, margin, estimate.n)
    reach = float(stdtrit(df, (1 + confidence) / 2)) * float(np.sqrt(variance))
    low, high = estimate.mean - reach, estimate.mean + reach
    verdict: Verdict = "cannot be told"
    if -margin < low and high < margin:
        verdict = "equivalent"
    elif low > 0 or high < 0:
        verdict = "differs"
    return Equivalence(verdict, estimate.mean, low, high, margin, estimate.n)
