"""Levels: the factors of each scenario as codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.cases import Case
from discretion.measures.rates import Bools, Floats, Ints
from discretion.scenarios import Scenario
from discretion.scorecards.study import Study


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
        own = [study.cases[row] for row in study.rows[code].tolist()]
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


def pairs(study: Study, levels: Levels, rows: Ints, column: int, level: int) -> tuple[Ints, Ints]:
    """(P,) rows with a level, and (P,) rows with the first level, of cases that have the same value
    and the same other levels.

    Args:
        rows: those of one scenario.
        column: of the factor, in `levels.codes`.
        level: its code; not 0, which is the first level's.
    """
    by_level: dict[int, dict[tuple[object, ...], int]] = {0: {}, level: {}}
    for row in rows.tolist():
        code = int(levels.codes[row, column])
        if code in by_level:
            others = tuple(np.delete(levels.codes[row], column).tolist())
            by_level[code][study.cases[row].value, others] = row
    first, having = by_level[0], by_level[level]
    both = [key for key in having if key in first]
    return (
        np.array([having[key] for key in both], dtype=np.int64),
        np.array([first[key] for key in both], dtype=np.int64),
    )


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
