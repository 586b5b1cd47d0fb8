"""What goes wrong with `discretion report` is one sentence: what, where, and how to fix it."""

import sys

import pytest

from discretion import cli


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A workspace with one small run."""
    folder = tmp_path_factory.mktemp("reports") / "desk"
    assert command("init", folder, "--example", "returns") == 0
    assert command("-w", folder, "evaluate", "--arm", "baseline/always-refuse") == 0
    return folder


def command(*words):
    """The exit code of one command, through the same door as the installed script."""
    patch = pytest.MonkeyPatch()
    patch.setattr(sys, "argv", ["discretion", *map(str, words)])
    try:
        cli.main()
    except SystemExit as stop:
        return stop.code or 0
    finally:
        patch.undo()
    return 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--run", "ffff"), "there is no run 'ffff'; see: discretion runs"),
        (("--panel", "others"), "there is no panel 'others'; choose from:"),
        (
            ("--output", "{folder}/nowhere/page.html"),
            "cannot be written (No such file or directory); name a file in another folder: "
            "--output FILE",
        ),
        (("--output", "{folder}"), "is a folder; name a file in it"),
        (
            ("--csv", "{folder}/discretion.toml", "--json"),
            "cannot be written (File exists); name another folder",
        ),
        (("--weigh", "raters"), "'raters' is not one of 'scenarios', 'cases'"),
    ],
)
def test_it_is_said_in_one_sentence(desk, capsys, words, sentence):
    capsys.readouterr()
    words = [word.format(folder=desk) for word in words]
    assert command("-w", desk, "report", *words) == 2
    told = capsys.readouterr()
    assert sentence in " ".join(told.err.split())
    assert "Traceback" not in told.err


def test_people_whom_nobody_asked_are_one_sentence(capsys, tmp_path):
    assert command("init", tmp_path / "empty") == 0
    capsys.readouterr()
    assert command("-w", tmp_path / "empty", "report") == 2
    told = capsys.readouterr().err
    assert told.startswith("discretion: ")
    assert told.count("\n") == 1
