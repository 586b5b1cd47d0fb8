"""Imports: what was understood of an imported file, field by field, for a person to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from discretion.storage.store import Store


@dataclass(frozen=True, slots=True)
class FieldReading:
    """How one field was understood. Nothing here names a person or quotes a text."""

    label: str
    column: str
    holds: str
    """A few of its values, or how many there are."""
    why: str


@dataclass(frozen=True, slots=True)
class ImportReading:
    """How a file was understood."""

    file: str
    fields: tuple[FieldReading, ...]
    notes: tuple[str, ...] = ()
    """What else is to be known: what one case is, rows set aside, columns that were not used."""

    def stored(self) -> dict[str, Any]:
        """As the log keeps it."""
        return {
            "file": self.file,
            "fields": [[one.label, one.column, one.holds, one.why] for one in self.fields],
            "notes": list(self.notes),
        }

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each field and note, for a terminal."""
        wide = max((len(one.label) for one in self.fields), default=0)
        fields = (
            f"  {one.label:<{wide}}  {one.column}: {one.holds}" + (f" ({one.why})" * bool(one.why))
            for one in self.fields
        )
        return (*fields, *(f"  {note}" for note in self.notes))

    @property
    def markdown(self) -> str:
        """A table, for a README."""
        rows = [("", "column", "holds", "why")]
        rows += [(one.label, one.column, one.holds, one.why) for one in self.fields]
        cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
        lines = ["| " + " | ".join(row) + " |" for row in cells]
        lines.insert(1, "|---|---|---|---|")
        return "\n".join([*lines, "", *(f"- {note}" for note in self.notes)])


def reading_from(body: Mapping[str, Any]) -> ImportReading:
    """A reading as the log keeps it."""
    fields = tuple(FieldReading(*row) for row in body["fields"])
    return ImportReading(body["file"], fields, tuple(body["notes"]))


def imports(store: Store) -> tuple[ImportReading, ...]:
    """How the files were read that were imported, the last import of each set of columns."""
    latest = {one.grouping: reading_from(one.body) for one in store.entries("reading")}
    return tuple(latest.values())
