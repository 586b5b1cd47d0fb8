"""Isotonic curves: grant rates that may only fall as the deviation grows, and their threshold.

For arms that are scored, which have no sampling noise, and beside the fitted curves of people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

State = Literal["crossed", "below", "beyond"]
"""Where half would grant: among the values tried ("crossed"), below the smallest violation tried,
beyond the largest."""


def state_of(log: float, smallest: float, largest: float) -> State:
    """Where a log threshold lies among the logs of the values tried."""
    return "below" if log < smallest else "beyond" if log > largest else "crossed"


@dataclass(frozen=True, slots=True)
class IsotonicThreshold:
    """Where an isotonic curve, linear in log deviation between the values tried, is one half."""

    state: State
    deviation: float | None
    """The threshold; None unless crossed."""
    between: tuple[float, float] | None
    """The two deviations tried between which it lies, the same twice where the curve is one half
    at a single one; None unless crossed."""
    smallest: float
    """The smallest violation tried, as a deviation."""
    largest: float
    """The largest."""
    n: int
    """How many deviations were tried."""


def isotonic_curve(
    deviation: NDArray[Any], rate: NDArray[Any], weight: NDArray[Any] | None = None
) -> tuple[Floats, Floats]:
    """The falling curve nearest to the rates in weighted squares, by pooling adjacent violators.

    Args:
        deviation: (n,); rows that do not break the rule, and rows without a rate, are left out.
        rate: (n,) grant probabilities or rates.
        weight: (n,) judgments behind each rate; None weighs all alike.

    Returns:
        The distinct deviations, rising, and the curve at each; both empty where no row is left.
    """
    deviation, rate = np.asarray(deviation, dtype=float), np.asarray(rate, dtype=float)
    weight = np.ones(len(rate)) if weight is None else np.asarray(weight, dtype=float)
    kept = (deviation > 0) & np.isfinite(rate) & (weight > 0)
    values, where = np.unique(deviation[kept], return_inverse=True)
    if not len(values):
        return values, values
    total = np.bincount(where, weight[kept]).astype(np.float64)
    mean = np.bincount(where, weight[kept] * rate[kept]) / total
    return values, _falling(mean, total)


def _falling(mean: Floats, weight: Floats) -> Floats:
    """Neighbors that rise are pooled until none do, as in Barlow et al. (1972).

    What scipy's isotonic_regression gives; importing that took longer than all curves of a report.
    """
    pools: list[tuple[float, float, int]] = []
    for value, mass in zip(mean.tolist(), weight.tolist(), strict=True):
        count = 1
        while pools and pools[-1][0] < value:
            before, heavy, others = pools.pop()
            value = (before * heavy + value * mass) / (heavy + mass)
            mass, count = heavy + mass, count + others
        pools.append((value, mass, count))
    curve: Floats = np.repeat([one[0] for one in pools], [one[2] for one in pools])
    return curve


def isotonic_threshold(
    deviation: NDArray[Any], rate: NDArray[Any], weight: NDArray[Any] | None = None
) -> IsotonicThreshold | None:
    """The threshold of :func:`isotonic_curve`; arguments as there.

    Where the curve is one half over several values, the threshold is their middle in log deviation.

    Returns:
        None where no row breaks the rule.
    """
    values, curve = isotonic_curve(deviation, rate, weight)
    if not len(values):
        return None
    smallest, largest, n = float(values[0]), float(values[-1]), len(values)
    # Pooled means of equal rates come out a rounding error apart.
    half = np.isclose(curve, 0.5, rtol=0, atol=1e-12)
    if half.any():
        first, last = values[half][0], values[half][-1]
        middle, between = float(np.sqrt(first * last)), (float(first), float(last))
        return IsotonicThreshold("crossed", middle, between, smallest, largest, n)
    granting = int((curve > 0.5).sum())
    if granting in (0, n):
        state: State = "below" if granting == 0 else "beyond"
        return IsotonicThreshold(state, None, None, smallest, largest, n)
    low, high = values[granting - 1], values[granting]
    above, under = curve[granting - 1], curve[granting]
    share = (above - 0.5) / (above - under)
    crossing = float(np.exp(np.log(low) + share * (np.log(high) - np.log(low))))
    return IsotonicThreshold("crossed", crossing, (float(low), float(high)), smallest, largest, n)
