"""A study: cases, what people decided on them and what arms answered, in arrays of one order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from discretion.core.answers import Estimate
from discretion.core.cases import Case
from discretion.core.judgments import Panel
from discretion.errors import DiscretionError
from discretion.stats.rates import Bools, Floats, Ints, Rates
from discretion.stats.weights import Weigh


@dataclass(frozen=True, slots=True)
class Study:
    """The C cases that a panel judged."""

    cases: tuple[Case, ...]
    panel: Panel
    """Its rows in the order of `cases`."""
    rates: Rates
    scenarios: tuple[str, ...]
    """Scenario ids, by code."""
    rows: tuple[Ints, ...]
    """By scenario code, the indices of its cases."""
    weigh: Weigh

    @property
    def scenario(self) -> Ints:
        """(C,) codes."""
        return self.rates.scenario

    @property
    def broken(self) -> Bools:
        """(C,) whether the case breaks its rule; False where there is no limit."""
        return np.array([(case.deviation or 0.0) > 0 for case in self.cases], dtype=bool)

    @property
    def kept(self) -> Bools:
        """(C,) whether the case keeps its rule; False where there is no limit."""
        return np.array(
            [case.deviation is not None and case.deviation <= 0 for case in self.cases], dtype=bool
        )


@dataclass(frozen=True, slots=True)
class Replies:
    """One arm's answers to a study's cases, (C,) each; NaN where it gave none."""

    name: str
    p: Floats
    variance: Floats
    grant_first: Floats
    """p with the grant named first; NaN unless both orders were asked."""
    grant_second: Floats
    wording: Ints
    """The method's wording; -1 where there is none, or all were asked."""
    calls: Ints
    """How many calls each p is made of; 0 where there is none."""
    how: str
    """How its probabilities were obtained; empty where there are none."""
    oldest: str
    """When the oldest of its answers was given; empty where nothing was asked."""
    worded: dict[int, Replies] = field(default_factory=dict, repr=False)
    """By wording of the method: what it answered in that one, where all were asked."""

    @property
    def deployed(self) -> Floats:
        """Its most likely answer: 1 grants, 0 refuses; exactly one half refuses."""
        return np.where(np.isnan(self.p), np.nan, (self.p > 0.5).astype(float))

    @property
    def answered(self) -> int:
        return int(np.isfinite(self.p).sum())

    @property
    def constant(self) -> bool:
        """Says the same to every case, or nothing to any: there is no curve to draw."""
        given = self.p[np.isfinite(self.p)]
        return not len(given) or float(np.ptp(given)) < 1e-9

    @property
    def drawn(self) -> bool:
        """Its probabilities are shares of decisions drawn, so a curve can be fitted to them."""
        return self.how == "sampled"


def study_of(cases: Sequence[Case], panel: Panel, weigh: Weigh = "scenarios") -> Study:
    """The study of those of the cases that the panel judged.

    Its cases and judgments stand in an order of their own, so that no figure depends on the order
    in which they were written down or imported.

    Raises:
        DiscretionError: it judged none of them.
    """
    judged = set(panel.cases)
    kept = tuple(sorted((case for case in cases if case.id in judged), key=_place))
    if not kept:
        raise DiscretionError(
            f"the panel {panel.name!r} judged none of these cases",
            fix="name another panel with --panel, or import its judgments",
        )
    aligned = panel.at([case.id for case in kept]).in_order()
    codes: dict[str, int] = {}
    scenario = np.array(
        [codes.setdefault(case.scenario or case.id, len(codes)) for case in kept], dtype=np.int64
    )
    rates = (
        Rates.of_judgments(aligned.case, aligned.rater, aligned.granted, scenario, aligned.weight)
        if aligned.singles
        else Rates.of_counts(aligned.rate, aligned.n, scenario)
    )
    order = np.argsort(scenario, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(scenario))[:-1])
    return Study(kept, aligned, rates, tuple(codes), tuple(rows), weigh)


def _place(case: Case) -> tuple[str, Decimal, str]:
    """Cases stand by scenario, by value within it, and then by id."""
    return case.scenario or case.id, case.value or Decimal(0), case.id


def replies_of(
    study: Study, arms: Sequence[str], estimates: Iterable[tuple[str, Estimate]]
) -> dict[str, Replies]:
    """Each arm's answers in the order of a study's cases.

    ``estimates`` are (arm, estimate) in any order; they are read once and not kept, so that a
    run of any size takes the memory of its arrays alone.
    """
    place = {case.id: row for row, case in enumerate(study.cases)}
    found = {name: _empty(name, len(study.cases)) for name in arms}
    how, oldest = dict.fromkeys(arms, ""), dict.fromkeys(arms, "")
    for name, one in estimates:
        row = place.get(one.case)
        if row is None:
            continue
        _put(found[name], row, one)
        how[name] = how[name] or one.how
        oldest[name] = min(filter(None, (oldest[name], one.at)), default="")
    return {
        name: replace(replies, how=how[name], oldest=oldest[name])
        for name, replies in found.items()
    }


def _put(replies: Replies, row: int, one: Estimate) -> None:
    replies.p[row], replies.variance[row] = one.p, one.variance
    replies.wording[row], replies.calls[row] = one.wording, one.calls
    if one.grant_first is not None and one.grant_second is not None:
        replies.grant_first[row], replies.grant_second[row] = one.grant_first, one.grant_second
    for part in one.worded:
        if part.wording not in replies.worded:
            replies.worded[part.wording] = _empty(replies.name, len(replies.p))
        _put(replies.worded[part.wording], row, part)


def _empty(name: str, cases: int) -> Replies:
    return Replies(
        name=name,
        p=np.full(cases, np.nan),
        variance=np.full(cases, np.nan),
        grant_first=np.full(cases, np.nan),
        grant_second=np.full(cases, np.nan),
        wording=np.full(cases, -1, dtype=np.int64),
        calls=np.zeros(cases, dtype=np.int64),
        how="",
        oldest="",
    )
