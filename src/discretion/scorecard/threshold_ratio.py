"""Reach: how far beyond their limits people and arms go, pooled over scenarios."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from discretion.scorecard.fits import Fits
from discretion.scorecard.scenario_cards import CurveCard, ThresholdCard
from discretion.scorecard.study import Study
from discretion.stats.figure import TOO_FEW, Figure, missing
from discretion.stats.thresholds import pooled, rater_variance


def people_reach(
    study: Study, fits: Fits, curves: Sequence[CurveCard], rng: np.random.Generator
) -> Figure:
    """The deviation at which half of the people would grant: a geometric mean of thresholds."""
    values = [_deviation(curve, curve.threshold) for curve in curves]
    tried = [deviation for curve in curves for deviation in _tried(curve)]
    within = min(tried, default=0.0), max(tried, default=0.0)
    return _pooled(study, fits, curves, values, within, rng)


def arm_reach(
    study: Study, fits: Fits, curves: Sequence[CurveCard], arm: str, rng: np.random.Generator
) -> Figure:
    """The ratio of an arm's threshold to the people's: below 1 it stops earlier than they do."""
    ratios: list[float | None] = []
    for curve in curves:
        line = next((line for line in curve.arms if line.arm == arm), None)
        mine = None if line is None else _deviation(curve, line.threshold)
        theirs = _deviation(curve, curve.threshold)
        ratios.append(None if mine is None or theirs is None else mine / theirs)
    tried = [_tried(curve) for curve in curves]
    farthest = max((max(some) / min(some) for some in tried if some), default=1.0)
    return _pooled(study, fits, curves, ratios, (1 / farthest, farthest), rng)


def curve_gap(curves: Sequence[CurveCard], arm: str) -> Figure:
    """The mean distance between an arm's curves and the people's, scenarios weighing equally."""
    gaps = [
        line.gap
        for curve in curves
        for line in curve.arms
        if line.arm == arm and line.gap is not None
    ]
    if not gaps:
        return missing("no scenario has a curve of both")
    note = f"over {len(gaps)} scenarios; no interval is made for it"
    return Figure(float(np.mean(gaps)), None, None, len(gaps), note)


def _pooled(
    study: Study,
    fits: Fits,
    curves: Sequence[CurveCard],
    values: Sequence[float | None],
    within: tuple[float, float],
    rng: np.random.Generator,
) -> Figure:
    codes = {name: code for code, name in enumerate(study.scenarios)}
    used = [codes[c.scenario] for c, v in zip(curves, values, strict=True) if v is not None]
    raters = 0.0 if fits.people is None else rater_variance(fits.people, used)
    found = pooled(values, rng, rater_variance=raters, within=within)
    out = f"{found.left_out} scenarios left out, where it is off the values tried"
    notes = [out] if found.left_out else []
    if found.value is None:
        return missing(out if found.left_out else "no scenario has a curve")
    if found.low is None:
        notes.append(TOO_FEW)
    return Figure(found.value, found.low, found.high, found.n, "; ".join(notes))


def _tried(curve: CurveCard) -> list[float]:
    """The violations that people decided, as deviations."""
    return [point.deviation for point in curve.people if point.deviation > 0]


def _deviation(curve: CurveCard, threshold: ThresholdCard) -> float | None:
    if threshold.value is None:
        return None
    return abs(threshold.value - curve.limit) / curve.scale
