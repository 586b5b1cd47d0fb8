"""Names in a log, at a glance: for a shell that completes a word. Nothing is written or made."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from discretion.storage.engine import is_whole


def run_ids(path: Path) -> list[str]:
    """Every run's id, the newest first."""
    return _names(path, "SELECT key FROM entries WHERE kind = 'run' ORDER BY seq DESC")


def panel_names(path: Path) -> list[str]:
    """The panels that judged, in alphabetical order."""
    return _names(
        path,
        "SELECT DISTINCT json_extract(body, '$.panel') FROM entries"
        " WHERE kind IN ('judgment', 'tally') ORDER BY 1",
    )


def recorded_names(path: Path) -> list[str]:
    """The systems whose decisions were imported, in alphabetical order."""
    return _names(
        path, "SELECT DISTINCT grouping FROM entries WHERE kind = 'decision' ORDER BY grouping"
    )


def _names(path: Path, statement: str) -> list[str]:
    """The first column of what the log answers.

    Raises:
        sqlite3.Error: the file is not there, or is no log.
    """
    whole = "&immutable=1" if is_whole(path) else ""
    reading = f"{path.absolute().as_uri()}?mode=ro{whole}"
    with closing(sqlite3.connect(reading, uri=True, timeout=0.2)) as connection:
        return [row[0] for row in connection.execute(statement)]
