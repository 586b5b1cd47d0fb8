"""Rates: how often a panel granted each case, and who decided where that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def sums_by(code: Ints, value: Floats | Bools, size: int = 0) -> Floats:
    """The sum of the values under each code from 0 on; at least ``size`` sums."""
    return np.bincount(code, value, size).astype(np.float64)


def without_gaps(code: Ints, size: int = 0) -> tuple[Ints, Ints]:
    """Codes numbered anew, without those that do not occur, and which do; ``size`` is one that
    they are below.

    What ``np.unique`` gives, without sorting.
    """
    there = np.bincount(code, minlength=size) > 0
    return (np.cumsum(there) - 1)[code], np.flatnonzero(there)


_GROUPS = 100
"""More raters than this are left out in so many groups, which bounds the cost."""
_KEPT = 2_000_000
"""Rates with somebody left out are kept for the next figure where they are at most so many."""

LeftOut = tuple[Floats, Floats]
"""h and n, (C,) each, without some ballots."""


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
class Places:
    """Ballots by place: a rater in a scenario. Places stand by scenario, then by rater."""

    place: Ints
    """(B,) index of the place of each ballot."""
    scenario: Ints
    """(P,) the scenario of each place."""
    rater: Ints
    """(P,) its rater, numbered without gaps."""


@dataclass(frozen=True, eq=False)
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

    # Every figure's interval asks for what follows, of the same ballots: it is made once.

    @cached_property
    def places(self) -> Places:
        """Where each ballot stands; ballots must be known."""
        ballots = self._known()
        rater, raters = without_gaps(ballots.rater)
        places, place = np.unique(
            self.scenario[ballots.case] * len(raters) + rater, return_inverse=True
        )
        return Places(place, places // len(raters), places % len(raters))

    def without_raters(self) -> Iterable[LeftOut]:
        """The rates without each rater, or, of more than 100, without each of 100 groups of
        raters; ballots must be known."""
        if len(self._by_rater) * len(self.h) > _KEPT:
            return map(self._without, self._by_rater)
        return self._without_raters

    def without_turns(self) -> Iterator[tuple[Ints, Ints, Floats, Floats]]:
        """Without the first ballot of every case, without the second, and so on: the indices of
        those ballots, their cases, and h and n; ballots must be known."""
        few = len(self._by_turn) * len(self.h) <= _KEPT
        rates = self._without_turns if few else map(self._without, self._by_turn)
        for rows, (h, n) in zip(self._by_turn, rates, strict=True):
            yield rows, self._known().case[rows], h, n

    @cached_property
    def _by_rater(self) -> Sequence[Ints]:
        rater, _ = without_gaps(self._known().rater)
        return _alike(rater % _GROUPS)

    @cached_property
    def _by_turn(self) -> Sequence[Ints]:
        case = self._known().case
        order = np.argsort(case, kind="stable")
        turn = np.empty(len(case), dtype=np.int64)
        turn[order] = np.arange(len(order)) - np.searchsorted(case[order], case[order])
        return _alike(turn)

    @cached_property
    def _without_raters(self) -> list[LeftOut]:
        return [self._without(rows) for rows in self._by_rater]

    @cached_property
    def _without_turns(self) -> list[LeftOut]:
        return [self._without(rows) for rows in self._by_turn]

    def _without(self, rows: Ints) -> LeftOut:
        ballots, cases = self._known(), len(self.h)
        case = ballots.case[rows]
        n = self.n - sums_by(case, ballots.n[rows], cases)
        granted = self.grants - sums_by(case, ballots.grants[rows], cases)
        return np.divide(granted, n, out=np.full(cases, np.nan), where=n > 0), n

    def _known(self) -> Ballots:
        if self.ballots is None:
            raise ValueError("raters are not known")
        return self.ballots


def _alike(code: Ints) -> list[Ints]:
    """The rows of each code, by rising code."""
    order = np.argsort(code, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1)


def _share(grants: Floats, n: Floats) -> Floats:
    share: Floats = np.divide(grants, n, out=np.full(len(n), np.nan), where=n > 0)
    return share
