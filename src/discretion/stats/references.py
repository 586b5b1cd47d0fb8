"""References for the gap to a panel of n: the perfect model and the second panel.

Both are of squares, so that they need no distribution of true rates and hold from two judgments a
case on: a panel of n lies h(1-h)/(n-1) from the truth in the mean square, and an independent panel
of the same people twice that.
"""

from __future__ import annotations

from dataclasses import dataclass

from discretion.stats.figure import Figure, missing
from discretion.stats.gaps import noise_of, rooted
from discretion.stats.intervals import Term, mean_of
from discretion.stats.rates import Floats, Ints, Rates
from discretion.stats.weights import Weigh


@dataclass(frozen=True, slots=True)
class References:
    """What a gap to a panel of n is read against: roots of mean squares."""

    perfect_model: Figure
    """Of q-h for a model that knows each case's true rate q."""
    second_panel: Figure
    """Of h'-h for an independent panel of the same people, as large on each case."""


def references(rates: Rates, *, weigh: Weigh = "scenarios") -> References:
    """Both references, over the cases with two judgments or more. Intervals are those of the mean
    squares, their ends rooted."""

    def perfect(h: Floats, n: Floats, at: Ints) -> Floats:
        return noise_of(h, n)

    def second(h: Floats, n: Floats, at: Ints) -> Floats:
        return 2 * noise_of(h, n)

    return References(_root(perfect, rates, weigh), _root(second, rates, weigh))


def beyond_second_panel(
    p: Floats, rates: Rates, *, weigh: Weigh = "scenarios", level: float = 0.95
) -> Figure:
    """How much farther an arm's p, (C,), is from the panel than a second panel would be: the signed
    root of the mean of (p-h)^2 - 2h(1-h)/(n-1)."""

    def term(h: Floats, n: Floats, at: Ints) -> Floats:
        return (p[at] - h) ** 2 - 2 * noise_of(h, n)

    return _root(term, rates, weigh, level)


def _root(term: Term, rates: Rates, weigh: Weigh, level: float = 0.95) -> Figure:
    figure = mean_of(term, rates, weigh=weigh).figure(-1.0, 1.0, level=level)
    if figure.value is None:
        return missing("no case has two judgments")
    return rooted(figure)
