"""An arm as one of the people: where it stands among them, and whether it could stand in for one.

The alternative annotator test is that of Calderon, Reichart and Dror (arXiv 2501.10970).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from discretion.measures.figure import Figure, missing
from discretion.measures.rates import Ballots, Floats, Ints, Rates

FEWEST_CASES = 10
"""A rater with fewer comparable cases says too little about where an arm stands."""

FEWEST_TESTED = 30
"""A rater with fewer cases is not tested, as in the authors' own program: below it the t-test
would rest on too few, and where rater and arm never differ pass without evidence."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an arm stands among the raters, each compared on the cases that rater judged."""

    stricter_than: float | None
    """Share of raters who granted more than the arm would, ties counting half; in [0, 1]."""
    raters: int
    """How many raters had enough cases."""


def standing(p: Floats, rates: Rates) -> Standing:
    """How strict an arm is beside each single rater.

    Each rater's grants are compared with the sum of the arm's grant probabilities on the same
    cases. A rater's own noise blurs the ranks: with few cases each, shares are drawn towards one
    half.
    """
    ballots = rates.ballots
    if ballots is None:
        return Standing(None, 0)
    known = np.isfinite(p[ballots.case])
    case, rater = ballots.case[known], ballots.rater[known]
    n, granted = ballots.n[known], ballots.grants[known]
    raters, place = np.unique(rater, return_inverse=True)
    cases = np.bincount(place, minlength=len(raters))
    surplus = np.bincount(place, granted - p[case] * n, minlength=len(raters))
    surplus = surplus[cases >= FEWEST_CASES]
    if not len(surplus):
        return Standing(None, 0)
    even = np.abs(surplus) < 1e-9
    share = float(np.mean(np.where(even, 0.5, surplus > 0)))
    return Standing(share, len(surplus))


@dataclass(frozen=True, slots=True)
class Alternative:
    """The outcome of the alternative annotator test."""

    winning_rate: float | None
    """Share of raters whom the arm could stand in for; None where nobody can be tested."""
    advantage: float | None
    """Mean over raters of the share of cases on which the arm agrees with the others at least as
    well as the rater does."""
    raters: int
    """How many raters were tested."""
    margin: float
    """How much less often than the rater the arm may agree, for what a person's time is worth."""

    @property
    def passes(self) -> bool | None:
        """Whether the arm could stand in for at least half of the raters."""
        return None if self.winning_rate is None else self.winning_rate >= 0.5


def alternative_test(
    deployed: Floats, rates: Rates, *, margin: float = 0.1, level: float = 0.05
) -> Alternative:
    """Whether an arm could stand in for a rater, by leaving each rater out in turn.

    On each case of a rater that others judged too, the rater and the arm are compared with the
    others: who agrees with more of them wins, both where equal. A one-sided t-test asks whether
    the rater wins less often than the arm does and the margin together; p values are adjusted over
    raters by Benjamini and Yekutieli. Raters with fewer than 30 such cases are left out. (The paper
    offers Wilcoxon's test for them; it is about the median, and where most cases are ties it lets
    arms through that lose by more than the margin.)

    Args:
        deployed: (C,) the arm's decisions, 1 or 0; NaN where it gave none.
        rates: the panel's, with its ballots.
        margin: the paper's epsilon: 0.2 for experts, 0.15 for skilled people, 0.1 for a crowd.
        level: of the tests, after adjustment.
    """
    ballots = rates.ballots
    if ballots is None:
        return Alternative(None, None, 0, margin)
    wins, p_values = [], []
    order = np.argsort(ballots.rater, kind="stable")
    _, starts = np.unique(ballots.rater[order], return_index=True)
    for own in np.split(order, starts[1:]):
        lead = _lead(deployed, rates, ballots, own)
        if len(lead) < FEWEST_TESTED:
            continue
        wins.append(float(np.mean(lead <= 0)))
        p_values.append(_p_value(np.sign(lead), margin))
    if not wins:
        return Alternative(None, None, 0, margin)
    rejected = benjamini_yekutieli(p_values) < level
    return Alternative(float(np.mean(rejected)), float(np.mean(wins)), len(wins), margin)


def _lead(deployed: Floats, rates: Rates, ballots: Ballots, own: Ints) -> Floats:
    """By how much the rater agrees with the others more than the arm does, a case each."""
    case = ballots.case[own]
    granted = ballots.grants[own] > ballots.n[own] / 2
    others = rates.n[case] - ballots.n[own]
    with np.errstate(all="ignore"):
        share = (rates.grants[case] - ballots.grants[own]) / others
    known = (others > 0) & np.isfinite(deployed[case])
    mine = np.where(deployed[case] > 0.5, share, 1 - share)
    theirs = np.where(granted, share, 1 - share)
    lead: Floats = (theirs - mine)[known]
    return np.where(np.abs(lead) < 1e-12, 0.0, lead)


def _p_value(lead: Floats, margin: float) -> float:
    """One-sided: that the rater's wins less the arm's are the margin or more."""
    from scipy.special import stdtr

    away = float(lead.mean()) - margin
    error = float(lead.std(ddof=1)) / np.sqrt(len(lead))
    if error == 0:
        return 0.0 if away < 0 else 1.0
    return float(stdtr(len(lead) - 1, away / error))


def benjamini_yekutieli(p_values: Sequence[float]) -> Floats:
    """P values adjusted for the false discovery rate under any dependence, in the order given."""
    p = np.asarray(p_values, dtype=float)
    count = len(p)
    order = np.argsort(-p)
    ranks = np.arange(count, 0, -1)
    harmonic = float((1 / np.arange(1, count + 1)).sum())
    adjusted = np.empty(count)
    adjusted[order] = np.minimum.accumulate(p[order] * count * harmonic / ranks)
    return np.minimum(adjusted, 1.0)


def standing_figure(found: Standing) -> Figure:
    """The standing as a figure; its n counts raters."""
    if found.stricter_than is None:
        return missing(f"no rater judged {FEWEST_CASES} of these cases", found.raters)
    return Figure(found.stricter_than, None, None, found.raters)
