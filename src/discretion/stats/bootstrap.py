"""Bootstrap-t intervals of figures that are no means: ratios, AUC, correlations, pooled values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from discretion.stats.figure import TOO_FEW, Figure, missing
from discretion.stats.intervals import FEW, NOTHING_VARIES, ONLY_THESE, ROUNDING, jackknife
from discretion.stats.rates import Floats, Ints, Rates, sums_by
from discretion.stats.unvaried import INDEPENDENT, unvaried

Statistic = Callable[[Floats], Floats]
"""From sums (..., Q) to values (...), NaN where undefined; the same for k times the sums."""

Parts = Callable[[Floats, Floats], Floats]
"""From what was decided, h and n (C,), to each case's share (C, Q) in the sums."""

RESAMPLES = 10_000
_BLOCKS = 1_000
_DRAWS = 500
_CHUNK = 2_000_000


def pooled(
    statistic: Statistic,
    parts: Parts,
    rates: Rates,
    rng: np.random.Generator,
    *,
    n: int,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    units: float = 0.0,
    level: float = 0.95,
) -> Figure:
    """A figure over all cases together, with its interval by bootstrap-t over scenarios.

    Resampled scenarios do not show what they share, the raters: what the delete-one-rater jackknife
    adds to that of raters within scenarios, never less than nothing, is added to their variance.
    With fewer than six scenarios the interval is for these only: raters are left out one by one,
    or, where they are not known, each case's judgments are drawn anew. A figure with bounds is
    studentized on its logit scale, so that the interval lies between them.

    Args:
        statistic: the figure, from sums.
        parts: what each case adds to the sums; rows of zeros for cases left out.
        rates: the panel's.
        rng: draws the resamples.
        n: the figure's n.
        bounds: the ends of the figure's own range.
        units: how many requests a share is of; where it is at one of its bounds and nothing varies,
            the interval is what so many independent ones leave open. Without it there is none.
        level: of the interval.
    """
    shares = parts(rates.h, rates.n)
    value = _value_of(statistic, shares)
    if not math.isfinite(value):
        return missing("no case has what this needs", n)
    few = len(np.unique(rates.scenario[np.any(shares != 0, axis=1)])) < FEW
    note = ""
    if few:
        note = ONLY_THESE
    elif rates.ballots is None:
        note = "raters are not known: how they differ is not in the interval"
    # Where a resample or a replicate lies at a bound, the logit has no value there: then on its own
    # scale, the ends cut off.
    scales = [_LogitScale(*bounds)] if bounds[0] < value < bounds[1] else []
    for scale in (*scales, _LogitScale()):
        ends = _ends(scale.of(statistic), parts, rates, rng, few=few, level=level)
        if ends is not None:
            break
    else:
        still = next((end for end in bounds if math.isclose(value, end, abs_tol=1e-9)), None)
        if units and still is not None:
            note = "; ".join(filter(None, [note, INDEPENDENT]))
            ends = unvaried(still, (still, still), units, (1 - level) / 2, bounds)
            return Figure(value, *ends, n, note)
        return Figure(value, None, None, n, "; ".join(filter(None, [note, NOTHING_VARIES])))
    low, high = scale.back(ends[0]), scale.back(ends[1])
    figure = Figure(value, low, high, n, note).within(*bounds)
    if all(end is None or math.isfinite(end) for end in (figure.low, figure.high)):
        return figure
    return Figure(value, None, None, n, "; ".join(filter(None, [note, TOO_FEW])))


def _ends(
    statistic: Statistic,
    parts: Parts,
    rates: Rates,
    rng: np.random.Generator,
    *,
    few: bool,
    level: float,
) -> tuple[float, float] | None:
    """The ends of the interval on the statistic's own scale; None where it has none there."""
    shares = parts(rates.h, rates.n)
    if few:
        return _among_people(statistic, parts, rates, rng, level)
    people = 0.0
    if rates.ballots is not None:
        whole = _rater_variance(statistic, parts, rates)[0]
        within = _rater_variance_within(statistic, parts, rates)
        people = whole - within if whole > within else whole * 0
    sums = scenario_sums(shares, rates.scenario)
    return bootstrap_t(statistic, sums, rng, rater_variance=people, level=level)


