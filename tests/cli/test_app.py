"""What all commands share: exit codes, errors as sentences, finding the workspace."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

import discretion as package
from discretion.errors import DiscretionError

from .conftest import Command


def test_the_version_is_printed_without_a_command(discretion: Command) -> None:
    outcome = discretion("--version")
    assert (outcome.code, outcome.out) == (0, f"{package.__version__}\n")


def test_help_lists_every_command_on_stdout(discretion: Command) -> None:
    outcome = discretion("--help")
    assert outcome.code == 0
    for name in ("init", "check", "import", "report", "evaluate", "arms", "doctor", "verify"):
        assert f"\n  {name} " in outcome.out


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
