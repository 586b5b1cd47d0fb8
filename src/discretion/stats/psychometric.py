"""The psychometric model: grant probability against log deviation, its loss and derivatives.

On a case that breaks the rule by the deviation d > 0, in scenario k,

    P = g + (1 - g - l) logistic(-b_k (log d - mu_k - shift)),

where ``g`` is granted however far the value lies beyond the limit and ``l`` refused however near.
It is written here with the threshold t_k, the log deviation at which P is one half, in place of
mu_k: t_k = mu_k - c / b_k with c = log((1/2 - g) / (1/2 - l)). That is the same model, and a
profile over the threshold then only has to hold one parameter still.

A scenario's parameters are one row of ``theta``: g, l, m, log b, t, then one effect for each level
of a factor other than its first. The first three are shared by all scenarios of a fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHARED = 3
"""How many parameters come first in each row and are the same in all: g, l and m."""
SLOPE, THRESHOLD, EFFECTS = 3, 4, 5
"""Where log b, t and the first effect stand in a row."""

LAPSE_PENALTY = 18.0
"""g and l have the prior Beta(1, 19), whose density goes with (1 - g)^18."""
LAPSE_BOUND = 0.45
"""At g or l of one half no threshold exists; the prior keeps both far below."""
SLOPE_SPREAD = 0.5
"""Standard deviation of log b over scenarios. Fixed: its joint mode would collapse to zero."""
SLOPE_MEAN_SPREAD = 2.0
"""m ~ Normal(0, 2)."""
RIDGE_SPREAD = 10.0
"""A Normal with this standard deviation in log deviation, around the middle of the values tried,
holds the threshold of a scenario in which everything was granted or everything refused; around
zero, it holds the effect of a level in which that is so. A threshold on the grid moves by less
than a hundredth of its standard error."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Judgments counted by scenario, deviation and factor levels; sorted by scenario."""

    scenario: Ints
    """(n,) row of ``theta`` that a cell belongs to, 0 to S - 1, none left out."""
    log_deviation: Floats
    """(n,) natural logarithm of the deviation."""
    design: Floats
    """(n, E) 1 where the cell has the level of an effect, else 0."""
    grants: Floats
    """(n,)"""
    refusals: Floats
    """(n,)"""

    @property
    def starts(self) -> Ints:
        """(S,) position of each scenario's first cell."""
        return np.flatnonzero(np.r_[True, np.diff(self.scenario) > 0])

    @property
    def smallest(self) -> Floats:
        """(S,) smallest log deviation tried in each scenario."""
        return np.asarray(np.minimum.reduceat(self.log_deviation, self.starts), dtype=float)

    @property
    def largest(self) -> Floats:
        """(S,) largest log deviation tried in each scenario."""
        return np.asarray(np.maximum.reduceat(self.log_deviation, self.starts), dtype=float)

    @property
    def trials(self) -> Floats:
        """(S,) judgments in each scenario."""
        return np.asarray(np.add.reduceat(self.grants + self.refusals, self.starts), dtype=float)


@dataclass(frozen=True, slots=True)
class Response:
    """What the model says of each cell, and how that moves with the parameters."""

    grant: Floats
    """(n,) P."""
    refuse: Floats
    """(n,) 1 - P, without the loss of digits that the subtraction would bring."""
    drive: Floats
    """(n,) the argument of the logistic."""
    jacobian: Floats
    """(n, T) derivatives of P by the parameters of the cell's own row of theta."""


def respond(cells: Cells, theta: Floats) -> Response:
    """P and its first derivatives at ``theta`` (S, T)."""
    rows = theta[cells.scenario]
    g, l, b = rows[:, 0], rows[:, 1], np.exp(rows[:, SLOPE])  # noqa: E741
    beyond = cells.log_deviation - rows[:, THRESHOLD] - (cells.design * rows[:, EFFECTS:]).sum(1)
    drive = np.clip(np.log((0.5 - g) / (0.5 - l)) - b * beyond, -300.0, 300.0)
    up, down = 1 / (1 + np.exp(-drive)), 1 / (1 + np.exp(drive))
    rise = (1 - g - l) * up * down
    jacobian = np.zeros_like(rows)
    jacobian[:, 0] = down - rise / (0.5 - g)
    jacobian[:, 1] = rise / (0.5 - l) - up
    jacobian[:, SLOPE] = -rise * b * beyond
    jacobian[:, THRESHOLD] = rise * b
    jacobian[:, EFFECTS:] = (rise * b)[:, None] * cells.design
    return Response(g + (1 - g - l) * up, l + (1 - g - l) * down, drive, jacobian)


