"""Strata: a sample of cases in which every kind of case keeps its share."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence

from discretion.canonical import digest
from discretion.core.cases import Case
from discretion.errors import DiscretionError

Stratum = tuple[str, ...]


def sample(cases: Sequence[Case], size: int, seed: int, by: Sequence[str] = ()) -> list[Case]:
    """So many of the cases, in their own order, the same on every machine.

    A stratum is a scenario (for imported cases without one, their policy), whether the rule is
    kept, the third of its deviations, and what stands in the columns ``by``. Each stratum gives one
    case, the largest first; then all give in proportion to their sizes, by Sainte-Laguë's divisors,
    which never take back: what a sample holds, every larger one holds too. Of cases that nearly
    repeat each other only one is ever taken.

    Raises:
        DiscretionError: no case has a column that is named.
    """
    drawn = _without_repeats(sorted(cases, key=lambda case: digest((seed, case.id))))
    strata = _strata(drawn, by)
    sizes = Counter(strata.values())
    given: Counter[Stratum] = Counter()
    turns = []
    for case in drawn:
        stratum = strata[case.id]
        turns.append((given[stratum] > 0, (given[stratum] + 0.5) / sizes[stratum], case.id))
        given[stratum] += 1
    turns.sort(key=lambda turn: turn[:2])  # ties stay in the order of the hashes
    kept = {case for _, _, case in turns[:size]}
    return [case for case in cases if case.id in kept]


def composition(cases: Sequence[Case]) -> list[tuple[str, dict[str, int]]]:
    """Of each scenario (or policy, where a case has none), how many cases keep the rule, break it,
    or have no limit: ``kept``, ``broken``, ``no limit``. The largest first."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        found[_family(case)][_side(case)] += 1
    return [
        (family, dict(sides))
        for family, sides in sorted(found.items(), key=lambda one: -one[1].total())
    ]


def _without_repeats(cases: Sequence[Case]) -> list[Case]:
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.kin or case.id, case)
    return list(first.values())


def _strata(cases: Sequence[Case], by: Sequence[str]) -> dict[str, Stratum]:
    """Each case's stratum, by its id."""
    for column in by:
        if not any(column in case.factors or column in case.columns for case in cases):
            raise DiscretionError(
                f"no case has a column {column!r} to stratify by",
                fix="name a factor or an imported column",
            )
    sides = {case.id: (_family(case), _side(case)) for case in cases}
    deviations: dict[tuple[str, str], list[float]] = defaultdict(list)
    for case in cases:
        if case.deviation is not None:
            deviations[sides[case.id]].append(case.deviation)
    for one in deviations.values():
        one.sort()

    def third(case: Case) -> str:
        if case.deviation is None:
            return ""
        alike = deviations[sides[case.id]]
        return str(3 * bisect_left(alike, case.deviation) // len(alike))

    def cell(case: Case, name: str) -> str:
        return case.factors.get(name, case.columns.get(name, ""))

    return {
        case.id: (*sides[case.id], third(case), *(cell(case, name) for name in by))
        for case in cases
    }


def _family(case: Case) -> str:
    alone = case.scenario in ("", case.id)
    return f"policy {case.policy}" if alone else f"scenario {case.scenario}"


def _side(case: Case) -> str:
    if case.deviation is None:
        return "no limit"
    return "kept" if case.deviation <= 0 else "broken"
