"""A study whose people are known: they tire of deviations, and care for loyalty."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np

from discretion.core.cases import Case
from discretion.core.judgments import Tally, gather

GRID = (8, 10, 11, 12, 14, 18, 25, 40)


def cases(scenarios=6):
    """8 values x 2 levels of loyalty under each of the scenarios' own policies."""
    return [
        Case(
            id=f"{index}-{value}-{loyal}",
            policy=f"policy-{index}",
            scenario=f"scenario-{index}",
            domain=f"domain-{index % 3}",
            value=Decimal(value),
            limit=Decimal(10),
            scale=Decimal(10),
            factors={"loyal": loyal},
        )
        for index in range(scenarios)
        for value in GRID
        for loyal in ("no", "yes")
    ]


def logit(case):
    """What the people's grant rate on a case is, in logits."""
    loyal = 0.8 if case.factors["loyal"] == "yes" else 0.0
    if case.deviation <= 0:
        return 2.5 + loyal
    return -1.0 + loyal - 1.2 * math.log10(case.deviation) - 0.4 * case.deviation


def truth(case):
    return 1 / (1 + math.exp(-logit(case)))


def panel(some, n=12, seed=7):
    rng = np.random.default_rng(seed)
    return counted({case.id: (rng.binomial(n, truth(case)) / n, n) for case in some})


def counted(rates):
    """A panel from rates and n by case id."""
    tallies = [Tally(f"t-{id_}", id_, "people", rate, n) for id_, (rate, n) in rates.items()]
    return gather("people", [], tallies)


def without_limits(some):
    return [replace(case, value=None, limit=None, scale=None) for case in some]
