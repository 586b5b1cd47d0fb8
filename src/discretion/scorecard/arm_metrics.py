"""The league table: every arm against the people, and the declared comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.scorecard.cards import ArmCard, CalibrationBin, ContrastCard, Kind, Verdict
from discretion.scorecard.study import Replies, Study
from discretion.stats.agreement import majority_agreement
from discretion.stats.bootstrap import pooled
from discretion.stats.calibration import auc, calibration_curve
from discretion.stats.contrasts import ContrastResult, contrast, holm
from discretion.stats.disagreement import disagreement
from discretion.stats.figure import Figure, missing
from discretion.stats.gaps import corrected_gap, excess_brier, panel_gap, signed_gap
from discretion.stats.orders import order_effect
from discretion.stats.rates import Floats
from discretion.stats.references import beyond_second_panel
from discretion.stats.scores import brier, log_loss
from discretion.stats.unsure import unsure_sensitivity
from discretion.stats.weights import case_weights
from discretion.stats.wordings import within_spread, wording_spread

NOTES = {"baseline/mean": "fitted on all cases, these included"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else is known of an arm, which its replies to the judged cases do not say."""

    curve_gap: Figure
    """How far its curves are from the people's."""
    reach: Figure
    """How far beyond the limits it goes, beside the people."""
    failures: int = 0
    """Calls that gave no decision."""
    never_granted: int = 0
    """Cases that break a hard limit and that any of its answers grants."""
    never_cases: int = 0
    """Cases that break a hard limit."""
    matched: Match | None = None
    """The baseline that comes as close to the people."""
    amplifies: tuple[str, ...] = ()
    """What should not matter and moves it more than the people."""


def arm_card(study: Study, replies: Replies, kind: Kind, seed: int, around: Around) -> ArmCard:
    """Every figure of one arm.

    Args:
        seed: of the resampling; each figure draws by itself, so that whoever asks for one alone
            gets the same ends.
    """
    matched = around.matched
    p, rates, weigh = replies.p, study.rates, study.weigh
    rng = np.random.default_rng(seed)
    deployed = replies.deployed
    gaps = panel_gap(p, rates, weigh=weigh)
    majority = majority_agreement(p, rates, rng, weigh=weigh)
    loss = log_loss(p, rates, weigh=weigh)
    differs = disagreement(deployed, rates, weigh=weigh)
    granted = study.rates.h * study.panel.n
    unsure = unsure_sensitivity(
        lambda other: signed_gap(p, other, weigh=weigh),
        granted,
        study.panel.n - granted,
        study.panel.unsure,
        study.scenario,
    )
    return ArmCard(
        name=replies.name,
        kind=kind,
        how=replies.how,
        note=NOTES.get(replies.name, ""),
        cases=replies.answered,
        unanswered=len(study.cases) - replies.answered,
        failures=around.failures,
        calls=int(replies.calls.sum()),
        oldest=replies.oldest,
        disagreement=differs.whole,
        wrong_grants=differs.wrong_grants,
        wrong_refusals=differs.wrong_refusals,
        beyond_colleague=differs.beyond_colleague,
        excess_brier=excess_brier(p, replies.variance, rates, weigh=weigh),
        gap=corrected_gap(p, replies.variance, rates, weigh=weigh),
        signed=signed_gap(p, rates, weigh=weigh),
        panel_gap=gaps.gap,
        over_grant=gaps.over_grant,
        under_grant=gaps.under_grant,
        beyond_second_panel=beyond_second_panel(p, rates, weigh=weigh),
        curve_gap=around.curve_gap,
        reach=around.reach,
        brier=brier(p, replies.variance, rates, weigh=weigh),
        log_loss=loss.loss,
        clipped=loss.clipped,
        auc=auc(p, rates, rng, weigh=weigh),
        true_grant=majority.true_grant_rate,
        true_refuse=majority.true_refuse_rate,
        matthews=majority.matthews,
        deployed_signed=signed_gap(deployed, rates, weigh=weigh),
        deployed_gap=corrected_gap(deployed, np.zeros_like(p), rates, weigh=weigh),
        refused_of_granted=share_of(study, 1 - deployed, seed, granted=True),
        granted_of_refused=share_of(study, deployed, seed, granted=False),
        order_effect=_order_effect(study, replies),
        instruction_spread=_instruction_spread(study, replies),
        case_spread=_case_spread(study, replies),
        unsure_low=unsure.as_grant,
        unsure_high=unsure.as_refuse,
        unsure_flips=bool(unsure.flips),
        never_granted=around.never_granted,
        never_cases=around.never_cases,
        matched_by=matched.baseline if matched else "",
        surely_beaten=matched is not None and matched.nearer,
        amplifies=around.amplifies,
        calibration=tuple(
            CalibrationBin(one.p, one.rate.value, one.rate.low, one.rate.high, one.rate.n)
            for one in calibration_curve(p, rates)
            if one.rate.value is not None and one.rate.low is not None and one.rate.high is not None
        ),
    )


