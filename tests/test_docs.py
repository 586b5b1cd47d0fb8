"""The docs: every command is there and explained, what they quote is current, and blocks run.

In README.md, CONTRIBUTING.md and docs/guide, blocks marked `sh` are run, and blocks marked
`console` are run and must print what they show: `$ ` begins a command, `> ` continues it, and `…`
stands for anything, within a line or as a line of its own for any number of lines. The blocks of a
page share a folder, in which docs/tickets.csv is as in a clone. A comment on the line before says
what a block needs: `<!-- torch -->`, `<!-- data -->`, or `<!-- not run: why -->`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from discretion.cli import app

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference" / "commands.md"
GUIDE = sorted((ROOT / "docs" / "guide").glob("*.md"))
TYPED = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *GUIDE]
MOST_WORDS = 1250


def walk(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its words, those of groups after their group."""
    for word, inner in getattr(command, "commands", {}).items():
        yield f"{name} {word}".strip(), inner
        yield from walk(inner, f"{name} {word}".strip())


COMMANDS = dict(walk(get_command(app)))
BLOCK = re.compile(r"(?:<!-- ([^\n]+) -->\n)?```(sh|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A shell block of a page."""

    line: int
    needs: str
    steps: tuple[tuple[str, str | None], ...]
    """Each command with what it must print; None where nothing is shown."""


def blocks(text: str) -> Iterator[Block]:
    for found in BLOCK.finditer(text):
        line = text[: found.start(3)].count("\n")
        steps = tuple(console(found[3])) if found[2] == "console" else ((found[3], None),)
        yield Block(line, found[1] or "", steps)


def console(shown: str) -> Iterator[tuple[str, str | None]]:
    """The commands of a transcript, each with the output that follows it, if any does."""
    for part in re.split(r"^\$ ", shown, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        length = 1
        while length < len(lines) and lines[length].startswith("> "):
            length += 1
        command = "\n".join([lines[0], *(line[2:] for line in lines[1:length])])
        yield command, "\n".join(lines[length:]) or None


def pattern(shown: str) -> str:
    """A regular expression for output in which `…` stands for anything."""
    lines = [re.escape(line).replace("…", ".*") for line in shown.rstrip().splitlines()]
    return "".join(r"(?:.*\n)*?" if line == ".*" else rf"{line}\s*\n" for line in lines)


def missing(block: Block) -> str:
    """Why a block cannot be run here; empty where it can."""
    if block.needs.startswith("not run: "):
        return block.needs.removeprefix("not run: ")
    if block.needs == "torch" and find_spec("torch") is None:
        return "torch is not installed"
    if block.needs == "data" and "DISCRETION_DATA" not in os.environ:
        return "DISCRETION_DATA does not name the public data"
    assert block.needs in ("", "torch", "data"), f"line {block.line}: unknown mark {block.needs!r}"
    return ""


def clone(folder: Path) -> Path:
    """The folder, with what the pages use of a clone of the repository."""
    (folder / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "tickets.csv", folder / "docs")
    return folder


@pytest.mark.parametrize("page", TYPED, ids=lambda p: p.stem)
def test_what_the_guide_tells_to_type_works(page: Path, tmp_path: Path) -> None:
    found = list(blocks(page.read_text(encoding="utf-8")))
    if not any(not missing(block) for block in found):
        pytest.skip("no shell block of this page can be run here")
    where = tmp_path / "where"
    where.write_text(str(clone(tmp_path)), encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in found:
        if missing(block):
            continue
        for command, shown in block.steps:
            ran = subprocess.run(
                ["bash", "-e", "-c", f"{command}\npwd >{where}"],
                cwd=where.read_text(encoding="utf-8").strip(),
                env={**os.environ, "PATH": path, "COLUMNS": "100"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            place = f"{page.name}:{block.line}: {command}"
            assert ran.returncode == 0, f"{place}\n{ran.stdout}"
            if shown is not None:
                assert re.fullmatch(pattern(shown), ran.stdout), f"{place}\n{ran.stdout}"


def test_the_lines_of_python_in_the_readme_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [lines] = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    monkeypatch.chdir(clone(tmp_path))
    start = ["start", "docs/tickets.csv", "--into", "my-desk", "--yes"]
    subprocess.run([sys.executable, "-m", "discretion", *start], check=True, capture_output=True)
    exec(lines, {})
    assert "baseline/logistic" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", GUIDE, ids=lambda p: p.stem)
def test_a_page_of_the_guide_is_read_in_one_sitting(page: Path) -> None:
    words = len(page.read_text(encoding="utf-8").split())
    assert words <= MOST_WORDS or page.suffixes == [".ru", ".md"]


def test_a_transcript_is_compared_line_by_line() -> None:
    assert re.fullmatch(pattern("a … c\n…\nz"), "a b c\nmore\nand more\nz\n")
    assert not re.fullmatch(pattern("a … c\nz"), "a b c\nmore\nz\n")
    assert not re.fullmatch(pattern("a"), "b\n")


def test_a_transcript_is_read_with_its_continued_lines() -> None:
    assert list(console("$ one \\\n> two\nout\n\nmore\n$ three\n")) == [
        ("one \\\ntwo", "out\n\nmore"),
        ("three", None),
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_reference_and_says_what_it_does(name: str) -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert re.search(rf"^###+ discretion {name}$", text, re.MULTILINE)
    assert f"<!-- help: discretion {name} -->" in text
    assert COMMANDS[name].help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help_and_stands_in_the_reference(name: str) -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    part = text.split(f"<!-- help: discretion {name} -->")[1].split("<!-- end -->")[0]
    for parameter in COMMANDS[name].params:
        assert getattr(parameter, "help", ""), f"{parameter.name} has no help"
        shown = max(parameter.opts, key=len)
        assert shown.lower() in part.lower(), f"{shown} is not in the reference"


def test_the_first_line_of_each_help_fits_the_list_of_commands() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    lists = re.findall(r"\n(?:Start here|Commands):\n.*?\nOptions:", text, re.DOTALL)
    assert len(lists) > 1
    assert [line for one in lists for line in one.splitlines() if line.endswith("...")] == []


def test_what_the_docs_quote_is_current() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "docs.py"), "--check"],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


def test_links_within_the_docs_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def anchors(page: Path) -> set[str]:
    """Where links into a page may lead: its headings as GitHub names them, and its `<a id>`s."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return named | set(re.findall(r'<a id="([^"]+)"', text))


def test_links_to_a_section_find_it() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}#{section}"
        for page in pages
        for target, section in re.findall(
            r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")
        )
        if "://" not in target and section not in anchors(page.parent / target if target else page)
    ]
    assert broken == []


@pytest.mark.parametrize("folder", ["src", "recipes", "tests"])
def test_pages_that_messages_and_comments_name_are_there(folder: str) -> None:
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".yaml", ".example", ".md")
    }
    named = {page for text in texts.values() for page in re.findall(r"docs/[\w/-]+\.md", text)}
    assert named
    assert [page for page in sorted(named) if not (ROOT / page).exists()] == []


def test_the_map_for_contributors_has_every_folder_of_the_source() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = [path.parent.name for path in (ROOT / "src" / "discretion").glob("*/__init__.py")]
    assert folders
    assert [name for name in folders if f"`{name}/`" not in text] == []


def test_what_contributors_are_told_to_copy_and_register_in_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tests = re.findall(r"`(tests/[\w/]+\.py)`", text)
    registries = re.findall(r"`(\w+/\w+\.py)`", text.split("## How to add")[1])
    groups = re.findall(r"`(discretion\.\w+)`", text)
    places = [ROOT / name for name in tests] + [
        ROOT / "src/discretion" / name for name in registries
    ]
    assert len(tests) > len(registries) == len(groups) == 5
    assert [place for place in places if not place.exists()] == []
    for group, name in zip(groups, registries, strict=True):
        assert f'GROUP = "{group}"' in (ROOT / "src/discretion" / name).read_text(encoding="utf-8")
