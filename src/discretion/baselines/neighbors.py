"""Nearest precedents: the mean grant rate of the most similar judged cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from discretion.baselines.judged_cases import JudgedCases, folds
from discretion.core.cases import Case
from discretion.core.judgments import Bools, Panel
from discretion.core.precedents import Precedent, nearest

COUNT = 5
"""Precedents that are averaged, each equal."""


def neighbors(cases: Sequence[Case], panel: Panel, splits: Sequence[Bools]) -> dict[str, float]:
    """Grant probabilities of held-out cases, by the cases nearest to them among the others."""
    predicted: dict[str, float] = {}
    for judged, held in folds(cases, panel, splits):
        pool = _Pool(judged)
        for case in held:
            chosen = nearest(case, pool.near(case), COUNT)
            predicted[case.id] = sum(one.rate for one in chosen) / len(chosen)
    return predicted


class _Pool:
    """Precedents by policy and by domain. Nearness looks at these first, so that where one has
    enough of them the others need not be compared."""

    def __init__(self, judged: JudgedCases) -> None:
        self._all = [
            Precedent(case, float(rate), None if n != n else int(n))
            for case, rate, n in zip(judged.cases, judged.rate, judged.n, strict=True)
        ]
        self._policy: dict[str, list[Precedent]] = defaultdict(list)
        self._domain: dict[str, list[Precedent]] = defaultdict(list)
        for one in self._all:
            self._policy[one.case.policy].append(one)
            self._domain[one.case.domain].append(one)

    def near(self, case: Case) -> list[Precedent]:
        """Enough precedents to hold the nearest COUNT."""
        same_policy = self._policy.get(case.policy, [])
        if len(same_policy) >= COUNT:
            return same_policy
        same_domain = self._domain.get(case.domain, [])
        if len(same_domain) >= COUNT and all(p.case.domain == case.domain for p in same_policy):
            return same_domain
        return self._all
