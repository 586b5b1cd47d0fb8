"""Newton's method where scenarios meet only in what they share.

The Hessian of the penalised loss is an arrowhead: a block for each scenario's own parameters, and
a border for g, l and m. A step costs one small solve per scenario and one of three by three,
however many scenarios there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from discretion.stats.psychometric import (
    LAPSE_BOUND,
    SHARED,
    Cells,
    Floats,
    scenario_terms,
    shared_terms,
)

_MOST_STEPS = 500
_CONVERGED = 1e-9
"""The fit ends when a Newton step would lower the loss by less than this."""
_AT_BOUND = 1e-6
FARTHEST = 2.0
"""No step moves a parameter by more: far from the optimum the loss is nearly flat."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """The Hessian at a point, taken apart into scenarios and what they share."""

    loss: float
    gradient: Floats
    """(S, T) each scenario's own; the shared columns without the shared priors."""
    shared_gradient: Floats
    """(3,) scenarios and priors."""
    block_inverse: Floats
    """(S, p, p) inverse Hessian of a scenario's own parameters, made positive."""
    border: Floats
    """(S, 3, p) second derivatives by a shared and an own parameter."""
    schur: Floats
    """(S, 3, 3) what a scenario says of the shared ones when its own parameters follow along."""
    shared_inverse: Floats
    """(3, 3) inverse of the sum of these and of the priors; zero where g or l is at its bound."""


def positive_inverse(hessian: Floats) -> Floats:
    """Inverses of symmetric (..., T, T) with their eigenvalues made positive.

    A step along a negative curvature would lead to a saddle or a maximum.
    """
    values, vectors = np.linalg.eigh(hessian)
    values = np.maximum(np.abs(values), 1e-8)
    return np.asarray((vectors / values[..., None, :]) @ np.swapaxes(vectors, -1, -2))


def at_bound(shared: Floats, gradient: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Which of g, l and m (..., 3) are at a bound with the loss falling beyond it, and the step
    that takes those onto it, 0 for the others.

    A lapse rate counts as at its bound when it nearly is: a Newton step that leads it out would be
    cut off at the bound, and what is left of the step may lead uphill.
    """
    step = np.zeros_like(shared)
    step[..., :2] = np.where(gradient[..., :2] > 0, 0.0, LAPSE_BOUND) - shared[..., :2]
    held = np.abs(step) < _AT_BOUND
    held[..., 2] = False
    return held, np.where(held, step, 0.0)


def without(hessian: Floats, held: NDArray[np.bool_]) -> Floats:
    """The Hessian with the rows and columns of held parameters made those of the identity."""
    free = ~held
    kept = np.where(free[..., :, None] & free[..., None, :], hessian, 0.0)
    return kept + held[..., :, None] * np.eye(held.shape[-1])


def arrow_at(cells: Cells, theta: Floats) -> Arrow:
    loss, gradient, hessian = scenario_terms(cells, theta)
    prior_loss, prior_gradient, prior_hessian = shared_terms(theta[0, :SHARED])
    block_inverse = positive_inverse(hessian[:, SHARED:, SHARED:])
    border = hessian[:, :SHARED, SHARED:]
    schur = hessian[:, :SHARED, :SHARED] - border @ block_inverse @ np.swapaxes(border, 1, 2)
    shared_gradient = gradient[:, :SHARED].sum(0) + prior_gradient
    held, _ = at_bound(theta[0, :SHARED], shared_gradient)
    shared_inverse = positive_inverse(without(schur.sum(0) + prior_hessian, held))
    shared_inverse[held] = 0
    return Arrow(
        loss=float(loss.sum() + prior_loss),
        gradient=gradient,
        shared_gradient=shared_gradient,
        block_inverse=block_inverse,
        border=border,
        schur=schur,
        shared_inverse=shared_inverse,
    )


def minimise(cells: Cells, theta: Floats) -> tuple[float, Floats, bool]:
    """The loss and place of the optimum downhill from ``theta``, and whether it was reached."""
    arrow = arrow_at(cells, theta)
    for _ in range(_MOST_STEPS):
        step = _newton_step(arrow)
        step[:, :SHARED] += at_bound(theta[0, :SHARED], arrow.shared_gradient)[1]
        descent = -float((arrow.gradient * step)[:, SHARED:].sum())
        descent -= float(arrow.shared_gradient @ step[0, :SHARED])
        if descent < _CONVERGED:
            return arrow.loss, theta, True
        step *= min(1.0, FARTHEST / float(np.abs(step).max()))
        length = 1.0
        while True:
            trial = theta + length * step
            trial[:, :2] = np.clip(trial[:, :2], 0.0, LAPSE_BOUND)
            reached = arrow_at(cells, trial)
            if reached.loss < arrow.loss:
                break
            length /= 2
            if length < 1e-9:
                return arrow.loss, theta, descent < 1e-6
        theta, arrow = trial, reached
    return arrow.loss, theta, False


def _newton_step(arrow: Arrow) -> Floats:
    """(S, T) solves the arrowhead: the shared parameters first, then each scenario's own."""
    own = arrow.gradient[:, SHARED:, None]
    through = arrow.border @ arrow.block_inverse
    shared = -arrow.shared_inverse @ (arrow.shared_gradient - (through @ own)[..., 0].sum(0))
    own_step = -arrow.block_inverse @ (own + np.swapaxes(arrow.border, 1, 2) @ shared[:, None])
    return np.concatenate([np.tile(shared, (len(own), 1)), own_step[..., 0]], axis=1)
