"""Rates: how often a panel granted each case, and who decided where that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def sums_by(code: Ints, value: Floats | Bools, size: int = 0) -> Floats:
    """The sum of the values under each code from 0 on; at least ``size`` sums."""
    return np.bincount(code, value, size).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Ballots:
    """Who decided what: one row for each rater on each case."""

    case: Ints
    """(B,) index of the case."""
    rater: Ints
    """(B,) index of the rater; gaps in the numbering do no harm."""
    n: Floats
    """(B,) how often this rater decided this case, nearly always 1; less or more where judgments
    are weighted."""
    grants: Floats
    """(B,) how often this rater granted it."""


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """What a panel decided on C cases."""

    h: Floats
    """(C,) grants / (grants + refusals), in [0, 1]; NaN where nobody decided."""
    n: Floats
    """(C,) how many decided; NaN where it is not known."""
    scenario: Ints
    """(C,) codes from 0 to K-1."""
    ballots: Ballots | None = None
    """None where a rater is not known: then nobody can be left out and raters link nothing."""
    weighted: bool = False
    """Whether judgments have weights, so that n is an effective number and nothing is whole."""

    @classmethod
    def of_judgments(
        cls,
        case: Ints,
        rater: Ints,
        granted: Bools,
        scenario: Ints,
        weight: Floats | None = None,
    ) -> Self:
        """From judgments one by one, (J,) each. One anonymous rater, -1, makes all unlinked.

        Weights sum to the effective number of judgments in each case: see `to_effective`.
        """
        cases = len(scenario)
        count = np.ones(len(case)) if weight is None else weight
        n = sums_by(case, count, cases)
        grants = sums_by(case, count * granted, cases)
        ballots = None
        if len(rater) and rater.min() >= 0:
            raters = int(rater.max()) + 1
            pairs, place = np.unique(case * raters + rater, return_inverse=True)
            ballots = Ballots(
                case=pairs // raters,
                rater=pairs % raters,
                n=sums_by(place, count),
                grants=sums_by(place, count * granted),
            )
        return cls(_share(grants, n), n, scenario, ballots, weight is not None)

    @classmethod
    def of_counts(cls, h: Floats, n: Floats, scenario: Ints) -> Self:
        """From rates and how many decided, (C,) each, where single judgments are not known."""
        return cls(np.where(n == 0, np.nan, h), n, scenario)

    @property
    def grants(self) -> Floats:
        """(C,) how many granted; NaN where n is not known or 0. Published rates are rounded, and
        so their grants are made whole again; weighted ones are not whole."""
        grants: Floats = self.h * self.n
        return grants if self.weighted else np.rint(grants)


def _share(grants: Floats, n: Floats) -> Floats:
    share: Floats = np.divide(grants, n, out=np.full(len(n), np.nan), where=n > 0)
    return share
