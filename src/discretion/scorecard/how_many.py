"""How many: whether a study is large enough for a gate, and the shortest way to one that is.

One sentence, the same wherever it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from discretion.core.criteria import MARGINS, Criteria
from discretion.scorecard.study import Study
from discretion.stats.intervals import FEW
from discretion.stats.sizes import People, Size, best_possible, chance, people_of
from discretion.stats.unvaried import units_needed

TARGET = 0.8
"""How likely an arm that deserves it should pass."""
ORDINARY = Size(cases=120, people=5, scenarios=12, raters=10)
"""Where there is no study."""
MARGIN = 0.05
"""What is asked for where no criteria are written down: 5 of 100 decisions beyond a colleague."""
_PLAIN = ("gap", "beyond_second_panel")
_NEEDS_TWO = ("beyond_colleague", "gap", "beyond_second_panel")
_MOST_CASES = 1000
"""A way that takes more than so many times the cases there are is no way."""
_NEW = 10
"""A new scenario has at most so many cases: more of them say less than another scenario does."""
_AGAIN = (2, 3, 5)
"""People each by whom some cases are judged that one person judged."""
_MOST_PEOPLE = 32
"""Nor one that takes so many more people each."""
_EQUIVALENCE = 2.926
"""1.645 + 1.282: standard errors in a margin for two one-sided tests at 5% to hold with 80%, where
there is no difference (Schuirmann 1987)."""


@dataclass(frozen=True, slots=True)
class Way:
    """A larger study that is large enough."""

    words: str
    size: Size
    more: int
    """Judgments beyond those there are."""


def standing(study: Study) -> tuple[People, Size]:
    """The people and the size of a study as it is."""
    n = study.rates.n[study.rates.n > 0]
    ballots = study.rates.ballots
    size = Size(
        cases=len(study.cases),
        people=max(1, round(float(n.mean()))) if len(n) else 1,
        scenarios=len(study.scenarios),
        raters=None if ballots is None else len(np.unique(ballots.rater)),
    )
    return people_of(study.rates), size


def default_criteria(size: Size) -> Criteria:
    """What is asked of a study where nothing is written down: that an arm differs from the people
    hardly more often than a colleague does, on these cases alone where they are of few kinds."""
    return Criteria(beyond_colleague=MARGIN, these_cases_only=size.scenarios < FEW)


def chances(people: People, criteria: Criteria, size: Size) -> dict[str, float]:
    """How likely an arm at half of each margin passes it, by demand."""
    return {
        name: chance(
            people,
            name,
            margin,
            size,
            confidence=criteria.confidence,
            few=criteria.these_cases_only,
        )
        for name in MARGINS
        if (margin := getattr(criteria, name)) is not None
    }


def least(people: People, criteria: Criteria, size: Size) -> float:
    """The chance of the demand that is hardest to pass; 1 where nothing is demanded."""
    return min(chances(people, criteria, size).values(), default=1.0)


def ways(people: People, criteria: Criteria, size: Size) -> list[Way]:
    """Larger studies that pass with the chance aimed at, the fewest judgments first."""

    def enough(one: Size) -> bool:
        return least(people, criteria, one) >= TARGET

    each = min(round(size.cases / size.scenarios), _NEW)
    apart = size.scenarios >= size.cases

    def by_cases(k: int) -> Size:
        return replace(size, cases=size.cases + k)

    def by_scenarios(k: int) -> Size:
        return replace(size, scenarios=size.scenarios + k, cases=size.cases + k * each)

    def by_people(k: int) -> Size:
        return replace(size, people=size.people + k)

    found = [(_first(enough, by_people, _MOST_PEOPLE), by_people, "person")]
    if not apart:
        most = _MOST_CASES * size.cases
        found.append((_first(enough, by_cases, most), by_cases, "case"))
    if apart or size.scenarios >= FEW or not criteria.these_cases_only:
        most = _MOST_CASES * size.scenarios
        found.append((_first(enough, by_scenarios, most), by_scenarios, "scenario"))
    again = _judged_again(people, criteria, size)
    return sorted(
        (
            *again,
            *(
                Way(
                    _more(what, k, each, apart=apart), grown(k), grown(k).judgments - size.judgments
                )
                for k, grown, what in found
                if k is not None
            ),
        ),
        key=lambda way: way.more,
    )


def _judged_again(people: People, criteria: Criteria, size: Size) -> list[Way]:
    """Of cases that one person judged, some judged by more: what needs two judgments is known from
    these alone, and nobody has to judge all of them again. None where that is not enough."""
    if size.people > 1:
        return []
    once = criteria.model_copy(update=dict.fromkeys(_NEEDS_TWO))
    twice = criteria.model_copy(update=dict.fromkeys(set(MARGINS) - set(_NEEDS_TWO)))
    if not chances(people, twice, size) or least(people, once, size) < TARGET:
        return []
    found = []
    for each in _AGAIN:

        def part(k: int, each: int = each) -> Size:
            return replace(size, cases=k, people=each, scenarios=min(size.scenarios, k))

        k = _first(lambda one: least(people, twice, one) >= TARGET, part, size.cases)
        if k is not None and k <= size.cases:
            words = f"{k:,} of these cases judged by {each:,} people each"
            found.append(Way(words, part(k), k * (each - 1)))
    return sorted(found, key=lambda way: way.more)[:1]


def _first(enough: Callable[[Size], bool], grown: Callable[[int], Size], most: int) -> int | None:
    """The least number more that is enough, to within 2%; None where that is beyond the most."""
    low, high = 0, 1
    while not enough(grown(high)):
        low, high = high, 2 * high
        if high > most:
            return None
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(grown(middle)) else (middle, high)
    return high


def _more(what: str, k: int, each: int, *, apart: bool) -> str:
    if what == "person":
        return f"{k:,} more {'person' if k == 1 else 'people'} each"
    if what == "case" or apart:
        return f"{k:,} more case{'s' * (k != 1)}"
    return f"{k:,} more scenario{'s' * (k != 1)} with {each:,} case{'s' * (each != 1)} each"


def how_many(people: People, criteria: Criteria, size: Size, *, only: str = "") -> str:
    """Whether a study of this size is enough and, if it is not, the shortest way: one sentence; on
    fewer than six scenarios for these cases only, and another on what it takes beyond them.

    Args:
        only: the one demand that it is about; else it is about the hardest.
    """
    if only:
        none = dict.fromkeys(MARGINS)
        criteria = criteria.model_copy(update={**none, only: getattr(criteria, only)})
    if size.scenarios < FEW and not criteria.these_cases_only:
        return _of_few(people, criteria, size)
    found = chances(people, criteria, size)
    if not found:
        return ""
    name = min(found, key=lambda demand: found[demand])
    margin = getattr(criteria, name)
    floor = best_possible(people, name)
    if floor >= margin:
        return (
            f"No arm is likely to keep {name} at most {_shown(name, margin)}: your people differ "
            f"so much that the best one shows about {_shown(name, floor)}."
        )
    said = f"{size.cases:,} cases with {_judged(size.people)} each"
    if size.scenarios < FEW:
        said += " (for these cases only)"
    passes = (
        f"{said} pass an arm at half of {name} {_shown(name, margin)} in "
        f"{100 * found[name]:.0f} of 100 studies"
    )
    if name in _NEEDS_TWO and size.people < 2:
        passes = f"{name} needs cases that two people judged"
    assumed = " (people's rates are assumed: no case was judged twice)" if people.assumed else ""
    if found[name] >= TARGET:
        return f"{passes}, which is enough{assumed}."
    known = ways(people, criteria, size)
    aim = f"{100 * TARGET:.0f} of 100"
    if not known:
        return f"{passes}, and no larger study gets to {aim}: ask for a wider margin{assumed}."
    first, *others = known
    rather = f" rather than {others[0].words} ({others[0].more:,})" if others else ""
    return (
        f"{passes}; the shortest way to {aim} is {first.words} ({first.more:,} judgments)"
        f"{rather}{assumed}."
    )


def _of_few(people: People, criteria: Criteria, size: Size) -> str:
    """Of fewer than six scenarios, where the criteria speak of others too."""
    alone = criteria.model_copy(update={"these_cases_only": True})
    inner = how_many(people, alone, size)
    if not inner:
        return ""
    known = ways(people, criteria, size)
    wide = (
        f"{known[0].words} ({known[0].more:,} judgments)" if known else f"{FEW} scenarios or more"
    )
    return (
        f"Below {FEW} scenarios no line passes unless the criteria say these_cases_only: true. "
        f"{inner} For other scenarios too it takes {wide}."
    )


def _judged(people: int) -> str:
    return "1 judgment" if people == 1 else f"{people:,} judgments"


def _shown(name: str, margin: float) -> str:
    return f"{margin:.3g}" if name in _PLAIN else f"{100 * margin:.3g}%"


@dataclass(frozen=True, slots=True)
class ChanceRow:
    """Chances at one number of scenarios and cases."""

    scenarios: int
    cases: int
    chances: tuple[tuple[int, float], ...]
    """(people who judge each case, chance)."""


def table(people: People, criteria: Criteria, size: Size) -> Iterator[ChanceRow]:
    """The chance of the hardest demand at this size and larger ones: once, twice and four times as
    many scenarios and cases, and more people each."""
    each = sorted({size.people, size.people + 2, 2 * size.people + 2})
    for scenarios in (1, 2, 4):
        for cases in (1, 2, 4):
            if cases < scenarios and size.scenarios >= size.cases:
                continue
            one = replace(size, scenarios=scenarios * size.scenarios, cases=cases * size.cases)
            if one.scenarios > one.cases:
                continue
            yield ChanceRow(
                one.scenarios,
                one.cases,
                tuple((n, least(people, criteria, replace(one, people=n))) for n in each),
            )


def pairs_needed(study: Study | None, margin: float, people: int) -> tuple[int, int]:
    """How many matched pairs of cases a verdict on a factor needs that makes no difference: of the
    people, judged as they are (two one-sided tests at 5%, in four of five studies), and of an arm
    that answers yes or no and is never moved (one-sided 95%).

    Args:
        study: what is known of the people; None for what is assumed of them.
        margin: how large a difference counts as none.
        people: who judge each case.
    """
    who = People() if study is None else people_of(study.rates)
    noise = float((who.rates * (1 - who.rates)).mean())
    each = 2 * noise / max(people, 1)
    return (
        int(np.ceil(_EQUIVALENCE**2 * each / margin**2)),
        int(np.ceil(units_needed(margin, 0.05))),
    )


def more_pairs(n: int, half: float, z: float, margin: float) -> int:
    """The same from an arm's own interval: pairs in all, where n left so wide a half."""
    wanted = margin / _EQUIVALENCE
    return int(np.ceil(max(n * (half / z / wanted) ** 2, units_needed(margin, 0.05))))
