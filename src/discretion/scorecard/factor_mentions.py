"""Naming: whether a stated explanation names what a factor's level put into the case."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from discretion.core.scenarios import Level, Scenario
from discretion.toy.phrases import FLAGS, REASONS

Names = Callable[[str], bool]
"""Whether a text names a level."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_STEM = 5
"""Letters by which words are compared, so that loyal is found in loyalty."""
_SHARE = 3
"""A text names a level by one in so many of its own words."""
_COMMON = frozenset(
    _WORD.findall(
        "about after again all also and any are because been before being but can could did "
        "does down each even ever every for from get give given goes had has have having her "
        "here him his how into its just like made make many may more most much never nor not "
        "now off once one only other our out over own per same she should since some such "
        "than that the their them then there these they this those time too two under until "
        "upon use very want wants was way well were what when where which while who why will "
        "with without would yet you your "
    )
)


def names_of(scenario: Scenario, factor: str, level: str) -> Names:
    """What recognizes a level in a text.

    In English: a third or more of the words that only this level puts into the case, in its text or
    its name, compared by their first five letters. In the dialect of the built-in model: a clause
    that stands for the circumstance of its twin.
    """
    levels = scenario.factors[factor].levels
    elsewhere = [
        *scenario.wordings,
        *(f"{name} {one.text}" for name, one in levels.items() if name != level),
    ]
    own = _stems(f"{level} {levels[level].text}") - _stems(" ".join(elsewhere))
    clauses = _clauses(levels[level])

    def names(text: str) -> bool:
        said = text.lower()
        if any(clause in said for clause in clauses):
            return True
        return bool(own) and _SHARE * len(own & _stems(said)) >= len(own)

    return names


def namers(scenario: Scenario) -> Mapping[tuple[str, str], Names]:
    """What recognizes each level but the first of each factor, by factor and level."""
    return {
        (factor, level): names_of(scenario, factor, level)
        for factor, described in scenario.factors.items()
        for level in list(described.levels)[1:]
    }


def _clauses(level: Level) -> tuple[str, ...]:
    """What the built-in model and its judges say of the circumstances in a level's twin."""
    return tuple(
        clause
        for thing in (*REASONS, *FLAGS)
        if any(sentence in level.twin for sentence in thing.sentences)
        for clause in thing.clauses
    )


def _stems(text: str) -> set[str]:
    words = (word.lower() for word in _WORD.findall(text.replace("_", " ")))
    return {word[:_STEM] for word in words if word not in _COMMON}
