"""Fits: one psychometric fit for the panel, and one for each arm whose answers were drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.scorecard.levels import Levels
from discretion.scorecard.study import Replies, Study
from discretion.stats.curves import Curves, Observations, fit_curves
from discretion.stats.rates import Floats, Ints


@dataclass(frozen=True, slots=True)
class Fits:
    """The fitted curves of a study."""

    people: Curves | None
    """None where no judged case breaks its rule, or none could be fitted."""
    arms: Mapping[str, Curves]
    """Those of arms whose answers were drawn; the others have no noise to fit around."""


def fits_of(study: Study, levels: Levels, arms: Sequence[Replies]) -> Fits:
    """The fits of a panel and of the arms beside it."""
    drawn = {arm.name: _drawn(study, levels, arm) for arm in arms if arm.drawn}
    return Fits(
        _people(study, levels), {name: fit for name, fit in drawn.items() if fit is not None}
    )


def _people(study: Study, levels: Levels) -> Curves | None:
    panel = study.panel
    if panel.singles:
        case = panel.case
        trials = np.ones(len(case)) if panel.weight is None else panel.weight
        grants = trials * panel.granted
        rater = panel.rater if panel.rated else None
    else:
        case = np.flatnonzero(np.isfinite(panel.n) & (panel.n > 0))
        grants, trials, rater = panel.rate[case] * panel.n[case], panel.n[case], None
    return _fit(study, levels, case, grants, trials, rater)


def _drawn(study: Study, levels: Levels, arm: Replies) -> Curves | None:
    case = np.flatnonzero(np.isfinite(arm.p))
    trials = arm.calls[case].astype(float)
    return _fit(study, levels, case, arm.p[case] * trials, trials, None)


def _fit(
    study: Study, levels: Levels, case: Ints, grants: Floats, trials: Floats, rater: Ints | None
) -> Curves | None:
    return fit_curves(
        Observations(
            scenario=study.scenario[case],
            deviation=levels.deviation[case],
            grants=grants,
            trials=trials,
            scenarios=len(study.scenarios),
            levels=levels.codes[case],
            rater=rater,
            case=case,
        )
    )
