"""The people: who judged, how much, and how far they agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from discretion.core.judgments import Panel
from discretion.scorecard.cards import PeopleCard
from discretion.scorecard.study import Study
from discretion.stats.agreement import krippendorff_alpha, split_half
from discretion.stats.disagreement import among_people
from discretion.stats.effective import effective_raters
from discretion.stats.figure import Figure
from discretion.stats.gaps import panel_rate
from discretion.stats.predictions import Predictions, predictions
from discretion.stats.rates import Bools, Floats, Rates
from discretion.stats.references import References


def people_card(
    study: Study, both: References, reach: Figure, rng: np.random.Generator
) -> PeopleCard:
    """What can be said of a panel on the cases of a study; `both` are its references."""
    panel, rates = study.panel, study.rates
    known = np.isfinite(panel.n)
    among = among_people(rates, weigh=study.weigh)
    return PeopleCard(
        name=panel.name,
        simulated=panel.simulated,
        sources=panel.sources,
        raters=len(np.unique(panel.rater)) if panel.rated else None,
        weigh_as=effective_raters(rates),
        judgments=int(panel.n.sum()) if known.all() else None,
        unsure=int(panel.unsure.sum()),
        cases=len(study.cases),
        scenarios=len(study.scenarios),
        rate=panel_rate(rates, weigh=study.weigh),
        rule_kept_rate=_rate_among(study, study.kept),
        rule_broken_rate=_rate_among(study, study.broken),
        alpha=krippendorff_alpha(rates, rng),
        split_half=split_half(rates, rng, weigh=study.weigh).correlation,
        disagreement=among.whole,
        bound=among.bound,
        second_panel=both.second_panel,
        perfect_model=both.perfect_model,
        reach=reach,
        confidence=_predictions(study, panel.confidence),
        expected=_predictions(study, _of_own_answer(panel)),
    )


def _predictions(study: Study, predicted: Floats | None) -> Predictions | None:
    panel = study.panel
    if predicted is None or not np.isfinite(predicted).any():
        return None
    return predictions(predicted, panel.granted, panel.case, panel.rater)


def _of_own_answer(panel: Panel) -> Floats | None:
    """The expected share of colleagues who answer as the rater did."""
    if panel.expected is None:
        return None
    return np.where(panel.granted, panel.expected, 1 - panel.expected)


def _rate_among(study: Study, among: Bools) -> Figure:
    return panel_rate(only(study.rates, among), weigh=study.weigh)


def only(rates: Rates, among: Bools) -> Rates:
    """The same rates with the other cases taken out of every figure."""
    return replace(rates, h=np.where(among, rates.h, np.nan))
