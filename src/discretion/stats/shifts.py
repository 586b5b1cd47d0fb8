"""Shifts: what a level of a factor is worth, as a distance between two thresholds.

"A loyal customer is worth 2.3 days to your people, 0.1 to the model."
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from discretion.stats.curves import Curves
from discretion.stats.isotonic import State, isotonic_threshold, state_of
from discretion.stats.psychometric import EFFECTS, SHARED, THRESHOLD


@dataclass(frozen=True, slots=True)
class Shift:
    """A factor's level against its first level, other factors at their first."""

    shift: float | None
    """Threshold with the level minus threshold without, in policy units: positive where the level
    makes people or a model grant further from the limit, whether the limit is an at-most or an
    at-least. None where either threshold is off the values tried, or where the interval reaches
    farther than two thresholds on the values tried can lie apart: too few judgments tell it."""
    low: float | None
    high: float | None
    """Ends of the interval; None where the shift is, with a single rater, and for scored arms,
    which have no sampling noise."""
    without: State
    """Where the threshold with every factor at its first level lies."""
    having: State
    """Where the threshold with the level lies."""
    n: int
    """Judgments of the cases that tell it: with the level and without, other factors at their
    first; for scored arms the cases themselves."""


def factor_shift(
    curves: Curves,
    scenario: int,
    factor: int,
    level: int,
    scale: float,
    *,
    confidence: float = 0.95,
) -> Shift | None:
    """The shift of a panel or a sampled arm, from its fitted curves.

    The interval is the shift plus or minus the t quantile times its standard error, by the delta
    method from the covariance of log threshold and effect, rater inflation included.

    Args:
        curves: the fit.
        scenario: its code.
        factor: which of the scenario's factors, as a column of ``Observations.levels``.
        level: the level's code, above 0.
        scale: the scenario's, in policy units.
        confidence: of the interval.

    Returns:
        None where the scenario was not fitted, or has no case with the level, or none without it.
    """
    row = curves.position(scenario)
    if row is None or (factor, level) not in curves.effects:
        return None
    column = curves.effects.index((factor, level))
    cells = curves.cells
    on = cells.design[:, column] == 1
    others = np.delete(cells.design, column, axis=1).any(axis=1)
    same_factor = [j for j, (f, _) in enumerate(curves.effects) if f == factor]
    here = cells.scenario == row
    lacking = ~cells.design[:, same_factor].any(axis=1)
    if not (here & on).any() or not (here & lacking).any():
        return None
    judged = cells.grants + cells.refusals
    n = round(float(judged[here & ~others].sum()))
    log = float(curves.theta[row, THRESHOLD])
    shifted = log + float(curves.theta[row, EFFECTS + column])
    edges = float(cells.smallest[row]), float(cells.largest[row])
    states = state_of(log, *edges), state_of(shifted, *edges)
    if states != ("crossed", "crossed"):
        return Shift(None, None, None, *states, n)
    shift = scale * float(np.exp(shifted) - np.exp(log))
    gradient = np.zeros(curves.sandwich.model.shape[:2])
    gradient[row, THRESHOLD - SHARED] = np.exp(shifted) - np.exp(log)
    gradient[row, EFFECTS - SHARED + column] = np.exp(shifted)
    error = float(np.sqrt(curves.sandwich.variance(gradient)[row]))
    reach = scale * error * float(curves.sandwich.quantile(confidence, gradient)[row])
    if not np.isfinite(reach):
        return Shift(shift, None, None, *states, n)
    farthest = scale * float(np.exp(edges[1]) - np.exp(edges[0]))
    if abs(shift) + reach > farthest:
        return Shift(None, None, None, *states, n)
    return Shift(shift, shift - reach, shift + reach, *states, n)


def isotonic_shift(
    deviation: NDArray[Any],
    probability: NDArray[Any],
    levels: NDArray[Any],
    factor: int,
    level: int,
    scale: float,
) -> Shift | None:
    """The shift of a scored arm in one scenario, between two isotonic thresholds.

    ``deviation`` and ``probability`` are (n,) over the scenario's cases, ``levels`` (n, F) as in
    ``Observations``; the rest as in :func:`factor_shift`.

    Returns:
        None where no case that breaks the rule has the level, or none is without it, with the
        other factors at their first.
    """
    levels = np.asarray(levels)
    plain = (np.delete(levels, factor, axis=1) == 0).all(axis=1)
    without = plain & (levels[:, factor] == 0)
    having = plain & (levels[:, factor] == level)
    before = isotonic_threshold(deviation[without], probability[without])
    after = isotonic_threshold(deviation[having], probability[having])
    if before is None or after is None:
        return None
    answered = (np.asarray(deviation) > 0) & np.isfinite(probability)
    n = int((answered & (without | having)).sum())
    shift = None
    if before.deviation is not None and after.deviation is not None:
        shift = scale * (after.deviation - before.deviation)
    return Shift(shift, None, None, before.state, after.state, n)
