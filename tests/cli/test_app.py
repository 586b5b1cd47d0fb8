"""What all commands share: exit codes, errors as sentences, finding the workspace."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import discretion as package
from discretion import cli
from discretion.cli.commands import MOVED, SECTIONS
from discretion.errors import DiscretionError

from .conftest import Command

COMMANDS: Any = get_command(cli.app)
ROOT = Path(__file__).parents[2]


def test_the_version_is_printed_without_a_command(discretion: Command) -> None:
    outcome = discretion("--version")
    assert (outcome.code, outcome.out) == (0, f"{package.__version__}\n")


def test_help_lists_every_command_on_stdout(discretion: Command) -> None:
    outcome = discretion("--help")
    assert outcome.code == 0
    assert discretion("-h") == outcome
    places = {name: outcome.out.index(f"\n  {name} ") for name in COMMANDS.commands}
    headings = {name: outcome.out.index(f"\n{name}:\n") for name in (*SECTIONS, "Options")}
    assert list(headings.values()) == sorted(headings.values())
    assert "Other" not in outcome.out
    first = [name for name, at in places.items() if at < headings["Workspace"]]
    assert sorted(first, key=places.__getitem__) == [
        "start",
        "evaluate",
        "report",
        "prompt",
        "gate",
    ]


def every(group: Any, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in getattr(group, "commands", {}).items():
        yield (*words, name), command
        yield from every(command, *words, name)


@pytest.mark.parametrize(
    "words", [words for words, _ in every(COMMANDS)], ids=lambda words: "-".join(words)
)
def test_every_help_ends_with_an_example_of_itself_and_a_page_that_is_there(
    discretion: Command, words: tuple[str, ...]
) -> None:
    outcome = discretion(*words, "-h")
    example, page = outcome.out.rstrip().splitlines()[-2:]
    typed = shlex.split(example.removeprefix("  Example:  "))
    assert typed[: 1 + len(words)] == ["discretion", *words]
    known = {name for one in dict(every(COMMANDS))[words].params for name in one.opts}
    assert {one for one in typed if one.startswith("--")} <= known
    assert (ROOT / page.removeprefix("  Guide:    ")).is_file()


@pytest.mark.parametrize(
    ("command", "option"), [(name, one) for name, moved in MOVED.items() for one in moved]
)
def test_an_option_that_went_says_which_field_of_which_file_does_the_same(
    discretion: Command, command: str, option: str
) -> None:
    from discretion.core.plans import Plan
    from discretion.core.tuning_plans import TuningPlan

    outcome = discretion(command, option, 8)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"discretion: {option} is now `{option[2:].replace('-', '_')}:")
    field = outcome.err.split("`")[1].partition(":")[0]
    file, shape = {"evaluate": ("plans/", Plan), "tune": ("tuning.yaml", TuningPlan)}[command]
    assert file in outcome.err
    assert field in shape.model_fields
    assert option not in [name for one in COMMANDS.commands[command].params for name in one.opts]


@pytest.mark.parametrize(
    ("words", "meant"),
    [(("evalute",), "'evaluate'"), (("check", "--jsn"), "--json"), (("models", "lst"), "'list'")],
)
def test_a_mistyped_word_is_answered_with_the_one_that_was_meant(
    discretion: Command, words: tuple[str, ...], meant: str
) -> None:
    outcome = discretion(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert meant in outcome.err.splitlines()[-1]


@pytest.mark.parametrize("words", [("evalute",), ("check", "--jsn"), ("schema", "case")])
def test_a_command_that_cannot_be_understood_exits_with_2(
    discretion: Command, words: tuple[str, ...]
) -> None:
    outcome = discretion(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err


def test_without_a_workspace_the_sentence_says_how_to_make_one(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = discretion("check")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"discretion: {tmp_path}: there is no workspace here; "
        "make one with: discretion init my-desk\n"
    )


def test_the_workspace_is_found_upward_and_by_name(discretion: Command, desk: Path) -> None:
    os.chdir(desk / "policies")
    assert discretion("check").code == 0
    os.chdir(desk.parent.parent)
    assert discretion("-w", desk, "check").code == 0


def test_the_only_workspace_below_is_used_and_said(discretion: Command, desk: Path) -> None:
    os.chdir(desk.parent)
    outcome = discretion("check")
    assert (outcome.code, outcome.err) == (0, "using the workspace desk/\n")


def test_several_workspaces_below_must_be_told_apart(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "discretion.toml").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    outcome = discretion("check")
    assert outcome.code == 2
    assert outcome.err == (
        "discretion: there are several workspaces here: a, b; name one with -w, or cd into it\n"
    )


def test_debug_shows_the_traceback(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DiscretionError, match="there is no workspace here"):
        discretion("--debug", "check")


def test_verbose_lets_remarks_through(discretion: Command) -> None:
    assert discretion("-v", "doctor").code == 0
    assert logging.getLogger().isEnabledFor(logging.INFO)
    assert discretion("doctor").code == 0
    assert not logging.getLogger().isEnabledFor(logging.INFO)


def test_a_reader_that_stops_early_is_no_error(desk: Path) -> None:
    command = f"{sys.executable} -m discretion schema scenario | head -1"
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, cwd=desk
    )
    assert (ran.stdout, ran.stderr) == ("{\n", "")


@pytest.mark.parametrize("words", [("report",), ("--help",)])
def test_what_is_piped_has_no_colors(desk: Path, words: tuple[str, ...]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "discretion", *words],
        capture_output=True,
        text=True,
        cwd=desk,
        env={**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error"},
    )
    assert ran.returncode == 0, ran.stderr
    assert "\x1b" not in ran.stdout + ran.stderr


def test_a_list_of_values_is_not_silently_replaced_by_a_second(discretion: Command) -> None:
    refused = discretion("import", "a.csv", "--map", "text=a", "--map=answer=b")
    assert (refused.code, refused.out) == (2, "")
    said = "--map is said 2 times; say it once, with , between the values"
    assert said in " ".join(refused.err.split())
