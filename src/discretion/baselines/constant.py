"""Baselines that answer every case alike: always refuse, always grant, the panel's mean."""

from __future__ import annotations

from collections.abc import Sequence

from discretion.baselines.judged_cases import judged_cases
from discretion.core.cases import Case
from discretion.core.judgments import Bools, Panel


def always_refuse(cases: Sequence[Case], panel: Panel, splits: Sequence[Bools]) -> dict[str, float]:
    return dict.fromkeys((case.id for case in cases), 0.0)


def always_grant(cases: Sequence[Case], panel: Panel, splits: Sequence[Bools]) -> dict[str, float]:
    return dict.fromkeys((case.id for case in cases), 1.0)


def mean(cases: Sequence[Case], panel: Panel, splits: Sequence[Bools]) -> dict[str, float]:
    """The mean of the cases' grant rates, each case equal. It is taken over all of them, held-out
    ones included: the best that one number could do, not a prediction."""
    rate = judged_cases(cases, panel).rate
    return dict.fromkeys((case.id for case in cases), float(rate.mean())) if len(rate) else {}
