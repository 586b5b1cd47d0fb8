"""Recalibration: what two numbers could have taught a model, so that they are not taken for more.

A model that grants everything less often than people do is put right by a shift alone, without
any judgment of cases. Learned judgment is what survives it (DESIGN 7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discretion.stats.rates import Floats
from discretion.stats.scores import FLOOR

PRIOR = 5.0
"""Standard deviation of the Normal priors on a and on b - 1."""
_STEPS = 100
_CLOSE = 1e-10


@dataclass(frozen=True, slots=True)
class Recalibration:
    """logit(p') = a + b logit(p), p clipped to [0.001, 0.999]."""

    a: float
    """The shift, in logits: above zero it grants more."""
    b: float
    """The slope: below one it pulls towards one half."""

    def apply(self, p: Floats) -> Floats:
        """(C,) recalibrated probabilities; NaN stays NaN."""
        return _share(self.a + self.b * _logit(p))

    def variance(self, p: Floats, variance: Floats) -> Floats:
        """(C,) sampling variance of `apply(p)`, by the delta method, from that of p."""
        return moved_variance(p, variance, self.apply(p), self.b)


def moved_variance(
    p: Floats, variance: Floats, recalibrated: Floats, slope: float | Floats
) -> Floats:
    """(C,) sampling variance of recalibrated probabilities: p's times the squared derivative
    b p'(1 - p') / (p(1 - p))."""
    kept = np.clip(p, FLOOR, 1 - FLOOR)
    rise = slope * recalibrated * (1 - recalibrated) / (kept * (1 - kept))
    moved: Floats = np.where(variance == 0, 0.0, rise**2 * variance)
    return moved


def fit(p: Floats, grants: Floats, refusals: Floats, *, slope: bool) -> Recalibration | None:
    """The most probable a, and b where `slope`, for these numbers of judgments.

    Maximum likelihood with Normal(0, 5) priors on a and on b - 1, which keep both finite where
    the judgments are one-sided or separable. Newton's method on a concave function.

    Args:
        p: (C,) the arm's grant probabilities, NaN where there is none.
        grants: (C,) judgments that grant; effective numbers where judgments are weighted.
        refusals: (C,) those that refuse.
        slope: fit b too; else it is 1.

    Returns:
        None where no case has both an answer and a judgment.
    """
    used = np.isfinite(p) & (grants + refusals > 0)
    if not used.any():
        return None
    x, granted, refused = _logit(p[used]), grants[used], refusals[used]
    design = np.stack([np.ones_like(x), x], axis=1)
    free = 2 if slope else 1
    usual = np.array([0.0, 1.0])

    def height(now: Floats) -> float:
        eta = design @ now
        likelihood = -(granted @ np.logaddexp(0, -eta)) - refused @ np.logaddexp(0, eta)
        return float(likelihood - ((now - usual) ** 2).sum() / (2 * PRIOR**2))

    now = usual
    for _ in range(_STEPS):
        share = _share(design @ now)
        gradient = design.T @ (granted - (granted + refused) * share) - (now - usual) / PRIOR**2
        weight = (granted + refused) * share * (1 - share)
        curvature = (design.T * weight) @ design + np.eye(2) / PRIOR**2
        step = np.zeros(2)
        step[:free] = np.linalg.solve(curvature[:free, :free], gradient[:free])
        # Far from the top a full step may overshoot it: halve until it climbs.
        while height(now + step) < height(now) and np.abs(step).max() > _CLOSE:
            step = step / 2
        now = now + step
        if np.abs(step).max() <= _CLOSE:
            break
    return Recalibration(float(now[0]), float(now[1]))


def _logit(p: Floats) -> Floats:
    kept = np.clip(p, FLOOR, 1 - FLOOR)
    logit: Floats = np.log(kept) - np.log1p(-kept)
    return logit


def _share(logit: Floats) -> Floats:
    share: Floats = 0.5 * (1 + np.tanh(logit / 2))
    return share
