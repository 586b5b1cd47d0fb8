"""Which precedents a prompt shows when it cannot show those nearest to a case it has not met."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from discretion.core.precedents import Precedent


def spread(pool: Sequence[Precedent]) -> Iterator[Precedent]:
    """Precedents in an order in which each is as unlike those before it as can be.

    Begins with the one on which people agreed least, since that is where the rule alone says
    least; any beginning of the order covers scenarios, factor levels and deviations. Ties go to
    the smaller case id, so the order is the same on every machine.
    """
    left = sorted(pool, key=lambda one: one.case.id)
    if not left:
        return
    chosen = min(left, key=lambda one: abs(one.rate - 0.5))
    apart = [math.inf] * len(left)
    while True:
        yield chosen
        apart = [min(far, _apart(one, chosen)) for far, one in zip(apart, left, strict=True)]
        at = max(range(len(left)), key=lambda index: apart[index])
        if apart[at] <= 0:
            return
        chosen = left[at]


def _apart(one: Precedent, other: Precedent) -> float:
    """How unlike two precedents are; 0 for a case and itself."""
    if one.case.id == other.case.id:
        return 0.0
    different = one.case.factors.items() ^ other.case.factors.items()
    here, there = _size(one.case.deviation), _size(other.case.deviation)
    return (
        0.05
        + 2.0 * (one.case.scenario != other.case.scenario)
        + 0.5 * len(different)
        + abs(here - there)
        + abs(one.rate - other.rate)
    )


def _size(deviation: float | None) -> float:
    """Deviation on a scale on which 1% and 10% are as far apart as 10% and 100%."""
    return 0.0 if deviation is None else math.asinh(100 * deviation) / math.log(10)
