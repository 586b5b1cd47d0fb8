"""Order effects: what naming one answer first does to an arm."""

from __future__ import annotations

import math

import numpy as np

from discretion.stats.figure import Figure, missing
from discretion.stats.intervals import FEW, ROUNDING, Mean, scenario_variance
from discretion.stats.rates import Floats, Ints
from discretion.stats.weights import Weigh, case_weights


def order_effect(
    grant_first: Floats, refuse_first: Floats, scenario: Ints, *, weigh: Weigh = "scenarios"
) -> Figure:
    """The mean rise in p, (C,) each, when grant is the answer named first.

    The interval is t between scenarios; people have no part in it.
    """
    effect = grant_first - refuse_first
    used = np.isfinite(effect)
    if not used.any():
        return missing("no case was asked in both orders")
    weight = case_weights(used.astype(float), scenario, weigh)
    effect = np.where(used, effect, 0.0)
    value = float(weight @ effect / weight.sum())
    variance, scenarios = scenario_variance(effect - value, weight, scenario)
    error = math.sqrt(variance) if scenarios >= FEW and variance > ROUNDING**2 else None
    note = "" if error is not None else "too few scenarios, or no spread, for an interval"
    return Mean(value, error, scenarios - 1, int(used.sum()), note).figure(-1.0, 1.0)
