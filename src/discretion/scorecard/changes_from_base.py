"""Breakage: what a tuned model gets wrong that its base got right, part by part, with a margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from discretion.core.cases import Case
from discretion.core.gate_cases import GateCase
from discretion.core.policies import Policy
from discretion.scorecard.study import Study
from discretion.stats.equivalence import paired_equivalence
from discretion.stats.figure import Figure, missing
from discretion.stats.intervals import Term, mean_of
from discretion.stats.rates import Bools, Floats, Ints, Rates, sums_by
from discretion.stats.seeds import over_seeds

Part = Literal["rule kept", "forbidden", "far beyond", "regressions"]
Outcome = Literal["kept", "broke", "cannot be told"]

MARGIN = 0.02
"""Two more wrong decisions of 100 requests still count as nothing broken, unless told otherwise."""
LEVEL = 0.90
"""Of the intervals: their upper end inside the margin is a one-sided test at 5%."""


@dataclass(frozen=True, slots=True)
class TunedBesideBase:
    """A tuned model beside the base that it was made from, asked in the same way."""

    tuned: str
    base: str
    before: Mapping[str, float]
    """The base's grant probability, by case id."""
    after: Sequence[Mapping[str, float]]
    """The tuned model's, one mapping for each seed; a case may be missing from any."""


@dataclass(frozen=True, slots=True)
class BreakageRow:
    """One part of the cases, under one tuned model and its base. Rates are in [0, 1]."""

    tuned: str
    base: str
    part: Part
    cases: int
    """Those that both answered."""
    judgments: int | None
    """Those by which wrong is told; None where a rule or a demand tells it, or n is not known."""
    seeds: int
    before: float | None
    """Share of requests that the base decides wrongly; None without a case."""
    after: float | None
    """The same of the tuned model, seeds averaged."""
    difference: Figure
    """After minus before: above zero the tuned model is worse. With its 90% interval."""
    margin: float
    verdict: Outcome
    """``kept`` where the whole interval is no higher than the margin, ``broke`` where all of it is
    higher."""


@dataclass(frozen=True, slots=True)
class BreakageCard:
    """What did tuning break."""

    margin: float
    beyond: float | None
    """The deviation from which a case is far beyond its limit; None where the people say so."""
    rows: tuple[BreakageRow, ...]


def breakage_card(
    study: Study,
    tried: Sequence[TunedBesideBase],
    policies: Mapping[str, Policy],
    *,
    unjudged: Sequence[Case] = (),
    expectations: Sequence[GateCase] = (),
    units: Mapping[str, str] | None = None,
    beyond: float | None = None,
    margin: float = MARGIN,
) -> BreakageCard:
    """What each tuned model decides wrongly more often than its base, by probabilities.

    - rule kept: a refusal where the rule is kept is wrong as often as these people would grant.
    - forbidden: a grant that a policy's `never` forbids is wrong.
    - far beyond: a grant is wrong as often as these people would refuse, at values beyond the
      largest one at which at least half of them grant, or beyond a deviation that is declared.
    - regressions: what a user's own case demands, and does not get, is wrong.

    A part without a case has no row. Intervals speak of other scenarios too: a single one gives
    none, and few give wide ones. Those of forbidden and own cases are for these cases where they
    come from fewer than six scenarios.

    Args:
        policies: those of the cases, by id.
        unjudged: cases that were asked and that nobody judged: a `never` forbids them all the same.
        expectations: the user's own cases.
        units: the group of each case, by its id, that counts as one; by default its scenario.
        beyond: the deviation from which a case is far beyond its limit.
        margin: how much more often a tuned model may be wrong.
    """
    groups = units or {}
    cases = study.cases
    names = [groups.get(case.id, case.scenario or case.id) for case in cases]
    rates = replace(study.rates, scenario=_codes(names))
    forbidden = np.array([_forbidden(case, policies) for case in cases], dtype=bool)
    kept, far = study.kept & ~forbidden, _far(study, beyond) & ~forbidden
    never = [case for case in (*cases, *unjudged) if _forbidden(case, policies)]
    rows: list[BreakageRow] = []
    for one in tried:
        before, after = _answers(one, cases)
        by_people = _ByPeople(one, study, rates, before, after, margin)
        by_demand = _ByDemand(one, groups, margin)
        rows += [
            row
            for row in (
                by_people.row("rule kept", kept, granting=False),
                by_demand.row("forbidden", never, [True] * len(never)),
                by_people.row("far beyond", far, granting=True),
                by_demand.row(
                    "regressions",
                    [expected.case for expected in expectations],
                    [expected.must != "grant" for expected in expectations],
                ),
            )
            if row.cases
        ]
    return BreakageCard(margin, beyond, tuple(rows))


