"""Factor levels as codes, and the fit of people's curves that all scenarios share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.cases import Case
from discretion.measures.curves import Curves, Observations, fit_curves
from discretion.measures.rates import Bools, Floats, Ints
from discretion.scenarios import Scenario
from discretion.scorecards.study import Replies, Study


@dataclass(frozen=True, slots=True)
class Levels:
    """The factors of each scenario of a study, coded."""

    names: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
    """Scenario to its factors, each with its levels; the first level is the reference."""
    codes: Ints
    """(C, F) level of each case in the f-th factor of its own scenario; 0 is the reference."""
    deviation: Floats
    """(C,) NaN where there is no limit."""

    @property
    def reference(self) -> Bools:
        """(C,) cases with every factor at its first level."""
        first: Bools = (self.codes == 0).all(axis=1)
        return first


def levels_of(study: Study, scenarios: Mapping[str, Scenario]) -> Levels:
    """Levels in the order of the scenario's file; for imported cases the commonest comes first."""
    names: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
    for code, scenario in enumerate(study.scenarios):
        own = [study.cases[row] for row in np.flatnonzero(study.scenario == code)]
        described = scenarios.get(scenario)
        names[scenario] = (
            tuple((name, tuple(factor.levels)) for name, factor in described.factors.items())
            if described
            else _met(own)
        )
    most = max((len(factors) for factors in names.values()), default=0)
    codes = np.zeros((len(study.cases), most), dtype=np.int64)
    for row, case in enumerate(study.cases):
        for column, (name, levels) in enumerate(names[case.scenario or case.id]):
            level = case.factors.get(name, levels[0])
            codes[row, column] = levels.index(level) if level in levels else 0
    deviation = np.array(
        [np.nan if case.deviation is None else case.deviation for case in study.cases], dtype=float
    )
    return Levels(names, codes, deviation)


def _met(cases: Sequence[Case]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    counts: dict[str, dict[str, int]] = {}
    for case in cases:
        for name, level in case.factors.items():
            of_level = counts.setdefault(name, {})
            of_level[level] = of_level.get(level, 0) + 1
    return tuple(
        (name, tuple(sorted(levels, key=lambda level: (-levels[level], level))))
        for name, levels in counts.items()
        if len(levels) > 1
    )


def people_curves(study: Study, levels: Levels) -> Curves | None:
    """One fit of the panel over all scenarios; None where no judged case breaks its rule."""
    panel = study.panel
    if panel.singles:
        case = panel.case
        grants, trials = panel.granted.astype(float), np.ones(len(case))
        rater = panel.rater if panel.rated else None
    else:
        case = np.flatnonzero(np.isfinite(panel.n) & (panel.n > 0))
        grants, trials, rater = panel.rate[case] * panel.n[case], panel.n[case], None
    return fit_curves(
        Observations(
            scenario=study.scenario[case],
            deviation=levels.deviation[case],
            grants=grants,
            trials=trials,
            scenarios=len(study.scenarios),
            levels=levels.codes[case],
            rater=rater,
        )
    )


def drawn_curves(study: Study, levels: Levels, replies: Replies, draws: Floats) -> Curves | None:
    """One fit of an arm whose answers were drawn; `draws` (C,) is how many each p is a mean of."""
    answered = np.isfinite(replies.p)
    return fit_curves(
        Observations(
            scenario=study.scenario[answered],
            deviation=levels.deviation[answered],
            grants=replies.p[answered] * draws[answered],
            trials=draws[answered],
            scenarios=len(study.scenarios),
            levels=levels.codes[answered],
        )
    )
