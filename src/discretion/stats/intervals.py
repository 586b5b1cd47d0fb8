"""Intervals of means over cases: between scenarios, and between the raters who link them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from discretion.stats.figure import Figure, missing
from discretion.stats.rates import Ballots, Bools, Floats, Ints, Rates, sums_by, without_gaps
from discretion.stats.unvaried import INDEPENDENT, unvaried
from discretion.stats.weights import Weigh, case_weights

ONLY_THESE = "for these scenarios only"
"""What is said of a figure that speaks of too few scenarios."""
ALONE = "no case was decided by two people"
"""Why once-judged cases have no figure that needs two judgments."""
NOTHING_VARIES = "too little varies for an interval"
FEW = 6
"""With fewer scenarios than this nothing is said beyond them."""

ROUNDING = 1e-12
"""A standard error below this is what adding up in floating point leaves of none."""

Per = Literal["case", "judgment"]


class Term(Protocol):
    """What one case contributes, as a function of what was decided on it."""

    def __call__(self, h: Floats, n: Floats, at: Ints) -> Floats:
        """The contributions, NaN where there is none. ``at`` are the indices of the cases, by
        which a term finds its own arrays; a case may stand in them many times."""
        ...


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean with its standard error."""

    value: float | None
    error: float | None
    """Standard error; None where nothing shows how far the mean would vary."""
    df: float
    """Degrees of freedom of its t."""
    n: int
    note: str = ""
    units: int = 0
    """Where the variance is zero: the units, cases or scenarios, that did not vary."""
    reach: tuple[float, float] = (-math.inf, math.inf)
    """The least and the greatest contribution of a case."""
    skew: float = 0.0
    """The mean's third central moment over its standard error cubed; 0 where it is not known."""

    def figure(
        self, least: float = -math.inf, most: float = math.inf, *, level: float = 0.95
    ) -> Figure:
        """With its interval of that level, within the least and the most that a contribution can
        be. Where nothing varied and these are known, it has what its units leave open."""
        if self.value is None:
            return missing(self.note, self.n)
        low, high = self.interval(level)
        note = self.note
        if low is None and self.units and math.isfinite(most - least):
            tail = (1 - level) / 2
            low, high = unvaried(self.value, self.reach, self.units, tail, (least, most))
            note = note.replace(NOTHING_VARIES, INDEPENDENT)
        return Figure(self.value, low, high, self.n, note).within(least, most)

    def interval(self, level: float) -> tuple[float | None, float | None]:
        """The ends, each with half of what the level leaves.

        Where scenarios are skewed, say most with few errors and one with many, a mean that came
        out too small has too small an error as well, and the end on the side of the long tail
        falls short of the truth too often. That end moves out by the first term of t's Edgeworth
        expansion, skew (2 t^2 + 1) / 6 standard errors (Hall 1983, Annals of Statistics 11). No
        end moves in: the skew of a few scenarios is itself uncertain.
        """
        from scipy.special import stdtrit

        if self.value is None or self.error is None:
            return None, None
        t = float(stdtrit(self.df, 0.5 + level / 2))
        more = self.skew * (2 * t**2 + 1) / 6
        low, high = t + max(0.0, -more), t + max(0.0, more)
        return self.value - low * self.error, self.value + high * self.error


