"""What is known when arms have been compared with people: plain values, ready for any reader.

Rates and gaps are in [0, 1]; amounts are in the scenario's unit (minutes for a time of day). A
figure that could not be computed has no value, and its note says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from discretion.scorecard.changes_from_base import BreakageCard
from discretion.scorecard.conclusion_cards import GroupCard, PathCard, RaterCard, RequesterCard
from discretion.scorecard.explanation_faithfulness import ReasonCard
from discretion.scorecard.money import MoneyCard
from discretion.scorecard.panels import PanelCard
from discretion.scorecard.scenario_cards import BiasCard, CurveCard, FactorCard
from discretion.scorecard.teaching_cards import TeachingCard
from discretion.stats.figure import Figure
from discretion.stats.predictions import Predictions
from discretion.storage.imports import ImportReading

Kind = Literal["model", "baseline", "recorded"]
Verdict = Literal["nearer", "farther", "cannot be told"]
Reads = Literal["the case", "how it is asked", "not known"]

_CONTROL = re.compile(r"tuned:.*-(shuffled|neutral|filler|scrambled|random|words)-[a-z-]*\d")
"""The target in the name of a tuned arm, where the target is a control."""


@dataclass(frozen=True, slots=True)
class PeopleCard:
    """Who judged, how much, and how far they agree."""

    name: str
    simulated: bool
    sources: tuple[str, ...]
    raters: int | None
    """How many different people; None where it is not known who they were."""
    weigh_as: Figure
    """The effective number of raters: how many who judged equally much they amount to."""
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
    disagreement: Figure
    """How often two of them decide otherwise on the same case; none where no case was decided
    twice."""
    bound: Figure
    """Half of that: no arm can differ from them less often. Another of them would score as much in
    wrong grants, and in wrong refusals."""
    second_panel: Figure
    """What an independent, equally large panel of the same people would show as gap: the root of
    the mean square."""
    perfect_model: Figure
    """What a model that knew the true rates would show as gap, likewise."""
    reach: Figure
    """The deviation at which half would grant, pooled over scenarios."""
    confidence: Predictions | None = None
    """How sure they were, beside how often another of them gave the same answer; None where
    nobody said."""
    expected: Predictions | None = None
    """How many colleagues they expected to answer as they did, beside how many did; None where
    nobody said."""

    @property
    def compared(self) -> bool:
        """Whether enough of them judged the same cases to say how far they agree: alpha has an
        interval, or rests on half of the judgments."""
        alpha = self.alpha
        many = 2 * alpha.n >= (self.judgments or 0)
        return alpha.value is not None and (alpha.low is not None or many)


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
    kind: Kind
    how: str
    """How its probabilities were obtained."""
    note: str
    """What a reader must know before believing it; empty where there is nothing."""
    cases: int
    """Cases on which it could be compared."""
    unanswered: int
    """Judged cases that it did not answer."""
    failures: int
    """Calls that gave no decision; they count as no answer."""
    calls: int
    oldest: str
    """When the oldest of its answers was given; empty where nothing was asked."""
    disagreement: Figure
    """How often its decisions differ from those of one of the people: the headline."""
    wrong_grants: Figure
    """The part in which it grants and the person would refuse."""
    wrong_refusals: Figure
    """The part in which it refuses and the person would grant."""
    beyond_colleague: Figure
    """How much more often it differs from them than another of the people would."""
    excess_brier: Figure
    """Mean squared distance to the people's true rates; ranks arms. May be negative."""
    gap: Figure
    """Noise-corrected gap: the signed root of the excess Brier score."""
    signed: Figure
    """Mean of p - h: too lax above zero, too strict below."""
    panel_gap: Figure
    """Mean abs(p - h) over cases with at least 10 judgments; never ranks arms."""
    over_grant: Figure
    under_grant: Figure
    beyond_second_panel: Figure
    """The plain gap less what a second, equally large panel of the same people would show."""
    curve_gap: Figure
    """Mean distance between the people's fitted curves and the arm's, for cases with few
    judgments; where there are no curves it has no value."""
    reach: Figure
    """How far beyond the limit it goes, as a multiple of how far the people go: the ratio of
    thresholds, pooled over scenarios in which both are known."""
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
    """Cases that break a hard limit and that any of its answers grants, even one draw of many."""
    never_cases: int
    """Cases that break a hard limit, judged or not."""
    matched_by: str
    """The nearest baseline that this arm is not shown to beat; empty where there is none."""
    surely_beaten: bool
    """That baseline is nearer to the people, beyond chance."""
    amplifies: tuple[str, ...]
    """Levels that should not matter, by which it is moved as people are and surely by more,
    each with the number of scenarios."""
    calibration: tuple[CalibrationBin, ...]

    @property
    def control(self) -> bool:
        """Whether it was taught a control: it shows what a target adds, and leads no page."""
        return _CONTROL.match(self.name) is not None


