"""Unsure judgments: what a figure would be if all of them were refusals, or grants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from discretion.stats.figure import Figure
from discretion.stats.rates import Floats, Ints, Rates


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A figure under three readings of the unsure judgments."""

    apart: float | None
    """As it is reported: unsure counted apart."""
    as_refuse: float | None
    as_grant: float | None
    flips: bool | None
    """Whether the figure's side of `boundary` is not the same in all three; None where one of
    them cannot be computed."""


def unsure_sensitivity(
    figure: Callable[[Rates], Figure],
    grants: Floats,
    refusals: Floats,
    unsure: Floats,
    scenario: Ints,
    *,
    boundary: float = 0.0,
) -> Sensitivity:
    """A figure with the unsure judgments apart, all as refusals, and all as grants.

    Args:
        figure: the figure of what a panel decided; only its value is used.
        grants: (C,) how many granted.
        refusals: (C,) how many refused.
        unsure: (C,) how many were unsure.
        scenario: (C,) codes.
        boundary: the value at which the conclusion changes: 0 for a gap or a contrast.
    """

    def under(granted: Floats, n: Floats) -> float | None:
        h = np.divide(granted, n, out=np.full(len(n), np.nan), where=n > 0)
        return figure(Rates.of_counts(h, n, scenario)).value

    decided = grants + refusals
    values = (
        under(grants, decided),
        under(grants, decided + unsure),
        under(grants + unsure, decided + unsure),
    )
    sides = {np.sign(value - boundary) for value in values if value is not None}
    return Sensitivity(*values, flips=None if None in values else len(sides) > 1)
