"""Tables: the reader for each kind of file."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from discretion.errors import DiscretionError
from discretion.importing.delimited import read_delimited
from discretion.importing.jsonlines import read_json, read_jsonlines
from discretion.importing.parquet import read_parquet
from discretion.importing.rows import FileReading, Table
from discretion.importing.workbook import read_workbook


def open_table(path: Path, **reading: Unpack[FileReading]) -> Table:
    """The table in a CSV, TSV, JSON, JSONL, XLSX or Parquet file, by the ending of its name.

    Raises:
        DiscretionError: the file is missing, empty, of another kind, or not what it says.
    """
    encoding = reading.get("encoding") or "utf-8"
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv", ".txt"):
        return read_delimited(path, **reading)
    if ending in (".jsonl", ".ndjson"):
        return read_jsonlines(path, encoding=encoding)
    if ending == ".json":
        return read_json(path, encoding=encoding)
    if ending == ".xlsx":
        return read_workbook(path, **reading)
    if ending == ".parquet":
        return read_parquet(path)
    raise DiscretionError(
        f"files that end in {ending!r} cannot be imported" if ending else "its name has no ending",
        where=str(path),
        fix="save it as .csv, .tsv, .json, .jsonl, .xlsx or .parquet",
    )
