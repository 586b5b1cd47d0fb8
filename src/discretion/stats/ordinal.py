"""Agreement on ordered levels: Krippendorff's alpha with the ordinal metric."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from discretion.stats.figure import Figure, missing

_DRAWS = 1_000
_FEWEST = 10
"""Cases from which on an interval by resampling them means something."""


def ordinal_alpha(cases: Sequence[int], ranks: Sequence[float], rng: np.random.Generator) -> Figure:
    """Krippendorff's alpha of J judgments on ordered levels: 1 for agreement, 0 for chance.

    Args:
        cases: (J,) which case each judgment is about.
        ranks: (J,) the level, as a number that only orders.
        rng: for the interval, a percentile bootstrap over cases.

    Returns:
        The value with a 95% interval, from ten cases on; n counts the judgments of cases with two
        or more. None where no case has two, or all judgments are one level.

    Notes:
        alpha = 1 - Do / De over the coincidence matrix o[c, k]: each ordered pair of judgments of a
        case with m of them adds 1 / (m - 1). The ordinal metric between levels c < k is the square
        of n_c / 2 + n_{c+1} + ... + n_k / 2, with n the matrix's margins.

    References:
        Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability.
    """
    levels, level = np.unique(np.asarray(ranks, dtype=float), return_inverse=True)
    _, case = np.unique(np.asarray(cases, dtype=np.int64), return_inverse=True)
    number = int(case.max()) + 1 if len(case) else 0
    counts = np.zeros((number, len(levels)))
    np.add.at(counts, (case, level), 1.0)
    counts = counts[counts.sum(axis=1) >= 2]
    n = int(counts.sum())
    if n == 0:
        return missing("no case has two judgments")
    value = _alpha(counts)
    if value is None:
        return missing("all answered the same", n)
    if len(counts) < _FEWEST:
        return Figure(value, None, None, n)
    drawn = [_alpha(counts[rng.integers(0, len(counts), len(counts))]) for _ in range(_DRAWS)]
    low, high = np.quantile([one for one in drawn if one is not None], [0.025, 0.975])
    return Figure(value, float(low), float(high), n)


def _alpha(counts: NDArray[np.float64]) -> float | None:
    """From (C, L) counts of levels by case, each case with two judgments or more."""
    m = counts.sum(axis=1)
    pairs = np.einsum("cl,ck->clk", counts, counts)
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= counts
    coincidence = (pairs / (m - 1)[:, None, None]).sum(axis=0)
    margin = coincidence.sum(axis=1)
    below = np.cumsum(margin)
    middle = below - margin / 2
    distance = (middle[:, None] - middle[None, :]) ** 2
    total = margin.sum()
    expected = float((np.outer(margin, margin) * distance).sum()) / (total - 1)
    if expected == 0:
        return None
    return float(1 - (coincidence * distance).sum() / expected)