@dataclass(frozen=True, slots=True)
class Match:
    """A baseline that an arm is not shown to beat."""

    baseline: str
    nearer: bool
    """It is nearer to the people than the arm, beyond chance."""


def match(study: Study, replies: Replies, baselines: Sequence[Replies]) -> Match | None:
    """The nearest of the baselines of which it cannot be said that the arm is nearer."""
    best, found = -np.inf, None
    for baseline in baselines:
        paired = _contrast(study, replies, baseline).difference
        if paired.value is None or paired.value <= best:
            continue
        arm_is_nearer = paired.value < 0 if paired.high is None else paired.high < 0
        if not arm_is_nearer:
            best = paired.value
            found = Match(baseline.name, paired.low is not None and paired.low > 0)
    return found


def contrast_cards(
    study: Study,
    arms: Mapping[str, Replies],
    cards: Mapping[str, ArmCard],
    declared: Sequence[tuple[str, str]],
) -> tuple[ContrastCard, ...]:
    """The declared contrasts, Holm-adjusted over all that were declared."""
    pairs = [pair for pair in declared if pair[0] in arms and pair[1] in arms]
    results = [_contrast(study, arms[one], arms[other]) for one, other in pairs]
    adjusted = holm([result.p_value for result in results])
    return tuple(
        _contrast_card(pair, result, p, cards)
        for pair, result, p in zip(pairs, results, adjusted, strict=True)
    )


def _contrast_card(
    pair: tuple[str, str],
    result: ContrastResult,
    adjusted: float | None,
    cards: Mapping[str, ArmCard],
) -> ContrastCard:
    one, other = (cards[name] for name in pair)
    verdict: Verdict = "cannot be told"
    if adjusted is not None and adjusted < 0.05 and result.difference.value is not None:
        verdict = "nearer" if result.difference.value < 0 else "farther"
    apart = (
        abs(one.gap.value - other.gap.value)
        if one.gap.value is not None and other.gap.value is not None
        else None
    )
    spreads = (one.instruction_spread, one.case_spread, other.instruction_spread, other.case_spread)
    return ContrastCard(
        arm=pair[0],
        against=pair[1],
        difference=result.difference,
        p=result.p_value,
        adjusted=adjusted,
        declared=True,
        verdict=verdict,
        within_wording=any(within_spread(apart, spread) for spread in spreads),
    )


def _contrast(study: Study, one: Replies, other: Replies) -> ContrastResult:
    return contrast(one.p, one.variance, other.p, other.variance, study.rates, weigh=study.weigh)


def share_of(
    study: Study,
    decided: Floats,
    seed: int,
    *,
    granted: bool,
    level: float = 0.95,
) -> Figure:
    """Among what people would grant (or refuse), the share of which `decided` is 1.

    What is drawn for its interval follows from the seed and the figure alone, and not from what was
    drawn before: the report and the gate show one figure with ends of one set of resamples.
    """
    answered = np.isfinite(decided) & np.isfinite(study.rates.h)
    weight = case_weights(answered.astype(float), study.scenario, study.weigh)
    hit = np.where(answered, decided, 0.0)

    def parts(h: Floats, n: Floats) -> Floats:
        share = np.where(answered & np.isfinite(h), h if granted else 1 - h, 0.0)
        return np.stack([weight * share * hit, weight * share], axis=1)

    about = parts(study.rates.h, study.rates.n)[:, 1].sum() / max(weight.sum(), 1e-300)
    answers = int(answered.sum())
    return pooled(
        lambda sums: sums[..., 0] / sums[..., 1],
        parts,
        study.rates,
        np.random.default_rng((seed, int(granted))),
        n=answers,
        bounds=(0.0, 1.0),
        units=float(about) * answers,
        level=level,
    )


def _order_effect(study: Study, replies: Replies) -> Figure:
    if not np.isfinite(replies.grant_first).any():
        return missing("the answers were not asked in both orders")
    return order_effect(
        replies.grant_first, replies.grant_second, study.scenario, weigh=study.weigh
    )


def _instruction_spread(study: Study, replies: Replies) -> Figure:
    if replies.wording.max(initial=-1) < 1:
        return missing("there is one wording of the instruction")
    away = np.where(replies.wording >= 0, replies.p - study.rates.h, np.nan)
    return wording_spread(away, study.scenario, np.maximum(replies.wording, 0))


def _case_spread(study: Study, replies: Replies) -> Figure:
    codes: dict[tuple[int, int], int] = {}
    wording = np.array(
        [
            codes.setdefault((code, case.wording), len(codes))
            for code, case in zip(study.scenario.tolist(), study.cases, strict=True)
        ],
        dtype=np.int64,
    )
    return wording_spread(replies.p - study.rates.h, study.scenario, wording)
