"""Other panels: how far arms are from each of two panels, and these from each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from discretion.core.judgments import Panel
from discretion.scorecard.study import Replies, Study, study_of
from discretion.stats.figure import Figure
from discretion.stats.gaps import corrected_gap, signed_gap
from discretion.stats.intervals import FEW, Mean, mean_of, scenario_variance
from discretion.stats.weights import case_weights


@dataclass(frozen=True, slots=True)
class PanelArm:
    """One arm beside two panels, on the cases that both judged."""

    arm: str
    gap: Figure
    """Noise-corrected, to the first panel."""
    signed: Figure
    other_gap: Figure
    """Noise-corrected, to the other panel."""
    other_signed: Figure


@dataclass(frozen=True, slots=True)
class PanelCard:
    """Another panel beside the one that the page is about."""

    panel: str
    against: str
    """The panel that the page is about."""
    cases: int
    """Those that both judged; every figure here is over them."""
    difference: Figure
    """Mean of the other panel's grant rate minus the first's: laxer above zero."""
    arms: tuple[PanelArm, ...]


def panel_card(study: Study, other: Panel, arms: Sequence[Replies]) -> PanelCard:
    """The card of another panel.

    Raises:
        DiscretionError: it judged none of the cases of the study.
    """
    theirs = study_of(study.cases, other, study.weigh)
    place = {case.id: row for row, case in enumerate(study.cases)}
    rows = np.array([place[case.id] for case in theirs.cases])
    mine = study_of(theirs.cases, study.panel, study.weigh)

    def arm(replies: Replies) -> PanelArm:
        p, variance = replies.p[rows], replies.variance[rows]
        return PanelArm(
            arm=replies.name,
            gap=corrected_gap(p, variance, mine.rates, weigh=study.weigh),
            signed=signed_gap(p, mine.rates, weigh=study.weigh),
            other_gap=corrected_gap(p, variance, theirs.rates, weigh=study.weigh),
            other_signed=signed_gap(p, theirs.rates, weigh=study.weigh),
        )

    return PanelCard(
        panel=other.name,
        against=study.panel.name,
        cases=len(theirs.cases),
        difference=_difference(mine, theirs),
        arms=tuple(arm(one) for one in arms),
    )


def _difference(mine: Study, theirs: Study) -> Figure:
    """How many more the other panel grants, with an interval over both panels' raters.

    Both errors hold the variance between scenarios of the same differences, so their variances are
    added and that one is taken out once. Raters who are in both panels are counted as if they were
    two people, which makes the interval wider than it need be.
    """
    away = theirs.rates.h - mine.rates.h
    over_mine = mean_of(lambda h, n, at: theirs.rates.h[at] - h, mine.rates, weigh=mine.weigh)
    over_theirs = mean_of(lambda h, n, at: h - mine.rates.h[at], theirs.rates, weigh=mine.weigh)
    if over_mine.error is None or over_theirs.error is None or over_mine.value is None:
        return replace(over_mine, error=None).figure()
    used = np.isfinite(away)
    weight = case_weights(used.astype(float), mine.scenario, mine.weigh)
    deviation = np.where(used, away - over_mine.value, 0.0)
    between, scenarios = scenario_variance(deviation, weight, mine.scenario)
    variance = over_mine.error**2 + over_theirs.error**2
    if scenarios >= FEW:
        variance -= between
    notes = dict.fromkeys(filter(None, (over_mine.note, over_theirs.note)))
    difference = Mean(
        over_mine.value,
        math.sqrt(variance),
        min(over_mine.df, over_theirs.df),
        over_mine.n,
        "; ".join(notes),
    )
    return difference.figure(-1.0, 1.0)
