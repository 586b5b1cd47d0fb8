"""Costs: what an arm's wrong grants and wrong refusals come to, by what people would decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discretion.stats.bootstrap import pooled
from discretion.stats.figure import Figure
from discretion.stats.rates import Floats, Rates

REQUESTS = 1000
"""Costs and counts are for so many requests."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What an arm's decisions come to, for 1,000 requests like these."""

    wrong_grants: Figure
    """How many are granted that people would refuse."""
    wrong_refusals: Figure
    """How many are refused that people would grant."""
    given: Figure
    """What the wrong grants cost, in the currency of the costs."""
    lost: Figure
    """What the wrong refusals cost."""
    total: Figure
    """Both together."""


def costs_of(
    deployed: Floats,
    rates: Rates,
    grant_cost: Floats,
    refusal_cost: Floats,
    weight: Floats,
    rng: np.random.Generator,
) -> Costs:
    """The expected costs of an arm that decides alone.

    A case that a share h of the people would grant counts as a wrong grant with 1 - h where the
    arm grants, and as a wrong refusal with h where it refuses: people who differ are not called
    wrong. Intervals are by bootstrap-t over scenarios.

    Args:
        deployed: (C,) the arm's decisions, 1 or 0; NaN leaves a case out.
        rates: the panel's.
        grant_cost: (C,) what a wrong grant costs.
        refusal_cost: (C,) what a wrong refusal costs.
        weight: (C,) how often such a request occurs; any scale.
        rng: draws the resamples.
    """
    used = np.isfinite(deployed) & np.isfinite(rates.h) & np.isfinite(weight)
    grants = np.where(used, deployed, 0.0)
    mass = np.where(used, weight, 0.0)
    n = int(used.sum())

    def per_thousand(price_of_grant: Floats, price_of_refusal: Floats) -> Figure:
        known = np.isfinite(price_of_grant) & np.isfinite(price_of_refusal)
        heavy = np.where(known, mass, 0.0)
        grant_price = np.where(known, price_of_grant, 0.0)
        refusal_price = np.where(known, price_of_refusal, 0.0)

        def parts(h: Floats, n: Floats) -> Floats:
            share = np.where(np.isfinite(h), h, 0.0)
            there = np.where(np.isfinite(h), heavy, 0.0)
            wrong = grants * (1 - share) * grant_price + (1 - grants) * share * refusal_price
            return np.stack([REQUESTS * there * wrong, there], axis=1)

        return pooled(
            lambda sums: sums[..., 0] / sums[..., 1],
            parts,
            rates,
            rng,
            n=n,
            bounds=(0.0, REQUESTS * float(np.maximum(grant_price, refusal_price).max())),
        )

    one, none = np.ones(len(mass)), np.zeros(len(mass))
    return Costs(
        wrong_grants=per_thousand(one, none),
        wrong_refusals=per_thousand(none, one),
        given=per_thousand(grant_cost, none),
        lost=per_thousand(none, refusal_cost),
        total=per_thousand(grant_cost, refusal_cost),
    )
