"""Seeds: the same figure over several trainings. Errors are averaged, probabilities never.

An average of probabilities is an ensemble, which is nearer to the people than any model in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from discretion.stats.figure import Figure
from discretion.stats.rates import Floats


def over_seeds(each: Floats) -> Floats:
    """The mean over the seeds that have a value: (S, C) to (C,), NaN where none has; (C,) stays."""
    if each.ndim == 1:
        return each
    known = np.isfinite(each)
    count = known.sum(axis=0)
    total = np.where(known, each, 0.0).sum(axis=0)
    mean: Floats = np.divide(total, count, out=np.full(each.shape[1:], np.nan), where=count > 0)
    return mean


def mean_figure(figures: Sequence[Figure]) -> Figure:
    """The mean of one figure over seeds, for what is no mean over cases: AUC, a correlation.

    The ends are the means of the ends: right where all seeds err alike, and too wide rather than
    too narrow where they do not. The first that cannot be computed stands for all.
    """
    lacking = [one for one in figures if one.value is None]
    if lacking or len(figures) == 1:
        return (lacking or figures)[0]
    low, value, high = (
        None if None in ends else float(np.mean([end for end in ends if end is not None]))
        for ends in zip(*((one.low, one.value, one.high) for one in figures), strict=True)
    )
    return Figure(value, low, high, figures[0].n, figures[0].note)


def spread(values: Sequence[float | None]) -> float | None:
    """The standard deviation of a figure between seeds; None with fewer than two values."""
    known = [value for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None
