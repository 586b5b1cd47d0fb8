"""Hold-out plans: which groups of cases are kept from whatever is fitted or shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from discretion.canonical import digest
from discretion.cases import Case
from discretion.errors import DiscretionError

GROUPS = ("case", "scenario", "policy", "domain")


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
        f"case {case.id} has no group {by!r}", mend=f"hold out by one of: {', '.join(known)}"
    )


@dataclass(frozen=True, slots=True)
class Holdout:
    """What is kept away, so that what is fitted is tried on cases it never saw."""

    by: str
    """The kind of group: see `group_of`."""
    held: tuple[str, ...] = ()
    """The groups held out in a single split; empty for folds over all groups."""
    folds: int = 5
    seed: int = 0

    def splits(self, cases: Sequence[Case]) -> list[np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        """One mask over `cases` for each split: True where the case is held out.

        Cases that nearly repeat each other are on one side: groups that share such cases are in
        one fold, and where groups are named, what nearly repeats a case of theirs is held out too.
        Folds are filled by a hash of seed and group, so that they are the same on every machine
        and do not change when other groups are added or removed within a fold's turn.
        """
        groups = [group_of(case, self.by) for case in cases]
        if self.held:
            missing = set(self.held) - set(groups)
            if missing:
                raise DiscretionError(
                    f"no case belongs to the held-out {self.by} {sorted(missing)[0]!r}",
                    mend=f"choose from: {', '.join(sorted(set(groups))[:12])}",
                )
            kin = {
                case.kin or case.id
                for case, group in zip(cases, groups, strict=True)
                if group in self.held
            }
            return [np.array([(case.kin or case.id) in kin for case in cases])]
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
        if self.held:
            return {case.id: splits[0] for case in cases}
        return {case: fold for fold in splits for case in fold}


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
