"""Ends that users meet: places that cannot be written, pipes of few letters, what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from discretion.cli.streams import plainer
from discretion.core.criteria import EXAMPLE, read_acceptance

from .conftest import Command

AS_ANYBODY = """
import ctypes, os, sys
if os.geteuid() == 0:
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
os.execv(sys.executable, [sys.executable, "-m", "discretion", *sys.argv[1:]])
"""
"""Root may write anywhere, unless that is taken from it."""

Asked = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def asked() -> Asked:
    """Runs a command in a process of its own, for which permissions hold."""

    def command(*words: object, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", AS_ANYBODY, *map(str, words)],
            cwd=cwd,
            env={**os.environ, **more},
            capture_output=True,
            encoding=more.get("PYTHONIOENCODING", "utf-8"),
            check=False,
        )

    return command


@pytest.fixture
def locked(desk: Path) -> Iterator[Callable[[], Path]]:
    """Takes the right to write from everything in the workspace, until the test is over."""

    def lock() -> Path:
        for path in [*desk.rglob("*"), desk]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        return desk

    yield lock
    for path in [desk, *desk.rglob("*")]:
        path.chmod(0o755)


READING = [
    ("check",),
    ("verify",),
    ("arms",),
    ("cases",),
    ("cases", "--json"),
    ("runs",),
    ("models",),
    ("report", "--json"),
]


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_reading_commands_work_where_nothing_can_be_written(
    desk: Path, locked: Callable[[], Path], asked: Asked, words: tuple[str, ...]
) -> None:
    outcome = asked(*words, cwd=locked())
    assert (outcome.returncode, outcome.stderr) == (0, "") or words[0] == "cases"
    assert outcome.returncode == 0
    assert outcome.stdout


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
@pytest.mark.parametrize("words", [("check",), ("arms",), ("runs",), ("cases",)], ids=" ".join)
def test_they_work_too_where_nothing_was_stored_yet(
    desk: Path, locked: Callable[[], Path], asked: Asked, words: tuple[str, ...]
) -> None:
    (desk / "discretion.db").unlink()
    outcome = asked(*words, cwd=locked())
    assert outcome.returncode == 0
    assert outcome.stdout


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_report_is_printed_and_says_in_one_sentence_that_its_page_cannot_be_written(
    desk: Path, locked: Callable[[], Path], asked: Asked
) -> None:
    folder = locked()
    outcome = asked("report", cwd=folder)
    assert outcome.returncode == 2
    assert outcome.stdout.startswith("Simulated") or "- " in outcome.stdout
    assert outcome.stderr.count("\n") == 1
    assert "report.html: cannot be written (Permission denied); name a file" in outcome.stderr


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
@pytest.mark.parametrize("stored", [True, False])
def test_what_has_to_be_stored_is_refused_and_not_lost(
    desk: Path, locked: Callable[[], Path], asked: Asked, stored: bool
) -> None:
    if not stored:
        (desk / "discretion.db").unlink()
    (desk / "new.csv").write_text("request,ok\nMay I?,yes\n", encoding="utf-8")
    folder = locked()
    fields = ("--map", "text=request,answer=ok", "--keep-personal-data")
    outcome = asked("import", "new.csv", *fields, cwd=folder)
    assert outcome.returncode == 2
    assert "cannot be written" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_database_file_that_cannot_be_written_is_read(
    desk: Path, locked: Callable[[], Path], asked: Asked
) -> None:
    (desk / "discretion.db").chmod(0o444)
    assert asked("report", cwd=desk).returncode == 0
    assert (desk / "report.html").exists()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_report_goes_into_a_pipe_that_has_few_letters(
    desk: Path, asked: Asked, encoding: str
) -> None:
    assert asked("evaluate", "--arm", "baseline/always-grant", cwd=desk).returncode == 0
    for words in (("report",), ("report", "--json"), ("cases",), ("--help",)):
        outcome = asked(*words, cwd=desk, PYTHONIOENCODING=encoding)
        assert outcome.returncode == 0, outcome.stderr
    printed = asked("report", cwd=desk, PYTHONIOENCODING=encoding).stdout
    assert "wrongly refuses" in printed
    assert printed.encode(encoding)
    assert "−" not in printed


@pytest.mark.parametrize(
    ("text", "plain"), [("−3 … 5", "-3 ... 5"), ("“Zoë” – ok", '"Zoe" - ok'), ("漢", "?")]
)
def test_letters_that_an_encoding_lacks_become_others_that_mean_the_same(
    text: str, plain: str
) -> None:
    assert plainer(text, "ascii") == plain
    assert plainer(text, "utf-8") == text


def test_a_model_that_is_not_named_is_answered_with_settings_to_copy(
    discretion: Command, desk: Path
) -> None:
    err = discretion("evaluate", "--arm", "gpt-4.1/direct").err
    example = err[err.index("[models.") : err.index("\n\nFor a model on this disk")]
    settings = tomllib.loads(example)["models"]["gpt-4.1"]
    assert settings["kind"] == "openai"
    assert {"base_url", "model", "key_env"} < set(settings)


def test_a_gate_without_a_file_shows_criteria_that_can_be_saved_as_they_are(
    discretion: Command, desk: Path
) -> None:
    outcome = discretion("gate")
    assert outcome.code == 2
    assert "acceptance.yaml: there is no such file; save these criteria" in outcome.err
    assert EXAMPLE.strip() in outcome.err
    path = desk / "acceptance.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    acceptance, _ = read_acceptance(path)
    assert acceptance.arm and len(acceptance.demands) >= 5


def test_a_workspace_is_called_by_its_folder_s_name(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "refunds").mkdir()
    monkeypatch.chdir(tmp_path / "refunds")
    outcome = discretion("init", ".")
    assert outcome.out.startswith("refunds: ")
    assert outcome.err == "next: discretion check && discretion report\n"
    settings = tomllib.loads(Path("discretion.toml").read_text(encoding="utf-8"))
    assert settings["workspace"]["name"] == "refunds"
    complaint = discretion("-w", ".", "cases").err
    assert complaint.startswith(f"discretion: {tmp_path}/refunds: there are no cases here")
