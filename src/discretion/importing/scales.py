"""Scales: answers that are levels, such as 1 to 7 or Likert words, and from which on they grant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from discretion.errors import DiscretionError

MOST_LEVELS = 11
"""An eleven-point scale, 0 to 10, is the longest in use; 101 points are a slider."""
_FEWEST = 3
_LEADING = re.compile(r"([-+]?[0-9]{1,3}(?:\.[0-9]{1,3})?)(?:\s*[-–:=.)(]\s*\D.*)?", re.DOTALL)
"""A level's number, alone or before its label: ``1 - strongly disagree``."""

_NEITHER = "neither agree nor disagree|neutral|neither|undecided|unsure|not sure"
_FAMILIES: tuple[tuple[str, ...], ...] = (
    (
        "strongly disagree|completely disagree|totally disagree",
        "disagree|moderately disagree|mostly disagree",
        "somewhat disagree|slightly disagree|rather disagree",
        _NEITHER,
        "somewhat agree|slightly agree|rather agree",
        "agree|moderately agree|mostly agree",
        "strongly agree|completely agree|totally agree",
    ),
    (
        "definitely not|definitely no|certainly not",
        "probably not|probably no|rather not",
        "might or might not|maybe|perhaps|neutral|unsure|not sure",
        "probably|probably yes|rather yes",
        "definitely|definitely yes|certainly",
    ),
    (
        "very unlikely|extremely unlikely",
        "unlikely|somewhat unlikely",
        f"{_NEITHER}|neither likely nor unlikely",
        "likely|somewhat likely",
        "very likely|extremely likely",
    ),
    (
        "totally unacceptable|completely unacceptable|very unacceptable|not at all acceptable",
        "unacceptable|mostly unacceptable",
        "somewhat unacceptable|slightly unacceptable|slightly acceptable",
        f"{_NEITHER}|neither acceptable nor unacceptable|moderately acceptable",
        "somewhat acceptable",
        "acceptable|mostly acceptable|very acceptable",
        "totally acceptable|completely acceptable|perfectly acceptable|extremely acceptable",
    ),
    ("never", "rarely|seldom", "sometimes|occasionally", "often|usually", "always"),
    ("very bad|very wrong", "bad|wrong", _NEITHER, "good|right", "very good|very right"),
)
_RANKS: tuple[dict[str, int], ...] = tuple(
    {word: rank for rank, words in enumerate(family) for word in words.split("|")}
    for family in _FAMILIES
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Levels in order, and the one from which on they grant."""

    grant_from: str
    levels: tuple[str, ...] = ()
    """From the most refusing to the most granting; empty where numbers or usual words say it."""

    def rank(self, written: str) -> float | None:
        """Where a level stands: larger is more granting; None where it is no level."""
        if self.levels:
            places = {_folded(level): place for place, level in enumerate(self.levels)}
            return places.get(_folded(written))
        return rank_of(written, like=self.grant_from)

    def decision(self, written: str) -> Literal["grant", "refuse"] | None:
        """What a level means."""
        rank, cut = self.rank(written), self.rank(self.grant_from)
        if rank is None or cut is None:
            return None
        return "grant" if rank >= cut else "refuse"

    def check(self) -> None:
        """Raise where the cut is no level, or nothing says how the levels are ordered."""
        if self.rank(self.grant_from) is None:
            known = (
                f"choose from: {'; '.join(self.levels)}"
                if self.levels
                else ('give the order, from refuse to grant: --levels "bad;fair;good"')
            )
            raise DiscretionError(
                f"{self.grant_from!r} is not a level of the scale",
                where="--grant-from",
                fix=known,
            )


def rank_of(written: str, *, like: str = "") -> float | None:
    """Where a level stands by its number, or among the usual words of its kind; `like` is another
    level of the same scale."""
    for family in _RANKS:
        if like and _folded(like) not in family:
            continue
        if (rank := family.get(_folded(written))) is not None:
            return float(rank)
    if like and _number(like) is None:
        return None
    return _number(written)


def levels_of(words: Iterable[str]) -> tuple[str, ...]:
    """The words in order where they are three levels or more of one scale; else none.

    A column of numbers with a hundred different ones is a slider and no scale of levels.
    """
    written = [word for word in dict.fromkeys(words) if word]
    if not _FEWEST <= len(written) <= 2 * MOST_LEVELS:
        return ()
    for ranks in ([_number(word) for word in written], *_worded(written)):
        known = [rank for rank in ranks if rank is not None]
        if len(known) == len(written) and _FEWEST <= len(set(known)) <= MOST_LEVELS:
            firsts: dict[float, str] = {}
            for rank, word in zip(known, written, strict=True):
                firsts.setdefault(rank, word)
            return tuple(firsts[rank] for rank in sorted(firsts))
    return ()


def _worded(written: list[str]) -> Iterable[list[float | None]]:
    for family in _RANKS:
        yield [family.get(_folded(word)) for word in written]


def _number(written: str) -> float | None:
    match = _LEADING.fullmatch(written.strip())
    return float(Decimal(match[1])) if match else None


def _folded(written: str) -> str:
    return " ".join(written.casefold().split()).strip(" .!")
