"""Leans: in which scenarios an arm is stricter than the people, and in which laxer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from discretion.core.scenarios import Scenario
from discretion.scorecard.scenario_cards import BiasCard, Lean
from discretion.scorecard.study import Replies, Study
from discretion.stats.figure import Figure
from discretion.stats.gaps import panel_rate, signed_estimate
from discretion.stats.intervals import Mean
from discretion.stats.rates import Ballots, Ints, Rates
from discretion.stats.shrinkage import shrunk

SHRUNK = "drawn towards the mean of all scenarios, as far as chance explains how they differ"


def lean_cards(
    study: Study, arms: Sequence[Replies], described: Mapping[str, Scenario]
) -> tuple[BiasCard, ...]:
    """One card for each scenario with two judged cases or more; intervals are for these cases."""
    ballots = _by_scenario(study.rates)
    cards = []
    found: dict[tuple[str, str], Mean] = {}
    for code, name in enumerate(study.scenarios):
        rows = study.rows[code]
        if len(rows) < 2:
            continue
        rates = _within(study.rates, rows, ballots[code] if ballots else None)
        scenario = described.get(name)
        found |= {(name, arm.name): signed_estimate(arm.p[rows], rates) for arm in arms}
        cards.append(
            BiasCard(
                scenario=name,
                title=(scenario.title if scenario else "") or name,
                rate=panel_rate(rates),
                arms=tuple(Lean(arm.name, found[name, arm.name].figure(-1.0, 1.0)) for arm in arms),
            )
        )
    moved = {key: one for arm in arms for key, one in _shrunk(arm.name, found)}
    return tuple(
        replace(
            card,
            arms=tuple(
                replace(one, shrunk=moved.get((card.scenario, one.arm))) for one in card.arms
            ),
        )
        for card in cards
    )


def _shrunk(
    arm: str, found: Mapping[tuple[str, str], Mean]
) -> Iterator[tuple[tuple[str, str], Figure]]:
    """An arm's leans drawn towards their mean over scenarios, as far as they have an interval."""
    from scipy.special import stdtrit

    own = {
        key: one
        for key, one in found.items()
        if key[1] == arm and one.value is not None and one.error is not None
    }
    value, error, df = (
        np.array([(one.value, one.error, one.df) for one in own.values()], dtype=float)
        .reshape(-1, 3)
        .T
    )
    together = shrunk(value, error**2, np.asarray(stdtrit(df, 0.975), dtype=float))
    if together is None:
        return
    for place, (key, one) in enumerate(own.items()):
        middle, low, high = (
            float(part[place]) for part in (together.value, together.low, together.high)
        )
        yield key, Figure(middle, low, high, one.n, SHRUNK).within(-1.0, 1.0)


def _by_scenario(rates: Rates) -> list[Ints]:
    """By scenario code, the indices of its ballots; empty where raters are not known."""
    if rates.ballots is None:
        return []
    scenario = rates.scenario[rates.ballots.case]
    size = np.bincount(scenario, minlength=int(rates.scenario.max()) + 1)
    return np.split(np.argsort(scenario, kind="stable"), np.cumsum(size)[:-1])


def _within(rates: Rates, rows: Ints, votes: Ints | None) -> Rates:
    """What was decided on these cases alone; `votes` are the indices of their ballots."""
    ballots = None
    if rates.ballots is not None and votes is not None:
        ballots = Ballots(
            case=np.searchsorted(rows, rates.ballots.case[votes]),
            rater=rates.ballots.rater[votes],
            n=rates.ballots.n[votes],
            grants=rates.ballots.grants[votes],
        )
    return Rates(rates.h[rows], rates.n[rows], np.zeros(len(rows), dtype=np.int64), ballots)
