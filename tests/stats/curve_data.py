"""Simulated judgments on curves whose thresholds are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discretion.stats.curves import Observations


@dataclass(frozen=True)
class Truth:
    log_threshold: np.ndarray
    """(K,) where P is one half, every factor at its first level."""
    slope: np.ndarray
    observations: Observations


def simulate(
    rng: np.random.Generator,
    scenarios: int = 10,
    values: int = 8,
    raters: int = 20,
    effect: float | None = None,
    spread: float = 0.0,
    lapse: float = 0.03,
) -> Truth:
    """Every rater judges every case. ``effect`` shifts the log threshold at level 1 of a factor.

    ``spread`` is the raters' own deviation on the log threshold; g and l are both ``lapse``, so
    that the threshold is the curve's location, for one rater as for the mean of all.
    """
    levels = 1 if effect is None else 2
    log_threshold = rng.normal(np.log(0.25), 0.5, scenarios)
    slope = np.exp(rng.normal(1.0, 0.3, scenarios))
    shape = np.indices((scenarios, values, levels, raters)).reshape(4, -1)
    scenario, value, level, rater = shape
    deviation = np.geomspace(0.03, 2, values)[value]
    middle = log_threshold[scenario] + (effect or 0) * level + rng.normal(0, spread, raters)[rater]
    steady = 1 / (1 + np.exp(slope[scenario] * (np.log(deviation) - middle)))
    granted = rng.random(len(steady)) < lapse + (1 - 2 * lapse) * steady
    return Truth(
        log_threshold,
        slope,
        Observations(
            scenario=scenario,
            deviation=deviation,
            grants=granted.astype(float),
            trials=np.ones(len(granted)),
            scenarios=scenarios,
            levels=None if effect is None else level[:, None],
            rater=rater,
        ),
    )


def counted(rows: list[tuple[int, float, int, int, int]]) -> Observations:
    """From (scenario, deviation, level of the one factor, grants, trials), without raters."""
    table = np.array(rows, dtype=float)
    return Observations(
        scenario=table[:, 0].astype(int),
        deviation=table[:, 1],
        grants=table[:, 3],
        trials=table[:, 4],
        scenarios=int(table[:, 0].max()) + 1,
        levels=table[:, [2]].astype(int),
    )
