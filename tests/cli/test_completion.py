"""What a shell is offered while a command is typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def offered(*words: str, cwd: Path) -> list[str]:
    """What bash is offered for the last word; it must be all that is printed."""
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("discretion"))],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={
            **os.environ,
            "_DISCRETION_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(("discretion", *words)),
            "COMP_CWORD": str(len(words)),
        },
    )
    assert ran.stderr == ""
    return [line for line in ran.stdout.splitlines() if line]


@pytest.fixture
def evaluated(desk: Path) -> tuple[Path, str]:
    from discretion.evaluation import evaluate
    from discretion.workspace import open_workspace

    here = open_workspace(desk)
    run = evaluate(here.cases, here.arms("baseline/always-refuse"), here.store)
    here.store.close()
    return desk, run.id


def test_arms_runs_plans_and_panels_of_the_workspace_are_offered(
    evaluated: tuple[Path, str],
) -> None:
    desk, run = evaluated
    with (desk / "discretion.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[models.bot]\nkind = "command"\ncommand = ["./bot"]\n')
    before = {path: path.stat().st_mtime_ns for path in desk.iterdir()}
    assert offered("report", "--run", "", cwd=desk) == [run[:8]]
    assert offered("report", "--run", run[:3], cwd=desk / "plans") == [run[:8]]
    assert offered("-w", desk.name, "report", "--panel", "st", cwd=desk.parent) == [
        "staff (simulated)"
    ]
    assert offered("evaluate", "--plan", "", cwd=desk.parent) == ["first"]
    assert offered("gate", "--arm", "bot", cwd=desk) == ["bot/as-is"]
    arms = offered("evaluate", "--arm", "", cwd=desk)
    assert {"tiny/direct", "bot/as-is", "baseline/logistic"} <= set(arms)
    assert {path: path.stat().st_mtime_ns for path in desk.iterdir()} == before


@pytest.mark.parametrize("broken", ["no workspace", "no log", "damaged"])
def test_nothing_is_offered_and_nothing_said_where_there_is_nothing_to_read(
    tmp_path: Path, broken: str
) -> None:
    if broken != "no workspace":
        (tmp_path / "discretion.toml").write_text("[models\n", encoding="utf-8")
    if broken == "damaged":
        (tmp_path / "discretion.db").write_bytes(b"no database")
    before = sorted(tmp_path.iterdir())
    for words in (("report", "--run"), ("evaluate", "--arm"), ("report", "--panel")):
        assert offered(*words, "", cwd=tmp_path) == []
    assert sorted(tmp_path.iterdir()) == before
