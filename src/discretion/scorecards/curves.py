"""Deviation curves: for each scenario the people's points and line, each arm's line, and the value
at which half would grant."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from discretion.cases import Case
from discretion.measures.calibration import wilson
from discretion.measures.curves import Curves
from discretion.measures.isotonic import IsotonicThreshold, isotonic_threshold
from discretion.measures.rates import Floats, Ints
from discretion.measures.thresholds import Threshold as FittedThreshold
from discretion.measures.thresholds import thresholds, value_at
from discretion.scenarios import Scenario
from discretion.scorecards.cards import ArmLine, CurveCard, Point, Threshold, ThresholdState
from discretion.scorecards.levels import Levels
from discretion.scorecards.study import Replies, Study
from discretion.units import Unit

_STATES: dict[str, ThresholdState] = {
    "crossed": "crossed",
    "below": "below the smallest tried",
    "beyond": "beyond the largest tried",
}
_LINE = 60
"""Points along a fitted line."""


def curve_cards(
    study: Study,
    levels: Levels,
    people: Curves | None,
    arms: Sequence[Replies],
    described: Mapping[str, Scenario],
) -> tuple[CurveCard, ...]:
    """One card for each scenario with a limit and a judged case beyond it.

    Where factors vary, curves are those of the cases with every factor at its first level, so
    that people and arms are compared on the same cases.
    """
    fitted = thresholds(people) if people is not None else [None] * len(study.scenarios)
    cards = []
    for code, name in enumerate(study.scenarios):
        rows = np.flatnonzero(study.scenario == code)
        plain = rows[levels.reference[rows]]
        rows = plain if (levels.deviation[plain] > 0).any() else rows
        if (levels.deviation[rows] > 0).any():
            curve = people if fitted[code] is not None else None
            cards.append(
                _card(study, levels, code, rows, curve, fitted[code], arms, described.get(name))
            )
    return tuple(cards)


def _card(
    study: Study,
    levels: Levels,
    code: int,
    rows: Ints,
    curve: Curves | None,
    fitted: FittedThreshold | None,
    arms: Sequence[Replies],
    described: Scenario | None,
) -> CurveCard:
    case = study.cases[rows[0]]
    deviations = levels.deviation[rows]
    limit = float(case.limit or 0)
    name = study.scenarios[code]
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
        people=_points(study, rows),
        fitted=_line(case, curve, code, deviations),
        threshold=_people_threshold(case, fitted, study, rows, deviations),
        arms=tuple(_arm_line(study, case, rows, deviations, arm) for arm in arms),
    )


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
            rate, low, high, count = float(h.mean()), math.nan, math.nan, None
        else:
            rate = float((h * n).sum() / n.sum())
            low, high = wilson(rate * float(n.sum()), float(n.sum()))
            count = int(n.sum())
        points.append(
            Point(
                value=float(value),
                shown=Unit.named(case.unit).show(value),
                deviation=case.deviation or 0.0,
                rate=rate,
                low=None if count is None else low,
                high=None if count is None else high,
                n=count,
            )
        )
    return tuple(points)


def _line(
    case: Case, curve: Curves | None, code: int, deviations: Floats
) -> tuple[tuple[float, float], ...]:
    beyond = deviations[deviations > 0]
    if curve is None or not len(beyond):
        return ()
    along = np.geomspace(beyond.min(), beyond.max(), _LINE)
    rates = curve.probability(code, along)
    if rates is None:
        return ()
    return tuple((_value(case, float(d)), float(p)) for d, p in zip(along, rates, strict=True))


def _arm_line(study: Study, case: Case, rows: Ints, deviations: Floats, arm: Replies) -> ArmLine:
    by_value: dict[float, list[float]] = {}
    for row in rows.tolist():
        value, p = study.cases[row].value, arm.p[row]
        if value is not None and np.isfinite(p):
            by_value.setdefault(float(value), []).append(float(p))
    return ArmLine(
        arm=arm.name,
        points=tuple((value, sum(p) / len(p)) for value, p in sorted(by_value.items())),
        threshold=_isotonic(case, isotonic_threshold(deviations, arm.p[rows])),
    )


def _people_threshold(
    case: Case,
    fitted: FittedThreshold | None,
    study: Study,
    rows: Ints,
    deviations: Floats,
) -> Threshold:
    if fitted is None:
        weight = np.nan_to_num(study.rates.n[rows], nan=1.0)
        return _isotonic(case, isotonic_threshold(deviations, study.rates.h[rows], weight))
    ends = [None if end is None else _value(case, end) for end in (fitted.low, fitted.high)]
    if case.direction == "at least":
        ends.reverse()
    isotonic = fitted.isotonic.deviation if fitted.isotonic else None
    return Threshold(
        state=_STATES[fitted.state],
        value=None if fitted.deviation is None else _value(case, fitted.deviation),
        low=ends[0],
        high=ends[1],
        isotonic=None if isotonic is None else _value(case, isotonic),
        disagree=fitted.disagrees,
        shown=_shown(case, fitted.state, fitted.deviation, fitted.smallest, fitted.largest),
        interval_shown=_between(case, fitted),
    )


def _isotonic(case: Case, found: IsotonicThreshold | None) -> Threshold:
    if found is None:
        return Threshold("none", None, None, None, None, False, "no answer beyond the limit", "–")
    value = None if found.deviation is None else _value(case, found.deviation)
    between = found.between or (None, None)
    ends = [None if end is None else _value(case, end) for end in between]
    if case.direction == "at least":
        ends.reverse()
    return Threshold(
        state=_STATES[found.state],
        value=value,
        low=ends[0],
        high=ends[1],
        isotonic=value,
        disagree=False,
        shown=_shown(case, found.state, found.deviation, found.smallest, found.largest),
        interval_shown="–",
    )


def _shown(case: Case, state: str, deviation: float | None, smallest: float, largest: float) -> str:
    """In words, in the policy's own unit."""
    if deviation is not None:
        return show(case, _value(case, deviation))
    if state == "below":
        return f"before {show(case, _value(case, smallest))}"
    return f"beyond {show(case, _value(case, largest))}"


def _between(case: Case, fitted: FittedThreshold) -> str:
    """The interval in words; where an end is open, from the limit outward."""
    if not fitted.bounded:
        return "–"
    ends = [fitted.low, fitted.high]
    if None not in ends and case.direction == "at least":
        ends.reverse()
    tried = (fitted.smallest, fitted.largest)
    words = [
        f"{word} {show(case, _value(case, edge))}" if end is None else show(case, _value(case, end))
        for end, edge, word in zip(ends, tried, ("before", "beyond"), strict=True)
    ]
    return " to ".join(words)


def _value(case: Case, deviation: float) -> float:
    return value_at(
        deviation,
        float(case.limit or 0),
        float(case.scale or 1),
        at_most=case.direction == "at most",
    )


def show(case: Case, value: float) -> str:
    """A computed value in the case's unit, rounded as people would say it."""
    unit = Unit.named(case.unit)
    return unit.show(rounded(case, value))


def rounded(case: Case, value: float) -> Decimal:
    """To cents, minutes and days; elsewhere to three digits of the distance to the limit."""
    kind = Unit.named(case.unit).kind
    if kind in ("clock", "date"):
        return Decimal(round(value))
    if kind == "money":
        return Decimal(f"{value:.2f}")
    distance = abs(value - float(case.limit or 0))
    digits = max(0, 1 - math.floor(math.log10(distance))) if distance > 0 else 0
    return Decimal(f"{value:.{min(digits, 4)}f}")