def scenario_terms(cells: Cells, theta: Floats) -> tuple[Floats, Floats, Floats]:
    """Each scenario's part of the penalised loss, its gradient and its Hessian.

    The loss is the negative log likelihood of the scenario's cells, less the log priors of its own
    log b, threshold and effects, up to constants. The priors of g, l and m are in
    :func:`shared_terms`.

    Returns:
        loss (S,), gradient (S, T), Hessian (S, T, T).
    """
    response = respond(cells, theta)
    p, q, jacobian = response.grant, response.refuse, response.jacobian
    loss = -cells.grants * np.log(p) - cells.refusals * np.log(q)
    by_p = cells.refusals / q - cells.grants / p
    curvature = cells.refusals / q**2 + cells.grants / p**2
    hessian = curvature[:, None, None] * jacobian[:, :, None] * jacobian[:, None, :]
    hessian += by_p[:, None, None] * _second_derivatives(cells, theta, response)
    starts = cells.starts
    totals = (
        np.add.reduceat(loss, starts),
        np.add.reduceat(by_p[:, None] * jacobian, starts, axis=0),
        np.add.reduceat(hessian, starts, axis=0),
    )
    return _with_own_priors(cells, theta, *totals)


def _second_derivatives(cells: Cells, theta: Floats, response: Response) -> Floats:
    """(n, T, T) second derivatives of P, by the chain rule through the logistic's argument."""
    rows = theta[cells.scenario]
    g, l, b = rows[:, 0], rows[:, 1], np.exp(rows[:, SLOPE])  # noqa: E741
    up, down = 1 / (1 + np.exp(-response.drive)), 1 / (1 + np.exp(response.drive))
    bend, rise = up * down, (1 - g - l) * up * down
    along = np.zeros_like(rows)  # derivatives of the logistic's argument
    along[:, 0], along[:, 1] = -1 / (0.5 - g), 1 / (0.5 - l)
    along[:, SLOPE] = response.drive - np.log((0.5 - g) / (0.5 - l))
    along[:, THRESHOLD] = b
    along[:, EFFECTS:] = b[:, None] * cells.design
    second = (rise * (down - up))[:, None, None] * along[:, :, None] * along[:, None, :]
    for lapse in (0, 1):
        cross = bend[:, None] * along
        second[:, lapse, :] -= cross
        second[:, :, lapse] -= cross
    second[:, 0, 0] -= rise / (0.5 - g) ** 2
    second[:, 1, 1] += rise / (0.5 - l) ** 2
    second[:, SLOPE, SLOPE] += rise * along[:, SLOPE]
    steeper = rise[:, None] * along[:, THRESHOLD:]
    second[:, SLOPE, THRESHOLD:] += steeper
    second[:, THRESHOLD:, SLOPE] += steeper
    return second


def _with_own_priors(
    cells: Cells, theta: Floats, loss: Floats, gradient: Floats, hessian: Floats
) -> tuple[Floats, Floats, Floats]:
    middle = np.zeros_like(theta[:, THRESHOLD:])
    middle[:, 0] = (cells.smallest + cells.largest) / 2
    away = (theta[:, THRESHOLD:] - middle) / RIDGE_SPREAD
    apart = (theta[:, SLOPE] - theta[:, 2]) / SLOPE_SPREAD
    loss = loss + (away**2).sum(1) / 2 + apart**2 / 2
    gradient[:, THRESHOLD:] += away / RIDGE_SPREAD
    gradient[:, SLOPE] += apart / SLOPE_SPREAD
    gradient[:, 2] -= apart / SLOPE_SPREAD
    own = np.arange(THRESHOLD, theta.shape[1])
    hessian[:, own, own] += 1 / RIDGE_SPREAD**2
    for i, j, sign in ((SLOPE, SLOPE, 1), (2, 2, 1), (SLOPE, 2, -1), (2, SLOPE, -1)):
        hessian[:, i, j] += sign / SLOPE_SPREAD**2
    return loss, gradient, hessian


def shared_terms(shared: Floats) -> tuple[Floats, Floats, Floats]:
    """Loss, gradient and Hessian of the priors of g, l and m; ``shared`` is (..., 3)."""
    lapses, m = shared[..., :2], shared[..., 2]
    loss = -LAPSE_PENALTY * np.log1p(-lapses).sum(-1) + (m / SLOPE_MEAN_SPREAD) ** 2 / 2
    gradient = np.empty_like(shared)
    gradient[..., :2] = LAPSE_PENALTY / (1 - lapses)
    gradient[..., 2] = m / SLOPE_MEAN_SPREAD**2
    hessian = np.zeros((*shared.shape, SHARED))
    hessian[..., [0, 1], [0, 1]] = LAPSE_PENALTY / (1 - lapses) ** 2
    hessian[..., 2, 2] = 1 / SLOPE_MEAN_SPREAD**2
    return loss, gradient, hessian
