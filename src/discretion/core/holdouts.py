"""Hold-out plans: which cases, or whose judgments, are kept from whatever is fitted or shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import numpy as np

from discretion.canonical import digest
from discretion.core.cases import Case
from discretion.core.judgments import Bools, Judgment
from discretion.core.selections import RATER
from discretion.errors import DiscretionError
from discretion.timestamps import parse_timestamp

GROUPS = ("case", "scenario", "policy", "domain")
TIME = "time"
OF_JUDGMENTS = (TIME, RATER)
"""Kinds of hold-out that go by when and by whom was judged. They name what is held out: a moment,
from which on everything is, or people."""


def group_of(case: Case, by: str) -> str:
    """The group of a case: its ``case``, ``scenario``, ``policy``, ``domain``, or any column.

    Raises:
        DiscretionError: the case has no such column.
    """
    if by == "case":
        return case.cell or case.id
    if by in GROUPS:
        return str(getattr(case, by))
    if by in case.factors:
        return case.factors[by]
    if by in case.columns:
        return case.columns[by]
    known = [*GROUPS, *case.factors, *case.columns]
    raise DiscretionError(
        f"case {case.id} has no group {by!r}", fix=f"hold out by one of: {', '.join(known)}"
    )


def unit_of(case: Case, by: str) -> str:
    """The unit by which comparisons on a hold-out are made: the case's group, and where moments or
    people are held out, which are no part of a case, its scenario."""
    return (case.scenario or case.id) if by in OF_JUDGMENTS else group_of(case, by)


@dataclass(frozen=True, slots=True)
class History:
    """When the cases of a panel were first judged, and by whom."""

    first: Mapping[str, datetime | None]
    """By case; None where none of its judgments has a time."""
    raters: Mapping[str, frozenset[str]]
    """By rater, the ids of the cases that they judged. Who is not known stands nowhere."""


def history_of(judgments: Iterable[Judgment]) -> History:
    """The history of a panel's judgments."""
    first: dict[str, datetime | None] = {}
    raters: dict[str, set[str]] = {}
    for one in judgments:
        known = first.setdefault(one.case, None)
        if one.time is not None:
            when = parse_timestamp(one.time)
            first[one.case] = when if known is None else min(known, when)
        if one.rater is not None:
            raters.setdefault(one.rater, set()).add(one.case)
    return History(first, {name: frozenset(of) for name, of in raters.items()})


