"""Where nothing varies: what a figure that came out the same for every unit leaves open.

A variance of zero is no interval of no width. Of n independent units that all show one value, a
share of up to 1 - tail^(1/n) may show another, with chance 1 - tail: the exact binomial bound for
no event in n (Clopper and Pearson 1934), which is about 3/n at one-sided 95% (the rule of three;
Hanley and Lippman-Hand 1983).
"""

from __future__ import annotations

INDEPENDENT = "bound for independent requests"
"""What is said of such an interval: units of one scenario are not independent."""


def left_open(n: float, tail: float) -> float:
    """The share of units that may be otherwise where none of n was, with chance 1 - tail.

    >>> round(left_open(59, 0.05), 3)
    0.05
    """
    return float(1 - tail ** (1 / max(1.0, n)))


def units_needed(share: float, tail: float) -> float:
    """How many units of which none is otherwise leave no more than that share open."""
    from math import log, log1p

    return log(tail) / log1p(-share)


def unvaried(
    value: float, reach: tuple[float, float], n: float, tail: float, bounds: tuple[float, float]
) -> tuple[float, float]:
    """The ends of the interval of a mean whose n units did not vary.

    A share of the units, as large as they leave open, is put at the worst that a contribution can
    be, in place of the best that was seen for that end.

    Args:
        value: the mean.
        reach: the least and the greatest contribution of a case that was seen.
        n: independent units.
        tail: chance left beyond each end.
        bounds: the least and the greatest that a contribution can be.
    """
    share = left_open(n, tail)
    (least, most), (low, high) = reach, bounds
    return max(low, value - share * (most - low)), min(high, value + share * (high - least))
