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


def circumstances(command: str) -> str:
    """How and where figures were made."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = " and changes that were not committed" if _git("status", "-s", "--", "src") else ""
    load = os.getloadavg()[0]
    return (
        f"Made by `{command}` at commit {commit}{changed}; Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {load:.1f} at the end."
    )


def publish(name: str, command: str, text: str, *, write: bool) -> None:
    """Print a benchmark's section and, where asked, put it in its place in README.md.

    Raises:
        SystemExit: README.md has no such section.
    """
    section = f"{circumstances(command)}\n\n{text.strip()}\n"
    print(section)
    if not write:
        return
    page = README.read_text(encoding="utf-8")
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if start not in page or end not in page:
        raise SystemExit(f"{README} has no section {name!r}: put {start.strip()} and {end} in it")
    before, rest = page.split(start, 1)
    after = rest.split(end, 1)[1]
    README.write_text(f"{before}{start}{section}{end}{after}", encoding="utf-8")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True)
    return done.stdout.strip()