@dataclass(frozen=True, slots=True)
class Holdout:
    """What is kept away, so that what is fitted is tried on what it never saw."""

    by: str
    """The kind of group: see `group_of`; or ``time`` or ``rater``."""
    held: tuple[str, ...] = ()
    """The groups held out in a single split; empty for folds over all groups. By ``time``, the
    moment from which on; by ``rater``, the people."""
    folds: int = 5
    seed: int = 0
    history: History | None = field(default=None, repr=False, compare=False)
    """Of the panel's judgments; needed by ``time`` and ``rater`` alone."""

    def named(self, cases: Sequence[Case]) -> Holdout:
        """The same with what is held out named, where it goes by judgments: the moment from which
        on the latest fifth of the judged cases lies (or another share: 1 in `folds`), or the first
        of as many folds of people, filled by a hash of seed and name.

        Raises:
            DiscretionError: cases have no time, nobody is known by name, or nothing would be left.
        """
        if self.by == TIME:
            cut = self._cut(cases).isoformat()
            return replace(self, held=(cut.removesuffix("T00:00:00+00:00"),))
        if self.by == RATER:
            return replace(self, held=self._people())
        return self

    @property
    def learned(self) -> str:
        """Added to a panel's expression, it leaves what may be learned from, and be shown."""
        if self.by == TIME:
            return f"[time<{self._one_moment()}]"
        return f"[{RATER}!={'|'.join(self.held)}]" if self.by == RATER else ""

    @property
    def compared(self) -> str:
        """Added to a panel's expression, it leaves those to be compared with."""
        if self.by == TIME:
            return f"[time>={self._one_moment()}]"
        return f"[{RATER}={'|'.join(self.held)}]" if self.by == RATER else ""

    def asked(self, cases: Sequence[Case]) -> list[Case]:
        """The cases on which it is told: those of the named groups; those first judged from the
        named moment on; those that the named people judged."""
        if self.by == RATER:
            judged = frozenset().union(*(self._known.raters[one] for one in self.held))
            return [case for case in cases if case.id in judged]
        if self.by == TIME:
            return [case for case in cases if self._later(case)]
        return [case for case in cases if group_of(case, self.by) in self.held]

    def splits(self, cases: Sequence[Case]) -> list[Bools]:
        """One mask (C,) over `cases` for each split: True where the case is held out.

        Cases that nearly repeat each other are on one side: groups that share such cases are in
        one fold, and where groups are named, what nearly repeats a case of theirs is held out too;
        by time, a case that nearly repeats a later one is held out with it.
        Folds are filled by a hash of seed and group, so that they are the same on every machine
        and do not change when other groups are added or removed within a fold's turn.

        By ``rater`` no case is held out from what is trained: see `learned`. What is fitted or
        shown without training answers for a case by what the others said of other cases, in folds
        over cases.
        """
        if self.by == RATER:
            return replace(self, by="case", held=()).splits(cases)
        if self.by == TIME:
            return [_with_kin(cases, [self._later(case) for case in cases])]
        groups = [group_of(case, self.by) for case in cases]
        if self.held:
            missing = set(self.held) - set(groups)
            if missing:
                raise DiscretionError(
                    f"no case belongs to the held-out {self.by} {sorted(missing)[0]!r}",
                    fix=f"choose from: {', '.join(sorted(set(groups))[:12])}",
                )
            return [_with_kin(cases, [group in self.held for group in groups])]
        groups = _joined(cases, groups)
        order = sorted(set(groups), key=lambda group: digest((self.seed, group)))
        folds = min(self.folds, len(order))
        fold = {group: index % folds for index, group in enumerate(order)}
        place = np.array([fold[group] for group in groups])
        return [place == index for index in range(folds)]

    def hidden(self, cases: Sequence[Case]) -> dict[str, frozenset[str]]:
        """For each case, the ids of those it must not learn from: its own fold, or, where groups
        are named, everything that is held out."""
        splits = [
            frozenset(case.id for case, out in zip(cases, mask, strict=True) if out)
            for mask in self.splits(cases)
        ]
        if self.held and len(splits) == 1:
            return {case.id: splits[0] for case in cases}
        return {case: fold for fold in splits for case in fold}

    @property
    def _known(self) -> History:
        if self.history is None:
            raise TypeError(f"a hold-out by {self.by} needs the history of the judgments")
        return self.history

    def _later(self, case: Case) -> bool:
        """Whether it was first judged at the named moment or later. What nobody judged was not."""
        if case.id not in self._known.first:
            return False
        when = self._known.first[case.id]
        return when is None or when >= parse_timestamp(self._one_moment())

    def _one_moment(self) -> str:
        if len(self.held) != 1:
            raise DiscretionError(
                "a hold-out by time names one moment, from which on everything is held out",
                fix="write it like time=2026-03-01, or time alone for the latest fifth",
            )
        return self.held[0]

    def _cut(self, cases: Sequence[Case]) -> datetime:
        judged = {case.id for case in cases}.intersection(self._known.first)
        times = [when for case, when in self._known.first.items() if case in judged and when]
        if len(times) < len(judged):
            raise DiscretionError(
                f"{len(judged) - len(times):,} of {len(judged):,} judged cases have no time, so "
                "what came later cannot be held out",
                fix="import judgments with time=COLUMN, or hold out by something else",
            )
        if not times:
            raise DiscretionError("nobody judged any of the cases", fix="import judgments")
        times.sort()
        latest = times[-max(1, len(times) // self.folds)]
        cut = parse_timestamp(self._one_moment()) if self.held else latest
        if not times[0] < cut <= times[-1]:
            raise DiscretionError(
                f"no case was first judged {'before' if cut <= times[0] else 'on or after'} "
                f"{cut.isoformat()}: all were between {times[0].isoformat()} and "
                f"{times[-1].isoformat()}",
                fix="name another moment, or hold out by something else",
            )
        return cut

    def _people(self) -> tuple[str, ...]:
        known = self._known.raters
        missing = sorted(set(self.held).difference(known))
        if missing:
            raise DiscretionError(
                f"nobody who judged is called {missing[0]!r}",
                fix=f"choose from: {', '.join(sorted(known)[:12])}"
                if known
                else "import judgments with rater=COLUMN, or hold out by something else",
            )
        order = sorted(known, key=lambda name: digest((self.seed, name)))
        held = self.held or tuple(order[:: min(self.folds, len(order)) or 1])
        if len(held) == len(known):
            raise DiscretionError(
                f"nobody would be left to learn from: of {len(known)} known by name, "
                f"{len(held)} are held out",
                fix="hold out fewer people, or hold out by something else",
            )
        strange = next((name for name in held if re.search(r"[\[\]|]", name)), None)
        if strange is not None:
            raise DiscretionError(
                f"{strange!r} cannot stand in a panel's expression, because of its brackets or "
                "strokes",
                fix="import the judgments with pseudonyms, or hold out by something else",
            )
        return tuple(sorted(held))


def _with_kin(cases: Sequence[Case], held: Sequence[bool]) -> Bools:
    """(C,) which are held out when what nearly repeats a held-out case is held out too."""
    kin = {case.kin or case.id for case, out in zip(cases, held, strict=True) if out}
    return np.array([(case.kin or case.id) in kin for case in cases], dtype=bool)


def _joined(cases: Sequence[Case], groups: Sequence[str]) -> list[str]:
    """The groups, those with near-duplicates in each other under the name of one of them."""
    leader: dict[str, str] = {}

    def lead(group: str) -> str:
        while group in leader:
            group = leader[group]
        return group

    first: dict[str, str] = {}
    for case, group in zip(cases, groups, strict=True):
        one, other = lead(first.setdefault(case.kin or case.id, group)), lead(group)
        if one != other:
            leader[max(one, other)] = min(one, other)
    return [lead(group) for group in groups]


def default_holdout(cases: Sequence[Case]) -> Holdout:
    """Where no plan names any: five folds over scenarios, or over cases where there are fewer
    than five scenarios."""
    by: Literal["scenario", "case"] = (
        "scenario" if len({case.scenario for case in cases}) >= 5 else "case"
    )
    return Holdout(by)
