"""Predictions: whether people agree with each other as often as they think.

Raters may say how sure they are, and how many of their colleagues would grant. Both foretell how
often another of them gives the same answer, which the other judgments of the case show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from discretion.stats.figure import Figure, missing
from discretion.stats.intervals import ROUNDING, Mean
from discretion.stats.rates import Bools, Floats, Ints, sums_by

_EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Of the bins of predicted agreement; few people say that most others would disagree."""


@dataclass(frozen=True, slots=True)
class PredictionBin:
    predicted: float
    """Mean predicted agreement in the bin."""
    agreed: float
    """Mean share of the others who answered the same."""
    n: int


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predicted beside real agreement, over judgments of cases that somebody else decided too."""

    predicted: float | None
    """Mean predicted agreement, in [0, 1]; None where nothing can be compared."""
    agreed: float | None
    """Mean share of the others who gave the same answer."""
    difference: Figure
    """Predicted minus real: above zero they expect more agreement than there is. The interval is
    clustered by case and by rater."""
    bins: tuple[PredictionBin, ...]
    """By predicted agreement, rising; empty bins are left out."""


def predictions(predicted: Floats, granted: Bools, case: Ints, rater: Ints) -> Predictions:
    """How well people foretell each other.

    The mean weighs judgments equally. Its variance is that between cases plus what raters add to
    the variance of single judgments, never less than nothing (the guarded two-way form of
    Cameron, Gelbach and Miller 2011), on t with the smaller number of clusters less one.

    Args:
        predicted: (J,) predicted probability that another gives the same answer; NaN where not
            said.
        granted: (J,) the decision.
        case: (J,) index of the case.
        rater: (J,) index of the rater; -1 where it is not known.
    """
    decided, grants = sums_by(case, np.ones(len(case))), sums_by(case, granted)
    alike = np.where(granted, grants[case], decided[case] - grants[case]) - 1
    others = decided[case] - 1
    used = np.isfinite(predicted) & (others > 0)
    n = int(used.sum())
    if not n:
        nothing = missing("nobody said, of a case that somebody else decided too")
        return Predictions(None, None, nothing, ())
    said, agreed = predicted[used], alike[used] / others[used]
    away = said - agreed
    difference = float(away.mean())
    away = away - difference
    by_case, cases = _clustered(away, case[used])
    single, _ = _clustered(away, np.arange(n))
    known = bool((rater[used] >= 0).all())
    by_rater, raters = _clustered(away, rater[used]) if known else (0.0, cases)
    variance = by_case + max(0.0, by_rater - single)
    df = min(cases, raters) - 1
    note = "" if known else "raters are not known: how they differ is not in the interval"
    error = math.sqrt(variance) if df > 0 and variance > ROUNDING**2 else None
    figure = Mean(difference, error, df, n, note).figure(-1.0, 1.0)
    return Predictions(float(said.mean()), float(agreed.mean()), figure, tuple(_bins(said, agreed)))


def _clustered(away: Floats, cluster: Ints) -> tuple[float, int]:
    """The variance of a mean of deviations as clusters vary, and the number of clusters."""
    _, code = np.unique(cluster, return_inverse=True)
    sums = sums_by(code, away)
    count = len(sums)
    if count < 2:
        return 0.0, count
    return float((sums**2).sum()) / len(away) ** 2 * count / (count - 1), count


def _bins(said: Floats, agreed: Floats) -> list[PredictionBin]:
    place = np.clip(np.searchsorted(_EDGES, said, side="right") - 1, 0, len(_EDGES) - 2)
    return [
        PredictionBin(float(said[here].mean()), float(agreed[here].mean()), int(here.sum()))
        for here in (place == index for index in range(len(_EDGES) - 1))
        if here.any()
    ]
