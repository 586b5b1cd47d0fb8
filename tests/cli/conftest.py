"""The command line as a user meets it: exit code, stdout, stderr."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from discretion import cli


@dataclass(frozen=True)
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def discretion(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs one command in this process, through the same door as the installed script."""

    def command(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["discretion", *map(str, words)])
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return command


@pytest.fixture(scope="session")
def judged_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small example, as `discretion init` makes it; copied for each test that changes it."""
    from typer.testing import CliRunner

    folder = tmp_path_factory.mktemp("made") / "desk"
    result = CliRunner().invoke(cli.app, ["init", str(folder), "--example", "returns"])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def desk(judged_desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example, with the current folder inside it."""
    folder = tmp_path / "desk"
    shutil.copytree(judged_desk, folder)
    monkeypatch.chdir(folder)
    return folder
