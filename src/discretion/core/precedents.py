"""Precedents: judged cases that are shown or cited. They inform and never authorize."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from discretion.core.cases import Case


@dataclass(frozen=True, slots=True)
class Precedent:
    """A case that people have decided."""

    case: Case
    rate: float
    """Share of grants among those who decided, in [0, 1]."""
    n: int | None
    """How many decided; None where it is not known."""
    explanations: tuple[str, ...] = ()
    """Why, in raters' own words, of those who decided as most did."""

    @property
    def granted(self) -> bool:
        """What most decided; a tie counts as refused."""
        return self.rate > 0.5


def nearest(case: Case, pool: Iterable[Precedent], count: int) -> list[Precedent]:
    """The `count` precedents most like a case: the same policy first, then the same domain, then
    shared factor levels, then the nearest deviation. The case itself never counts."""
    others = [precedent for precedent in pool if precedent.case.id != case.id]
    return sorted(others, key=lambda precedent: _distance(case, precedent.case))[:count]


def _distance(case: Case, other: Case) -> tuple[bool, bool, int, float, str]:
    levels = case.factors.items() & other.factors.items()
    here, there = case.deviation, other.deviation
    apart = abs(here - there) if here is not None and there is not None else 10.0
    return (
        other.policy != case.policy,
        other.domain != case.domain,
        -len(levels),
        apart,
        other.id,
    )


def precedents_of(
    cases: Mapping[str, Case],
    decided: Sequence[str],
    rate: Sequence[float],
    n: Sequence[float],
    explanations: Mapping[str, Sequence[str]],
) -> list[Precedent]:
    """Precedents from a panel's arrays; cases nobody decided make none."""
    return [
        Precedent(
            cases[case],
            float(share),
            None if count != count else int(count),
            tuple(explanations.get(case, ())),
        )
        for case, share, count in zip(decided, rate, n, strict=True)
        if share == share and case in cases
    ]
