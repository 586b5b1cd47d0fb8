"""What was learned: the cards of tuned models beside what needed no training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from discretion.stats.contrasts import Verdict
from discretion.stats.figure import Figure
from discretion.stats.prospects import Prospect
from discretion.stats.rates import Floats

Kind = Literal["base", "target", "probe", "method", "baseline"]
"""A probe is a target asked otherwise than it was taught: with a neutral explanation put in."""
Reading = Literal["raw", "after a", "after a and b"]
READINGS: tuple[Reading, ...] = ("raw", "after a", "after a and b")


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What one way of deciding said on held-out cases, put together over folds, for one seed.

    Arrays are (C,) in the order of a study, NaN where a case was not asked.
    """

    name: str
    """``base``, ``labels``, ``real-after``, ``precedents``, ``baseline/logistic``."""
    seed: int | None
    """None for what was not trained."""
    p: Floats
    variance: Floats
    """Sampling variance of p; 0 where it was scored."""
    shifted: Floats
    """p after a, which was fitted on the training folds; NaN where it was not."""
    recalibrated: Floats
    """p after a and b, fitted there too."""
    kind: Kind
    slope: Floats | None = None
    """The b by which each case was recalibrated. Needed where `variance` is not 0, to take the
    variance out of the recalibrated figures too."""


@dataclass(frozen=True, slots=True)
class TeachingRow:
    """One way of deciding against the people, read in one way; errors averaged over seeds."""

    name: str
    kind: Kind
    reading: Reading
    """As it answers, or after a recalibration that was fitted on training folds."""
    gap: Figure
    """Noise-corrected; seeds averaged in the square, before the root."""
    signed: Figure
    """Mean of p - h: too lax above zero, too strict below."""
    brier: Figure
    log_loss: Figure
    auc: Figure
    matthews: Figure
    """Agreement of its most likely answer with the majority: 1 is perfect, 0 is chance."""
    cases: int
    """Held-out cases on which it could be compared."""
    seeds: int
    """Trainings; 0 for what was not trained."""
    spread: float | None
    """Standard deviation of the gap between seeds; None with fewer than two."""


@dataclass(frozen=True, slots=True)
class TeachingContrast:
    """Two ways of deciding, paired, in squared error; the unit is the held-out group."""

    name: str
    against: str
    reading: Reading
    against_reading: Reading
    family: int
    """The number of its declared family, from 1; 0 where it was not declared."""
    difference: Figure
    """Below zero, the first is nearer. The plain 95% interval, over held-out groups and
    trainings."""
    low_90: float | None
    """Lower end of the 90% interval, which is held against the margin."""
    high_90: float | None
    p: float | None
    adjusted: float | None
    """Holm-adjusted within its family; None where it is exploratory or has no interval."""
    verdict: Verdict
    """Of the first against the second. An exploratory one goes by its p, unadjusted."""
    declared: bool
    """Named in a plan that was frozen before the held-out part was looked at."""
    spread: float | None
    """Standard deviation of the difference between seeds; None with fewer than two."""
    units: int
    """Held-out groups with a case that both answered."""
    trainings: int | None = None
    """Draws of a training, or pairs of them, whose luck is in the interval: fewer than three give
    none. None where neither was trained."""
    randomized: float | None = None
    """p of the randomization test over pairs of trainings; None with fewer than six. From .05 on
    no difference is told."""

    @property
    def within_seeds(self) -> bool:
        """The difference is smaller than its spread between seeds."""
        value = self.difference.value
        return value is not None and self.spread is not None and abs(value) < self.spread


@dataclass(frozen=True, slots=True)
class FrozenCard:
    """The plan that was frozen before anything was trained, and what was kept of it."""

    plan: str
    """Its hash."""
    frozen: str
    """When."""
    looks: int
    """How often the held-out part had been looked at before."""
    exploratory: bool
    """Nothing here is confirmed by having been declared."""
    why: str
    """Why it is exploratory; empty where it is not."""
    departures: tuple[str, ...]
    """What was done otherwise than the plan says, a sentence each."""


@dataclass(frozen=True, slots=True)
class TeachingCard:
    """What each target taught, and whether it carries over to what was held out."""

    by: str
    """What the held-out groups are: ``domain``. By ``time`` and ``rater`` they are scenarios."""
    units: tuple[str, ...]
    """The held-out groups, sorted."""
    margin: float
    """The smallest difference in Brier score that matters."""
    rows: tuple[TeachingRow, ...]
    """Nearest first as they answer; the three readings of a name stand together."""
    contrasts: tuple[TeachingContrast, ...]
    """Declared ones first, by family; each as it answers and after a and b."""
    prospects: tuple[Prospect, ...]
    """What each family could tell with so many held-out groups."""
    frozen: FrozenCard | None
    """None where no plan was frozen: then everything is exploratory."""
    findings: tuple[str, ...]
    """Plain sentences, the most important first."""
    answer: tuple[str, ...] = ()
    """Whether what was taught carries over, and what explanations added, without numbers."""

    def row(self, name: str, reading: Reading = "raw") -> TeachingRow | None:
        """The row of that name and reading."""
        return next((r for r in self.rows if (r.name, r.reading) == (name, reading)), None)
