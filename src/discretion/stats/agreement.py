"""Agreement: an arm's with the panel's majority, and people's with each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discretion.stats.bootstrap import Parts, pooled
from discretion.stats.figure import Figure, missing
from discretion.stats.rates import Floats, Ints, Rates, sums_by
from discretion.stats.weights import Weigh, case_weights


@dataclass(frozen=True, slots=True)
class MajorityAgreement:
    """How an arm as deployed agrees with what most of the panel would do; tied cases are out."""

    true_grant_rate: Figure
    """Of the cases most would grant, the share the arm grants; n counts those cases."""
    true_refuse_rate: Figure
    """Of the cases most would refuse, the share the arm refuses; n counts those cases."""
    matthews: Figure
    """Matthews correlation, in [-1, 1]; None where the arm or the majority never varies."""
    tied: int
    """Cases left out because as many would grant as refuse."""


def majority_agreement(
    p: Floats, rates: Rates, rng: np.random.Generator, *, weigh: Weigh = "scenarios"
) -> MajorityAgreement:
    """Agreement of an arm with the majority. At exactly one half the arm is deployed as refuse."""
    parts = _kinds(p, rates, weigh)
    answered = np.isfinite(p)
    most, fewest = int((answered & (rates.h > 0.5)).sum()), int((answered & (rates.h < 0.5)).sum())

    def share(hit: int, miss: int, n: int) -> Figure:
        return pooled(
            lambda sums: sums[..., 0] / sums.sum(axis=-1),
            lambda h, n: parts(h, n)[:, [hit, miss]],
            rates,
            rng,
            n=n,
            bounds=(0.0, 1.0),
            units=n,
        )

    return MajorityAgreement(
        true_grant_rate=share(0, 1, most),
        true_refuse_rate=share(2, 3, fewest),
        matthews=matthews(p, rates, rng, weigh=weigh),
        tied=int((answered & (rates.h == 0.5)).sum()),
    )


def matthews(
    p: Floats, rates: Rates, rng: np.random.Generator, *, weigh: Weigh = "scenarios"
) -> Figure:
    """Matthews correlation of an arm as deployed with the majority: 1 is perfect, 0 is chance."""
    n = int((np.isfinite(p) & np.isfinite(rates.h) & (rates.h != 0.5)).sum())
    parts = _kinds(p, rates, weigh)
    return pooled(_matthews, parts, rates, rng, n=n, bounds=(-1.0, 1.0))


def _kinds(p: Floats, rates: Rates, weigh: Weigh) -> Parts:
    """Each case's weight in its cell of arm x majority: granted, missed, refused, false."""
    grants = p > 0.5

    def parts(h: Floats, n: Floats) -> Floats:
        used = np.isfinite(p) & np.isfinite(h) & (h != 0.5)
        weight = case_weights(used.astype(float), rates.scenario, weigh)
        most = h > 0.5
        kinds = [grants & most, ~grants & most, ~grants & ~most, grants & ~most]
        return np.stack([weight * kind for kind in kinds], axis=1)

    return parts


def _matthews(sums: Floats) -> Floats:
    grant, missed, refuse, false = np.moveaxis(sums, -1, 0)
    margins = (grant + missed) * (grant + false) * (refuse + missed) * (refuse + false)
    value: Floats = grant * refuse - missed * false
    return value / np.sqrt(np.where(margins > 0, margins, np.nan))


def krippendorff_alpha(rates: Rates, rng: np.random.Generator) -> Figure:
    """Krippendorff's alpha for two answers with missing data: 1 for agreement, 0 for chance.

    Over cases with two judgments or more, each judgment counting the same; n counts these
    judgments. alpha = 1 - (N-1) D / (2 G R), with G grants, R refusals, N = G + R, and D the sum
    over cases of 2 g r / (n-1). None where all answered the same.
    """
    total = float(rates.n[rates.n >= 2].sum())

    def parts(h: Floats, n: Floats) -> Floats:
        used = np.isfinite(h) & (n >= 2)
        granted, refused = np.where(used, h * n, 0.0), np.where(used, (1 - h) * n, 0.0)
        split = 2 * granted * refused / np.where(used, n - 1, 1.0)
        return np.stack([split, granted, refused], axis=1)

    def alpha(sums: Floats) -> Floats:
        split, granted, refused = np.moveaxis(sums, -1, 0)
        observed: Floats = split * (granted + refused) * (1 - 1 / total)
        value: Floats = 1 - observed / (2 * granted * refused)
        return value

    if total == 0:
        return missing("no case has two judgments")
    figure = pooled(alpha, parts, rates, rng, n=int(total), bounds=(-1.0, 1.0))
    return missing("all answered the same", figure.n) if figure.value is None else figure


@dataclass(frozen=True, slots=True)
class SplitHalf:
    """Agreement between two random halves of the panel, as means over many splits."""

    correlation: Figure
    """Pearson's between the halves' rates over cases, stepped up to the whole panel by
    Spearman-Brown, 2r/(1+r); as it is where it is not positive. n counts cases."""
    difference: Figure
    """Mean absolute difference of the halves' rates, scenarios or cases weighing the same."""


def split_half(
    rates: Rates, rng: np.random.Generator, *, weigh: Weigh = "scenarios", splits: int = 100
) -> SplitHalf:
    """How well one random half of the raters predicts the other.

    Raters are split, each with all their judgments; where they are not known, each case's
    judgments. A case counts in a split where both halves judged it. No interval is made.
    """
    size = int((rates.n >= 2).sum())
    correlations, differences = [], []
    for _ in range(splits):
        n, grants = _half(rates, rng)
        rest, rest_grants = rates.n - n, rates.grants - grants
        both = (n > 0) & (rest > 0)
        if not both.any():
            continue
        one, other = grants[both] / n[both], rest_grants[both] / rest[both]
        weight = case_weights(both.astype(float), rates.scenario, weigh)[both]
        differences.append(float(weight @ np.abs(one - other) / weight.sum()))
        if len(one) > 2 and np.ptp(one) > 0 and np.ptp(other) > 0:
            correlations.append(float(np.corrcoef(one, other)[0, 1]))
    if not differences:
        none = missing("no case was judged by both halves")
        return SplitHalf(none, none)
    difference = Figure(float(np.mean(differences)), None, None, size)
    if not correlations:
        return SplitHalf(missing("the halves' rates do not vary", size), difference)
    r = float(np.mean(correlations))
    return SplitHalf(Figure(2 * r / (1 + r) if r > 0 else r, None, None, size), difference)


def _half(rates: Rates, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """How many of a random half decided each case and how many granted: (C,) each."""
    cases = len(rates.h)
    if rates.ballots is None:
        known = rates.n > 0
        n = np.where(known, rates.n, 0).astype(np.int64)
        grants = np.where(known, rates.grants, 0).astype(np.int64)
        drawn = (n + rng.integers(0, 2, cases)) // 2
        return drawn.astype(float), rng.hypergeometric(grants, n - grants, drawn).astype(float)
    ballots = rates.ballots
    here = _random_half(ballots.rater, rng)
    return (
        sums_by(ballots.case[here], ballots.n[here], cases),
        sums_by(ballots.case[here], ballots.grants[here], cases),
    )


def _random_half(rater: Ints, rng: np.random.Generator) -> Ints:
    """The rows of a random half of the raters."""
    raters = rng.permutation(np.flatnonzero(np.bincount(rater)))
    chosen = raters[: (len(raters) + int(rng.integers(0, 2))) // 2]
    return np.flatnonzero(np.isin(rater, chosen))
