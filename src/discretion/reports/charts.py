"""Charts as plain numbers for the page's SVG: where each mark stands, nothing about its color."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from discretion.scorecards.cards import ArmCard
from discretion.scorecards.scenario_cards import CurveCard
from discretion.units import Unit

WIDTH, HEIGHT = 340, 216
LEFT, RIGHT, TOP, BOTTOM = 42, 12, 10, 40
"""Margins of a chart, in SVG units."""
LETTER = 6.2
"""Width of a letter of a tick's label, in SVG units, on the safe side."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with its interval."""

    x: float
    y: float
    low: float | None
    """y of the interval's lower end; None where there is none."""
    high: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    style: int
    """0 for people, from 1 for arms: the page's own colors and dashes."""
    points: str
    """As an SVG polyline takes them."""
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str
    anchor: str = "middle"
    """Where the label stands to its tick, so that none runs over the edge."""


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    subtitle: str
    description: str
    """What a screen reader says in place of the picture."""
    people: tuple[Mark, ...]
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    limit: float | None
    """x of the policy's limit."""
    stop: float | None
    """x at which half of the people would grant."""
    x_label: str


def curve_chart(curve: CurveCard, arms: Sequence[str]) -> Chart:
    """One scenario: the people's points with intervals and fitted line, and each arm's line.

    The horizontal axis is the deviation on a scale that is linear near the limit and logarithmic
    beyond, so that $10.01 and $40 fit one picture.
    """
    scale = _Scale(curve)
    lines = [
        _arm_line(curve, scale, arms.index(line.arm) + 1, line.arm, line.points)
        for line in curve.arms
        if line.arm in arms
    ]
    if curve.fitted:
        path = _path([(scale.at(value), _y(rate)) for value, rate in curve.fitted])
        lines.insert(0, Line("people", 0, path, ()))
    stop = curve.threshold.value
    people = tuple(
        Mark(
            scale.at(point.value),
            _y(point.rate),
            None if point.low is None else _y(point.low),
            None if point.high is None else _y(point.high),
            f"people at {point.shown}: {100 * point.rate:.0f}%"
            + ("" if point.n is None else f" of {point.n}"),
        )
        for point in curve.people
    )
    half = f"half of the people would grant: {curve.threshold.shown}"
    rule = f"{curve.direction} {curve.limit_shown}"
    return Chart(
        title=curve.title,
        subtitle=half,
        description=f"{curve.title}. Grant rate against the value; the rule says {rule}; {half}.",
        people=people,
        lines=tuple(lines),
        x_ticks=_x_ticks(curve, scale),
        y_ticks=tuple(Tick(_y(share), f"{100 * share:.0f}%") for share in SHARES),
        limit=scale.at(curve.limit),
        stop=None if stop is None else scale.at(stop),
        x_label=f"{_noun(curve.unit)}rule: {rule}",
    )


def calibration_chart(arm: ArmCard) -> Chart:
    """An arm's grant probability against the share that people granted."""
    wide = WIDTH - LEFT - RIGHT
    marks = tuple(
        Mark(
            LEFT + one.p * wide,
            _y(one.rate),
            _y(one.low),
            _y(one.high),
            f"says {100 * one.p:.0f}%, people grant {100 * one.rate:.0f}% of {one.n}",
        )
        for one in arm.calibration
    )
    diagonal = f"{LEFT},{_y(0.0):.1f} {WIDTH - RIGHT},{_y(1.0):.1f}"
    return Chart(
        title=arm.name,
        subtitle=f"{sum(one.n for one in arm.calibration):,} judgments",
        description=f"Calibration of {arm.name}: the nearer the points to the diagonal the better.",
        people=marks,
        lines=(Line("equal", 0, diagonal, ()),),
        x_ticks=tuple(
            Tick(LEFT + share * wide, f"{100 * share:.0f}%", "end" if share == 1 else "middle")
            for share in SHARES
        ),
        y_ticks=tuple(Tick(_y(share), f"{100 * share:.0f}%") for share in SHARES),
        limit=None,
        stop=None,
        x_label="the arm's grant probability",
    )


class _Scale:
    """Value to x: linear up to a small step around the limit, logarithmic beyond it."""

    def __init__(self, curve: CurveCard) -> None:
        self._curve = curve
        deviations = [point.deviation for point in curve.people]
        self._step = min((one for one in deviations if one > 0), default=1.0)
        ends = self._bend(min(*deviations, 0.0)), self._bend(max(*deviations, 0.0))
        self._first, self._span = ends[0], (ends[1] - ends[0]) or 1.0

    def at(self, value: float) -> float:
        curve = self._curve
        beyond = value - curve.limit if curve.direction == "at most" else curve.limit - value
        bent = self._bend(beyond / curve.scale)
        return LEFT + (bent - self._first) / self._span * (WIDTH - LEFT - RIGHT)

    def _bend(self, deviation: float) -> float:
        return math.asinh(deviation / self._step)


def _arm_line(
    curve: CurveCard,
    scale: _Scale,
    style: int,
    name: str,
    points: Sequence[tuple[float, float]],
) -> Line:
    unit = Unit.named(curve.unit)
    marks = tuple(
        Mark(
            scale.at(value),
            _y(p),
            None,
            None,
            f"{name} at {unit.show(Decimal(str(value)))}: {100 * p:.0f}%",
        )
        for value, p in points
    )
    return Line(name, style, _path([(mark.x, mark.y) for mark in marks]), marks)


def _x_ticks(curve: CurveCard, scale: _Scale) -> tuple[Tick, ...]:
    """The limit, the ends, and of the grid's other values those that leave each other room."""
    points = sorted(curve.people, key=lambda point: scale.at(point.value))
    wanted = [(curve.limit, curve.limit_shown)]
    wanted += [(point.value, point.shown) for point in (points[-1], points[0], *points[1:-1])]
    ticks: list[tuple[float, float, Tick]] = []
    for value, shown in wanted:
        label = _bare(curve.unit, shown)
        at, wide = scale.at(value), LETTER * len(label)
        start, anchor = at - wide / 2, "middle"
        if start < 0:
            start, anchor = at, "start"
        elif start + wide > WIDTH:
            start, anchor = at - wide, "end"
        if all(start > end + LETTER or start + wide < first - LETTER for first, end, _ in ticks):
            ticks.append((start, start + wide, Tick(at, label, anchor)))
    return tuple(tick for _, _, tick in sorted(ticks, key=lambda one: one[0]))


def _bare(unit: str, shown: str) -> str:
    """A label without the noun, which the axis names once."""
    measure = Unit.named(unit)
    if measure.kind != "number" or not measure.name:
        return shown
    return shown.removesuffix(f" {measure.name}").removesuffix(f" {measure.singular}")


def _noun(unit: str) -> str:
    measure = Unit.named(unit)
    return f"{measure.name}; " if measure.kind == "number" and measure.name else ""


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
