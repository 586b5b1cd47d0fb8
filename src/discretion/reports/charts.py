"""Charts as plain numbers for the page's SVG: where each mark stands, nothing about its color."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from discretion.core.units import Unit
from discretion.scorecard.cards import ArmCard
from discretion.scorecard.scenario_cards import CurveCard

WIDTH, HEIGHT = 340, 232
LEFT, RIGHT, TOP, BOTTOM = 46, 30, 28, 40
"""Margins of a chart, in SVG units; the lines' labels stand in the right one."""
LETTER = 6.2
"""Width of a letter of a tick's label, in SVG units, on the safe side."""
APART = 16.0
"""How far labels at the ends of lines are kept apart, in SVG units."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
MARKS = 16
"""Up to how many points of a line are marked one by one."""
STEEP = 8.0
"""An axis is linear up to this ratio of the largest violation to the middle one."""
_ROUND = (1, 2, 5)
_ROUND_MINUTES = (5, 15, 30, 60, 120, 240, 480, 1440)


@dataclass(frozen=True, slots=True)
class Box:
    """A picture's size and margins, in SVG units."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    def y(self, share: float) -> float:
        return self.top + (1 - share) * (self.height - self.top - self.bottom)


SMALL = Box(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM)
LARGE = Box(420, 268, 46, 78, 62, 40)
"""Of the first screen: room for the values at which people and arm stop."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with its interval."""

    x: float
    y: float
    low: float | None
    """y of the interval's lower end; None where there is none."""
    high: float | None
    label: str
    size: float = 4.0
    """Radius of the dot; its area goes by how many judgments it stands for."""


