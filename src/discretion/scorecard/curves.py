"""Deviation curves: for each scenario the people's points and line, each arm's line, and the value
at which half would grant."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from discretion.core.cases import Case
from discretion.core.scenarios import Scenario
from discretion.core.units import Unit
from discretion.scorecard.amounts import show, show_at, show_range, value_of
from discretion.scorecard.fits import Fits
from discretion.scorecard.levels import Levels
from discretion.scorecard.scenario_cards import (
    ArmLine,
    CurveCard,
    Point,
    ThresholdCard,
    ThresholdState,
)
from discretion.scorecard.study import Replies, Study
from discretion.stats import thresholds as measured
from discretion.stats.calibration import wilson
from discretion.stats.curves import Curves
from discretion.stats.figure import Figure, missing
from discretion.stats.isotonic import IsotonicThreshold, isotonic_curve, isotonic_threshold
from discretion.stats.rates import Floats, Ints

_STATES: dict[str, ThresholdState] = {
    "crossed": "crossed",
    "below": "below the smallest tried",
    "beyond": "beyond the largest tried",
}
_LINE = 60
"""Points along a fitted line."""
MOST_POINTS = 16
"""How many values a picture shows one by one."""
GROUPS = 12
"""Into about how many groups more of them are put."""
_NOT_FITTED = "answers without noise are not fitted"


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A fit with what is read from it, by scenario code."""

    curves: Curves
    thresholds: Sequence[measured.Threshold | None]
    slopes: Sequence[measured.Slope | None]
    drawn: Sequence[measured.Drawn | None]

    @classmethod
    def of(cls, curves: Curves, policies: Sequence[str]) -> _Fitted:
        """What is read from a fit; ``policies`` (scenarios,) names each scenario's."""
        return cls(
            curves,
            measured.thresholds(curves),
            measured.slopes(curves),
            measured.drawn_together(curves, policies),
        )


@dataclass(frozen=True, slots=True)
class _CurveGrid:
    """The cases of one scenario that its curves are drawn from."""

    code: int
    case: Case
    """One of them, for its limit and unit."""
    rows: Ints
    deviations: Floats
    """(len(rows),)"""

    @property
    def tried(self) -> Floats:
        """The violations tried, rising."""
        return np.unique(self.deviations[self.deviations > 0])


def curve_cards(
    study: Study,
    levels: Levels,
    fits: Fits,
    arms: Sequence[Replies],
    described: Mapping[str, Scenario],
) -> tuple[CurveCard, ...]:
    """One card for each scenario that was judged at two violations of its limit or more.

    Where factors vary, curves are those of the cases with every factor at its first level, so
    that people and arms are compared on the same cases.
    """
    policies = [study.cases[rows[0]].policy if len(rows) else "" for rows in study.rows]
    people = _Fitted.of(fits.people, policies) if fits.people is not None else None
    drawn = {name: _Fitted.of(curves, policies) for name, curves in fits.arms.items()}
    cards = []
    for code, name in enumerate(study.scenarios):
        rows = study.rows[code]
        plain = rows[levels.reference[rows]]
        rows = plain if (levels.deviation[plain] > 0).any() else rows
        grid = _CurveGrid(code, study.cases[rows[0]], rows, levels.deviation[rows])
        if len(grid.tried) > 1:
            cards.append(_card(study, grid, people, drawn, arms, described.get(name)))
    return tuple(cards)


def _card(
    study: Study,
    grid: _CurveGrid,
    people: _Fitted | None,
    drawn: Mapping[str, _Fitted],
    arms: Sequence[Replies],
    described: Scenario | None,
) -> CurveCard:
    case, name = grid.case, study.scenarios[grid.code]
    limit = float(case.limit or 0)
    weight = np.nan_to_num(study.rates.n[grid.rows], nan=1.0)
    points = _points(study, grid.rows)
    return CurveCard(
        scenario=name,
        title=(described.title if described else "") or name,
        policy=case.policy,
        domain=case.domain,
        unit=case.unit,
        limit=limit,
        limit_shown=show(case, limit),
        scale=float(case.scale or 1),
        direction=case.direction,
        people=points,
        fitted=_line(grid, people),
        threshold=_threshold(grid, people, study.rates.h[grid.rows], weight),
        arms=tuple(_arm_line(study, grid, arm, people, drawn.get(arm.name)) for arm in arms),
        grouped=_grouped(case, points),
    )


