"""Curves: one psychometric fit per panel or arm, over all its scenarios, by Newton's method.

The Hessian of the penalised loss is an arrowhead: scenarios meet only in g, l and m. A step
therefore costs one small solve per scenario and one of three by three, however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from discretion.measures.psychometric import (
    EFFECTS,
    LAPSE_BOUND,
    SHARED,
    SLOPE,
    THRESHOLD,
    Cells,
    Floats,
    Ints,
    respond,
    scenario_terms,
    shared_terms,
)
from discretion.measures.rates import sums_by
from discretion.measures.sandwich import Sandwich, sandwich

_STARTS = ((0.01, 0.0), (0.05, 2.0))
"""Lapse rates and log slope at which the two searches begin."""
_MOST_STEPS = 500
_CONVERGED = 1e-9
"""The fit ends when a Newton step would lower the loss by less than this."""
_AT_BOUND = 1e-6
FARTHEST = 2.0
"""No step moves a parameter by more: far from the optimum the loss is nearly flat."""


@dataclass(frozen=True, slots=True)
class Observations:
    """Judgments of a panel, or the sampled answers of an arm, one row each or already counted.

    Rows that do not break the rule (deviation 0, negative or NaN) and rows without trials may be
    among them; the fit leaves them out.
    """

    scenario: NDArray[Any]
    """(n,) scenario codes, 0 to ``scenarios`` - 1."""
    deviation: NDArray[Any]
    """(n,) distance beyond the limit over the scenario's scale; NaN where there is no limit."""
    grants: NDArray[Any]
    """(n,) how many of the trials were granted."""
    trials: NDArray[Any]
    """(n,) grants and refusals; unsure counts in neither."""
    scenarios: int
    """How many scenarios there are, those without any row included."""
    levels: NDArray[Any] | None = None
    """(n, F) level of the f-th factor of the row's own scenario, 0 the first level; 0 also where
    the scenario has fewer factors. None: no factors."""
    rater: NDArray[Any] | None = None
    """(n,) rater codes. None: not known, and judgments count as independent."""


@dataclass(frozen=True, slots=True)
class Curves:
    """A fit: the curves of the scenarios that have at least one case that breaks the rule."""

    cells: Cells
    """The judgments as they were fitted."""
    scenario: Ints
    """(S,) codes of the scenarios fitted, in the order of the rows of ``theta``."""
    scenarios: int
    """How many scenarios there were, fitted or not."""
    effects: tuple[tuple[int, int], ...]
    """The (factor, level) that each effect column stands for."""
    theta: Floats
    """(S, T) g, l, m, log b, log threshold, then effects; see the psychometric module."""
    sandwich: Sandwich
    """Covariances of log b, log threshold and effects, by the model and clustered by rater."""
    converged: bool
    """False where the search ended before its tolerance; then report no figure of this fit."""

    @property
    def guess(self) -> float:
        """g: the share granted however far the value lies beyond the limit."""
        return float(self.theta[0, 0])

    @property
    def lapse(self) -> float:
        """l: the share refused however near the value lies to the limit."""
        return float(self.theta[0, 1])

    def position(self, scenario: int) -> int | None:
        """The row of ``theta`` of a scenario; None where it was not fitted."""
        found = np.flatnonzero(self.scenario == scenario)
        return int(found[0]) if len(found) else None

    def probability(
        self, scenario: int, deviation: Floats, levels: Ints | None = None
    ) -> Floats | None:
        """P at each deviation above 0, with each factor at the level given, by default its first.

        ``levels`` is (F,) or None. None is returned where the scenario was not fitted.
        """
        row = self.position(scenario)
        if row is None:
            return None
        deviation = np.asarray(deviation, dtype=float)
        chosen = np.zeros(0) if levels is None else np.asarray(levels)
        design = [float(f < len(chosen) and chosen[f] == level) for f, level in self.effects]
        n = len(deviation)
        points = Cells(
            scenario=np.zeros(n, dtype=np.int64),
            log_deviation=np.log(deviation),
            design=np.tile(np.asarray(design, dtype=float), (n, 1)).reshape(n, len(design)),
            grants=np.zeros(n),
            refusals=np.zeros(n),
        )
        return respond(points, self.theta[[row]]).grant


