"""What is done with a file that was read: its decisions kept, and what its texts show said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from discretion.cli.app import counted, remark
from discretion.cli.privacy import NOT_YET, show
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.core.cases import Case
    from discretion.importing import Imported, Known
    from discretion.importing.mapping import ImportMapping
    from discretion.importing.samples import Samples
    from discretion.storage.imports import ImportReading
    from discretion.workspace import Workspace


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
            fix="put it back as it was, or import everything into a new workspace",
        )
    if said:
        # So it is in every workspace of version 0.1.0.
        raise DiscretionError(
            "what was imported here keeps people's names, and with pseudonyms they would count as "
            "others",
            where=str(here.folder),
            fix="add --keep-personal-data to keep these names too, or import everything into a "
            "new workspace, which gives pseudonyms from the start",
        )
    return secret or make_secret(here.folder)


_WORDS = {
    "matched": "cases of this workspace",
    "unanswered": "rows without an answer",
}
"""What counts are called where it is not their name."""


def known_to(here: Workspace, mapping: ImportMapping) -> Known:
    """The cases that rows may be about, as far as this mapping can name them."""
    from discretion.importing import Known
    from discretion.storage import records

    by_id = "case" in mapping.fields
    imported = tuple(records.imported_cases(here.store)) if by_id else ()
    return Known(here.described_cases, imported, here.contents.scenarios)


def remark_on_cases(here: Workspace, imported: Imported, mapping: ImportMapping) -> None:
    """What should be known of the cases that rows met, or did not."""
    named = {case.scenario for case in imported.cases if case.scenario != case.id}
    described = here.contents.scenarios
    if named and described:
        remark(
            f"not described here, and imported as they are: {', '.join(sorted(named)[:5])}"
            f"{' ...' if len(named) > 5 else ''} (described: {', '.join(list(described)[:5])}"
            f"{' ...' if len(described) > 5 else ''})"
        )
    if imported.recorded:
        _remark_on_unjudged(here, imported, mapping.arm)
    if imported.met and not mapping.arm and any(j.rater is None for j in imported.judgments):
        remark(
            "some rows name no rater: fill in the column rater before you import another person's "
            "sheet, or equal answers count as one"
        )


def _remark_on_unjudged(here: Workspace, imported: Imported, arm: str) -> None:
    """Where a system decided on cases that no person judged, nothing can be compared."""
    judged = {
        entry.body["case"]
        for kind in ("judgment", "tally")
        for entry in here.store.entries(kind, personal=False)
    }
    decided = {one.case for one in imported.recorded}
    alone = len(decided - judged)
    if alone and judged:
        remark(
            f"{alone:,} of the {counted(len(decided), 'case')} that {arm} decided were judged by "
            "nobody here, so it cannot be compared there; if your people did judge them, use the "
            "same --map, --case, --scenario and --policy as for their file"
        )


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
            "unit": self.imported.unit,
            "notes": list(self.imported.notes),
            "missing": dict(self.imported.missing),
            "samples": {**samples_of(self.imported).json, "approved": False},
        }

    def __str__(self) -> str:
        from discretion.importing.redaction import KINDS

        counts = ", ".join(
            f"{count:,} {_WORDS.get(name, name)}"
            for name, count in self.imported.counts.items()
            if count and name != "uncut"
        )
        more = f", {counted(self.updated, 'case')} updated" if self.updated else ""
        lines = [f"{counts}; {self.new:,} new{more}"]
        if self.imported.replaced:
            marks = self.imported.replaced
            # Kinds that other packages' recognizers brought stand behind.
            kinds = [*KINDS, *sorted(set(marks) - set(KINDS))]
            each = ", ".join(f"{marks[kind]:,} {kind}" for kind in kinds if kind in marks)
            lines.append(f"personal data replaced by marks: {each}")
        if self.alike:
            lines.append(
                f"near-duplicates: {self.alike:,} cases in {counted(self.groups, 'group')}, each "
                "kept on one side of any hold-out"
            )
            if 2 * self.alike > len(self.cases) and self.groups == 1:
                lines.append(
                    "More than half of the requests read almost alike, so they are one group: "
                    "nothing would be left to learn from. If a form's words are in each of them, "
                    "leave these out of the text, or name with --factor what tells them apart."
                )
        return "\n".join(lines)


def keep_all(
    here: Workspace, imported: Imported, mapping: ImportMapping, told: ImportReading
) -> Kept:
    """Store everything in one transaction."""
    from itertools import chain

    from discretion.canonical import digest
    from discretion.core.cases import completed
    from discretion.importing.mapping import from_stored
    from discretion.importing.near_duplicates import with_kin
    from discretion.storage import Entry, recorded, records

    known = {case.id: case for case in records.imported_cases(here.store)}
    related = with_kin(imported.cases, list(known.values()))
    again = [(known[case.id], case) for case in related.cases if case.id in known]
    more = [new for old, case in again if (new := completed(old, case)) != old]
    decisions = len(imported.judgments) + len(imported.tallies) + len(imported.recorded)
    header = digest(list(imported.header))
    # A mapping that an earlier version stored stands as it stood: it is not stored anew.
    before = (one.body for one in here.store.entries("mapping", header))
    body = next(
        (one for one in before if from_stored(one, mapping.columns) == mapping), mapping.stored()
    )
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
            [
                Entry("mapping", digest(body), body, grouping=header),
                Entry("reading", digest(told.stored()), told.stored(), grouping=header),
            ],
        )
    )
    added = sum(fresh[:decisions])
    return Kept(imported, related.cases, added, related.groups, related.alike, len(more))


def remark_on_file(imported: Imported) -> None:
    """What was found out about the file, so that a wrong guess is seen."""
    for note in imported.notes:
        remark(note)
    for error, cells in imported.missing.items():
        remark(f"{counted(cells, 'cell')} with {error}: read as empty")


def samples_of(imported: Imported) -> Samples:
    """Passages of the imported texts and explanations, for a person to check."""
    from itertools import chain

    from discretion.importing.samples import samples

    return samples(
        chain(
            (case.text for case in imported.cases if case.text),
            (one.explanation for one in imported.judgments if one.explanation),
        )
    )


def remark_on_samples(found: Samples) -> None:
    """What was masked, what may be left, and that nobody has approved it."""
    remark("Samples of the texts as they are kept. Names elsewhere in a text are not removed.")
    show(found, remark)
    remark(NOT_YET)


def remark_on_texts(imported: Imported, secret: bytes | None) -> None:
    """What should be known of the texts before a model is shown them."""
    from discretion.importing.leakage import decided_texts, giveaways

    if secret is not None and any(case.text for case in imported.cases):
        remark_on_samples(samples_of(imported))
    if imported.uncut:
        remark(f"{imported.uncut:,} texts do not hold what should end them, and were left whole")
    found = giveaways(*decided_texts(imported.cases, imported.judgments, imported.tallies))
    if found:
        remark("these words in the texts may give the decision away:")
        for one in found:
            remark(f"  {one}")
        remark("  if they were written after the decision, cut them: --text-until COLUMN")
