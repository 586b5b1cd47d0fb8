"""Leans: in which scenarios an arm is stricter than the people, and in which laxer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from discretion.measures.gaps import panel_rate, signed_gap
from discretion.measures.rates import Ballots, Ints, Rates
from discretion.scenarios import Scenario
from discretion.scorecards.scenario_cards import Lean, LeanCard
from discretion.scorecards.study import Replies, Study


def lean_cards(
    study: Study, arms: Sequence[Replies], described: Mapping[str, Scenario]
) -> tuple[LeanCard, ...]:
    """One card for each scenario with two judged cases or more; intervals are for these cases."""
    ballots = _by_scenario(study.rates)
    cards = []
    for code, name in enumerate(study.scenarios):
        rows = study.rows[code]
        if len(rows) < 2:
            continue
        rates = _within(study.rates, rows, ballots[code] if ballots else None)
        scenario = described.get(name)
        cards.append(
            LeanCard(
                scenario=name,
                title=(scenario.title if scenario else "") or name,
                rate=panel_rate(rates),
                arms=tuple(Lean(arm.name, signed_gap(arm.p[rows], rates)) for arm in arms),
            )
        )
    return tuple(cards)


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