def mean_of(
    term: Term,
    rates: Rates,
    *,
    weigh: Weigh = "scenarios",
    per: Per = "case",
    among: Bools | None = None,
    beyond: bool = False,
) -> Mean:
    """The mean of a term over the cases that have one, and its standard error (DESIGN 6).

    The variance is that between scenario means plus what raters add to it: the delete-one-rater
    jackknife's less that of raters within scenarios, which the first holds already, and never less
    than nothing. That is the guarded two-way form of Cameron, Gelbach and Miller (2011) and of
    Owen (2007): without it the noise of single judgments is counted twice, and without the guard a
    variance can come out too small. It stands on t with min(K, R) - 1 degrees of freedom; the first
    alone where raters are not known. With fewer than six scenarios it is the raters' alone, on
    R - 1; where they are not known either, the variance that drawing each case's judgments anew
    would have.

    Args:
        term: what a case contributes.
        rates: the panel's.
        weigh: whether scenarios or cases count the same.
        per: "judgment" counts a case as often as it was judged.
        among: (C,) the cases to be considered; all where None.
        beyond: speak of other scenarios however few these are, so that two give a wide interval
            and one gives none.
    """
    at = np.arange(len(rates.h))
    mass = rates.n if per == "judgment" else np.ones(len(at))
    with np.errstate(all="ignore"):
        value = term(rates.h, rates.n, at)
    used = np.isfinite(value) & np.isfinite(rates.h) & (mass > 0)
    if among is not None:
        used &= among
    if not used.any():
        return Mean(None, None, 0, 0, _lacking(term, rates, among))
    value, mass = np.where(used, value, 0.0), np.where(used, mass, 0.0)
    weight = case_weights(mass, rates.scenario, weigh)
    center = float(weight @ value / weight.sum())
    n = int(mass.sum()) if per == "judgment" else int(used.sum())
    between, scenarios = scenario_variance(value - center, weight, rates.scenario)
    few = scenarios < FEW and not beyond
    note = ONLY_THESE if few else ""
    if rates.ballots is not None:
        people = _rater_variance(term, rates, rates.ballots, value, mass, weigh, per)
        df: float = (people.raters if few else min(scenarios, people.raters)) - 1
        variance = people.whole if few else between + people.beyond_scenarios
    elif few:
        df = float(np.maximum(rates.n[used] - 1, 0).sum())
        variance = _judgment_variance(term, rates, used, weight)
    else:
        note = "raters are not known: how they differ is not in the interval"
        df, variance = scenarios - 1, between
    if not ROUNDING**2 < variance < math.inf or df < 1:
        note = "; ".join(filter(None, [note, NOTHING_VARIES]))
        reach = float(value[used].min()), float(value[used].max())
        units = 0
        if df >= 1 and variance <= ROUNDING**2:
            alike = reach[1] - reach[0] < ROUNDING
            units = int(used.sum()) if alike or few else scenarios
        return Mean(center, None, 0, n, note, units, reach)
    error = math.sqrt(variance)
    third = 0.0 if few else scenario_third(value - center, weight, rates.scenario)
    return Mean(center, error, df, n, note, skew=third / error**3)


def _lacking(term: Term, rates: Rates, among: Bools | None) -> str:
    """Why no case has the term: each lacks a second judgment, or something else."""
    judged = np.isfinite(rates.h) & (rates.n > 0)
    if among is not None:
        judged &= among
    at = np.flatnonzero(judged)
    if len(at) and rates.n[at].max() < 2:
        with np.errstate(all="ignore"):
            if np.isfinite(term(rates.h[at], np.full(len(at), 2.0), at)).any():
                return ALONE
    return "no case has what this needs"


def scenario_variance(deviation: Floats, weight: Floats, scenario: Ints) -> tuple[float, int]:
    """The variance of a weighted mean as scenarios vary, and their number K.

    ``deviation`` (C,) from the mean. Under equal weights this is var(scenario means) / K.
    """
    sums = sums_by(scenario, weight * deviation)
    scenarios = int((sums_by(scenario, weight) > 0).sum())
    if scenarios < 2:
        return math.nan, scenarios
    scale = scenarios / (scenarios - 1) / weight.sum() ** 2
    return float(scale * (sums**2).sum()), scenarios


def scenario_third(deviation: Floats, weight: Floats, scenario: Ints) -> float:
    """The third central moment of a weighted mean as scenarios vary, 0 below three of them.

    Arguments as in `scenario_variance`. Under equal weights this is Fisher's third k-statistic of
    the scenario means, unbiased, over K^2.
    """
    sums = sums_by(scenario, weight * deviation)
    scenarios = int((sums_by(scenario, weight) > 0).sum())
    if scenarios < 3:
        return 0.0
    scale = scenarios**2 / ((scenarios - 1) * (scenarios - 2)) / weight.sum() ** 3
    return float(scale * (sums**3).sum())


@dataclass(frozen=True, slots=True)
class RaterVariance:
    """How a figure varies with the raters, by the delete-one-rater jackknife."""

    whole: float
    """Each rater left out everywhere; NaN where that cannot be."""
    within: float
    """Each left out of one scenario at a time: what the variance between scenarios holds too."""
    raters: int

    @property
    def beyond_scenarios(self) -> float:
        """What raters who judge several scenarios add to the variance between scenarios."""
        return self.whole - self.within if self.whole > self.within else self.whole * 0