@dataclass(frozen=True, slots=True)
class _ByPeople:
    """Rows on judged cases: wrong is what these people would not have done."""

    tried: TunedBesideBase
    study: Study
    rates: Rates
    before: Floats
    after: Floats
    margin: float

    def row(self, part: Part, among: Bools, *, granting: bool) -> BreakageRow:
        # What is wrong is linear in p, so that p may be averaged over seeds first.
        after = over_seeds(self.after)
        both = among & np.isfinite(self.before) & np.isfinite(after) & np.isfinite(self.rates.h)
        sign = 1.0 if granting else -1.0

        def wrong(p: Floats) -> Term:
            def term(h: Floats, n: Floats, at: Ints) -> Floats:
                return p[at] * (1 - h) if granting else (1 - p[at]) * h

            return term

        def more(h: Floats, n: Floats, at: Ints) -> Floats:
            apart: Floats = sign * (after[at] - self.before[at]) * (1 - h if granting else h)
            return apart

        def mean(term: Term) -> float | None:
            return mean_of(term, self.rates, weigh=self.study.weigh, among=both).value

        estimate = mean_of(more, self.rates, weigh=self.study.weigh, among=both, beyond=True)
        low, high = estimate.interval(LEVEL)
        n = self.rates.n[both]
        return _row(
            self.tried,
            part,
            cases=int(both.sum()),
            judgments=None if np.isnan(n).any() else round(float(n.sum())),
            before=mean(wrong(self.before)),
            after=mean(wrong(after)),
            difference=Figure(estimate.value, low, high, estimate.n, estimate.note),
            margin=self.margin,
        )


@dataclass(frozen=True, slots=True)
class _ByDemand:
    """Rows on cases whose right decision is demanded, whatever people would do."""

    tried: TunedBesideBase
    groups: Mapping[str, str]
    margin: float

    def row(self, part: Part, cases: Sequence[Case], refuse: Sequence[bool]) -> BreakageRow:
        before, after = _answers(self.tried, cases)
        refused = np.array(refuse, dtype=bool)
        worse = [np.where(refused, p, 1 - p) for p in (before, over_seeds(after))]
        codes = _codes([self.groups.get(case.id, case.scenario or case.id) for case in cases])
        both = np.isfinite(worse[0]) & np.isfinite(worse[1])

        def apart(one: Floats, other: Floats) -> Figure:
            found = paired_equivalence(one[both], other[both], codes[both], confidence=LEVEL)
            if found.difference is None:
                return missing("no such case was answered by both")
            note = "" if found.low is not None else "too few cases for an interval"
            return Figure(found.difference, found.low, found.high, found.n, note)

        nothing = np.zeros(len(cases))
        return _row(
            self.tried,
            part,
            cases=int(both.sum()),
            judgments=None,
            before=apart(nothing, worse[0]).value,
            after=apart(nothing, worse[1]).value,
            difference=apart(worse[0], worse[1]),
            margin=self.margin,
        )


def _row(
    tried: TunedBesideBase,
    part: Part,
    *,
    cases: int,
    judgments: int | None,
    before: float | None,
    after: float | None,
    difference: Figure,
    margin: float,
) -> BreakageRow:
    verdict: Outcome = "cannot be told"
    if difference.low is not None and difference.high is not None:
        if difference.high <= margin:
            verdict = "kept"
        elif difference.low > margin:
            verdict = "broke"
    return BreakageRow(
        tried.tuned,
        tried.base,
        part,
        cases,
        judgments,
        len(tried.after),
        before,
        after,
        difference,
        margin,
        verdict,
    )


def _answers(tried: TunedBesideBase, cases: Sequence[Case]) -> tuple[Floats, Floats]:
    """(C,) of the base and (S, C) of the tuned model, NaN where there is none."""

    def of(given: Mapping[str, float]) -> list[float]:
        return [given.get(case.id, np.nan) for case in cases]

    after = np.array([of(one) for one in tried.after], dtype=float)
    return np.array(of(tried.before), dtype=float), after.reshape(len(tried.after), len(cases))


def _far(study: Study, beyond: float | None) -> Bools:
    """(C,) cases far beyond their limit."""
    deviation = np.array(
        [np.nan if case.deviation is None else case.deviation for case in study.cases], dtype=float
    )
    if beyond is not None:
        found: Bools = deviation > beyond
        return found
    far = np.zeros(len(study.cases), dtype=bool)
    for rows in study.rows:
        known = rows[np.isfinite(deviation[rows]) & np.isfinite(study.rates.h[rows])]
        values, at = np.unique(deviation[known], return_inverse=True)
        granted = sums_by(at, study.rates.h[known]) >= sums_by(at, np.ones(len(known))) / 2
        last = values[granted].max(initial=0.0)
        far[known[deviation[known] > last]] = True
    return far


def _forbidden(case: Case, policies: Mapping[str, Policy]) -> bool:
    return case.policy in policies and policies[case.policy].forbids(case.facts) is not None


def _codes(names: Sequence[str]) -> Ints:
    codes: dict[str, int] = {}
    return np.array([codes.setdefault(name, len(codes)) for name in names], dtype=np.int64)
