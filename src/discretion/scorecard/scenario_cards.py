"""What is known of single scenarios: leans, curves, thresholds, and what factors are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from discretion.stats.figure import Figure

POOLED = ""
"""In place of a scenario's id, of a card over several scenarios."""

ThresholdState = Literal["crossed", "below the smallest tried", "beyond the largest tried", "none"]


@dataclass(frozen=True, slots=True)
class Lean:
    """To which side an arm errs in one scenario."""

    arm: str
    signed: Figure
    """Mean of p - h over the scenario's cases; its interval is for these cases only."""
    shrunk: Figure | None = None
    """The same drawn towards the mean of all scenarios, as far as chance explains how they differ:
    see `measures.shrinkage`. None with fewer than four scenarios that have an interval."""

    @property
    def shown(self) -> Figure:
        """What is shown and counted: the shrunk one where there is one."""
        return self.signed if self.shrunk is None else self.shrunk


@dataclass(frozen=True, slots=True)
class BiasCard:
    """One scenario: how much people grant, and where each arm is stricter or laxer."""

    scenario: str
    title: str
    rate: Figure
    """Share of grants by the people."""
    arms: tuple[Lean, ...]


@dataclass(frozen=True, slots=True)
class ThresholdCard:
    """The value at which half would grant."""

    state: ThresholdState
    value: float | None
    """In the scenario's unit; None unless crossed."""
    low: float | None
    high: float | None
    """Ends of the 95% interval where a curve was fitted; where answers have no noise, the two
    values tried between which it lies."""
    isotonic: float | None
    """The same without assuming a shape."""
    disagree: bool
    """The two differ by more than a step of the grid."""
    shown: str
    """In words: ``19 days``, ``before $10.01``, ``beyond 60 days``."""
    interval_shown: str
    """The interval in words; empty where there is none."""
    slope: Figure
    """How sharply the fitted curve falls there, per unit of log deviation; none for answers
    without noise, whose curve is not fitted."""
    pooled: float | None = None
    """The value drawn towards the policy's other scenarios, as far as chance explains how they
    differ. None with fewer than four that were fitted, and off the values tried."""
    pooled_low: float | None = None
    pooled_high: float | None = None
    """Ends of its 95% interval."""
    pooled_shown: str = ""
    """In words, with its interval."""


@dataclass(frozen=True, slots=True)
class Point:
    """What people answered at one value, over the cases of the scenario that have it."""

    value: float
    shown: str
    deviation: float
    rate: float
    low: float | None
    """Ends of Wilson's interval; None where n is not known."""
    high: float | None
    n: int | None


@dataclass(frozen=True, slots=True)
class ArmLine:
    arm: str
    points: tuple[tuple[float, float], ...]
    """(value, mean grant probability), in the order of the grid."""
    threshold: ThresholdCard
    gap: float | None
    """Mean distance of its curve from the people's at the values tried; None where either is not
    fitted."""


@dataclass(frozen=True, slots=True)
class CurveCard:
    """One scenario: grant rate against the value."""

    scenario: str
    title: str
    policy: str
    domain: str
    unit: str
    limit: float
    limit_shown: str
    scale: float
    """What a deviation of 1 is worth."""
    direction: str
    people: tuple[Point, ...]
    fitted: tuple[tuple[float, float], ...]
    """(value, rate) along the people's fitted curve; empty where none could be fitted."""
    threshold: ThresholdCard
    arms: tuple[ArmLine, ...]
    grouped: tuple[Point, ...] = ()
    """The people's points in about twelve groups of equally many cases, each at its mean value,
    where more values were decided than a picture can show; empty elsewhere."""


@dataclass(frozen=True, slots=True)
class FactorCell:
    """What a level of a factor does to the decisions of somebody."""

    name: str
    """An arm's name, or the panel's."""
    difference: Figure
    """Grant rate with the level minus without, over cases that differ in nothing else that is
    known of them, with its 90% interval."""
    verdict: str
    """``equivalent``, ``differs`` or ``cannot be told``; empty where the factor may matter."""
    pairs_needed: int | None
    """About how many pairs of cases it takes to show that the level does not matter; None where
    there are as many, where no interval says how many, and where the factor may matter."""
    shift: float | None
    """What it is worth: the threshold with the level minus without, in the scenario's unit."""
    low: float | None
    high: float | None
    shift_shown: str
    """In words; empty where there is none."""
    shift_note: str
    """Why there is none."""
    amplifies: bool = False
    """An arm that does what people do and may not, and more of it: the same sign, larger, and its
    interval leaves their difference out. Only where the factor should not matter."""

    @property
    def verdict_shown(self) -> str:
        """The verdict where it says something: that a level does not matter, or that this is not
        known, only where there are pairs enough to show it."""
        enough = self.pairs_needed is None and self.difference.low is not None
        return self.verdict if enough or self.verdict == "differs" else ""


@dataclass(frozen=True, slots=True)
class FactorCard:
    """A level of a factor beside the factor's first level."""

    scenario: str
    """Empty where several scenarios are pooled."""
    title: str
    factor: str
    level: str
    against: str
    """The reference level."""
    should_not_matter: bool
    margin: float | None
    """How large a difference counts as none; None where the factor may matter. The smallest of
    its scenarios' where several are pooled."""
    cells: tuple[FactorCell, ...]
    """People first."""

    @property
    def pooled(self) -> bool:
        """Whether it is over several scenarios: the primary verdict on its level."""
        return self.scenario == POOLED
