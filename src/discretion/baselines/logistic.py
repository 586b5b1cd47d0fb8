"""Logistic regression on deviation and factors: how far numbers alone carry."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import numpy as np

from discretion.baselines.judged_cases import JudgedCases, folds
from discretion.core.cases import Case
from discretion.core.judgments import Bools, Floats, Panel

PRIOR_SD = 2.5
"""Each weight but the intercept has a Normal(0, 2.5) prior, in logits per unit of its feature: wide
enough to vanish beside a few dozen judgments, and finite where the data separate."""
SMALLEST, LARGEST = 1e-4, 4.0
"""Deviations are clipped to this size, either way, so that one far value does not set the slope."""

Level = tuple[str, str]

log = logging.getLogger(__name__)


def logistic(cases: Sequence[Case], panel: Panel, splits: Sequence[Bools]) -> dict[str, float]:
    """Grant probabilities of held-out cases, by a binomial regression on the others.

    Policy and domain are not looked at, so that what is learned carries over to new ones.
    """
    predicted: dict[str, float] = {}
    for judged, held in folds(cases, panel, splits):
        p = fit_predict(judged, held)
        predicted.update(zip((case.id for case in held), p.tolist(), strict=True))
    return predicted


def fit_predict(judged: JudgedCases, held: Sequence[Case]) -> Floats:
    """(len(held),) grant probabilities. Where people only granted, or only refused, nothing
    separates the answers: every case gets (grants + 1/2) / (n + 1), Jeffreys' estimate."""
    grants = judged.weight * judged.rate
    refusals = judged.weight - grants
    if not grants.sum() or not refusals.sum():
        log.warning(
            "baseline/logistic: the %d cases to learn from were all decided alike; "
            "%d cases get one smoothed rate",
            len(judged.cases),
            len(held),
        )
        smoothed = (grants.sum() + 0.5) / (judged.weight.sum() + 1)
        return np.full(len(held), float(smoothed))
    levels = levels_of(judged.cases)
    known = features(judged.cases, levels)

    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=PRIOR_SD**2, tol=1e-8, max_iter=10_000)
    # A rate of n judgments is n grants and refusals of the same case.
    outcome = np.repeat([1, 0], len(known))
    model.fit(np.vstack([known, known]), outcome, np.concatenate([grants, refusals]))
    return np.asarray(model.predict_proba(features(held, levels))[:, 1], dtype=float)


def levels_of(cases: Sequence[Case]) -> tuple[Level, ...]:
    """Every (factor, level) that occurs. One that was never learned from counts as none."""
    return tuple(sorted({level for case in cases for level in case.factors.items()}))


def features(cases: Sequence[Case], levels: Sequence[Level]) -> Floats:
    """(C, 4 + L): whether the case has a limit, whether it breaks the rule, the deviation, log10
    of the deviation where the rule is broken (else 0); and one column for each level."""
    rows = [
        [*_deviation_features(case.deviation), *(case.factors.get(f) == v for f, v in levels)]
        for case in cases
    ]
    return np.array(rows, dtype=float)


def _deviation_features(deviation: float | None) -> tuple[float, float, float, float]:
    if deviation is None:
        return 0.0, 0.0, 0.0, 0.0
    clipped = max(-LARGEST, min(LARGEST, deviation))
    if clipped <= 0:
        return 1.0, 0.0, clipped, 0.0
    return 1.0, 1.0, clipped, math.log10(max(clipped, SMALLEST))
