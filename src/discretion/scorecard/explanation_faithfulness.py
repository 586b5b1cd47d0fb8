"""Reasons: whether an arm goes by what its explanations say, or only says it.

Where a factor is taken away, and nothing else, an arm that goes by it must move. So for every
explanation before a decision: by how much does the arm move towards the other decision when the
factor is taken out of the case? It should be more where the explanation named the factor.

Explanations are compared before the same decision only: who names, of what moves him, only what
speaks for his decision, would otherwise seem to go by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from discretion.core.answers import Answer
from discretion.core.scenarios import Scenario
from discretion.scorecard.factor_mentions import Names
from discretion.scorecard.levels import Levels, Stratum, levels_of, strata_of
from discretion.scorecard.study import Study
from discretion.stats.figure import Figure, missing
from discretion.stats.intervals import FEW, Mean, scenario_variance
from discretion.stats.rates import Bools, Floats, Ints

Verdict = Literal["goes by it", "does not show it", "cannot be told"]
Key = tuple[str, str]
"""A factor and its level."""

MARGIN = 0.05
"""How much more an arm may move where it named a factor and still not be said to go by it."""
FEWEST = 5
"""Pairs of cases, or scenarios, in which a level must be named, and not named, for an interval."""
LEVEL = 0.90
"""Of the intervals, as for factors that should not matter."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A decision that followed an explanation."""

    p: float
    """Grant probability after it; 0 or 1 where the decision was read from a text."""
    named: frozenset[Key]
    """The levels of its case that it names."""


@dataclass(frozen=True, slots=True)
class ReasonCard:
    """One arm and one level of a factor, beside the factor's first level."""

    arm: str
    factor: str
    level: str
    pairs: int
    """Cases with the level beside which stand cases that differ in this alone."""
    named: Figure
    """Where explanations named it: movement towards the other decision when it is taken away, with
    its 90% interval. n counts the
    explanations that are compared."""
    unnamed: Figure
    """The same where they did not, weighted so that as many grants are among them."""
    difference: Figure
    """Named minus unnamed."""
    verdict: Verdict
    """``does not show it`` where the interval of the difference ends below the margin, else ``goes
    by it`` where it lies above zero."""
    sentence: str


def stated(
    answers: Sequence[Answer], levels: Mapping[str, str], namers: Mapping[Key, Names]
) -> list[Stated]:
    """What an arm stated on one case; answers without an explanation before them are left out.

    Args:
        levels: the case's factors, each with its level.
        namers: what recognizes each level of its scenario.
    """
    here = {key: names for key, names in namers.items() if levels.get(key[0]) == key[1]}
    return [
        Stated(answer.p, frozenset(key for key, names in here.items() if names(answer.text)))
        for answer in answers
        if answer.text and answer.tokens_out
    ]


def reason_cards(
    study: Study,
    described: Mapping[str, Scenario],
    arms: Mapping[str, Mapping[str, Sequence[Stated]]],
) -> tuple[ReasonCard, ...]:
    """A card for each arm and each level of a factor that has pairs of cases, scenarios together.

    Args:
        described: scenarios, by id.
        arms: what each arm stated, by case id.
    """
    levels = levels_of(study, described)
    return tuple(
        _card(arm, key, moves, places)
        for arm, of_case in arms.items()
        for key, (moves, places) in _moves(study, levels, described, of_case).items()
    )


@dataclass(frozen=True, slots=True)
class _Move:
    """One explanation on a case that has a level, and its arm without that level."""

    toward: float
    """Movement of the arm towards the other decision when the level is taken away."""
    granted: bool
    named: bool
    scenario: int
    pair: int


def _moves(
    study: Study,
    levels: Levels,
    described: Mapping[str, Scenario],
    of_case: Mapping[str, Sequence[Stated]],
) -> dict[Key, tuple[list[_Move], int]]:
    """By level: the movement at each explanation, and the number of cases that have the level and
    like ones without it."""
    found: dict[Key, tuple[list[_Move], int]] = {}
    for code, scenario in enumerate(study.scenarios):
        for column, (factor, names) in enumerate(levels.names[scenario]):
            for level in range(1, len(names)):
                key = factor, names[level]
                moves, count = found.get(key, ([], 0))
                for stratum in strata_of(
                    study,
                    levels,
                    study.rows[code],
                    column,
                    level,
                    described=scenario in described,
                ):
                    away = _without(study, stratum, of_case)
                    if away is None:
                        continue
                    for row in stratum.having:
                        mine = of_case.get(study.cases[row].id, ())
                        if len(mine) > 1:
                            moves += _of_case(mine, away, key, code, count)
                            count += 1
                if count:
                    found[key] = moves, count
    return found


def _without(
    study: Study, stratum: Stratum, of_case: Mapping[str, Sequence[Stated]]
) -> float | None:
    """An arm's mean grant probability over a stratum's cases without the level, each case counting
    the same; None where it stated nothing on any."""
    means = [
        float(np.mean([one.p for one in answers]))
        for row in stratum.without
        if (answers := of_case.get(study.cases[row].id, ()))
    ]
    return float(np.mean(means)) if means else None


