"""What each benchmark prints, and its place in README.md beside this file."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
README = HERE / "README.md"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def met(value: float, aim: float, *, at_least: bool = False) -> str:
    """Whether an aim was met; a miss stands out."""
    return "met" if (value >= aim if at_least else value <= aim) else "**missed**"


def publish(name: str, text: str, *, write: bool, part: str = "") -> None:
    """Print what a benchmark found and, where asked, put it in its place in README.md.

    Args:
        part: of a benchmark whose parts can be run alone, and have a place each.

    Raises:
        SystemExit: README.md has no such section.
    """
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {load}."
    text = f"{text.strip()}\n\n{machine}"
    print(text, flush=True)
    if not write:
        return
    page = README.read_text(encoding="utf-8")
    where, words = f"{name} {part}".strip(), f"{name}.py {part}".strip()
    start, end = f"<!-- {where}: begin -->", f"<!-- {where}: end -->"
    if start not in page or end not in page:
        raise SystemExit(f"{README} has no section {where!r}: put {start} and {end} in it")
    before, rest = page.split(start, 1)
    made = f"Made by `python benchmarks/{words}` on commit {_commit()}."
    section = f"{start}\n{text}\n\n{made}\n{end}"
    README.write_text(before + section + rest.split(end, 1)[1], encoding="utf-8")


def _commit() -> str:
    changed = " with changes that were not committed" if _git("status", "-s", "--", "src") else ""
    return _git("rev-parse", "--short=12", "HEAD") + changed


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True)
    return done.stdout.strip()
