"""Importing: spreadsheets and exports into cases, judgments, tallies and recorded decisions."""

from discretion.importing.assembly import Recorded
from discretion.importing.decisions import Imported, SkippedRow, read_decisions
from discretion.importing.layouts import FIELDS, Layout, parse_columns, parse_map
from discretion.importing.matching import Known
from discretion.importing.spellings import Spellings, parse_answers

__all__ = [
    "FIELDS",
    "Imported",
    "Known",
    "Layout",
    "Recorded",
    "SkippedRow",
    "Spellings",
    "parse_answers",
    "parse_columns",
    "parse_map",
    "read_decisions",
]
