"""Curves: one psychometric fit per panel or arm, over all its scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from discretion.stats.arrowhead import arrow_at, minimise
from discretion.stats.dispersion import by_case
from discretion.stats.psychometric import EFFECTS, SLOPE, THRESHOLD, Cells, Floats, Ints, respond
from discretion.stats.rates import sums_by
from discretion.stats.sandwich import Sandwich, sandwich

_STARTS = ((0.01, 0.0), (0.05, 2.0))
"""Lapse rates and log slope at which the two searches begin."""


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
    case: NDArray[Any] | None = None
    """(n,) case codes. None: not known, and cases differ in their value and factors alone."""


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
        None where no row breaks the rule, or where the search ends short of an optimum.
    """
    violates = np.asarray(observations.deviation, dtype=float) > 0
    kept = np.flatnonzero(violates & (np.asarray(observations.trials) > 0))
    if not len(kept):
        return None
    cells, cell_of_row, codes, effects = _count(observations, kept)
    theta, converged = _best_fit(cells)
    if not converged:
        return None
    grants = np.asarray(observations.grants, dtype=float)[kept]
    trials = np.asarray(observations.trials, dtype=float)[kept]
    rater = None if observations.rater is None else np.asarray(observations.rater)[kept]
    cases = None
    if observations.case is not None:
        cases = by_case(np.asarray(observations.case)[kept], cell_of_row, grants, trials)
    return Curves(
        cells=cells,
        scenario=codes,
        scenarios=observations.scenarios,
        effects=effects,
        theta=theta,
        sandwich=sandwich(
            cells,
            theta,
            arrow_at(cells, theta),
            rater,
            cell_of_row,
            grants,
            trials - grants,
            cases,
        ),
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
        fits.append(minimise(cells, theta))
    _, theta, converged = min(fits, key=lambda fit: fit[0])
    return theta, converged
