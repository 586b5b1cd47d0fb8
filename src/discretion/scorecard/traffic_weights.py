"""Occurrence: how often requests like each case come in, counted from imported tickets.

A scenario tries its values equally often, and its factors crossed; real requests do neither.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from discretion.core.cases import Case
from discretion.core.judgments import Panel
from discretion.stats.rates import Floats

Ticket = tuple[Case, float]
"""An imported case, and how many requests it stands for."""
Place = tuple[str, float]
"""``kept``, ``broken`` or ``no limit``, and the deviation; 0 where there is none."""


def tickets_of(
    imported: Iterable[Case], described: Mapping[str, object], panel: Panel
) -> list[Ticket]:
    """The imported cases that no scenario makes. One with a text is one request; rows without a
    text are one case where their values are alike, and so stand for as many requests as they had
    answers."""
    answered = {
        case: float(np.nan_to_num(n)) + unsure
        for case, n, unsure in zip(
            panel.cases, panel.n.tolist(), panel.unsure.tolist(), strict=True
        )
    }
    return [
        (case, 1.0 if case.text is not None else max(answered.get(case.id, 1.0), 1.0))
        for case in imported
        if case.scenario not in described
    ]


def occurrence(cases: Sequence[Case], tickets: Iterable[Ticket]) -> Floats:
    """How many tickets each case stands for, (C,).

    A ticket that is among the cases stands for itself. Every other is divided equally among the
    scenarios of its policy, and in each goes to the cases at the value nearest to its own: among
    values that break the rule by the distance of log deviations, among values that keep it by that
    of deviations; a ticket that breaks a rule never counts for one that keeps it. NaN where a
    case's policy has no ticket that goes anywhere.
    """
    rows = {case.id: row for row, case in enumerate(cases)}
    weight = np.zeros(len(cases))
    elsewhere: dict[tuple[str, Place], float] = defaultdict(float)
    themselves = set()
    for ticket, often in tickets:
        if ticket.id in rows:
            weight[rows[ticket.id]] += often
            themselves.add(ticket.id)
        else:
            elsewhere[ticket.policy, _place(ticket)] += often
    grids: dict[str, dict[str, dict[Place, list[int]]]] = defaultdict(lambda: defaultdict(dict))
    for row, case in enumerate(cases):
        if case.id not in themselves:
            grids[case.policy][case.scenario].setdefault(_place(case), []).append(row)
    for (policy, place), often in elsewhere.items():
        found = [
            grid[min(near, key=lambda other: _distance(place, other))]
            for grid in grids.get(policy, {}).values()
            if (near := [other for other in grid if other[0] == place[0]])
        ]
        for alike in found:
            weight[alike] += often / len(found) / len(alike)
    policies = np.array([case.policy for case in cases])
    for policy in set(policies):
        if not weight[policies == policy].any():
            weight[policies == policy] = np.nan
    return weight


def _place(case: Case) -> Place:
    if case.deviation is None:
        return "no limit", 0.0
    return "kept" if case.deviation <= 0 else "broken", case.deviation


def _distance(one: Place, other: Place) -> float:
    if one[0] == "broken":
        return abs(math.log(one[1]) - math.log(other[1]))
    return abs(one[1] - other[1])
