"""Factors: what a level does to decisions, what it is worth in policy units, and whether what
should not matter does not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from discretion.core.cases import Case
from discretion.core.scenarios import Scenario
from discretion.scorecard.amounts import show_shift
from discretion.scorecard.fits import Fits
from discretion.scorecard.levels import Levels, Stratum, strata_of
from discretion.scorecard.scenario_cards import POOLED, FactorCard, FactorCell
from discretion.scorecard.study import Replies, Study
from discretion.stats.curves import Curves
from discretion.stats.equivalence import Equivalence, Matched, arm_equivalence, people_equivalence
from discretion.stats.figure import Figure, missing
from discretion.stats.rates import Floats, Ints
from discretion.stats.shifts import Shift, factor_shift, isotonic_shift

_MARGIN = 0.05
"""Of equivalence, where the scenario says nothing else."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A level of a factor of a scenario, by codes."""

    scenario: int
    factor: int
    level: int
    case: Case
    """One of the scenario's, for its limit and unit."""
    rows: Ints
    """The scenario's cases."""
    step: float
    """The smallest violation tried, in the scenario's unit; 0 where there is none."""

    @property
    def scale(self) -> float:
        return float(self.case.scale or 1)


@dataclass(frozen=True, slots=True)
class _Level:
    """A level of a factor beside the first: in one scenario, or pooled over several."""

    card: FactorCard
    """Without its cells."""
    matched: Matched
    place: _Place | None
    """None where scenarios are pooled: their units differ."""


def factor_cards(
    study: Study,
    levels: Levels,
    fits: Fits,
    arms: Sequence[Replies],
    described: Mapping[str, Scenario],
    *,
    level: float = 0.90,
) -> tuple[FactorCard, ...]:
    """One card for each level of each factor, beside the factor's first level. First stand those
    that pool several scenarios, each the primary verdict on its level.

    ``level`` is that of the intervals: two one-sided tests at 5% are one of 90%.
    """
    single = [
        _level(study, levels, described.get(scenario), code, column, number)
        for code, scenario in enumerate(study.scenarios)
        for column, (_, names) in enumerate(levels.names[scenario])
        for number in range(1, len(names))
    ]
    return tuple(
        replace(one.card, cells=tuple(_cells(study, levels, fits, arms, one, level)))
        for one in (*_pooled(single), *single)
    )


def amplified(factors: Sequence[FactorCard], arm: str) -> tuple[str, ...]:
    """The levels that should not matter and move an arm more than the people, and how often."""
    told: dict[str, list[bool]] = {}
    for card in factors:
        mine = next((cell for cell in card.cells if cell.name == arm), None)
        if card.should_not_matter and mine is not None and not card.pooled:
            told.setdefault(f"{card.factor}: {card.level}", []).append(mine.amplifies)
    return tuple(
        f"{level} in {sum(marks)} of {len(marks)} scenarios" if len(marks) > 1 else level
        for level, marks in told.items()
        if any(marks)
    )


def _level(
    study: Study,
    levels: Levels,
    described: Scenario | None,
    code: int,
    column: int,
    level: int,
) -> _Level:
    scenario = study.scenarios[code]
    name, names = levels.names[scenario][column]
    factor = described.factors.get(name) if described else None
    rows = study.rows[code]
    deviation = levels.deviation[rows]
    case = study.cases[rows[0]]
    step = float(deviation[deviation > 0].min(initial=np.inf)) * float(case.scale or 1)
    margin = float(factor.within) if factor and factor.should_not_matter else None
    strata = strata_of(study, levels, rows, column, level, described=described is not None)
    card = FactorCard(
        scenario=scenario,
        title=(described.title if described else "") or scenario,
        factor=name,
        level=names[level],
        against=names[0],
        should_not_matter=margin is not None,
        margin=margin,
        cells=(),
    )
    place = _Place(code, column, level, case, rows, step if np.isfinite(step) else 0.0)
    return _Level(card, _matched(strata, code), place)


def _matched(strata: Sequence[Stratum], scenario: int) -> Matched:
    parts = [
        (row, code, side)
        for code, stratum in enumerate(strata)
        for side, rows in enumerate((stratum.without, stratum.having))
        for row in rows
    ]
    case, stratum_of, having = np.array(parts, dtype=np.int64).reshape(-1, 3).T
    return Matched(case, stratum_of, having.astype(bool), np.full(len(strata), scenario))


