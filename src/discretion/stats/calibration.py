"""Calibration: whether p is the rate that is granted, and whether higher p is granted more."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from discretion.stats.bootstrap import pooled
from discretion.stats.figure import Figure
from discretion.stats.rates import Floats, Ints, Rates, sums_by
from discretion.stats.weights import Weigh, case_weights


@dataclass(frozen=True, slots=True)
class Bin:
    """One point of a calibration curve."""

    p: float
    """Mean grant probability of its judgments."""
    rate: Figure
    """Share that was granted, with Wilson's interval; n counts judgments, as if independent."""


def calibration_curve(p: Floats, rates: Rates, bins: int = 10) -> tuple[Bin, ...]:
    """Bins of about equal numbers of judgments, by rising p.

    Cases of one p stay together, so there may be fewer bins than asked for. Every judgment counts
    the same. Empty where no n is known.
    """
    used = np.isfinite(p) & np.isfinite(rates.h) & (rates.n > 0)
    if not used.any():
        return ()
    levels, place = np.unique(p[used], return_inverse=True)
    n = sums_by(place, rates.n[used])
    grants = sums_by(place, rates.grants[used])
    middle = (np.cumsum(n) - n / 2) / n.sum()
    _, number = np.unique(np.floor(middle * bins), return_inverse=True)
    size, granted = sums_by(number, n), sums_by(number, grants)
    mean = sums_by(number, n * levels) / size
    return tuple(
        Bin(float(mean[index]), _share(float(granted[index]), int(size[index])))
        for index in range(len(size))
    )


def _share(grants: float, n: int) -> Figure:
    low, high = wilson(grants, n)
    return Figure(grants / n, low, high, n)


def wilson(grants: float, n: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's interval of a binomial share, for n > 0; 95% unless another normal quantile z is
    given."""
    share = grants / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def auc(p: Floats, rates: Rates, rng: np.random.Generator, *, weigh: Weigh = "scenarios") -> Figure:
    """The chance that a granted judgment has a higher p than a refused one, ties counting half.

    Over single judgments of all cases together; by "scenarios" each scenario's judgments count
    the same in sum. For the interval each judgment's standing among those of the other kind is
    held fixed while scenarios are resampled (DeLong's variance, clustered by scenario).
    """
    used = np.isfinite(p) & np.isfinite(rates.h) & (rates.n > 0)
    levels, place = np.unique(np.where(used, p, 0.0), return_inverse=True)

    def parts(h: Floats, n: Floats) -> Floats:
        mass = np.where(used & (n > 0), n, 0.0)
        weight = case_weights(mass, rates.scenario, weigh)
        granted = weight * np.where(mass > 0, h, 0.0)
        refused = weight - granted
        above = _share_below(granted, len(levels) - 1 - place, len(levels))
        below = _share_below(refused, place, len(levels))
        half = float(granted @ below) / float(granted.sum()) / 2 if granted.any() else 0.0
        return np.stack(
            [granted * (below - half), granted, refused * (above - half), refused], axis=1
        )

    n = int(rates.n[used].sum())
    return pooled(_two_sided, parts, rates, rng, n=n, bounds=(0.0, 1.0))


def _share_below(weight: Floats, place: Ints, levels: int) -> Floats:
    """(C,) the share of the weight that lies at a lower level than a case, ties counting half."""
    at = sums_by(place, weight, levels)
    total = at.sum()
    below: Floats = (np.cumsum(at) - at / 2) / (total or 1.0)
    return below[place]


def _two_sided(sums: Floats) -> Floats:
    value: Floats = sums[..., 0] / sums[..., 1] + sums[..., 2] / sums[..., 3]
    return value
