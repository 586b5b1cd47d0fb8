"""Levels: the factors of each scenario as codes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.core.cases import Case
from discretion.core.scenarios import Scenario
from discretion.scorecard.study import Study
from discretion.stats.rates import Bools, Floats, Ints


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


@dataclass(frozen=True, slots=True)
class Stratum:
    """Cases of a scenario that are alike in everything known of them but one factor's level."""

    without: tuple[int, ...]
    """Rows of the cases with the factor's first level."""
    having: tuple[int, ...]
    """Rows of those with the level that is looked at."""


def strata_of(
    study: Study, levels: Levels, rows: Ints, column: int, level: int, *, described: bool
) -> tuple[Stratum, ...]:
    """The strata that show what a level does; none where only unlike cases could be compared.

    Cases of a stratum have the same value, the same other levels and the same columns. A column
    that tells most cases apart, such as a date or a ticket's number, is a name and not compared.

    Imported cases differ in ways that nothing records. One case on each side in a single stratum
    may differ in anything, so there must be more than that.

    Args:
        rows: those of one scenario.
        column: of the factor, in `levels.codes`.
        level: its code; not 0, which is the first level's.
        described: whether the cases were made from a scenario, so that the texts differ in the
            factor alone.
    """
    known = {row: _known(study.cases[row]) for row in rows.tolist()}
    columns = _compared_columns(list(known.values()))
    sides: dict[Hashable, tuple[list[int], list[int]]] = {}
    for row in rows.tolist():
        code = int(levels.codes[row, column])
        if code not in (0, level):
            continue
        case = study.cases[row]
        alike = (
            case.value,
            tuple(np.delete(levels.codes[row], column).tolist()),
            tuple(known[row].get(name) for name in columns),
        )
        sides.setdefault(alike, ([], []))[code == level].append(row)
    strata = tuple(
        Stratum(tuple(without), tuple(having))
        for without, having in sides.values()
        if without and having
    )
    alone = len(strata) == 1 and len(strata[0].without) == len(strata[0].having) == 1
    return () if alone and not described else strata


def _known(case: Case) -> Mapping[str, str]:
    """What is known of a case beside its value and its factors."""
    return {**case.columns, **case.shown_columns}


def _compared_columns(columns: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """The columns by which cases fall into groups: those with at most half as many values as
    cases have them."""
    values: dict[str, list[str]] = {}
    for of_case in columns:
        for name, value in of_case.items():
            values.setdefault(name, []).append(value)
    return tuple(name for name, met in values.items() if 2 * len(set(met)) <= len(met))


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
