"""Disagreement: how often decisions differ, in whole decisions, between an arm and a person and
between two people.

An arm that decides d (1 grants, 0 refuses) differs from a person drawn at random with chance
d(1-h) + (1-d)h. Two people differ with 2h(1-h)n/(n-1). No arm can differ from them less often than
half of that, since q(1-q), which it estimates, is at most min(q, 1-q). All are unbiased, whatever
the number of judgments; min(h, 1-h) itself would not be.
"""

from __future__ import annotations

from dataclasses import dataclass

from discretion.stats.figure import Figure, missing
from discretion.stats.gaps import noise_of
from discretion.stats.intervals import ALONE, Term, mean_of
from discretion.stats.rates import Floats, Ints, Rates
from discretion.stats.weights import Weigh


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How often an arm decides otherwise than a person would; shares of all decisions."""

    whole: Figure
    wrong_grants: Figure
    """The part in which it grants and the person would refuse."""
    wrong_refusals: Figure
    """The part in which it refuses and the person would grant."""
    beyond_colleague: Figure
    """How much more often than another person would, over cases that two people decided."""


@dataclass(frozen=True, slots=True)
class Among:
    """How often people decide otherwise than each other; no value where nobody judged twice."""

    whole: Figure
    """Two of them, on the same case."""
    bound: Figure
    """Half of that: no arm can differ from them less often. It is also what another of them would
    score in wrong grants, and in wrong refusals."""


def disagreement(
    decided: Floats, rates: Rates, *, weigh: Weigh = "scenarios", level: float = 0.95
) -> Disagreement:
    """Of an arm as deployed: (C,) 1, 0, or NaN where it gave no answer."""

    def grants(h: Floats, n: Floats, at: Ints) -> Floats:
        return decided[at] * (1 - h)

    def refusals(h: Floats, n: Floats, at: Ints) -> Floats:
        return (1 - decided[at]) * h

    def whole(h: Floats, n: Floats, at: Ints) -> Floats:
        return grants(h, n, at) + refusals(h, n, at)

    def beyond(h: Floats, n: Floats, at: Ints) -> Floats:
        return whole(h, n, at) - 2 * _apart(h, n)

    return Disagreement(
        whole=_share(whole, rates, weigh, level=level),
        wrong_grants=_share(grants, rates, weigh, level=level),
        wrong_refusals=_share(refusals, rates, weigh, level=level),
        beyond_colleague=_share(beyond, rates, weigh, least=-1.0, level=level),
    )


def among_people(rates: Rates, *, weigh: Weigh = "scenarios") -> Among:
    """Of the people themselves, over the cases that two of them decided."""

    def two(h: Floats, n: Floats, at: Ints) -> Floats:
        return 2 * _apart(h, n)

    def one(h: Floats, n: Floats, at: Ints) -> Floats:
        return _apart(h, n)

    return Among(_share(two, rates, weigh), _share(one, rates, weigh))


def _apart(h: Floats, n: Floats) -> Floats:
    """h(1-h)n/(n-1), NaN below two judgments."""
    return n * noise_of(h, n)


def _share(
    term: Term, rates: Rates, weigh: Weigh, *, least: float = 0.0, level: float = 0.95
) -> Figure:
    figure = mean_of(term, rates, weigh=weigh).figure(least, 1.0, level=level)
    return missing(ALONE) if figure.value is None else figure
