"""Scores over single judgments: Brier score and log loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discretion.stats.figure import Figure
from discretion.stats.intervals import mean_of
from discretion.stats.rates import Floats, Ints, Rates
from discretion.stats.seeds import over_seeds
from discretion.stats.weights import Weigh

FLOOR = 0.001
"""In logarithms a probability is kept within [FLOOR, 1 - FLOOR]."""


def brier(p: Floats, variance: Floats, rates: Rates, *, weigh: Weigh = "scenarios") -> Figure:
    """The mean of (p - decision)^2 over single judgments, less the sampling variance of p.

    A case's h and n say all of its judgments; a case whose n is not known has none. The figure's
    n counts judgments. Several seeds, (S, C), are averaged in the square.
    """

    def term(h: Floats, n: Floats, at: Ints) -> Floats:
        return over_seeds((p[..., at] - h) ** 2 + h * (1 - h) - variance[..., at])

    return mean_of(term, rates, weigh=weigh, per="judgment").figure(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class LogLoss:
    """Log loss, and how often a probability had to be clipped for it."""

    loss: Figure
    """Natural logarithms, over single judgments."""
    clipped: float | None
    """Share of these judgments whose p was beyond the floor or the ceiling, in [0, 1]."""


def log_loss(p: Floats, rates: Rates, *, weigh: Weigh = "scenarios") -> LogLoss:
    """The mean of -log(probability of the decision) over single judgments, p clipped.

    Several seeds, (S, C), are averaged in the logarithm.
    """
    kept = np.clip(p, FLOOR, 1 - FLOOR)

    def term(h: Floats, n: Floats, at: Ints) -> Floats:
        return over_seeds(-h * np.log(kept[..., at]) - (1 - h) * np.log1p(-kept[..., at]))

    used = np.isfinite(p) & np.isfinite(rates.h) & (rates.n > 0)
    count = np.broadcast_to(rates.n, used.shape)
    judged = float(count[used].sum())
    beyond = float(count[used & (kept != p)].sum())
    loss = mean_of(term, rates, weigh=weigh, per="judgment").figure()
    return LogLoss(loss, beyond / judged if judged else None)
