"""`discretion check`: everything that is wrong, with file and line."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Command


def test_a_sound_workspace_exits_with_0(discretion: Command, desk: Path) -> None:
    outcome = discretion("check")
    assert outcome.code == 0
    *sizes, last = outcome.out.splitlines()
    assert last == "2 policies, 2 scenarios, 90 cases, 1 plan: nothing is wrong"
    assert sizes[0].startswith("- channel=phone: 9 matched pairs in 1 scenario; that it does not ")
    assert sizes[0].endswith("59 for an agent that answers yes or no.")
    assert sizes[-1].startswith("- 90 cases with 23 judgments each (for these cases only) pass an ")


def test_every_problem_is_said_with_file_and_line_and_exits_with_1(
    discretion: Command, desk: Path
) -> None:
    (desk / "policies" / "extra.yaml").write_text("id: extra\nrul: No.\n", encoding="utf-8")
    (desk / "plans" / "second.yaml").write_text("arms: []\n", encoding="utf-8")
    outcome = discretion("check")
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert any(
        line.endswith("extra.yaml:2: unknown key 'rul'; did you mean 'rule'?") for line in lines
    )
    assert any("second.yaml:1: arms " in line for line in lines)
    assert lines[-1].endswith(": 3 problems")


def test_json_gives_each_problem_in_its_parts(discretion: Command, desk: Path) -> None:
    (desk / "scenarios" / "broken.yaml").write_text("id: [", encoding="utf-8")
    outcome = discretion("check", "--json")
    found = json.loads(outcome.out)
    assert outcome.code == 1
    assert found["cases"] == 90
    (problem,) = found["problems"]
    assert problem["where"].endswith("broken.yaml:1")
    assert problem["what"].startswith("no valid YAML")
    assert problem["fix"]


def test_other_commands_name_the_first_problem_and_point_to_check(
    discretion: Command, desk: Path
) -> None:
    (desk / "policies" / "extra.yaml").write_text("id: extra\nrul: No.\n", encoding="utf-8")
    outcome = discretion("report")
    assert outcome.code == 2
    assert outcome.err.endswith("(and 1 more: see discretion check)\n")


def test_a_mapping_of_an_import_is_checked_with_its_line(discretion: Command, desk: Path) -> None:
    (desk / "imports").mkdir(exist_ok=True)
    mine = desk / "imports" / "mine.yaml"
    mine.write_text("fields:\n  txt: a\n", encoding="utf-8")
    outcome = discretion("check")
    assert outcome.code == 1
    assert "mine.yaml:2" in outcome.out
    mine.write_text("fields: {answer: a, rate: b}\n", encoding="utf-8")
    assert "a row has both answer and rate" in discretion("check").out
    mine.write_text("fields: {answer: a}\n", encoding="utf-8")
    assert discretion("check").code == 0
