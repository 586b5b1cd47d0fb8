"""Equivalence: whether a factor that should not matter does not, on matched cases.

A stratum holds cases that differ in that factor alone: one case on each side, or several that are
alike in all that is known of them. Its difference is that of the two sides' mean rates. The
difference in grant rate is the mean over strata, scenarios weighing equally; two one-sided tests at
5% are the 90% interval inside a margin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from discretion.stats.intervals import FEW, jackknife, scenario_variance
from discretion.stats.rates import Ballots, Bools, Floats, Ints, Rates, sums_by
from discretion.stats.weights import case_weights

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
    """Pairs of cases that both have a rate; where a stratum holds several cases, those of its
    smaller side."""


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """M cases, each with or without a level, in S strata of cases that are otherwise alike."""

    case: Ints
    """(M,) index of the case."""
    stratum: Ints
    """(M,) code of its stratum, 0 to S - 1."""
    having: Bools
    """(M,) whether it has the level."""
    scenario: Ints
    """(S,) code of each stratum's scenario."""

    @classmethod
    def of_pairs(cls, without: Ints, having: Ints, scenario: Ints) -> Self:
        """Strata of one case on each side: (P,) indices of both cases and their scenario."""
        pairs = np.arange(len(without))
        side = np.repeat([False, True], len(pairs))
        return cls(np.concatenate([without, having]), np.tile(pairs, 2), side, np.asarray(scenario))

    @property
    def singles(self) -> bool:
        """Whether no side of a stratum has two cases."""
        sides = 2 * self.stratum + self.having
        return len(np.unique(sides)) == len(sides)


def people_equivalence(
    matched: Matched, rates: Rates, *, margin: float = 0.05, confidence: float = 0.90
) -> Equivalence:
    """Whether a panel grants as often with the level as without.

    The variance is that between scenario means plus what raters add to it: the delete-one-rater
    jackknife's less that of raters within scenarios, never less than nothing, on t with the smaller
    number of scenarios and raters less one; the first alone where raters are not known. With fewer
    than six scenarios the verdict is on these scenarios only, and cases stand in place of
    scenarios: the variance between the cases of a side, and raters within cases. With one case a
    side it is the raters' alone, on R - 1, or that between pairs where they are not known.

    Args:
        matched: the cases with the level and without it.
        rates: the panel's.
        margin: in grant rate.
        confidence: of the interval.
    """
    estimate = _Estimate.of_matched(rates.h, matched)
    variance, df = estimate.variance, estimate.df
    if rates.ballots is not None and estimate.n:
        by_rater, raters = _rater_variance(matched, rates, rates.ballots)
        if estimate.few and matched.singles:
            variance, df = by_rater, raters - 1
        else:
            within = _rater_variance_within(matched, rates, rates.ballots, by_case=estimate.few)
            variance, df = variance + max(0.0, by_rater - within), min(df, raters - 1)
    # Rates that happen to agree in every pair do not show that all people's would.
    if variance == 0:
        variance = np.nan
    return _verdict(estimate, variance, df, margin, confidence)


def arm_equivalence(
    matched: Matched, p: Floats, *, margin: float = 0.05, confidence: float = 0.90
) -> Equivalence:
    """Whether an arm grants as often with the level as without.

    ``p`` is (C,) grant probabilities, NaN where there is no answer. The variance is that between
    scenario means, or in fewer than six scenarios between pairs or between the cases of a side;
    sampled answers' noise is part of it.
    """
    estimate = _Estimate.of_matched(p, matched)
    return _verdict(estimate, estimate.variance, estimate.df, margin, confidence)


def paired_equivalence(
    before: Floats,
    after: Floats,
    scenario: Ints,
    *,
    margin: float = 0.05,
    confidence: float = 0.90,
) -> Equivalence:
    """Whether two sets of answers to the same cases grant equally often.

    ``before`` and ``after`` are (P,) grant probabilities, NaN where there is no answer,
    ``scenario`` (P,) scenario codes.
    """
    estimate = _Estimate.of(after - before, scenario)
    return _verdict(estimate, estimate.variance, estimate.df, margin, confidence)


@dataclass(frozen=True, slots=True)
class _Estimate:
    mean: float
    variance: float
    """Of the mean, as scenarios, pairs or the cases of a side vary; NaN where nothing shows it."""
    df: int
    n: int
    few: bool
    """Too few scenarios to speak of others: the variance is that of these scenarios' cases."""

    @classmethod
    def of(cls, difference: Floats, scenario: Ints) -> _Estimate:
        """From (S,) differences, one a stratum, and their scenarios."""
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

    @classmethod
    def of_matched(cls, value: Floats, matched: Matched) -> _Estimate:
        """From (C,) values, one a case."""
        difference, count = _differences(value[matched.case], matched)
        estimate = cls.of(difference, matched.scenario)
        if matched.singles or not estimate.n:
            return estimate
        known = np.isfinite(difference)
        n = int(count.min(axis=0)[known].sum())
        if not estimate.few:
            return replace(estimate, n=n)
        weight = case_weights(known.astype(float), matched.scenario, "scenarios")
        variance, df = _side_variance(value[matched.case], matched, count, weight / weight.sum())
        return replace(estimate, variance=variance, df=df, n=n)


