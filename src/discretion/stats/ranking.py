"""Ranking: whether answers rank the cases of a scenario as people do, beyond chance."""

from __future__ import annotations

import numpy as np

from discretion.stats.rates import Floats, Ints, Rates, sums_by

DRAWS = 999
"""Shuffles of the answers."""
_CHUNK = 1_000_000
"""Answers that are shuffled at once, which bounds the memory."""


def ranking_p(
    p: Floats, rates: Rates, strata: Ints, requests: Ints, rng: np.random.Generator
) -> float | None:
    """Two-sided p of a permutation test that answers have nothing to do with what people decided.

    The statistic is the covariance, within strata, of how often people granted a request and the
    rank of its answer; a case counts by its judgments, or as one where their number is not known.
    The answers are shuffled among the requests of each stratum. So neither how high a stratum's
    answers are nor how they are spread counts; and which answer fell to which request is chance,
    which an interval over few scenarios leaves out.

    Args:
        p: (C,) answers; NaN where there is none.
        rates: the people's.
        strata: (C,) codes; only requests of one stratum are compared.
        requests: (C,) codes; cases that read alike have one, in whatever strata, since a model
            answers them alike: they are shuffled as one, within the first one's stratum.
        rng: draws the shuffles.

    Returns:
        The share of shuffles that go with people's decisions as much, or against them, the answers
        as they are among them: at least 1 / (1 + DRAWS). None where people decided all requests of
        each stratum alike, so that there is nothing to rank.
    """
    used = np.isfinite(p) & np.isfinite(rates.h)
    if not used.any():
        return None
    h, n, code = rates.h[used], rates.n[used], strata[used]
    mass = np.where(np.isfinite(n), n, 1.0)
    _, first, request = np.unique(requests[used], return_index=True, return_inverse=True)
    away = sums_by(request, mass * (h - _mean(h, mass, code)))
    answer = sums_by(request, p[used]) / np.bincount(request)
    _, code = np.unique(code[first], return_inverse=True)
    ranks = _ranks(answer, code)
    groups = np.split(np.argsort(code, kind="stable"), np.cumsum(np.bincount(code))[:-1])
    differing = [at for at in groups if np.ptp(away[at]) > 1e-9]
    if not differing:
        return None
    found, size, sums = 0.0, 0.0, np.zeros(DRAWS)
    for at in differing:
        found += float(away[at] @ ranks[at])
        size += float(np.abs(away[at]) @ np.abs(ranks[at]))
        if np.ptp(ranks[at]) > 0:
            sums += _shuffled(ranks[at], away[at], rng)
    # The same products, added up in another order, differ by rounding.
    as_much = np.abs(sums) >= abs(found) - 1e-9 * size
    return (1 + int(as_much.sum())) / (1 + DRAWS)


def _ranks(p: Floats, code: Ints) -> Floats:
    """Mean ranks within strata, from their middle, as a share of the stratum's size."""
    levels, level = np.unique(p, return_inverse=True)
    _, place = np.unique(code * len(levels) + level, return_inverse=True)
    ties = np.bincount(place)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
    one = np.ones(len(code))
    return np.asarray((ranks - _mean(ranks, one, code)) / (np.bincount(code)[code] + 1))


def _shuffled(values: Floats, away: Floats, rng: np.random.Generator) -> Floats:
    """(DRAWS,) the sums of products with shuffled values."""
    rows = max(1, _CHUNK // len(values))
    sums = [
        rng.permuted(np.tile(values, (min(rows, DRAWS - first), 1)), axis=1) @ away
        for first in range(0, DRAWS, rows)
    ]
    return np.concatenate(sums)


def _mean(values: Floats, mass: Floats, code: Ints) -> Floats:
    """The weighted mean of each value's stratum."""
    return np.asarray((sums_by(code, mass * values) / sums_by(code, mass))[code])
