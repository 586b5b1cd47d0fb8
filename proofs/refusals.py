"""The share of wrong refusals and its interval, for proofs that decide for an arm themselves."""

from __future__ import annotations

import numpy as np

from discretion.stats.bootstrap import pooled
from discretion.stats.figure import Figure
from discretion.stats.rates import Floats, Rates
from discretion.stats.weights import case_weights


def wrong_refusals(decided: Floats, rates: Rates, rng: np.random.Generator, level: float) -> Figure:
    """Of what people would grant, the share that an arm refuses, as reports make it."""
    weight = case_weights(np.ones(len(decided)), rates.scenario, "scenarios")

    def parts(h: Floats, n: Floats) -> Floats:
        would = np.where(np.isfinite(h), h, 0.0) * weight
        return np.stack([would * (1 - decided), would], axis=1)

    return pooled(
        lambda sums: sums[..., 0] / sums[..., 1],
        parts,
        rates,
        rng,
        n=len(decided),
        bounds=(0.0, 1.0),
        level=level,
    )
