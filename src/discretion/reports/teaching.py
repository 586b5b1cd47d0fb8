"""What was learned, as the page and the terminal show it: one chart and short tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from discretion.reports.figures import interval, text
from discretion.scorecard.teaching_cards import (
    READINGS,
    Kind,
    TeachingCard,
    TeachingContrast,
    TeachingRow,
)
from discretion.scorecard.teaching_findings import held_out, prospect_sentence
from discretion.stats.figure import Figure

RECALIBRATED = "recalibrated"
"""What stands after the name of the base for the row that has only learned two numbers."""
_STEPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
"""Where the chart's axis may end."""
BEST = 3
"""How many ways of deciding stand before the fold, beside the base; the closest ones."""
_CONTROLS = ("shuffled", "neutral", "filler", "scrambled", "random", "words")
"""How the names of targets begin that are controls."""


@dataclass(frozen=True, slots=True)
class TeachingDot:
    """One reading of one way of deciding; positions in percent of the track's width."""

    style: int
    """1 as it answers, 2 after a and b."""
    low: float
    at: float
    width: float


@dataclass(frozen=True, slots=True)
class TeachingLine:
    """One way of deciding: a row of the chart and of the first table."""

    name: str
    kind: Kind
    recalibrated: bool
    """The base after a and b, in a row of its own."""
    row: TeachingRow
    """The reading that the row shows in full."""
    gaps: tuple[Figure | None, ...]
    """As it answers, after a, after a and b; None where another row holds it."""
    against: TeachingContrast | None
    """With the recalibrated base, both after a and b."""
    dots: tuple[TeachingDot, ...]

    @property
    def control(self) -> bool:
        return self.name.startswith(tuple(f"{name}-" for name in _CONTROLS))


@dataclass(frozen=True, slots=True)
class ChainOfThought:
    """What reasons first, beside the same with another reasoning put in its place."""

    name: str
    own: Figure | None
    """After what it writes itself; None where it was not asked."""
    empty: Figure | None
    neutral: Figure | None


@dataclass(frozen=True, slots=True)
class TeachingSection:
    """The section of the page."""

    card: TeachingCard
    groups: str
    """``3 held-out domains``."""
    lines: tuple[TeachingLine, ...]
    """Nearest first."""
    first: float
    """Left end of the chart's axis: 0, or below where a gap is."""
    last: float
    zero: float
    """Where 0 stands, in percent."""
    base: float | None
    """Where the recalibrated base stands, in percent."""
    families: tuple[tuple[tuple[TeachingContrast, TeachingContrast | None], ...], ...]
    """Declared contrasts by family: as they answer, and after a and b."""
    explored: tuple[TeachingContrast, ...]
    thoughts: tuple[ChainOfThought, ...]
    """What thinking adds when it is asked; empty where nothing reasons first."""
    prospects: tuple[str, ...]
    measure: str
    """``gap``, or ``Brier score`` where no case has two judgments."""

    @property
    def best(self) -> tuple[TeachingLine, ...]:
        """The closest that are no controls, and the base; in the order of all."""
        led = [line for line in self.lines if line.kind != "base" and not line.control][:BEST]
        return tuple(line for line in self.lines if line.kind == "base" or line in led)

    @property
    def others(self) -> tuple[TeachingLine, ...]:
        return tuple(line for line in self.lines if line not in self.best)


def lesson(card: TeachingCard) -> TeachingSection:
    """The card, laid out."""
    measure = "gap" if any(row.gap.value is not None for row in card.rows) else "brier"
    ends = [
        end
        for row in card.rows
        if row.reading != "after a" and row.kind != "probe"
        for figure in [getattr(row, measure)]
        for end in (figure.low, figure.value, figure.high)
        if end is not None
    ]
    last = next((step for step in _STEPS if max(ends, default=1.0) <= step), 1.0)
    lowest = min([0.0, *ends])
    first = -next((step for step in _STEPS if -lowest <= step), 1.0) if lowest < 0 else 0.0
    lines = []
    for row in card.rows:
        own = row.kind == "base" and row.reading == "after a and b"
        if row.kind != "probe" and (row.reading == "raw" or own):
            lines.append(_line(card, row, measure, first, last))
    lines.sort(key=lambda line: _rank(getattr(line.row, measure)))
    bases = [line for line in lines if line.recalibrated and line.dots]
    families: dict[int, list[tuple[TeachingContrast, TeachingContrast | None]]] = {}
    for one in card.contrasts:
        if one.family and one.reading == "raw":
            families.setdefault(one.family, []).append((one, _after(card, one)))
    return TeachingSection(
        card=card,
        groups=held_out(len(card.units), card.by),
        lines=tuple(lines),
        first=first,
        last=last,
        zero=_percent(0.0, first, last),
        base=bases[0].dots[0].at if bases else None,
        families=tuple(tuple(pairs) for pairs in families.values()),
        explored=tuple(one for one in card.contrasts if not one.family),
        thoughts=_thoughts(card, measure),
        prospects=tuple(prospect_sentence(one, card.by) for one in card.prospects),
        measure="Brier score" if measure == "brier" else "gap",
    )


