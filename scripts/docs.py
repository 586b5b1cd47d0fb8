"""Fill in what the docs quote from the program: help texts and JSON Schemas.

`scripts/docs.py` writes docs/reference/commands.md between its markers, and the schemas;
`scripts/docs.py --check` writes nothing and fails where something is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from discretion.cli import app

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
SCHEMAS = ("policy", "scenario", "plan", "tuning", "acceptance", "import")


def printed(*arguments: str) -> str:
    """What a command prints, as on a terminal of 80 columns without colors."""
    result = CliRunner().invoke(
        app,
        list(arguments),
        prog_name="discretion",
        env={"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"},
    )
    if result.exit_code:
        raise SystemExit(f"discretion {' '.join(arguments)} failed: {result.output}")
    return "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())


def commands(group: Any, *words: str) -> Iterator[tuple[str, ...]]:
    """The words of every command, those of groups after their group."""
    for word, command in getattr(group, "commands", {}).items():
        yield (*words, word)
        yield from commands(command, *words, word)


def pages() -> dict[Path, str]:
    """Every file that is filled in, with what should stand in it."""
    page = REFERENCE / "commands.md"
    text = page.read_text(encoding="utf-8")
    found = {page: filled(text)}
    for name in SCHEMAS:
        schema = REFERENCE / "schemas" / f"{name}.schema.json"
        found[schema] = printed("schema", name) + "\n"
    return found


def filled(text: str) -> str:
    """The page of commands with the help of each between its markers."""
    helps = {
        " ".join(("discretion", *words)): printed(*words, "--help")
        for words in ((), *commands(get_command(app)))
    }

    def fill(marked: re.Match[str]) -> str:
        name = marked[1]
        if name not in helps:
            raise SystemExit(f"docs/reference/commands.md: there is no command {name!r}")
        return f"<!-- help: {name} -->\n```text\n{helps[name]}\n```\n<!-- end -->"

    return re.sub(r"<!-- help: (.+?) -->\n.*?<!-- end -->", fill, text, flags=re.DOTALL)


def main(*arguments: str) -> None:
    stale = []
    for path, text in pages().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        sys.exit(f"stale: {', '.join(stale)}; run scripts/docs.py")
    print("\n".join(f"wrote {name}" for name in stale) or "the docs are up to date")


if __name__ == "__main__":
    main(*sys.argv[1:])
