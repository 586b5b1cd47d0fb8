"""What is known when arms have been compared with people: plain values, ready for any reader.

Rates and gaps are in [0, 1]; amounts are in the scenario's unit (minutes for a time of day). A
figure that could not be computed has no value, and its note says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from discretion.measures.figure import Figure

ThresholdState = Literal["crossed", "below the smallest tried", "beyond the largest tried", "none"]
Verdict = Literal["nearer", "farther", "cannot be told"]


@dataclass(frozen=True, slots=True)
class PeopleCard:
    """Who judged, how much, and how far they agree."""

    name: str
    simulated: bool
    sources: tuple[str, ...]
    raters: int | None
    """How many different people; None where it is not known who they were."""
    judgments: int | None
    """Those who decided; None where it is not known for every case."""
    unsure: int
    cases: int
    scenarios: int
    rate: Figure
    """Share of grants, scenarios weighing equally."""
    rule_kept_rate: Figure
    """The same over cases that keep the rule."""
    rule_broken_rate: Figure
    """The same over cases that break it."""
    alpha: Figure
    """Krippendorff's alpha over single judgments."""
    split_half: Figure
    """Correlation of two random halves of the raters, stepped up to the full panel."""
    second_panel: Figure
    """What an independent, equally large panel of the same people would show as gap."""
    perfect_model: Figure
    """What a model that knew the true rates would show as gap."""


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    p: float
    """Mean grant probability of the arm in the bin."""
    rate: float
    """Share of grants among the people's judgments in the bin."""
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class ArmCard:
    """One arm against the people."""

    name: str
    kind: Literal["model", "baseline", "recorded"]
    how: str
    """How its probabilities were obtained."""
    note: str
    """What a reader must know before believing it; empty where there is nothing."""
    cases: int
    """Cases on which it could be compared."""
    unanswered: int
    """Cases of the run that it did not answer."""
    failures: int
    calls: int
    gap: Figure
    """Noise-corrected gap: the headline. Signed square root; may be negative."""
    signed: Figure
    """Mean of p - h: too lax above zero, too strict below."""
    panel_gap: Figure
    """Mean abs(p - h) over cases with at least 10 judgments; never ranks arms."""
    over_grant: Figure
    under_grant: Figure
    brier: Figure
    log_loss: Figure
    clipped: float | None
    """Share of judgments at which the log loss clipped p."""
    auc: Figure
    true_grant: Figure
    """Of the cases that most people grant, the share the deployed arm grants."""
    true_refuse: Figure
    matthews: Figure
    deployed_signed: Figure
    """Signed gap of the arm's most likely answer."""
    deployed_gap: Figure
    refused_of_granted: Figure
    """Of the requests that these people would grant, the share the deployed arm refuses."""
    granted_of_refused: Figure
    """Of those that they would refuse, the share the deployed arm grants."""
    order_effect: Figure
    instruction_spread: Figure
    """Standard deviation of p - h between the wordings of the method's instruction."""
    case_spread: Figure
    """The same between the wordings of the cases."""
    unsure_low: float | None
    """Signed gap with all unsure counted as grants."""
    unsure_high: float | None
    """Signed gap with all unsure counted as refusals."""
    unsure_flips: bool
    never_granted: int
    """Cases forbidden by a `never` that it would have granted, had code not refused them."""
    never_cases: int
    matched_by: str
    """The baseline that comes as near to the people as this arm; empty where none does."""
    calibration: tuple[CalibrationBin, ...]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The value at which half would grant."""

    state: ThresholdState
    value: float | None
    """In the scenario's unit; None unless crossed."""
    low: float | None
    high: float | None
    isotonic: float | None
    """The same without assuming a shape."""
    disagree: bool
    """The two differ by more than a step of the grid."""
    shown: str
    """In words: ``19 days``, ``before $10.01``, ``beyond 60 days``."""
    interval_shown: str
    """The interval in words; a dash where there is none."""


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
    threshold: Threshold


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
    threshold: Threshold
    arms: tuple[ArmLine, ...]


@dataclass(frozen=True, slots=True)
class ShiftCell:
    """What a level is worth to somebody."""

    name: str
    """An arm's name, or the panel's."""
    shift: float | None
    """In the scenario's unit: the threshold with the level minus without."""
    low: float | None
    high: float | None
    shown: str
    """In words, or why there is none."""


@dataclass(frozen=True, slots=True)
class EffectCard:
    """What a level that should not matter does to somebody's decisions."""

    name: str
    """An arm's name, or the panel's."""
    difference: Figure
    """Grant rate with the level minus without, over pairs, with its 90% interval."""
    verdict: str
    """``equivalent``, ``differs`` or ``cannot be told``."""


@dataclass(frozen=True, slots=True)
class FactorCard:
    """What a level of a factor is worth, to people and to each arm."""

    scenario: str
    title: str
    factor: str
    level: str
    against: str
    """The reference level."""
    should_not_matter: bool
    shifts: tuple[ShiftCell, ...]
    """People first."""
    effects: tuple[EffectCard, ...]
    """People first; empty unless the factor should not matter."""


@dataclass(frozen=True, slots=True)
class ContrastCard:
    """Two arms, paired: which is nearer to the people, in squared error."""

    arm: str
    against: str
    difference: Figure
    """Mean squared error of the first minus the second: below zero, the first is nearer."""
    p: float | None
    adjusted: float | None
    """Holm-adjusted over the declared contrasts; None for exploratory ones."""
    declared: bool
    verdict: Verdict
    within_wording: bool
    """The difference of the gaps is smaller than the spread between wordings."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    case: str
    label: str
    arm: str
    p: float
    rate: float
    n: int | None
    text: str | None
    """The case's text, where it was asked for."""


@dataclass(frozen=True, slots=True)
class FailureCard:
    arm: str
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class RunCard:
    """What was measured, on which hashes."""

    run: str
    started: str
    finished: str
    plan: str
    """Hash of the plan, stored before any answer."""
    cases: str
    """Hash of the case ids."""
    head: str
    """Head of the workspace's hash chain when this was made."""
    version: str
    arms: tuple[tuple[str, str], ...]
    """(name, fingerprint)."""
    oldest_answer: str
    failures: tuple[FailureCard, ...]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Everything a report shows."""

    title: str
    banner: str
    """The first line of the page: that people or model are simulated, where they are."""
    findings: tuple[str, ...]
    """Plain sentences, the most important first."""
    warnings: tuple[str, ...]
    """What limits the conclusions."""
    people: PeopleCard | None
    arms: tuple[ArmCard, ...]
    untaught: tuple[ArmCard, ...]
    """Arms that ask the built-in model by methods it was not taught to follow."""
    curves: tuple[CurveCard, ...]
    factors: tuple[FactorCard, ...]
    contrasts: tuple[ContrastCard, ...]
    disagreements: tuple[Disagreement, ...]
    run: RunCard | None
