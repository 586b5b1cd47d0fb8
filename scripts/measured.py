"""Run what takes long to measure, and keep what it prints beside the commit that it ran on.

`benchmarks NAME...`: each program of that folder prints a Markdown table, which is put between its
markers in benchmarks/README.md. `proofs NAME...`: each prints a page, which becomes
docs/reference/NAME.md, or a part of docs/design/NAME.md where there is one. Without names, all of
them. Programs are the files that can be run; the others are what they share.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def programs(folder: Path) -> dict[str, Path]:
    found = sorted(folder.glob("*.py"))
    return {path.stem: path for path in found if "__main__" in path.read_text(encoding="utf-8")}


def commit() -> str:
    """The commit that is checked out, and whether the package was changed after it."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.check_output([*git, "rev-parse", "--short=12", "HEAD"], text=True).strip()
    changed = subprocess.check_output([*git, "status", "--porcelain", "src"], text=True).strip()
    return head + (" with changes that were not committed" if changed else "")


def output_of(program: Path) -> str:
    """What a program prints; its progress goes to the terminal."""
    ran = subprocess.run(
        [sys.executable, str(program)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return ran.stdout.strip()


def put_between_markers(page: Path, name: str, text: str) -> None:
    """Replace the part of a page that a program made, or add it at the end."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    part = f"{begin}\n{text}\n{end}"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    after, count = pattern.subn(lambda _: part, before)
    page.write_text(after if count else f"{before.rstrip()}\n\n{part}\n", encoding="utf-8")


def main(kind: str, *names: str) -> None:
    known = programs(ROOT / kind)
    for name in names or known:
        if name not in known:
            sys.exit(f"there is no {kind}/{name}.py to run; there are: {', '.join(known)}")
        print(f"running {kind}/{name}.py", file=sys.stderr, flush=True)
        ran_on = commit()
        text = output_of(known[name])
        command = f"scripts/{'bench' if kind == 'benchmarks' else 'prove'} {name}"
        text = f"{text}\n\nMade by `{command}` on commit {ran_on}."
        if kind == "benchmarks":
            put_between_markers(ROOT / "benchmarks" / "README.md", name, text)
        else:
            design = ROOT / "docs" / "design" / f"{name.replace('_', '-')}.md"
            if design.exists():
                put_between_markers(design, name, text)
                continue
            page = ROOT / "docs" / "reference" / f"{name}.md"
            page.parent.mkdir(exist_ok=True)
            page.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