def fit_curves(observations: Observations) -> Curves | None:
    """Fit all scenarios at once by penalised maximum likelihood.

    Returns:
        None where no row breaks the rule.
    """
    violates = np.asarray(observations.deviation, dtype=float) > 0
    kept = np.flatnonzero(violates & (np.asarray(observations.trials) > 0))
    if not len(kept):
        return None
    cells, cell_of_row, codes, effects = _count(observations, kept)
    theta, converged = _best_fit(cells)
    grants = np.asarray(observations.grants, dtype=float)[kept]
    trials = np.asarray(observations.trials, dtype=float)[kept]
    rater = None if observations.rater is None else np.asarray(observations.rater)[kept]
    return Curves(
        cells=cells,
        scenario=codes,
        scenarios=observations.scenarios,
        effects=effects,
        theta=theta,
        sandwich=sandwich(
            cells, theta, _arrow(cells, theta), rater, cell_of_row, grants, trials - grants
        ),
        converged=converged,
    )


def _count(
    observations: Observations, kept: Ints
) -> tuple[Cells, Ints, Ints, tuple[tuple[int, int], ...]]:
    """Rows to cells, with the cell of each row, the scenario codes and the effect columns."""
    codes, scenario = np.unique(np.asarray(observations.scenario)[kept], return_inverse=True)
    deviations, deviation = np.unique(
        np.asarray(observations.deviation, dtype=float)[kept], return_inverse=True
    )
    levels = np.zeros((len(kept), 0), dtype=np.int64)
    if observations.levels is not None:
        levels = np.asarray(observations.levels, dtype=np.int64)[kept]
    key = scenario * len(deviations) + deviation
    effects: list[tuple[int, int]] = []
    for factor, column in enumerate(levels.T):
        # Renumbered after each factor, so that many factors cannot overflow the key.
        key = np.unique(key, return_inverse=True)[1] * (column.max() + 1) + column
        effects += [(factor, int(level)) for level in np.unique(column) if level > 0]
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    grants = np.asarray(observations.grants, dtype=float)[kept]
    trials = np.asarray(observations.trials, dtype=float)[kept]
    design = np.zeros((len(first), len(effects)))
    for j, (factor, level) in enumerate(effects):
        design[:, j] = levels[first, factor] == level
    cells = Cells(
        scenario=scenario[first],
        log_deviation=np.log(deviations[deviation[first]]),
        design=design,
        grants=sums_by(cell, grants),
        refusals=sums_by(cell, trials - grants),
    )
    return cells, cell, codes.astype(np.int64), tuple(effects)


def _best_fit(cells: Cells) -> tuple[Floats, bool]:
    """The lower of the optima reached from a gentle and from a steep start.

    Few judgments can be told both ways: by a gentle curve, or by a steep one with lapses.
    """
    share = np.add.reduceat(cells.grants, cells.starts) / cells.trials
    fits = []
    for lapse, log_slope in _STARTS:
        theta = np.zeros((len(cells.starts), EFFECTS + cells.design.shape[1]))
        theta[:, :2] = lapse
        theta[:, 2] = theta[:, SLOPE] = log_slope
        # As far along the values tried as the share that was granted says.
        theta[:, THRESHOLD] = cells.smallest + share * (cells.largest - cells.smallest)
        fits.append(_minimise(cells, theta))
    _, theta, converged = min(fits, key=lambda fit: fit[0])
    return theta, converged


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


def _arrow(cells: Cells, theta: Floats) -> Arrow:
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


def _minimise(cells: Cells, theta: Floats) -> tuple[float, Floats, bool]:
    """The loss and place of the optimum downhill from ``theta``, and whether it was reached."""
    arrow = _arrow(cells, theta)
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
            reached = _arrow(cells, trial)
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
