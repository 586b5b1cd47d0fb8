"""Files that are hard to understand, and what `discretion start` makes of them, for tests."""

from __future__ import annotations

import shlex
from pathlib import Path

from discretion.core.judgments import Judgment
from discretion.importing.mapping import ImportMapping, read_mapping
from discretion.storage import records
from discretion.workspace import open_workspace

from .conftest import Command, Outcome

FAULTS = Path(__file__).parents[1] / "importing" / "faults"


def made(folder: Path) -> tuple[ImportMapping, list[Judgment]]:
    """How a workspace's file was read, and the judgments of it."""
    (path,) = (folder / "imports").glob("*.yaml")
    return read_mapping(path), list(records.judgments(open_workspace(folder).store))


def commands(outcome: Outcome) -> list[list[str]]:
    """The commands that a stopped one offers."""
    lines = outcome.err.splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("  discretion start ")]


def start(discretion: Command, file: str | Path, *words: str) -> Outcome:
    return discretion("start", file, "--yes", "--into", "d", *words)


def table(header: str, *rows: str, name: str = "t.csv") -> str:
    Path(name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return name