PricesOf = Literal["run", "today"]
"""When the policies said what a wrong decision costs: when the run was made, or now."""


@dataclass(frozen=True, slots=True)
class ReadingCard:
    """What one arm's answers go with. Shares are of the variance of the log odds between answers,
    and add up to 1; None where there are too few scored answers, or it was asked in one vocabulary,
    order or wording alone."""

    arm: str
    form: str
    """What was scored, in words; empty where nothing was."""
    outside: Figure
    """Mean mass on neither answer."""
    strayed: int
    """Cases in which more than half of the mass was on neither."""
    vocabulary: float | None
    order: float | None
    wording: float | None
    rest: float | None
    """Cases that differ in one way of asking and not in another."""
    case: Figure
    """What carries over from one way of asking to another."""
    scenario: float | None
    """The part of the case's share that lies between scenarios,"""
    value: float | None
    """between values within a scenario,"""
    reason: float | None
    """and between cases of one value."""
    p: float | None
    """Of a permutation test that cases do not differ alike however they are asked."""
    across: str
    """Between which ways of asking cases were compared: ``vocabulary`` or ``order``."""
    auc: Figure
    """Of the recentered answers against the people's."""
    recentered: Figure
    """Noise-corrected gap with every way of asking centered on its own mean; ranks nobody."""
    reads: Reads
    p_ranking: float | None = None
    """Of a permutation test that its answers, shuffled among the cases of a scenario, go with the
    people's decisions as much; None where people decided all of these alike."""
    states: Figure | None = None
    """How much of the people's judgment its hidden states hold: the explained share of a linear
    head on them, on cases held out from it. None where no such head was asked."""

    @property
    def withheld(self) -> bool:
        """Whether its thresholds, its money and its rank would say nothing of the cases."""
        return self.reads == "how it is asked"


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
class DisagreementCard:
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
    leans: tuple[BiasCard, ...]
    """One for each scenario with two judged cases or more."""
    curves: tuple[CurveCard, ...]
    factors: tuple[FactorCard, ...]
    contrasts: tuple[ContrastCard, ...]
    paths: tuple[PathCard, ...]
    """Each lean and each declared contrast under other choices."""
    raters: tuple[RaterCard, ...]
    """Arms as one of the people; empty where it is not known who decided."""
    groups: tuple[GroupCard, ...]
    """Groups of raters, where they were asked for."""
    money: tuple[MoneyCard, ...]
    """One for each currency in which policies say what wrong decisions cost."""
    panels: tuple[PanelCard, ...]
    """Other panels, where they were asked for."""
    disagreements: tuple[DisagreementCard, ...]
    run: RunCard | None
    teaching: TeachingCard | None = None
    """What tuned models learned, where any were compared."""
    breakage: BreakageCard | None = None
    """What tuning broke, where a tuned model stands beside its base."""
    reasons: tuple[ReasonCard, ...] = ()
    """Whether arms that reason first go by what they say."""
    imports: tuple[ImportReading, ...] = ()
    """How the files were read that the judgments came from."""
    prices: PricesOf = "run"
    """Whose prices the money is counted with."""
    readings: tuple[ReadingCard, ...] = ()
    """Whether models read the case at all."""
    requesters: tuple[RequesterCard, ...] = ()
    """Wrong refusals by groups of those who ask, where they were asked for."""

    @property
    def withheld(self) -> tuple[str, ...]:
        """Arms whose thresholds, money and rank are left out."""
        return tuple(one.arm for one in self.readings if one.withheld)
