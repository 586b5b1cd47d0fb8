"""Studies of a long proof, kept line by line in build/, so that what was stopped goes on."""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Line = dict[str, Any]
"""A study: its ``cell``, its number (``study``), and what was found."""
Task = tuple[int, int]
"""The cell and the number of a study."""


def kept_lines(kept: Path, head: Mapping[str, Any], most: int) -> list[Line]:
    """The studies that are there already, of the first so many of each cell.

    Args:
        head: what the studies depend on; it stands in the first line.

    Raises:
        SystemExit: they were made otherwise.
    """
    kept.parent.mkdir(exist_ok=True)
    if not kept.exists():
        kept.write_text(json.dumps(head) + "\n", encoding="utf-8")
    first, *lines = map(json.loads, kept.read_text(encoding="utf-8").splitlines())
    if first != head:
        raise SystemExit(f"{kept} was begun by another version: move it away to begin anew")
    return [line for line in lines if line["study"] < most]


def left(tasks: Sequence[Task], lines: Sequence[Line]) -> list[Task]:
    """The studies that are not there yet."""
    done = {(line["cell"], line["study"]) for line in lines}
    return [task for task in tasks if task not in done]


def one_by_one(
    kept: Path, lines: Sequence[Line], tasks: Sequence[Task], study: Callable[[Task], Line]
) -> list[Line]:
    """The lines with those of the studies that are left, made in the order of the tasks, each kept
    at once."""
    found, rest = list(lines), left(tasks, lines)
    with kept.open("a", encoding="utf-8") as file:
        for count, task in enumerate(rest, 1):
            found.append(study(task))
            file.write(json.dumps(found[-1]) + "\n")
            file.flush()
            if count % 100 == 0:
                sys.stderr.write(f"{count:,} of {len(rest):,} studies\n")
    return found


def with_the_rest(
    kept: Path,
    lines: Sequence[Line],
    tasks: Sequence[Task],
    study: Callable[[Task], Line],
    *,
    processes: int,
    chunk: int,
) -> list[Line]:
    """The lines with those of the studies that are left, in the order of cells and numbers."""
    found, rest = list(lines), left(tasks, lines)
    with multiprocessing.get_context("spawn").Pool(processes) as pool, kept.open("a") as file:
        for count, line in enumerate(pool.imap_unordered(study, rest, chunksize=chunk), 1):
            found.append(line)
            file.write(json.dumps(line) + "\n")
            if count % 100 == 0:
                file.flush()
                sys.stderr.write(f"{count:,} of {len(rest):,} studies\n")
    return sorted(found, key=lambda line: (line["cell"], line["study"]))
