"""A study: cases, what people decided on them and what arms answered, in arrays of one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.answers import Estimate
from discretion.cases import Case
from discretion.judgments import Panel
from discretion.measures.rates import Bools, Floats, Ints, Rates
from discretion.measures.weights import Weigh


@dataclass(frozen=True, slots=True)
class Study:
    """The C cases that a panel judged."""

    cases: tuple[Case, ...]
    panel: Panel
    """Its rows in the order of `cases`."""
    rates: Rates
    scenarios: tuple[str, ...]
    """Scenario ids, by code."""
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

    def rows(self, scenario: str) -> Ints:
        """The indices of a scenario's cases."""
        return np.flatnonzero(self.scenario == self.scenarios.index(scenario))


@dataclass(frozen=True, slots=True)
class Replies:
    """One arm's answers to a study's cases, (C,) each; NaN where it gave none."""

    name: str
    p: Floats
    variance: Floats
    order_effect: Floats
    wording: Ints
    """The method's wording; -1 where there is none, or all were asked."""
    calls: int
    how: str
    outside: float | None

    @property
    def deployed(self) -> Floats:
        """Its most likely answer: 1 grants, 0 refuses; exactly one half refuses."""
        return np.where(np.isnan(self.p), np.nan, (self.p > 0.5).astype(float))

    @property
    def answered(self) -> int:
        return int(np.isfinite(self.p).sum())


def study_of(cases: Sequence[Case], panel: Panel, weigh: Weigh = "scenarios") -> Study:
    """The study of those of the cases that the panel judged."""
    judged = set(panel.cases)
    kept = tuple(case for case in cases if case.id in judged)
    aligned = panel.at([case.id for case in kept])
    codes: dict[str, int] = {}
    scenario = np.array(
        [codes.setdefault(case.scenario or case.id, len(codes)) for case in kept], dtype=np.int64
    )
    rates = (
        Rates.of_judgments(aligned.case, aligned.rater, aligned.granted, scenario)
        if aligned.singles
        else Rates.of_counts(aligned.rate, aligned.n, scenario)
    )
    return Study(kept, aligned, rates, tuple(codes), weigh)


def replies_of(name: str, study: Study, estimates: Mapping[str, Estimate]) -> Replies:
    """An arm's estimates in the order of a study's cases."""
    found = [estimates.get(case.id) for case in study.cases]
    some = next((one for one in found if one), None)
    outsides = [one.outside for one in found if one and one.outside is not None]
    return Replies(
        name=name,
        p=np.array([one.p if one else np.nan for one in found], dtype=float),
        variance=np.array([one.variance if one else np.nan for one in found], dtype=float),
        order_effect=np.array(
            [
                np.nan if one is None or one.order_effect is None else one.order_effect
                for one in found
            ],
            dtype=float,
        ),
        wording=np.array([one.wording if one else -1 for one in found], dtype=np.int64),
        calls=sum(one.calls for one in found if one),
        how=some.how if some else "",
        outside=max(outsides) if outsides else None,
    )
