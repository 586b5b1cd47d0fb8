"""Charts as plain numbers for the page's SVG: where each mark stands, nothing about its color."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from discretion.scorecards.cards import ArmCard, CurveCard
from discretion.units import Unit

WIDTH, HEIGHT = 420, 240
LEFT, RIGHT, TOP, BOTTOM = 40, 14, 14, 34
"""Margins of a chart, in SVG units."""
LINES = 4
"""How many arms a curve shows: more cannot be told apart."""


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


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
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
    stop_label: str
    x_label: str


def curve_chart(curve: CurveCard, arms: Sequence[str]) -> Chart:
    """One scenario: the people's points with intervals and fitted line, and each arm's line.

    The horizontal axis is the deviation on a scale that is linear near the limit and logarithmic
    beyond, so that $10.01 and $40 fit one picture.
    """
    low = min(point.deviation for point in curve.people)
    high = max(point.deviation for point in curve.people)
    step = min(
        (point.deviation for point in curve.people if point.deviation > 0), default=high or 1.0
    )
    scale = _Scale(low, high, step)
    chosen = [line for name in arms[:LINES] for line in curve.arms if line.arm == name]
    lines = [
        Line(
            line.arm,
            arms.index(line.arm) + 1,
            _path([(scale.x(_deviation(curve, value)), _y(p)) for value, p in line.points]),
            tuple(
                Mark(
                    scale.x(_deviation(curve, value)),
                    _y(p),
                    None,
                    None,
                    f"{line.arm} at {_show(curve, value)}: {100 * p:.0f}%",
                )
                for value, p in line.points
            ),
        )
        for line in chosen
    ]
    if curve.fitted:
        path = [(scale.x(_deviation(curve, value)), _y(p)) for value, p in curve.fitted]
        lines.insert(0, Line("people", 0, _path(path), ()))
    stop = curve.threshold.value
    return Chart(
        title=curve.title,
        description=(
            f"Grant rate against the value. The rule says {curve.direction} {curve.limit_shown}; "
            f"half of the people would grant: {curve.threshold.shown}."
        ),
        people=tuple(
            Mark(
                scale.x(point.deviation),
                _y(point.rate),
                None if point.low is None else _y(point.low),
                None if point.high is None else _y(point.high),
                f"people at {point.shown}: {100 * point.rate:.0f}%"
                + ("" if point.n is None else f" of {point.n}"),
            )
            for point in curve.people
        ),
        lines=tuple(lines),
        x_ticks=_x_ticks(curve, scale),
        y_ticks=tuple(Tick(_y(share), f"{100 * share:.0f}%") for share in (0, 0.25, 0.5, 0.75, 1)),
        limit=scale.x(0.0),
        stop=None if stop is None else scale.x(_deviation(curve, stop)),
        stop_label=curve.threshold.shown,
        x_label=f"rule: {curve.direction} {curve.limit_shown}",
    )


def calibration_chart(arm: ArmCard) -> Chart:
    """An arm's grant probability against the share that people granted."""
    marks = tuple(
        Mark(
            LEFT + one.p * _inner_width(),
            _y(one.rate),
            _y(one.low),
            _y(one.high),
            f"says {100 * one.p:.0f}%, people grant {100 * one.rate:.0f}% of {one.n}",
        )
        for one in arm.calibration
    )
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    diagonal = f"{LEFT},{_y(0.0):.1f} {WIDTH - RIGHT},{_y(1.0):.1f}"
    return Chart(
        title=arm.name,
        description=f"Calibration of {arm.name}: the nearer the points to the diagonal the better.",
        people=marks,
        lines=(Line("equal", 0, diagonal, ()),),
        x_ticks=tuple(Tick(LEFT + t * _inner_width(), f"{100 * t:.0f}%") for t in ticks),
        y_ticks=tuple(Tick(_y(t), f"{100 * t:.0f}%") for t in ticks),
        limit=None,
        stop=None,
        stop_label="",
        x_label="the arm's grant probability",
    )


class _Scale:
    """Deviation to x: linear up to a small step around the limit, logarithmic beyond it."""

    def __init__(self, low: float, high: float, step: float) -> None:
        self._step = step
        self._first, self._last = self._bend(low), self._bend(high)

    def x(self, deviation: float) -> float:
        span = (self._last - self._first) or 1.0
        return LEFT + (self._bend(deviation) - self._first) / span * _inner_width()

    def _bend(self, deviation: float) -> float:
        return math.copysign(math.asinh(abs(deviation) / self._step), deviation)


def _x_ticks(curve: CurveCard, scale: _Scale) -> tuple[Tick, ...]:
    """The grid's own values, those left out that would run into each other."""
    ticks = [Tick(scale.x(0.0), curve.limit_shown)]
    wanted = sorted(curve.people, key=lambda point: -abs(point.deviation))
    for point in wanted:
        at = scale.x(point.deviation)
        room = 5.6 * (len(point.shown) + 2)
        if all(abs(at - tick.at) > (room + 5.6 * len(tick.label)) / 2 for tick in ticks):
            ticks.append(Tick(at, point.shown))
    return tuple(sorted(ticks, key=lambda tick: tick.at))


def _deviation(curve: CurveCard, value: float) -> float:
    beyond = value - curve.limit if curve.direction == "at most" else curve.limit - value
    return beyond / curve.scale


def _show(curve: CurveCard, value: float) -> str:
    return Unit.named(curve.unit).show(Decimal(str(value)))


def _inner_width() -> float:
    return WIDTH - LEFT - RIGHT


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