def _differences(value: Floats, matched: Matched) -> tuple[Floats, Ints]:
    """(S,) mean of `value` (M,) with the level minus without, NaN where a side has none; and
    (2, S) how many cases stand behind each side, those without first."""
    strata = len(matched.scenario)
    side = matched.having * strata + matched.stratum
    known = np.isfinite(value)
    count = sums_by(side, known, 2 * strata)
    total = sums_by(side, np.where(known, value, 0.0), 2 * strata)
    mean = np.divide(total, count, out=np.full(2 * strata, np.nan), where=count > 0)
    return mean[strata:] - mean[:strata], count.reshape(2, strata).astype(np.int64)


def _side_variance(
    value: Floats, matched: Matched, count: Ints, share: Floats
) -> tuple[float, int]:
    """The variance of the mean difference as the cases of each side vary, and its degrees of
    freedom: pooled over all sides, as in Student's test of two samples.

    ``share`` (S,) is what each stratum counts in the mean.
    """
    strata = len(matched.scenario)
    side = matched.having * strata + matched.stratum
    size = count.reshape(-1).astype(float)
    compared = np.tile((count > 0).all(axis=0), 2)
    known = np.isfinite(value) & compared[side]
    side, value = side[known], value[known]
    mean = np.divide(
        sums_by(side, value, 2 * strata), size, out=np.zeros(2 * strata), where=size > 0
    )
    df = int((size[compared] - 1).sum())
    if df < 1:
        return np.nan, 0
    pooled = float(((value - mean[side]) ** 2).sum()) / df
    each = np.divide(1.0, size, out=np.zeros(2 * strata), where=compared)
    return pooled * float(np.tile(share**2, 2) @ each), df


def _rater_variance(matched: Matched, rates: Rates, ballots: Ballots) -> tuple[float, int]:
    """The delete-one-rater jackknife variance of the mean difference, and the raters' number.

    A case that lost its last judgment leaves that replicate, and a stratum with no case left on a
    side.
    """
    from scipy.sparse import csr_array

    cases, member_case = np.unique(matched.case, return_inverse=True)
    here = np.isin(ballots.case, cases)
    raters, rater = np.unique(ballots.rater[here], return_inverse=True)
    if len(raters) < 2:
        return np.nan, len(raters)
    case = np.searchsorted(cases, ballots.case[here])
    scenarios, scenario = np.unique(matched.scenario, return_inverse=True)
    of_scenario = (scenario[:, None] == np.arange(len(scenarios))).astype(float)
    strata = len(matched.scenario)
    sides = [
        csr_array(
            (np.ones(int(on.sum())), (member_case[on], matched.stratum[on])), (len(cases), strata)
        )
        for on in (~matched.having, matched.having)
    ]
    replicates = np.empty(len(raters))
    block = max(1, _CELLS_AT_ONCE // max(len(cases), strata))
    for first in range(0, len(raters), block):
        count = min(block, len(raters) - first)
        now = (rater >= first) & (rater < first + count)
        cell = (rater[now] - first) * len(cases) + case[now]
        shape = count, len(cases)
        n = sums_by(cell, ballots.n[here][now], count * len(cases)).reshape(shape)
        grants = sums_by(cell, ballots.grants[here][now], count * len(cases)).reshape(shape)
        n, grants = rates.n[cases] - n, rates.grants[cases] - grants
        judged = n > 0
        h = np.divide(grants, n, out=np.zeros(shape), where=judged)
        without, having = (
            np.divide(total, size, out=np.full_like(total, np.nan), where=size > 0)
            for total, size in ((h @ side, judged @ side) for side in sides)
        )
        difference = having - without
        known = np.isfinite(difference)
        count_of = known @ of_scenario
        total = np.where(known, difference, 0.0) @ of_scenario
        means = np.divide(total, count_of, out=np.zeros_like(total), where=count_of > 0)
        with np.errstate(invalid="ignore"):  # no stratum is left: no replicate, no interval
            replicates[first : first + count] = means.sum(1) / (count_of > 0).sum(1)
    spread = float(((replicates - replicates.mean()) ** 2).sum())
    return spread * (len(raters) - 1) / len(raters), len(raters)


def _rater_variance_within(
    matched: Matched, rates: Rates, ballots: Ballots, *, by_case: bool
) -> float:
    """The jackknife variance of the mean difference with each rater left out of one scenario, or of
    one case, at a time: what the variance between these holds already. Who alone judged a case is
    not left out of it, so that it rather comes out too small and the interval too wide."""
    difference, count = _differences(rates.h[matched.case], matched)
    weight = case_weights(np.isfinite(difference).astype(float), matched.scenario, "scenarios")
    share = np.divide(weight, weight.sum(), out=np.zeros(len(weight)), where=weight.sum() > 0)
    # What a case counts in the mean difference: its side's sign, by what stands on its side.
    size = count[matched.having.astype(int), matched.stratum]
    part = np.divide(share[matched.stratum], size, out=np.zeros(len(size)), where=size > 0)
    counts = np.zeros(len(rates.h))
    np.add.at(counts, matched.case, np.where(matched.having, part, -part))
    group = np.zeros(len(rates.h), dtype=np.int64)
    group[matched.case] = matched.case if by_case else matched.scenario[matched.stratum]
    here = (counts[ballots.case] != 0) & (rates.n[ballots.case] > ballots.n)
    case = ballots.case[here]
    left = (rates.grants[case] - ballots.grants[here]) / (rates.n[case] - ballots.n[here])
    moved = counts[case] * (left - rates.h[case])
    width = int(ballots.rater.max(initial=0)) + 1
    places, place = np.unique(group[case] * width + ballots.rater[here], return_inverse=True)
    sums, of_group = sums_by(place, moved, len(places)), places // width
    return jackknife(sums, of_group)


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