@dataclass(frozen=True, slots=True)
class _LogitScale:
    """The logit between two bounds; without finite ones the figure's own scale."""

    least: float = -math.inf
    most: float = math.inf

    @property
    def bounded(self) -> bool:
        return math.isfinite(self.least) and math.isfinite(self.most)

    def of(self, statistic: Statistic) -> Statistic:
        """The statistic on this scale; NaN at its bounds."""
        if not self.bounded:
            return statistic

        def scaled(sums: Floats) -> Floats:
            value = statistic(sums)
            odds = (value - self.least) / (self.most - value)
            inside = np.isfinite(odds) & (odds > 0)
            return np.log(odds, out=np.full(np.shape(value), np.nan), where=inside)

        return scaled

    def back(self, end: float) -> float:
        """An end of an interval as the figure is read."""
        if not self.bounded:
            return end
        return self.least + (self.most - self.least) / (1 + math.exp(-max(-700.0, min(end, 700.0))))


def scenario_sums(shares: Floats, scenario: Ints) -> Floats:
    """Each scenario's sums, (K, Q), of what its cases share, (C, Q); without empty scenarios."""
    sums = np.stack([sums_by(scenario, column) for column in shares.T], axis=1)
    return sums[np.any(sums != 0, axis=1)]


def bootstrap_t(
    statistic: Statistic,
    sums: Floats,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    *,
    rater_variance: float = 0.0,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """The ends of the bootstrap-t interval of a statistic of sums over scenarios.

    Scenarios are drawn with replacement; each resample is studentised by its own standard error,
    from the sums' covariance and the statistic's numerical gradient. Beyond 1,000 scenarios they
    are first joined into 1,000 blocks, which leaves the variance as it is and bounds the cost.

    Args:
        statistic: from sums to values.
        sums: (K, Q) each scenario's.
        rng: draws the resamples.
        resamples: how many.
        rater_variance: what the statistic varies by because scenarios share raters.
        level: of the interval.

    Returns:
        Both ends, infinite where a resample of no spread lies that far out; None where the sums
        do not vary, the raters' variance is not known (NaN), or more than one resample in twenty
        leaves the statistic undefined.
    """
    if len(sums) > _BLOCKS:
        block = np.arange(len(sums)) % _BLOCKS
        sums = np.stack([sums_by(block, column) for column in sums.T], axis=1)
    count, columns = sums.shape
    mean = sums.mean(axis=0)
    away = sums - mean
    upper = np.triu_indices(columns)
    moments = np.hstack([away, away[:, upper[0]] * away[:, upper[1]]])
    whole = np.concatenate([np.zeros(columns), moments[:, columns:].mean(axis=0)])
    scale = np.abs(sums).max(axis=0) + np.finfo(float).tiny
    value, error = _studentised(statistic, whole[None], mean, upper, count, scale)
    if not (error[0] > 0 and math.isfinite(rater_variance)):
        return None
    ratios = []
    step = max(1, _CHUNK // count)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = rng.integers(0, count, (size, count), dtype=np.int32)
        drawn += (np.arange(size, dtype=np.int32) * count)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        means = weights.astype(float) @ moments / count
        values, errors = _studentised(statistic, means, mean, upper, count, scale)
        shift = np.where(np.abs(values - value) < ROUNDING, 0.0, values - value)
        with np.errstate(all="ignore"):
            ratios.append(np.where((errors == 0) & (shift == 0), 0.0, shift / errors))
    ratio = np.concatenate(ratios)
    ratio = ratio[~np.isnan(ratio)]
    if len(ratio) < 0.95 * resamples:
        return None
    tail = (1 - level) / 2
    lower, higher = np.quantile(ratio, [tail, 1 - tail], method="closest_observation")
    whole_error = math.hypot(error[0], math.sqrt(rater_variance))
    return float(value[0] - higher * whole_error), float(value[0] - lower * whole_error)


def _studentised(
    statistic: Statistic,
    means: Floats,
    center: Floats,
    upper: tuple[Ints, Ints],
    count: int,
    scale: Floats,
) -> tuple[Floats, Floats]:
    """The statistic and its standard error, (B,) each, from the first and second moments, (B, .),
    of the sums about their center; ``scale`` (Q,) is what the sums measure."""
    columns = len(center)
    first, second = means[:, :columns], means[:, columns:]
    point = center + first
    covariance = second - first[:, upper[0]] * first[:, upper[1]]
    with np.errstate(all="ignore"):
        value = statistic(point)
        gradient = np.empty_like(first)
        for column in range(columns):
            nudge = np.zeros(columns)
            nudge[column] = 1e-5 * scale[column]
            gradient[:, column] = (statistic(point + nudge) - statistic(point - nudge)) / (
                2 * nudge[column]
            )
        twice = np.where(upper[0] == upper[1], 1.0, 2.0)
        terms = twice * gradient[:, upper[0]] * gradient[:, upper[1]] * covariance
        variance = terms.sum(axis=1) / max(count - 1, 1)
        noise = 1e-9 * (gradient**2 * scale**2).sum(axis=1) / count
    return value, np.sqrt(np.where(variance > noise, variance, 0.0))


def _among_people(
    statistic: Statistic, parts: Parts, rates: Rates, rng: np.random.Generator, level: float
) -> tuple[float, float] | None:
    """The ends of the interval that the raters alone give, for these scenarios only."""
    from scipy.special import stdtrit

    value = _value_of(statistic, parts(rates.h, rates.n))
    if rates.ballots is not None:
        variance, raters = _rater_variance(statistic, parts, rates)
        df = raters - 1
    elif not np.isnan(rates.n).any():
        n = np.where(rates.n > 0, rates.n, 1).astype(np.int64)
        chance = np.nan_to_num(rates.h)
        decided = np.where(rates.n > 0, 1.0, np.nan)
        replicates = np.array(
            [
                _value_of(statistic, parts(rng.binomial(n, chance) / n * decided, rates.n))
                for _ in range(_DRAWS)
            ]
        )
        variance, df = float(np.var(replicates, ddof=1)), int(np.maximum(rates.n - 1, 0).sum())
    else:
        return None
    if df < 1 or not math.isfinite(variance):
        return None
    error = math.sqrt(variance)
    half = float(stdtrit(df, (1 + level) / 2)) * error
    return (value - half, value + half) if error > ROUNDING else None


def _rater_variance(statistic: Statistic, parts: Parts, rates: Rates) -> tuple[float, int]:
    """The delete-one-rater jackknife variance of the figure, and the number of raters.

    NaN with one rater, or where the figure is undefined without one of them.
    """
    raters = int(rates.places.rater.max(initial=-1)) + 1
    values = [_value_of(statistic, parts(h, n)) for h, n in rates.without_raters()]
    if len(values) < 2 or not np.isfinite(values).all():
        return math.nan, raters
    return (len(values) - 1) * float(np.var(values)), raters


def _rater_variance_within(statistic: Statistic, parts: Parts, rates: Rates) -> float:
    """The jackknife variance of the figure with each rater left out of one scenario at a time, to
    first order: what the variance between scenarios holds already."""
    shares = parts(rates.h, rates.n)
    gradient = _gradient(statistic, shares)
    # The k-th ballots of all cases are left out at once: each case changes on its own.
    places = rates.places
    moved = np.zeros(len(places.place))
    for rows, case, h, n in rates.without_turns():
        moved[rows] = ((parts(h, n) - shares) @ gradient)[case]
    return jackknife(sums_by(places.place, moved, len(places.scenario)), places.scenario)


def _gradient(statistic: Statistic, shares: Floats) -> Floats:
    """(Q,) numerical derivatives of the statistic at the sums."""
    total = shares.sum(axis=0)
    nudge = np.diag(1e-5 * (np.abs(shares).sum(axis=0) + np.finfo(float).tiny))
    with np.errstate(all="ignore"):
        rise = statistic(total + nudge) - statistic(total - nudge)
    gradient: Floats = np.nan_to_num(rise / (2 * np.diag(nudge)))
    return gradient


def _value_of(statistic: Statistic, shares: Floats) -> float:
    with np.errstate(all="ignore"):
        return float(statistic(shares.sum(axis=0)))
