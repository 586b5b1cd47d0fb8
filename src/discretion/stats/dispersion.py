"""Dispersion: how much cases differ beyond their value and factors, over all scenarios of a fit.

Two cases with the same value and the same levels are still two texts, and people grant one of them
more often. All judgments of a case share that, so judgments count for less than their number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discretion.stats.psychometric import SHARED, Cells, Floats, Ints, respond
from discretion.stats.rates import sums_by


@dataclass(frozen=True, slots=True, eq=False)
class Dispersion:
    """What cases add to the variance of a fit. There are N cases."""

    square: float
    """Variance of a case's own effect, in squared logits; 0 where cases differ no more than their
    judgments' noise."""
    extra: Floats
    """(N,) what it adds to the variance of each case's number of grants."""
    cell: Ints
    """(N,) the cell of each case."""
    freedom: float
    """Degrees of freedom of `square`: as many cases as weigh alike, less one for each scenario."""


def dispersion(
    cells: Cells, theta: Floats, model: Floats, cell: Ints, grants: Floats, trials: Floats
) -> Dispersion:
    """Estimate the variance of case effects by moments, one for all scenarios.

    A case of n judgments whose logit lies e off its curve has a number of grants with variance
    n p q + n (n - 1) r^2 s^2, with r the slope of p by the logit and s^2 the variance of e:
    Williams (1982), model III, for logistic regression with extra-binomial variance. s^2 is found
    by setting the sum of the squared residuals to what it is expected to be. Each residual is
    smaller than its error, because the curve was fitted to it: (I - H) times it, H being the hat
    matrix of the scenario's own parameters.

    Args:
        model: (S, p, p) covariance of each scenario's own parameters.
        cell: (N,) the cell of each case; grants and trials (N,) likewise.
    """
    response = respond(cells, theta)
    p, q = response.grant[cell], response.refuse[cell]
    steep = theta[cells.scenario[cell]]
    # The slope of P by the logistic's argument: what the threshold's derivative is b times.
    rise = (response.jacobian[cell, SHARED + 1]) / np.exp(steep[:, SHARED])
    own = response.jacobian[cell, SHARED:]
    scenario = cells.scenario[cell]
    binomial, pairs = trials * p * q, trials * np.maximum(trials - 1, 0) * rise**2
    # H_ij = n_i J_i' V J_j / (p_j q_j); the sum over i of (I - H)_ij^2 is what a variance of case j
    # adds to the squares of all residuals.
    lever = np.einsum("npk,nk->np", model[scenario], own / (p * q)[:, None])
    weighted = own * trials[:, None]
    spread = np.zeros((len(model), own.shape[1], own.shape[1]))
    np.add.at(spread, scenario, weighted[:, :, None] * weighted[:, None, :])
    itself = (weighted * lever).sum(axis=1)
    left = 1 - 2 * itself + np.einsum("np,npk,nk->n", lever, spread[scenario], lever)
    residual = float(((grants - trials * p) ** 2).sum())
    scale = float(left @ pairs)
    square = max(0.0, (residual - float(left @ binomial)) / scale) if scale > 0 else 0.0
    extra = pairs * square
    whole = binomial + extra
    alike = float(whole.sum()) ** 2 / max(float((whole**2).sum()), 1e-300)
    return Dispersion(square, extra, cell, max(1.0, alike - len(model)))


def by_case(case: Ints, cell: Ints, grants: Floats, trials: Floats) -> tuple[Ints, Floats, Floats]:
    """Rows to cases: the cell, grants and trials of each, (N,). A case that stands in two cells, as
    one whose levels were changed would, is two."""
    width = int(cell.max(initial=0)) + 1
    places, place = np.unique(case * width + cell, return_inverse=True)
    return places % width, sums_by(place, grants), sums_by(place, trials)
