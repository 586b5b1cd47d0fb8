"""Thresholds: the deviation at which half would grant, with intervals; slopes; pooled thresholds.

People and sampled arms: from the fitted curves. Scored arms: see the isotonic module.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.stats.curves import Curves
from discretion.stats.isotonic import IsotonicThreshold, State, isotonic_threshold, state_of
from discretion.stats.profiles import Profiles
from discretion.stats.psychometric import SHARED, SLOPE, THRESHOLD, Floats
from discretion.stats.shrinkage import shrunk

_RESAMPLES = 9_999
_FARTHEST = 12.0
"""Logarithm beyond which an end of an interval bounds nothing."""
_FEWEST_POOLED = 3
"""Two scenarios give a bootstrap of the mean only three different samples."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a scenario's fitted curve is one half, every factor at its first level."""

    state: State
    deviation: float | None
    """The threshold; None unless crossed."""
    low: float | None
    """Lower end of the interval; None where it reaches below the smallest violation tried."""
    high: float | None
    """Upper end; None where it reaches beyond the largest tried. An interval that lies wholly
    outside the values tried has its near end at the outermost of them."""
    bounded: bool
    """False where no interval could be made (a single rater); then both ends are None for that
    reason."""
    smallest: float
    """The smallest violation tried, as a deviation."""
    largest: float
    """The largest."""
    isotonic: IsotonicThreshold | None
    """The isotonic threshold of the same cells; None where no case has every factor at its
    first level."""
    disagrees: bool
    """The fitted and the isotonic threshold lie more than a grid step apart; a threshold off
    the grid counts as standing at its edge."""
    n: int
    """Judgments of cases in the scenario that break the rule."""


@dataclass(frozen=True, slots=True)
class Slope:
    """How sharply a scenario's curve falls: b, per unit of log deviation."""

    slope: float
    low: float | None
    high: float | None
    """Ends of the interval; None with a single rater."""
    n: int
    """Judgments of cases in the scenario that break the rule."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """A geometric mean over scenarios."""

    value: float | None
    """None where no scenario has a value."""
    low: float | None
    high: float | None
    """Ends of the interval; None with fewer than three scenarios."""
    n: int
    """Scenarios that enter."""
    left_out: int
    """Scenarios without a finite value, threshold off the grid for example."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A scenario's threshold, drawn towards those of its group."""

    state: State
    deviation: float | None
    """None unless crossed."""
    low: float | None
    high: float | None
    """Ends of the 95% interval; None where the lower one lies before the smallest violation tried,
    the higher one beyond the largest."""


def value_at(deviation: float, limit: float, scale: float, *, at_most: bool = True) -> float:
    """The policy value that lies beyond the limit by a deviation.

    ``scale`` is the scenario's, in policy units. With an at-least limit the value lies below it.
    """
    return limit + deviation * scale if at_most else limit - deviation * scale


def thresholds(curves: Curves, *, confidence: float = 0.95) -> list[Threshold | None]:
    """The threshold of every scenario, in the order of the codes; None where none was fitted.

    The interval is by profile likelihood: the thresholds at which twice the loss in penalised log
    likelihood stays under the squared t quantile times the inflation, by raters and by cases, of
    the log threshold's variance (see the sandwich module).
    """
    direction = np.zeros(curves.sandwich.model.shape[:2])
    direction[:, THRESHOLD - SHARED] = 1
    quantile = curves.sandwich.quantile(confidence, direction)
    cutoff = quantile * np.sqrt(curves.sandwich.inflation(direction))
    bounded = np.isfinite(cutoff)
    low, high = Profiles.of(curves).ends(np.where(bounded, cutoff, 0.0))
    found: list[Threshold | None] = [None] * curves.scenarios
    cells = curves.cells
    bounds = zip(cells.starts, [*cells.starts[1:], len(cells.scenario)], strict=True)
    for row, (start, stop) in enumerate(bounds):
        grid = np.unique(cells.log_deviation[start:stop])
        log = float(curves.theta[row, THRESHOLD])
        plain = start + np.flatnonzero(~cells.design[start:stop].any(axis=1))
        judged = cells.grants[plain] + cells.refusals[plain]
        isotonic = isotonic_threshold(
            np.exp(cells.log_deviation[plain]), cells.grants[plain] / judged, judged
        )
        state = state_of(log, float(grid[0]), float(grid[-1]))
        found[curves.scenario[row]] = Threshold(
            state=state,
            deviation=float(np.exp(log)) if state == "crossed" else None,
            low=_deviation(low[row]) if bounded[row] else None,
            high=_deviation(high[row]) if bounded[row] else None,
            bounded=bool(bounded[row]),
            smallest=float(np.exp(grid[0])),
            largest=float(np.exp(grid[-1])),
            isotonic=isotonic,
            disagrees=isotonic is not None
            and abs(_steps(log, grid) - _steps(_log_of(isotonic), grid)) > 1,
            n=round(float(cells.trials[row])),
        )
    return found