@dataclass(frozen=True, slots=True)
class Label:
    """A word in the picture."""

    x: float
    y: float
    text: str
    style: int
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class CurveLine:
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
    lines: tuple[CurveLine, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    limit: float | None
    """x of the policy's limit."""
    stop: float | None
    """x at which half of the people would grant."""
    x_label: str
    y_label: str = "granted"
    box: Box = SMALL
    labels: tuple[Label, ...] = ()
    """The names of the lines, at their right ends."""
    limit_label: Label | None = None
    stops: tuple[tuple[float, Label], ...] = ()
    """Where people and arm stop: x, and what stands above it."""


def curve_chart(
    curve: CurveCard, arms: Sequence[str], box: Box = SMALL, *, stop_of: str = ""
) -> Chart:
    """One scenario: the people's points with intervals and fitted line, and each arm's line.

    The horizontal axis is linear; where values lie both close to the limit and far beyond it, it
    is logarithmic beyond the first step, so that $10.01 and $40 fit one picture, and says so.

    Args:
        curve: of the scenario.
        arms: in the order of their colors.
        box: the picture's size.
        stop_of: the arm whose threshold is marked beside the people's; nobody's in a small picture.
    """
    scale = _ValueScale(curve, box)
    lines = [
        _arm_line(curve, scale, arms.index(line.arm) + 1, line.arm, line.points)
        for line in curve.arms
        if line.arm in arms
    ]
    if curve.fitted:
        path = _path([(scale.at(value), box.y(rate)) for value, rate in curve.fitted])
        lines.insert(0, CurveLine("people", 0, path, ()))
    stop = curve.threshold.value
    drawn = curve.grouped or curve.people
    most = max((point.n or 0 for point in drawn), default=0)
    people = tuple(
        Mark(
            scale.at(point.value),
            box.y(point.rate),
            None if point.low is None else box.y(point.low),
            None if point.high is None else box.y(point.high),
            f"people at {point.shown}: {100 * point.rate:.0f}%"
            + ("" if point.n is None else f" of {point.n}"),
            2 + 3 * math.sqrt(point.n / most) if point.n else 4.0,
        )
        for point in drawn
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
        y_ticks=_y_ticks(box),
        limit=scale.at(curve.limit),
        stop=None if stop is None else scale.at(stop),
        x_label=f"{_noun(curve.unit)}rule: {rule}{'; log scale beyond it' if scale.bent else ''}",
        box=box,
        labels=_labels(lines, box),
        limit_label=Label(scale.at(curve.limit) - 3, box.top - 13, "rule", 5, "end"),
        stops=_stops(curve, scale, arms, stop_of) if stop_of or box is LARGE else (),
    )


def _y_ticks(box: Box) -> tuple[Tick, ...]:
    return tuple(Tick(box.y(share), f"{100 * share:.0f}%") for share in SHARES)


def _stops(
    curve: CurveCard, scale: _ValueScale, arms: Sequence[str], stop_of: str
) -> tuple[tuple[float, Label], ...]:
    """The people's threshold and an arm's, each with its label beside the upper end of its line, so
    that no line runs through the other's label."""
    box = scale.box
    found = [(0, "people", curve.threshold)]
    found += [
        (arms.index(line.arm) + 1, "model", line.threshold)
        for line in curve.arms
        if line.arm == stop_of and line.arm in arms
    ]
    placed = sorted(
        (scale.at(threshold.value), style, f"{who} {threshold.shown}")
        for style, who, threshold in found
        if threshold.value is not None
    )
    fits = all(at + LETTER * len(text) + 3 <= box.width for at, _, text in placed)
    rows = placed if fits else placed[::-1]
    step, anchor = (3, "start") if fits else (-3, "end")
    return tuple(
        (at, Label(at + step, box.top - 48 + 17 * row, text, style, anchor))
        for row, (at, style, text) in enumerate(rows)
    )


def _labels(lines: Sequence[CurveLine], box: Box) -> tuple[Label, ...]:
    """Who each line is, at its right end: arms by their letter, or by name where there is room."""
    ends = []
    for line in lines:
        if not line.points:
            continue
        name = _beside(line.name) if box is LARGE else letter(line.style)
        ends.append((float(line.points.rpartition(",")[2]), name, line.style))
    ends.sort()
    bottom = box.height - box.bottom - 6
    places = [end[0] for end in ends]
    for row in range(1, len(places)):
        places[row] = max(places[row], places[row - 1] + APART)
    for row in reversed(range(len(places))):
        places[row] = min(places[row], bottom - APART * (len(places) - 1 - row))
    return tuple(
        Label(box.width - box.right + 6, place + 4, name, style)
        for place, (_, name, style) in zip(places, ends, strict=True)
    )


def letter(style: int) -> str:
    """How a line is named where there is no room for its name: P for people, then A, B, C."""
    return chr(ord("A") + style - 1) if style else "P"


def _beside(name: str) -> str:
    """What stands beside a line: a name that is short enough."""
    return name if len(name) <= 12 else "model"


def calibration_chart(arm: ArmCard) -> Chart:
    """An arm's grant probability against the share that people granted."""
    wide = WIDTH - LEFT - RIGHT
    marks = tuple(
        Mark(
            LEFT + one.p * wide,
            SMALL.y(one.rate),
            SMALL.y(one.low),
            SMALL.y(one.high),
            f"says {100 * one.p:.0f}%, people grant {100 * one.rate:.0f}% of {one.n}",
        )
        for one in arm.calibration
    )
    diagonal = f"{LEFT},{SMALL.y(0.0):.1f} {WIDTH - RIGHT},{SMALL.y(1.0):.1f}"
    return Chart(
        title=arm.name,
        subtitle=f"{sum(one.n for one in arm.calibration):,} judgments",
        description=f"Calibration of {arm.name}: the nearer the points to the diagonal the better.",
        people=marks,
        lines=(CurveLine("equal", 0, diagonal, ()),),
        x_ticks=tuple(
            Tick(LEFT + share * wide, f"{100 * share:.0f}%", "end" if share == 1 else "middle")
            for share in SHARES
        ),
        y_ticks=_y_ticks(SMALL),
        limit=None,
        stop=None,
        x_label="the arm's grant probability",
        y_label="granted by people",
    )


class _ValueScale:
    """Value to x: linear, or linear up to a small step around the limit and logarithmic beyond."""

    def __init__(self, curve: CurveCard, box: Box = SMALL) -> None:
        self.box = box
        self._curve = curve
        deviations = [point.deviation for point in curve.people]
        beyond = sorted(one for one in deviations if one > 0) or [1.0]
        self._step = beyond[0]
        self.bent = beyond[-1] > STEEP * beyond[len(beyond) // 2]
        """Whether it is logarithmic beyond the limit."""
        ends = self._bend(min(*deviations, 0.0)), self._bend(max(*deviations, 0.0))
        self._first, self._span = ends[0], (ends[1] - ends[0]) or 1.0

    def at(self, value: float) -> float:
        curve, box = self._curve, self.box
        beyond = value - curve.limit if curve.direction == "at most" else curve.limit - value
        bent = self._bend(beyond / curve.scale)
        return box.left + (bent - self._first) / self._span * (box.width - box.left - box.right)

    def _bend(self, deviation: float) -> float:
        return math.asinh(deviation / self._step) if self.bent else deviation


def _arm_line(
    curve: CurveCard,
    scale: _ValueScale,
    style: int,
    name: str,
    points: Sequence[tuple[float, float]],
) -> CurveLine:
    unit = Unit.named(curve.unit)
    marks = tuple(
        Mark(
            scale.at(value),
            scale.box.y(p),
            None,
            None,
            f"{name} at {unit.show(Decimal(str(value)))}: {100 * p:.0f}%",
        )
        for value, p in points
    )
    path = _path([(mark.x, mark.y) for mark in marks])
    return CurveLine(name, style, path, marks if len(marks) <= MARKS else ())


def _x_ticks(curve: CurveCard, scale: _ValueScale) -> tuple[Tick, ...]:
    """The limit, then the ends and other values that leave each other room: round ones on a linear
    axis, the grid's own on one that is not."""
    box = scale.box
    points = sorted(curve.people, key=lambda point: scale.at(point.value))
    wanted = [(curve.limit, curve.limit_shown)]
    round_ones = () if scale.bent else _round(curve)
    wanted += round_ones or [
        (point.value, point.shown) for point in (points[-1], points[0], *points[1:-1])
    ]
    ticks: list[tuple[float, float, Tick]] = []
    for value, shown in wanted:
        label = _bare(curve.unit, shown)
        at, wide = scale.at(value), LETTER * len(label)
        start, anchor = at - wide / 2, "middle"
        if start < 0:
            start, anchor = at, "start"
        elif start + wide > box.width:
            start, anchor = at - wide, "end"
        if all(start > end + LETTER or start + wide < first - LETTER for first, end, _ in ticks):
            ticks.append((start, start + wide, Tick(at, label, anchor)))
    return tuple(tick for _, _, tick in sorted(ticks, key=lambda one: one[0]))


def _round(curve: CurveCard) -> list[tuple[float, str]]:
    """About five round values between the smallest and the largest tried; none of dates."""
    unit = Unit.named(curve.unit)
    values = [point.value for point in curve.people]
    low, high = min(values), max(values)
    if unit.kind == "date" or high <= low:
        return []
    rough = (high - low) / 5
    if unit.kind == "clock":
        step = float(next((one for one in _ROUND_MINUTES if one >= rough), _ROUND_MINUTES[-1]))
    else:
        power = 10.0 ** math.floor(math.log10(rough))
        step = next((one * power for one in _ROUND if one * power >= rough), 10 * power)
    first = math.ceil(low / step)
    count = math.floor(high / step) - first + 1
    digits = max(0, -math.floor(math.log10(step)))
    rounded = [round((first + index) * step, digits) for index in range(count)]
    return [(value, unit.show(Decimal(f"{value:.{digits}f}"))) for value in rounded]


def _bare(unit: str, shown: str) -> str:
    """A label without the noun, which the axis names once."""
    measure = Unit.named(unit)
    if measure.kind != "number" or not measure.name:
        return shown
    return shown.removesuffix(f" {measure.name}").removesuffix(f" {measure.singular}")


def _noun(unit: str) -> str:
    measure = Unit.named(unit)
    return f"{measure.name}; " if measure.kind == "number" and measure.name else ""


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
