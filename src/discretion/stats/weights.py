"""Weights: whether scenarios or cases count the same."""

from __future__ import annotations

from typing import Literal

import numpy as np

from discretion.stats.rates import Floats, Ints, sums_by

Weigh = Literal["scenarios", "cases"]


def case_weights(mass: Floats, scenario: Ints, weigh: Weigh) -> Floats:
    """What each case counts, (C,).

    ``mass`` (C,) is what a case counts within its scenario: 1, or its number of judgments; 0 for
    a case that is left out. By "scenarios" the masses of a scenario are made to sum to 1; by
    "cases" they stay as they are.
    """
    if weigh == "cases" or not len(mass):
        return mass
    total = sums_by(scenario, mass)[scenario]
    return np.divide(mass, total, out=np.zeros_like(mass), where=total > 0)
