"""What is done with a file that was read: its decisions kept, and what its texts show said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from discretion.cli.app import counted, remark
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.cases import Case
    from discretion.importing import Imported
    from discretion.workspace import Workspace

_MOST_LISTED = 12
"""Columns that are named in one line."""


def secret_of(here: Workspace) -> bytes:
    """The workspace's secret; made here where no file of judgments was imported yet.

    Raises:
        DiscretionError: there is none any more, or there was none when its people were imported:
            whom they named before would count as others.
    """
    from discretion.workspace import SECRET, make_secret, read_secret

    secret = read_secret(here.folder)
    said = [one.body for one in here.store.entries("mapping")] if secret is None else []
    if any(not one.get("keep_personal_data", True) for one in said):
        raise DiscretionError(
            "is missing, and without it people who judged before would count as others",
            where=str(here.folder / SECRET),
            mend="put it back as it was, or import everything into a new workspace",
        )
    if said:
        # So it is in every workspace of version 0.1.0.
        raise DiscretionError(
            "what was imported here keeps people's names, and with pseudonyms they would count as "
            "others",
            where=str(here.folder),
            mend="add --keep-personal-data to keep these names too, or import everything into a "
            "new workspace, which gives pseudonyms from the start",
        )
    return secret or make_secret(here.folder)


@dataclass(frozen=True)
class Kept:
    """What an import added."""

    imported: Imported
    cases: tuple[Case, ...]
    """Those of the file, each with its kin."""
    new: int
    """Decisions that were not here before."""
    groups: int
    """Groups of cases that nearly repeat each other."""
    alike: int
    """Cases of the file in such groups."""
    updated: int = 0
    """Cases that were here before, and have more columns or amounts now."""

    @property
    def json(self) -> dict[str, Any]:
        return {
            **self.imported.counts,
            "new": self.new,
            "updated": self.updated,
            "near_duplicates": self.alike,
            "replaced": dict(self.imported.replaced),
        }

    def __str__(self) -> str:
        from discretion.importing.redaction import KINDS

        several = [(count, name) for name, count in self.imported.counts.items() if name != "uncut"]
        counts = ", ".join(f"{count:,} {name}" for count, name in several if count)
        more = f", {counted(self.updated, 'case')} updated" if self.updated else ""
        lines = [f"{counts}; {self.new:,} new{more}"]
        if self.imported.replaced:
            marks = self.imported.replaced
            each = ", ".join(f"{marks[kind]:,} {kind}" for kind in KINDS if kind in marks)
            lines.append(f"personal data replaced by marks: {each}")
        if self.alike:
            lines.append(
                f"near-duplicates: {self.alike:,} cases in {counted(self.groups, 'group')}, each "
                "kept on one side of any hold-out"
            )
        return "\n".join(lines)


def keep_all(here: Workspace, imported: Imported, said: dict[str, Any]) -> Kept:
    """Store everything in one transaction."""
    from itertools import chain

    from discretion.canonical import digest
    from discretion.cases import completed
    from discretion.importing.kinship import with_kin
    from discretion.storage import Entry, recorded, records

    known = {case.id: case for case in records.imported_cases(here.store)}
    related = with_kin(imported.cases, list(known.values()))
    again = [(known[case.id], case) for case in related.cases if case.id in known]
    more = [new for old, case in again if (new := completed(old, case)) != old]
    decisions = len(imported.judgments) + len(imported.tallies) + len(imported.recorded)
    mapping = Entry("mapping", digest(said), said, grouping=digest(list(imported.header)))
    # Made as they are written: all at once they would take three times the memory.
    fresh = here.store.append(
        chain(
            map(records.judgment_entry, imported.judgments),
            map(records.tally_entry, imported.tallies),
            (
                recorded.decision_entry(one.arm, one.case, one.p, decision=one.id, n=one.n)
                for one in imported.recorded
            ),
            (records.case_entry(case, imported=True) for case in related.cases),
            map(records.case_version_entry, more),
            [mapping],
        )
    )
    added = sum(fresh[:decisions])
    return Kept(imported, related.cases, added, related.groups, related.alike, len(more))


def remark_on_texts(imported: Imported, secret: bytes | None) -> None:
    """What should be known of the texts before a model is shown them."""
    from discretion.importing.giveaways import decided_texts, giveaways

    if secret is not None and any(case.text for case in imported.cases):
        remark("names were looked for in greetings and endings only; others may be left")
    if imported.uncut:
        remark(f"{imported.uncut:,} texts do not hold what should end them, and were left whole")
    if imported.unread:
        remark(
            f"not kept: {_listed(imported.unread)}. To add one later, import the file again and "
            "name it: --shown (a checked fact that whoever decides sees) or --keep (for grouping)"
        )
    found = giveaways(*decided_texts(imported.cases, imported.judgments, imported.tallies))
    if found:
        remark("these words in the texts may give the decision away:")
        for one in found:
            remark(f"  {one}")
        remark("  if they were written after the decision, cut them: --text-until COLUMN")


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - _MOST_LISTED} more" if len(columns) > _MOST_LISTED else ""
    return ", ".join(columns[:_MOST_LISTED]) + more