def summary(card: TeachingCard, best: int) -> tuple[list[str], list[list[str]], int]:
    """Head and rows of the table that the terminal prints, and how many rows it leaves out: all
    but so many of the closest, and the base."""
    head = [
        "decides by",
        "gap",
        "95% interval",
        "after a",
        "after a and b",
        "Brier",
        "AUC",
        "seeds",
    ]
    rows = []
    lines = lesson(card).lines
    kept = [line for at, line in enumerate(lines) if at < best or line.kind == "base"]
    for line in kept:
        gaps = ["" if gap is None else text(gap) for gap in line.gaps]
        # The recalibrated base decides by its two numbers: that gap is its own.
        shown = [text(line.row.gap), interval(line.row.gap) or "–", *gaps[1:]]
        scores = [text(line.row.brier, digits=3), text(line.row.auc), str(line.row.seeds or "")]
        rows.append([line.name, *shown, *scores])
    return head, rows, len(lines) - len(kept)


def _thoughts(card: TeachingCard, measure: str) -> tuple[ChainOfThought, ...]:
    raw = {row.name: getattr(row, measure) for row in card.rows if row.reading == "raw"}
    put_in: dict[str, dict[str, Figure]] = {}
    for row in card.rows:
        name, _, reasoning = row.name.partition("+")
        if row.kind == "probe" and row.reading == "raw":
            put_in.setdefault(name.strip(), {})[reasoning] = raw[row.name]
    return tuple(
        ChainOfThought(name, raw.get(name), found.get("empty"), found.get("neutral"))
        for name, found in put_in.items()
    )


def _line(
    card: TeachingCard, row: TeachingRow, measure: str, first: float, last: float
) -> TeachingLine:
    recalibrated = row.reading != "raw"
    readings = [found for reading in READINGS if (found := card.row(row.name, reading))]
    own = [recalibrated == (one.reading == "after a and b") for one in readings]
    gaps: list[Figure | None] = [getattr(one, measure) for one in readings]
    if row.kind == "base":  # the base after a and b has its own row
        gaps = [gap if mine else None for gap, mine in zip(gaps, own, strict=True)]
    places = {1: gaps[0], 2: gaps[2]}
    return TeachingLine(
        name=f"{row.name}, {RECALIBRATED}" if recalibrated else row.name,
        kind=row.kind,
        recalibrated=recalibrated,
        row=row,
        gaps=tuple(gaps),
        against=next(
            (
                one
                for one in card.contrasts
                if not one.family
                and one.name == row.name
                and one.reading == one.against_reading == "after a and b"
            ),
            None,
        ),
        dots=tuple(
            _dot(style, figure, first, last)
            for style, figure in places.items()
            if figure is not None and figure.value is not None
        ),
    )


def _after(card: TeachingCard, raw: TeachingContrast) -> TeachingContrast | None:
    return next(
        (
            one
            for one in card.contrasts
            if (one.family, one.name, one.against) == (raw.family, raw.name, raw.against)
            and one.reading == "after a and b"
        ),
        None,
    )


def _dot(style: int, figure: Figure, first: float, last: float) -> TeachingDot:
    value = figure.value or 0.0
    ends: Sequence[float] = (
        value if figure.low is None else figure.low,
        value,
        value if figure.high is None else figure.high,
    )
    low, at, high = (_percent(end, first, last) for end in ends)
    return TeachingDot(style, low, at, high - low)


def _percent(value: float, first: float, last: float) -> float:
    return 100 * min(max((value - first) / (last - first), 0.0), 1.0)


def _rank(figure: Figure) -> tuple[bool, float]:
    return figure.value is None, figure.value or 0.0