def _pooled(levels: Sequence[_Level]) -> Iterator[_Level]:
    """The levels that several scenarios have, each with the strata of all of them."""
    alike: dict[tuple[str, str, str, bool], list[_Level]] = {}
    for one in levels:
        card = one.card
        if len(one.matched.scenario):
            key = card.factor, card.level, card.against, card.should_not_matter
            alike.setdefault(key, []).append(one)
    for group in alike.values():
        if len(group) < 2:
            continue
        first = np.cumsum([0, *(len(one.matched.scenario) for one in group)])
        matched = Matched(
            case=np.concatenate([one.matched.case for one in group]),
            stratum=np.concatenate(
                [one.matched.stratum + start for one, start in zip(group, first, strict=False)]
            ),
            having=np.concatenate([one.matched.having for one in group]),
            scenario=np.concatenate([one.matched.scenario for one in group]),
        )
        margins = [one.card.margin for one in group if one.card.margin is not None]
        card = replace(
            group[0].card,
            scenario=POOLED,
            title=f"All {len(group)} scenarios that have it",
            margin=min(margins, default=None),
        )
        yield _Level(card, matched, None)


def _cells(
    study: Study,
    levels: Levels,
    fits: Fits,
    arms: Sequence[Replies],
    one: _Level,
    level: float,
) -> Iterator[FactorCell]:
    """What a level of a factor does to the people, and then to each arm."""
    matched, place, margin = one.matched, one.place, one.card.margin
    within = _MARGIN if margin is None else margin
    theirs = people_equivalence(matched, study.rates, margin=within, confidence=level)
    shift = None if place is None or fits.people is None else _fitted_shift(fits.people, place)
    yield _cell(study.panel.name, place, theirs, shift, margin, level)
    for arm in arms:
        moved = arm_equivalence(matched, arm.p, margin=within, confidence=level)
        shift = None if place is None else _arm_shift(levels, fits, arm, place)
        cell = _cell(arm.name, place, moved, shift, margin, level)
        yield replace(cell, amplifies=margin is not None and _amplifies(moved, theirs))


def _arm_shift(levels: Levels, fits: Fits, arm: Replies, place: _Place) -> Shift | None:
    own = fits.arms.get(arm.name)
    return _isotonic_shift(levels, arm.p, place) if own is None else _fitted_shift(own, place)


def _amplifies(moved: Equivalence, theirs: Equivalence) -> bool:
    """Whether an arm is moved to the same side as the people, surely by more than they are: the
    interval of how much more leaves out zero. Its ends are as far from the value as both
    intervals' ends together, as the root of squares (Zou and Donner 2008)."""
    mine, people = moved.difference, theirs.difference
    if mine is None or people is None or not people:
        return False
    ends = (moved.low, theirs.high) if people > 0 else (moved.high, theirs.low)
    if ends[0] is None or ends[1] is None:
        return False
    more = (mine - people) * math.copysign(1, people)
    return more > math.hypot(mine - ends[0], ends[1] - people)


def _fitted_shift(curves: Curves, place: _Place) -> Shift | None:
    return factor_shift(curves, place.scenario, place.factor, place.level, place.scale)


def _isotonic_shift(levels: Levels, p: Floats, place: _Place) -> Shift | None:
    rows = place.rows
    return isotonic_shift(
        levels.deviation[rows], p[rows], levels.codes[rows], place.factor, place.level, place.scale
    )


def _cell(
    name: str,
    place: _Place | None,
    moved: Equivalence,
    shift: Shift | None,
    margin: float | None,
    level: float,
) -> FactorCell:
    difference = missing("no cases differ in this alone")
    if moved.difference is not None:
        ends = moved.low, moved.high
        note = f"{100 * level:g}% interval"
        difference = Figure(moved.difference, *ends, moved.n, note).within(-1.0, 1.0)
    amount = None if shift is None else shift.shift
    return FactorCell(
        name=name,
        difference=difference,
        verdict="" if margin is None else moved.verdict,
        pairs_needed=None if margin is None else pairs_needed(moved),
        shift=amount,
        low=None if shift is None else shift.low,
        high=None if shift is None else shift.high,
        shift_shown=(
            "" if amount is None or place is None else show_shift(place.case, amount, place.step)
        ),
        shift_note="scenarios have different units" if place is None else _why(shift),
    )


def pairs_needed(moved: Equivalence) -> int | None:
    """About how many pairs would make half of the 90% interval as small as the margin, so that a
    level which does not matter could be shown not to; None where there are as many already.

    The half width goes with the root of one over the pairs, so n (half / margin)^2.
    """
    if moved.low is None or moved.high is None:
        return None
    half = (moved.high - moved.low) / 2
    return None if half < moved.margin else math.ceil(moved.n * (half / moved.margin) ** 2)


def _why(shift: Shift | None) -> str:
    """Why a shift has no value; empty where it has one."""
    if shift is None:
        return "no limit, or no case to tell it by"
    if shift.shift is not None:
        return ""
    if (shift.without, shift.having) == ("crossed", "crossed"):
        return "too few cases to say what it is worth"
    off, when = (
        (shift.without, "without it") if shift.without != "crossed" else (shift.having, "with it")
    )
    side = "before the smallest" if off == "below" else "beyond the largest"
    return f"{when}, half would grant only at a value {side} violation tried"