def drawn_together(curves: Curves, group: Sequence[Hashable]) -> list[Drawn | None]:
    """Partial pooling: every scenario's threshold drawn towards those of its group.

    By empirical Bayes on the logarithms (see the shrinkage module); the variance of each is that of
    the fit, inflated by raters and cases, and its interval has its own t quantile.

    Args:
        group: (scenarios,) by scenario code, the policy.

    Returns:
        In the order of the codes; None where nothing was fitted, the interval is not bounded, or
        fewer than four scenarios of the group were fitted.
    """
    direction = np.zeros(curves.sandwich.model.shape[:2])
    direction[:, THRESHOLD - SHARED] = 1
    quantile = curves.sandwich.quantile(0.95, direction)
    variance = curves.sandwich.variance(direction)
    log, cells = curves.theta[:, THRESHOLD], curves.cells
    found: list[Drawn | None] = [None] * curves.scenarios
    usable = np.flatnonzero(np.isfinite(variance * quantile) & (variance > 0))
    own = [group[code] for code in curves.scenario]
    for one in dict.fromkeys(own[row] for row in usable):
        rows = np.array([row for row in usable if own[row] == one])
        together = shrunk(log[rows], variance[rows], quantile[rows])
        if together is None:
            continue
        for place, row in enumerate(rows):
            ends = float(cells.smallest[row]), float(cells.largest[row])
            value, low, high = (
                float(part[place]) for part in (together.value, together.low, together.high)
            )
            state = state_of(value, *ends)
            found[curves.scenario[row]] = Drawn(
                state,
                float(np.exp(value)) if state == "crossed" else None,
                float(np.exp(low)) if low >= ends[0] else None,
                float(np.exp(high)) if high <= ends[1] else None,
            )
    return found


def slopes(curves: Curves, *, confidence: float = 0.95) -> list[Slope | None]:
    """The slope of every scenario, in the order of the codes; None where none was fitted.

    The interval is log b plus or minus the t quantile times its standard error, inflation by
    raters and cases included. Few judgments leave it near what the other scenarios say: log b is
    shrunk to their mean.
    """
    direction = np.zeros(curves.sandwich.model.shape[:2])
    direction[:, SLOPE - SHARED] = 1
    quantile = curves.sandwich.quantile(confidence, direction)
    reach = np.where(np.isfinite(quantile), quantile, np.nan) * np.sqrt(
        curves.sandwich.variance(direction)
    )
    found: list[Slope | None] = [None] * curves.scenarios
    for row, scenario in enumerate(curves.scenario):
        log = float(curves.theta[row, SLOPE])
        found[scenario] = Slope(
            slope=float(np.exp(log)),
            low=_deviation(log - reach[row]),
            high=_deviation(log + reach[row]),
            n=round(float(curves.cells.trials[row])),
        )
    return found


def pooled(
    values: Sequence[float | None],
    rng: np.random.Generator,
    *,
    rater_variance: float = 0.0,
    confidence: float = 0.95,
    within: tuple[float, float] = (0.0, np.inf),
) -> Pooled:
    """The geometric mean of positive values over scenarios, which weigh equally.

    For thresholds (``threshold.deviation``), and for the ratio of an arm's threshold to the
    people's in the scenarios where both are finite. Scenarios without a value are left out and
    counted. The interval is bootstrap-t over scenarios on the log scale; the fitted values are
    resampled, never refitted. Resampling scenarios does not show what they share, the raters:
    ``rater_variance``, of the mean of the logs, is added (see :func:`rater_variance`). Values can
    lie ``within`` these bounds alone; an interval that reaches beyond them says nothing, and there
    is none.
    """
    logs = np.log([value for value in values if value is not None])
    n, left_out = len(logs), len(values) - len(logs)
    if not n:
        return Pooled(None, None, None, 0, left_out)
    mean = float(logs.mean())
    if n < _FEWEST_POOLED or np.ptp(logs) == 0:
        return Pooled(float(np.exp(mean)), None, None, n, left_out)
    drawn = logs[rng.integers(0, n, (_RESAMPLES, n))]
    spread = drawn.std(axis=1, ddof=1)
    # A resample of one scenario alone has no spread and says nothing of the ratio.
    usable = spread > 1e-12 * np.ptp(logs)
    ratio = (drawn.mean(axis=1)[usable] - mean) / (spread[usable] / np.sqrt(n))
    error = float(logs.std(ddof=1)) / np.sqrt(n)
    under, over = np.quantile(ratio, [(1 - confidence) / 2, (1 + confidence) / 2])
    error = np.hypot(error, np.sqrt(rater_variance))
    with np.errstate(over="ignore", divide="ignore"):
        low, high = np.exp(mean - over * error), np.exp(mean - under * error)
    if not (within[0] <= low and high <= within[1] and np.isfinite(high)):
        return Pooled(float(np.exp(mean)), None, None, n, left_out)
    return Pooled(float(np.exp(mean)), float(low), float(high), n, left_out)


def rater_variance(curves: Curves, scenarios: Sequence[int]) -> float:
    """Variance, by raters, of the mean log threshold over these scenario codes.

    0 without rater ids, with a single rater, or where none of them was fitted.
    """
    rows = [row for row in map(curves.position, scenarios) if row is not None]
    if curves.sandwich.linked is None or not rows:
        return 0.0
    direction = np.zeros(curves.sandwich.model.shape[:2])
    direction[rows, THRESHOLD - SHARED] = 1 / len(rows)
    return curves.sandwich.linked.variance_of_sum(direction) or 0.0


def _deviation(log: float) -> float | None:
    """From its logarithm; None where an end lies so far out that it bounds nothing."""
    return float(np.exp(log)) if abs(log) < _FARTHEST else None


def _log_of(isotonic: IsotonicThreshold) -> float:
    if isotonic.deviation is None:
        return -np.inf if isotonic.state == "below" else np.inf
    return float(np.log(isotonic.deviation))


def _steps(log: float, grid: Floats) -> float:
    """Position on the grid, in steps from its first value, between 0 and its length less 1."""
    return float(np.interp(log, grid, np.arange(len(grid))))