def _rater_variance(
    term: Term, rates: Rates, ballots: Ballots, value: Floats, mass: Floats, weigh: Weigh, per: Per
) -> RaterVariance:
    """The raters' variance of a mean.

    Only the cases a rater judged change when that rater leaves, so one pass over the ballots
    gives all replicates. A case that then has no term leaves that replicate; the variance is
    NaN with one rater, or where a replicate loses every case.
    """
    here = mass[ballots.case] > 0
    case, places = ballots.case[here], rates.places
    # A place is a rater in a scenario: what its judgments add to the sums and take from them.
    place, there = without_gaps(places.place[here], len(places.rater))
    scenario = places.scenario[there]
    who, raters = without_gaps(places.rater[there])
    if len(raters) < 2:
        return RaterVariance(math.nan, math.nan, len(raters))
    n = rates.n[case] - ballots.n[here]
    with np.errstate(all="ignore"):
        h = (rates.grants[case] - ballots.grants[here]) / n
        changed = term(h, n, case)
    left = np.isfinite(changed) & (n > 0)
    new_mass = np.where(left, n if per == "judgment" else 1.0, 0.0)
    gained = np.where(left, changed, 0.0) * new_mass - value[case] * mass[case]
    lost = new_mass - mass[case]
    gained, lost = sums_by(place, gained), sums_by(place, lost)
    if weigh == "cases":
        sums, masses = np.array(value @ mass), np.array(mass.sum())
    else:
        sums, masses, gained, lost = _scenario_means(rates, value, mass, scenario, gained, lost)
    top, bottom = sums + sums_by(who, gained), masses + sums_by(who, lost)
    if (bottom <= 0).any():
        return RaterVariance(math.nan, math.nan, len(raters))
    whole = jackknife(top / bottom, np.zeros(len(raters), dtype=np.int64))
    one, other = sums + gained, masses + lost
    kept = other > 0
    within = jackknife(one[kept] / other[kept], scenario[kept])
    return RaterVariance(whole, within, len(raters))


def _scenario_means(
    rates: Rates, value: Floats, mass: Floats, scenario: Ints, gained: Floats, lost: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """The sum of scenario means and their number, and what each place (a rater in a scenario of
    `scenario`) adds to both when its judgments are left out."""
    sums = sums_by(rates.scenario, value * mass)
    masses = sums_by(rates.scenario, mass)
    bottom = masses[scenario] + lost
    kept = bottom > 0
    new = np.divide(sums[scenario] + gained, bottom, out=np.zeros(len(scenario)), where=kept)
    means = np.divide(sums, masses, out=np.zeros(len(sums)), where=masses > 0)
    return (
        np.array(means.sum()),
        np.array(float((masses > 0).sum())),
        new - means[scenario],
        -(~kept).astype(float),
    )


def jackknife(replicates: Floats, group: Ints) -> float:
    """The jackknife variance over the replicates of each group, added up over groups."""
    count = sums_by(group, np.ones(len(group)))
    mean = sums_by(group, replicates) / np.maximum(count, 1)
    away = (replicates - mean[group]) ** 2
    scale = np.divide(count - 1, count, out=np.zeros(len(count)), where=count > 0)
    return float(scale[group] @ away)


def _judgment_variance(term: Term, rates: Rates, used: Bools, weight: Floats) -> float:
    """The variance of the mean if each case's judgments were drawn anew, binomially, at h.

    Exact: every number of grants that could have been drawn is tried with its probability.
    NaN where an n is not known.
    """
    from scipy.special import gammaln, xlog1py, xlogy

    if np.isnan(rates.n[used]).any():
        return math.nan
    at = np.flatnonzero(used)
    size = rates.n[at].astype(np.int64)
    case = np.repeat(at, size + 1)
    first = np.repeat(np.cumsum(size + 1) - (size + 1), size + 1)
    grants = (np.arange(len(case)) - first).astype(float)
    n, h = rates.n[case], rates.h[case]
    chance = np.exp(
        gammaln(n + 1)
        - gammaln(grants + 1)
        - gammaln(n - grants + 1)
        + xlogy(grants, h)
        + xlog1py(n - grants, -h)
    )
    drawn = term(grants / n, n, case)
    mean = sums_by(case, chance * drawn, len(weight))
    square = sums_by(case, chance * (drawn - mean[case]) ** 2, len(weight))
    return float(((weight / weight.sum()) ** 2) @ square)