def _grouped(case: Case, points: Sequence[Point]) -> tuple[Point, ...]:
    """Points of many values, as imported ones are, in groups of about equally many judgments; the
    values within the limit apart from those beyond it."""
    if len(points) <= MOST_POINTS or any(point.n is None for point in points):
        return ()
    every = sum(point.n or 0 for point in points)
    groups: list[list[Point]] = []
    held = 0
    for point in points:
        across = groups and (groups[-1][-1].deviation > 0) != (point.deviation > 0)
        if not groups or across or held >= every / GROUPS:
            groups.append([])
            held = 0
        groups[-1].append(point)
        held += point.n or 0
    return tuple(_together(case, group) for group in groups)


def _together(case: Case, group: Sequence[Point]) -> Point:
    n = np.array([point.n or 0 for point in group])
    value, deviation, rate = (
        float(np.average([getattr(point, part) for point in group], weights=n))
        for part in ("value", "deviation", "rate")
    )
    count = int(n.sum())
    shown = group[0].shown
    if len(group) > 1:
        shown = show_range(case, shown, group[-1].shown)
    return Point(value, shown, deviation, rate, *wilson(rate * count, count), count)


def _points(study: Study, rows: Ints) -> tuple[Point, ...]:
    by_value: dict[Decimal, list[int]] = {}
    for row in rows.tolist():
        value = study.cases[row].value
        if value is not None and np.isfinite(study.rates.h[row]):
            by_value.setdefault(value, []).append(row)
    points = []
    for value, at in sorted(by_value.items()):
        n, h = study.rates.n[at], study.rates.h[at]
        case = study.cases[at[0]]
        if np.isnan(n).any():
            rate, low, high, count = float(h.mean()), None, None, None
        else:
            count = int(n.sum())
            rate = float((h * n).sum() / count)
            low, high = wilson(rate * count, count)
        shown = Unit.named(case.unit).show(value)
        points.append(Point(float(value), shown, case.deviation or 0.0, rate, low, high, count))
    return tuple(points)


def _line(grid: _CurveGrid, fitted: _Fitted | None) -> tuple[tuple[float, float], ...]:
    along = np.geomspace(grid.tried[0], grid.tried[-1], _LINE)
    rates = None if fitted is None else fitted.curves.probability(grid.code, along)
    if rates is None:
        return ()
    pairs = zip(along.tolist(), rates.tolist(), strict=True)
    return tuple((value_of(grid.case, deviation), rate) for deviation, rate in pairs)


def _arm_line(
    study: Study, grid: _CurveGrid, arm: Replies, people: _Fitted | None, drawn: _Fitted | None
) -> ArmLine:
    by_value: dict[float, list[float]] = {}
    for row in grid.rows.tolist():
        value, p = study.cases[row].value, arm.p[row]
        if value is not None and np.isfinite(p):
            by_value.setdefault(float(value), []).append(float(p))
    p = arm.p[grid.rows]
    return ArmLine(
        arm=arm.name,
        points=tuple((value, sum(ps) / len(ps)) for value, ps in sorted(by_value.items())),
        threshold=_threshold(grid, drawn, p, np.ones(len(p))),
        gap=_gap(grid, p, people, drawn),
    )


