"""Variation: what the log odds of an arm's answers go with, the case or the way of asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from discretion.stats.figure import Figure, missing
from discretion.stats.rates import Bools, Floats, Ints

DRAWS = 999
"""Permutations, and resamples of the cases."""
FEW_CASES = 8
"""Fewer cases say nothing about what answers go with."""


@dataclass(frozen=True, slots=True)
class Asked:
    """N answers of one arm: which case each is about, how it was asked, and its log odds."""

    case: Ints
    """(N,) codes from 0."""
    vocabulary: Ints
    """(N,) codes."""
    order: Ints
    """(N,) codes."""
    wording: Ints
    """(N,) codes; a case is asked in one wording, or in every one."""
    log_odds: Floats
    """(N,) natural logarithms of grant against refuse; all finite."""

    @property
    def ways(self) -> Ints:
        """(N,) codes of the ways of asking: vocabulary and order."""
        return _codes(self.vocabulary, self.order)

    def once(self, requests: Ints) -> Asked:
        """Of the cases that read alike, those with one code by case, only the first: a model
        answers them alike, and the same answer again shows nothing. Its case codes have no gaps."""
        cases = np.unique(self.case)
        _, first = np.unique(requests[cases], return_index=True)
        kept = np.isin(self.case, cases[first])
        _, case = np.unique(self.case[kept], return_inverse=True)
        return Asked(
            np.asarray(case, dtype=np.int64),
            self.vocabulary[kept],
            self.order[kept],
            self.wording[kept],
            self.log_odds[kept],
        )


@dataclass(frozen=True, slots=True)
class Variation:
    """Shares of the variance of the log odds between answers; they add up to 1."""

    vocabulary: float
    order: float
    wording: float
    case: Figure
    """What carries over from one way of asking to another: by how much cases differ alike in all
    of them. Resampled over cases."""
    rest: float
    """Cases that differ in one way of asking and not in another."""
    p: float | None
    """Of a permutation test that cases do not differ alike; None where no case was asked twice."""
    across: str
    """Between which ways of asking: ``vocabulary``, or ``order`` where each case has only one."""


def variation(asked: Asked, rng: np.random.Generator) -> Variation | None:
    """Split the variance of the log odds; None where the answers are too few or do not vary.

    The effects of vocabulary, order and wording are taken out one after the other, as differences
    of means. What is left is centered within each way of asking and wording. The case's share is
    then the mean covariance between the vocabularies in which each case was asked (their orders
    taken together) or, where each was asked in one, between the two orders. So a liking for a word
    that grows with the text, and turns against the grant when the question is turned round, is no
    share of the case's.
    """
    y = asked.log_odds
    total = float(np.var(y)) if len(y) else 0.0
    if total < 1e-12 or len(np.unique(asked.case)) < FEW_CASES:
        return None
    shares: list[float] = []
    left = y - y.mean()
    for codes in (asked.vocabulary, asked.order, asked.wording):
        fitted = _means(left, codes)
        shares.append(float(np.var(fitted)) / total)
        left = left - fitted
    centered = left - _means(left, _codes(asked.ways, asked.wording))
    rows, strata, whole, across = _replicates(asked, centered)
    if len(rows) < FEW_CASES or rows.shape[1] < 2:
        once = missing("no case was asked in two ways")
        return Variation(shares[0], shares[1], shares[2], once, 0.0, None, across)
    # Centering within a stratum takes one of its cases' worth of freedom.
    scale = len(rows) / max(1, len(rows) - len(np.unique(strata)))
    alike = _products(rows) * scale
    away = np.bincount(asked.case, np.square(y - y.mean()))
    spread = away[whole] / np.bincount(asked.case)[whole]
    value = min(max(0.0, float(alike.mean()) / total), max(0.0, 1 - sum(shares)))
    counts = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=DRAWS)
    drawn = counts @ alike / np.maximum(counts @ spread, 1e-300)
    low, high = np.clip(np.quantile(drawn, (0.025, 0.975)), 0.0, 1.0)
    figure = Figure(value, float(low), float(high), len(rows))
    rest = max(0.0, 1 - sum(shares) - value)
    p = _chance(rows, strata, rng)
    return Variation(shares[0], shares[1], shares[2], figure, rest, p, across)


def recentered(asked: Asked, cases: int) -> Floats:
    """(cases,) the grant probability of each case when every way of asking is centered on its own
    mean over the cases; NaN where nothing was asked. It says nothing about how often to grant."""
    away = asked.log_odds - _means(asked.log_odds, asked.ways)
    sums = np.bincount(asked.case, away, cases)
    counts = np.bincount(asked.case, minlength=cases)
    with np.errstate(invalid="ignore"):
        mean = sums / np.where(counts, counts, np.nan)
        return np.asarray(1 / (1 + np.exp(-mean)))


def nested(values: Floats, outer: Ints, inner: Ints) -> tuple[float, float, float]:
    """How the variance of values, (C,) each, splits: between outer groups, between inner groups
    within them, and within those; shares that add up to 1, or 0 where nothing varies."""
    total = float(np.var(values)) if len(values) else 0.0
    if total < 1e-12:
        return 0.0, 0.0, 0.0
    coarse, fine = _means(values, outer), _means(values, _codes(outer, inner))
    between, within = float(np.var(coarse)) / total, float(np.var(fine - coarse)) / total
    return between, within, max(0.0, 1 - between - within)


def _replicates(asked: Asked, left: Floats) -> tuple[Floats, Ints, Bools, str]:
    """(C, R) what is left of each of the C cases that were asked in all R ways that are compared;
    (C,) the strata within which these are exchangeable; by case code, whether it is one of them;
    and which ways they are."""
    several = _per_case_distinct(asked.case, asked.vocabulary)
    by_vocabulary = float(np.median(several)) >= 2
    ways = asked.vocabulary if by_vocabulary else asked.order
    strata = asked.wording if by_vocabulary else _codes(asked.vocabulary, asked.wording)
    cases, kinds = int(asked.case.max()) + 1, int(ways.max()) + 1
    place = asked.case * kinds + ways
    counts = np.bincount(place, minlength=cases * kinds).reshape(cases, kinds)
    sums = np.bincount(place, left, cases * kinds).reshape(cases, kinds)
    used = (counts > 0).sum(0) * 2 > cases
    whole: Bools = np.asarray((counts[:, used] > 0).all(1) & used.any(), dtype=bool)
    stratum = np.zeros(cases, dtype=np.int64)
    stratum[asked.case] = strata
    rows = sums[whole][:, used] / counts[whole][:, used]
    return rows, stratum[whole], whole, "vocabulary" if by_vocabulary else "order"


def _products(rows: Floats) -> Floats:
    """(C,) the mean product over pairs of the R values of each case."""
    ways = rows.shape[1]
    pairs = (np.square(rows.sum(1)) - np.square(rows).sum(1)) / 2
    return np.asarray(pairs / (ways * (ways - 1) / 2))


def _chance(rows: Floats, strata: Ints, rng: np.random.Generator) -> float:
    """How often cases that are paired at random within strata agree as much."""
    order = np.argsort(strata, kind="stable")
    rows, strata = rows[order], strata[order]
    found = float(_products(rows).sum())
    above = 0
    for _ in range(DRAWS):
        mixed = rows.copy()
        for way in range(1, rows.shape[1]):
            mixed[:, way] = rows[np.lexsort((rng.random(len(rows)), strata)), way]
        above += float(_products(mixed).sum()) >= found
    return (1 + above) / (1 + DRAWS)


def _means(values: Floats, codes: Ints) -> Floats:
    """(N,) the mean of each value's group."""
    counts = np.maximum(np.bincount(codes), 1)
    return np.asarray((np.bincount(codes, values) / counts)[codes])


def _per_case_distinct(case: Ints, codes: Ints) -> Ints:
    """(C,) how many different codes each case has."""
    pairs = np.unique(np.stack([case, codes]), axis=1)
    counts = np.bincount(pairs[0])
    return counts[counts > 0]


def _codes(*columns: Sequence[int] | Ints) -> Ints:
    """(N,) one code for each combination."""
    rows = np.stack([np.asarray(one) for one in columns])
    _, codes = np.unique(rows, axis=1, return_inverse=True)
    return np.asarray(codes.reshape(-1), dtype=np.int64)
