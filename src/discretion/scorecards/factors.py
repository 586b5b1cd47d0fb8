"""Factors: what a level is worth in policy units, and whether what should not matter does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np

from discretion.cases import Case
from discretion.measures.curves import Curves
from discretion.measures.equivalence import Equivalence, arm_equivalence, people_equivalence
from discretion.measures.figure import Figure
from discretion.measures.shifts import Shift, factor_shift, isotonic_shift
from discretion.scenarios import Scenario
from discretion.scorecards.cards import EffectCard, FactorCard, ShiftCell
from discretion.scorecards.curves import rounded
from discretion.scorecards.levels import Levels
from discretion.scorecards.study import Replies, Study
from discretion.units import Unit


def factor_cards(
    study: Study,
    levels: Levels,
    people: Curves | None,
    arms: Sequence[Replies],
    described: Mapping[str, Scenario],
) -> tuple[FactorCard, ...]:
    """One card for each level of each factor, beside the factor's first level."""
    return tuple(
        _card(study, levels, people, arms, described.get(scenario), code, column, level)
        for code, scenario in enumerate(study.scenarios)
        for column, (_, names) in enumerate(levels.names[scenario])
        for level in range(1, len(names))
    )


def _card(
    study: Study,
    levels: Levels,
    people: Curves | None,
    arms: Sequence[Replies],
    described: Scenario | None,
    code: int,
    column: int,
    level: int,
) -> FactorCard:
    scenario = study.scenarios[code]
    name, names = levels.names[scenario][column]
    factor = described.factors.get(name) if described else None
    rows = np.flatnonzero(study.scenario == code)
    case = study.cases[rows[0]]
    scale = float(case.scale or 1)
    cells = [
        _cell(
            study.panel.name,
            case,
            None if people is None else factor_shift(people, code, column, level, scale),
        )
    ]
    cells += [
        _cell(
            arm.name,
            case,
            isotonic_shift(
                levels.deviation[rows], arm.p[rows], levels.codes[rows], column, level, scale
            ),
        )
        for arm in arms
    ]
    effects: tuple[EffectCard, ...] = ()
    if factor is not None and factor.should_not_matter:
        pairs = list(_pairs(study, levels, code, column, level))
        within = float(factor.within)
        effects = tuple(_effects(study, arms, pairs, within))
    return FactorCard(
        scenario=scenario,
        title=(described.title if described else "") or scenario,
        factor=name,
        level=names[level],
        against=names[0],
        should_not_matter=bool(factor and factor.should_not_matter),
        shifts=tuple(cells),
        effects=effects,
    )


def _cell(name: str, case: Case, shift: Shift | None) -> ShiftCell:
    if shift is None:
        return ShiftCell(name, None, None, None, "no limit, or no case to tell it by")
    if shift.shift is None:
        off = shift.without if shift.without != "crossed" else shift.having
        where = "below the smallest" if off == "below" else "beyond the largest"
        return ShiftCell(name, None, None, None, f"a threshold is {where} tried")
    unit = Unit.named(case.unit)
    amount = rounded(case, float(case.limit or 0) + shift.shift) - Decimal(str(case.limit or 0))
    sign = "+" if amount > 0 else ""
    return ShiftCell(
        name, shift.shift, shift.low, shift.high, f"{sign}{unit.show_distance(amount)}"
    )


def _pairs(
    study: Study, levels: Levels, code: int, column: int, level: int
) -> Iterator[tuple[int, int]]:
    """(row with the level, row with the first level) of cases that differ in nothing else."""
    first: dict[tuple[object, ...], int] = {}
    having: dict[tuple[object, ...], int] = {}
    for row in np.flatnonzero(study.scenario == code).tolist():
        others = tuple(np.delete(levels.codes[row], column).tolist())
        key: tuple[object, ...] = (study.cases[row].value, others)
        found = levels.codes[row, column]
        if found == 0:
            first[key] = row
        elif found == level:
            having[key] = row
    for key in first.keys() & having.keys():
        yield having[key], first[key]


def _effects(
    study: Study, arms: Sequence[Replies], pairs: Sequence[tuple[int, int]], margin: float
) -> Iterator[EffectCard]:
    """What the level does to people and to each arm, on pairs of cases."""
    having = np.array([one for one, _ in pairs], dtype=np.int64)
    without = np.array([other for _, other in pairs], dtype=np.int64)
    yield _effect(study.panel.name, people_equivalence(without, having, study.rates, margin=margin))
    for arm in arms:
        found = arm_equivalence(
            arm.p[without], arm.p[having], study.scenario[without], margin=margin
        )
        yield _effect(arm.name, found)


def _effect(name: str, found: Equivalence) -> EffectCard:
    note = f"margin {found.margin:g}"
    figure = Figure(found.difference, found.low, found.high, found.n, note)
    return EffectCard(name, figure, found.verdict)