def _gap(
    grid: _CurveGrid, p: Floats, people: _Fitted | None, drawn: _Fitted | None
) -> float | None:
    """Mean distance between the people's fitted curve and the arm's, at the values it answered."""
    at, own = isotonic_curve(grid.deviations, p)
    if people is None or not len(at):
        return None
    theirs = people.curves.probability(grid.code, at)
    fitted = None if drawn is None else drawn.curves.probability(grid.code, at)
    if theirs is None:
        return None
    return float(np.abs((own if fitted is None else fitted) - theirs).mean())


def _threshold(
    grid: _CurveGrid, fitted: _Fitted | None, rate: Floats, weight: Floats
) -> ThresholdCard:
    """The fitted threshold, or the isotonic one where nothing was fitted to the scenario."""
    found = None if fitted is None else fitted.thresholds[grid.code]
    slope = None if fitted is None else fitted.slopes[grid.code]
    if found is None or slope is None:
        return _isotonic(grid.case, isotonic_threshold(grid.deviations, rate, weight))
    case = grid.case
    value, low, high = (
        None if one is None else value_of(case, one)
        for one in (found.deviation, found.low, found.high)
    )
    if case.direction == "at least":
        low, high = high, low
    isotonic = found.isotonic.deviation if found.isotonic else None
    made = ThresholdCard(
        state=_STATES[found.state],
        value=value,
        low=low,
        high=high,
        isotonic=None if isotonic is None else value_of(case, isotonic),
        disagree=found.disagrees,
        shown=_shown(case, found),
        interval_shown=_between(case, found),
        slope=Figure(slope.slope, slope.low, slope.high, slope.n),
    )
    together = None if fitted is None else fitted.drawn[grid.code]
    return made if together is None else _with_pooled(made, case, together, found)


def _with_pooled(
    made: ThresholdCard, case: Case, together: measured.Drawn, found: measured.Threshold
) -> ThresholdCard:
    """The same beside the value drawn towards the policy's other scenarios; as it is where that
    lies off the values tried."""
    if together.deviation is None:
        return made
    value, low, high = (
        None if one is None else value_of(case, one)
        for one in (together.deviation, together.low, together.high)
    )
    if case.direction == "at least":
        low, high = high, low
    first = f"before {show_at(case, found.smallest)}"
    last = f"beyond {show_at(case, found.largest)}"
    ends = show_range(
        case,
        first if together.low is None else show_at(case, together.low),
        last if together.high is None else show_at(case, together.high),
    )
    shown = f"{show_at(case, together.deviation)} ({ends})"
    return replace(made, pooled=value, pooled_low=low, pooled_high=high, pooled_shown=shown)


def _isotonic(case: Case, found: IsotonicThreshold | None) -> ThresholdCard:
    slope = missing(_NOT_FITTED)
    if found is None:
        return ThresholdCard(
            "none", None, None, None, None, False, "no answer beyond the limit", "", slope
        )
    value = None if found.deviation is None else value_of(case, found.deviation)
    ends = sorted(value_of(case, end) for end in found.between or ())
    low, high = ends or (None, None)
    shown = _shown(case, found)
    return ThresholdCard(_STATES[found.state], value, low, high, value, False, shown, "", slope)


def _shown(case: Case, found: measured.Threshold | IsotonicThreshold) -> str:
    """A threshold in words, in the policy's own unit."""
    if found.deviation is not None:
        return show_at(case, found.deviation)
    if found.state == "below":
        return f"before {show_at(case, found.smallest)}"
    return f"beyond {show_at(case, found.largest)}"


def _between(case: Case, found: measured.Threshold) -> str:
    """The interval in words, from the limit outward; an end off the grid says so."""
    if not found.bounded:
        return ""
    first = f"before {show_at(case, found.smallest)}"
    last = f"beyond {show_at(case, found.largest)}"
    if found.low is None and found.high is not None and _same(found.high, found.smallest):
        return first
    if found.high is None and found.low is not None and _same(found.low, found.largest):
        return last
    low = first if found.low is None else show_at(case, found.low)
    high = last if found.high is None else show_at(case, found.high)
    return show_range(case, low, high)


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9)
