"""The workspaces of a release, made ready to be opened."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

WORKSPACES = Path(__file__).parent / "workspaces"
EVIDENCE = Path(__file__).parent / "evidence"
"""What 0.1.0 wrote of the desk's run."""
NAMES = ("returns", "everyday", "desk")
LOG, SHOWN = "log.sql.gz", "report.json"


def unpack(name: str, folder: Path) -> Path:
    """A workspace as 0.1.0 left it, but for the weights of its tuned models."""
    shutil.copytree(WORKSPACES / name, folder, ignore=shutil.ignore_patterns(LOG, SHOWN))
    dump = gzip.decompress((WORKSPACES / name / LOG).read_bytes()).decode()
    with closing(sqlite3.connect(folder / "discretion.db")) as database:
        database.executescript(dump)
    return folder


def shown(name: str) -> dict[str, Any]:
    """What 0.1.0 reported of the workspace's newest run."""
    read: dict[str, Any] = json.loads((WORKSPACES / name / SHOWN).read_text(encoding="utf-8"))
    return read


def rows(folder: Path) -> list[tuple[str, str, str, str, str]]:
    """(kind, grouping, key, body, hash) of every row, as they stand in the file."""
    with closing(sqlite3.connect(folder / "discretion.db")) as database:
        found = database.execute("SELECT kind, grouping, key, body, hash FROM entries ORDER BY seq")
        return list(found)
