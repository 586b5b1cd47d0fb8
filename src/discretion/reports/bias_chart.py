"""The chart of leanings: scenario by scenario, where an arm is stricter and where laxer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from discretion.scorecard.scenario_cards import BiasCard, Lean

ROWS = 24
"""With more scenarios than this the strictest and the laxest are shown."""


@dataclass(frozen=True, slots=True)
class LeaningDot:
    """One arm in one scenario; positions in percent of the bar's width."""

    style: int
    low: float
    at: float
    width: float


@dataclass(frozen=True, slots=True)
class LeaningRow:
    card: BiasCard
    leans: tuple[Lean, ...]
    """Of the arms shown, in their order."""
    dots: tuple[LeaningDot, ...]


@dataclass(frozen=True, slots=True)
class Leanings:
    arms: tuple[str, ...]
    rows: tuple[LeaningRow, ...]
    """Strictest first, by the first arm."""
    reach: float
    """What the bar's half width stands for, in grant rate."""
    scenarios: int
    """How many there are, shown or not."""


def leanings(cards: Sequence[BiasCard], arms: Sequence[str]) -> Leanings | None:
    """The chart for these arms; None where there is nothing to show."""
    told = [
        (card, leans)
        for card in cards
        if arms and (leans := _chosen(card, arms)) and leans[0].shown.value is not None
    ]
    if not told:
        return None
    told.sort(key=lambda one: (one[1][0].shown.value or 0.0, one[0].scenario))
    shown = told if len(told) <= ROWS else told[: ROWS // 2] + told[-ROWS // 2 :]
    farthest = max(
        abs(end)
        for _, leans in shown
        for lean in leans
        for end in (lean.shown.low, lean.shown.value, lean.shown.high)
        if end is not None
    )
    reach = next((step for step in (0.1, 0.25, 0.5, 0.75) if farthest <= step), 1.0)
    rows = tuple(
        LeaningRow(
            card,
            leans,
            tuple(
                dot
                for style, lean in enumerate(leans, 1)
                if (dot := _dot(style, lean, reach)) is not None
            ),
        )
        for card, leans in shown
    )
    return Leanings(tuple(arms), rows, reach, len(told))


def _chosen(card: BiasCard, arms: Sequence[str]) -> tuple[Lean, ...]:
    by_name = {lean.arm: lean for lean in card.arms}
    return tuple(by_name[arm] for arm in arms if arm in by_name)


def _dot(style: int, lean: Lean, reach: float) -> LeaningDot | None:
    figure = lean.shown
    if figure.value is None:
        return None
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    first, at, last = (
        50 + 50 * min(max(end / reach, -1.0), 1.0) for end in (low, figure.value, high)
    )
    return LeaningDot(style, first, at, last - first)