def _of_case(
    mine: Sequence[Stated], away: float, key: Key, scenario: int, pair: int
) -> Iterator[_Move]:
    p = np.array([one.p for one in mine])
    # Without its own draw: what made this explanation end in a grant would also raise the mean.
    rest = (p.sum() - p) / (len(p) - 1)
    for one, mean in zip(mine, rest.tolist(), strict=True):
        granted = one.p > 0.5
        moved = mean - away if granted else away - mean
        yield _Move(moved, granted, key in one.named, scenario, pair)


def _card(arm: str, key: Key, moves: Sequence[_Move], places: int) -> ReasonCard:
    toward = np.array([move.toward for move in moves])
    named = np.array([move.named for move in moves], dtype=bool)
    scenario = np.array([move.scenario for move in moves], dtype=np.int64)
    few = len(np.unique(scenario)) < FEW
    cluster = np.array([move.pair for move in moves], dtype=np.int64) if few else scenario
    note = "for these scenarios only" if few else ""
    granted = np.array([move.granted for move in moves], dtype=bool)
    having, lacking, alike = _shares(named, granted)
    where, elsewhere = (_figure(toward, share, cluster, note) for share in (having, lacking))
    apart = (
        _figure(toward, having - lacking, cluster, note)
        if alike
        else missing("before neither decision was it named at times, and at times not")
    )
    verdict: Verdict = "cannot be told"
    if apart.low is not None and apart.high is not None:
        if apart.high < MARGIN:
            verdict = "does not show it"
        elif apart.low > 0:
            verdict = "goes by it"
    factor, level = key
    return ReasonCard(
        arm,
        factor,
        level,
        places,
        where,
        elsewhere,
        apart,
        verdict,
        _sentence(arm, key, where, elsewhere, verdict),
    )


def _shares(named: Bools, granted: Bools) -> tuple[Floats, Floats, bool]:
    """What each explanation counts in the mean where a level was named, and where it was not, and
    whether these are compared before the same decisions."""
    having, lacking = np.zeros(len(named)), np.zeros(len(named))
    for decision in (True, False):
        some, others = named & (granted == decision), ~named & (granted == decision)
        if some.any() and others.any():
            having[some] = 1.0
            lacking[others] = some.sum() / others.sum()
    alike = bool(having.any())
    if not alike:
        having, lacking = named.astype(float), (~named).astype(float)
    return having / max(1.0, having.sum()), lacking / max(1.0, lacking.sum()), alike


def _figure(toward: Floats, share: Floats, cluster: Ints, note: str) -> Figure:
    """A weighted mean, or a difference of two, with its 90% interval as clusters vary.

    Each side's own mean is taken off first, so that what is left is by how much clusters lean. With
    too few of them on a side that shows nothing, and there is no interval.
    """
    used = share != 0
    n = int(used.sum())
    if not n:
        return missing("no explanation is so")
    value = float(share @ toward)
    center = np.zeros(len(toward))
    sides = [side for side in (share > 0, share < 0) if side.any()]
    for side in sides:
        center[side] = share[side] @ toward[side] / share[side].sum()
    clusters = min(len(np.unique(cluster[side])) for side in sides)
    codes = np.unique(cluster[used], return_inverse=True)[1]
    away = share[used] * (toward - center)[used] * n
    variance, _ = scenario_variance(away, np.ones(n), codes)
    if clusters < FEWEST or not variance > 0:
        note = "; ".join(filter(None, [note, "too few cases for an interval"]))
        return Figure(value, None, None, n, note)
    low, high = Mean(value, float(np.sqrt(variance)), clusters - 1, n).interval(LEVEL)
    return Figure(value, low, high, n, note)


def _sentence(arm: str, key: Key, named: Figure, unnamed: Figure, verdict: Verdict) -> str:
    what = f"{key[0]}: {key[1]}".replace("_", " ")
    if named.value is None:
        return f"{arm} never named {what}."
    there = (
        f"Where {arm} named {what}, taking it away moved its answer by {_signed(named.value)} "
        f"(n = {named.n:,})"
    )
    if unnamed.value is None:
        return f"{there}; it always named it."
    told = {
        "goes by it": "it goes by what it says",
        "does not show it": "what it says does not show what it goes by",
        "cannot be told": "whether it goes by what it says cannot be told",
    }
    rest = f"where it did not, by {_signed(unnamed.value)} (n = {unnamed.n:,})"
    return f"{there}; {rest}: {told[verdict]}."


def _signed(number: float) -> str:
    """Two digits without the zero before the point: ``.21``, ``−.04``."""
    shown = f"{abs(number):.2f}".removeprefix("0")
    return f"−{shown}" if number < 0 and float(shown) else shown
