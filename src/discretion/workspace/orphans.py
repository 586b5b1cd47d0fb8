"""Orphans: what people or systems decided that no case of the workspace takes up, and imported
cases that look like twins of described ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from discretion.core.cases import Case
from discretion.storage import records
from discretion.workspace.desk import Workspace

_DECIDED = {"judgment": "judgment", "tally": "counted answer", "decision": "recorded decision"}
"""Kinds of entries that are about a case, and what one is called."""
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Orphan:
    """A case that is neither described nor imported, and was decided on."""

    case: str
    kind: str
    """``judgment``, ``tally`` or ``decision``."""
    count: int


@dataclass(frozen=True, slots=True)
class Twin:
    """An imported case that looks like a described one."""

    imported: Case
    described: Case | None
    """The one that has its text, or its scenario and value; None where it shares the scenario
    alone."""
    decided: int
    """Judgments, counted answers and recorded decisions on the imported one."""


@dataclass(frozen=True, slots=True)
class Orphans:
    """What does not meet the workspace's cases."""

    lost: Sequence[Orphan] = ()
    twins: Sequence[Twin] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each kind, with how many and what to do."""
        found = []
        for kind, noun in _DECIDED.items():
            those = [one for one in self.lost if one.kind == kind]
            if those:
                decided = sum(one.count for one in those)
                found.append(
                    f"{_many(decided, noun)} {'is' if decided == 1 else 'are'} about "
                    f"{_many(len(those), 'case')} that this workspace does not have, so new runs "
                    "leave this out (a case's id changes with its text or limit): "
                    f"{_listed([one.case for one in those])}. Restore the scenario as it was, or "
                    "ask again: discretion cases --to FILE"
                )
        if self.twins:
            decided = sum(one.decided for one in self.twins)
            pairs = [
                f"{one.imported.id} (like {one.described.id})"
                if one.described
                else f"{one.imported.id} (in {one.imported.scenario})"
                for one in self.twins
            ]
            found.append(
                f"{_many(len(self.twins), 'imported case')} {_look(len(self.twins))} a described "
                f"one, and {_many(decided, 'decision')} on the copies "
                f"{'does' if decided == 1 else 'do'} not count for it: {_listed(pairs)}. Import "
                "that file into a new workspace that has the scenario, or fill in a sheet: "
                "discretion cases --to FILE"
            )
        return tuple(found)


def orphans(here: Workspace) -> Orphans:
    """What in the log does not meet the cases that are described or imported."""
    if not here.has_log:
        return Orphans()
    described = {case.id: case for case in here.described_cases}
    imported = [one for one in records.imported_cases(here.store) if one.id not in described]
    known = {*described, *(case.id for case in imported)}
    decided = {kind: Counter(here.store.decided(kind)) for kind in _DECIDED}
    lost = [
        Orphan(case, kind, count)
        for kind, cases in decided.items()
        for case, count in cases.items()
        if case not in known
    ]
    texts = {_plain(case): case for case in described.values() if case.text}
    places = {(case.scenario, case.value): case for case in described.values()}
    twins = []
    for case in imported:
        alike = texts.get(_plain(case))
        if alike is None and case.scenario not in here.contents.scenarios:
            continue
        alike = alike or places.get((case.scenario, case.value))
        twins.append(Twin(case, alike, sum(cases[case.id] for cases in decided.values())))
    return Orphans(tuple(lost), tuple(twins))


def _plain(case: Case) -> str:
    """The case's text without what a spreadsheet may have done to its white space."""
    return " ".join((case.text or "").split())


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _look(number: int) -> str:
    return "looks like" if number == 1 else "each look like"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{more}"
