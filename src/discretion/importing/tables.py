"""Tables: the reader for each kind of file."""

from __future__ import annotations

from pathlib import Path

from discretion.errors import DiscretionError
from discretion.importing.delimited import read_delimited
from discretion.importing.jsonlines import read_jsonlines
from discretion.importing.rows import Table
from discretion.importing.workbook import read_workbook


def open_table(
    path: Path, *, sheet: str | None = None, encoding: str = "utf-8", delimiter: str | None = None
) -> Table:
    """The table in a CSV, TSV, JSONL or XLSX file, by the ending of its name.

    Raises:
        DiscretionError: the file is missing, empty, of another kind, or not what it says.
    """
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv", ".txt"):
        return read_delimited(path, encoding=encoding, delimiter=delimiter)
    if ending in (".jsonl", ".ndjson"):
        return read_jsonlines(path, encoding=encoding)
    if ending == ".xlsx":
        return read_workbook(path, sheet=sheet)
    raise DiscretionError(
        f"files that end in {ending!r} cannot be imported" if ending else "its name has no ending",
        where=str(path),
        mend="save it as .csv, .tsv, .jsonl or .xlsx",
    )
