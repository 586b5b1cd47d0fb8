"""`discretion cases`: what is listed, written out, filled in and brought back."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from discretion.workspace import open_workspace

from .conftest import Command


def fill(sheet: Path, answer: str, rater: str = "") -> Path:
    """The CSV sheet with one answer in every row."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    filled = sheet.with_name(f"filled-{sheet.name}")
    with filled.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "answer": answer, "rater": rater} for row in rows)
    return filled


def test_own_scenarios_and_own_judgments_are_one_set_of_cases(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen: 34 described cases and 34 copies, and an 'at least' rule read as 'at most'."""
    assert discretion("init", tmp_path / "desk").code == 0
    monkeypatch.chdir(tmp_path / "desk")
    Path("policies/hiring.yaml").write_text("id: hiring\nrule: Five years.\n", encoding="utf-8")
    Path("scenarios/years.yaml").write_text(
        "id: years\npolicy: hiring\nunit: years\ndirection: at least\nlimit: 5\n"
        "values: [1, 2, 3, 4]\nwordings: ['{value} of experience, and {limit} are asked for.']\n",
        encoding="utf-8",
    )
    Path("own.csv").write_text(
        "kind,years,ok,who\n" + "".join(f"years,{n},no,ann\n" for n in (1, 2, 3, 4)),
        encoding="utf-8",
    )
    outcome = discretion(
        "import",
        "own.csv",
        "--map",
        "value=years,limit=5,answer=ok,rater=who",
        "--scenario",
        "kind",
    )
    assert outcome.out == "own.csv: 4 rows, 4 cases of this workspace, 4 judgments; 4 new\n"
    cases = open_workspace(Path()).cases
    assert len(cases) == 4
    assert {case.direction for case in cases} == {"at least"}
    assert discretion("check").out.endswith("nothing is wrong\n")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "xlsx"])
def test_an_empty_sheet_comes_back_without_a_map_and_adds_nothing(
    discretion: Command, desk: Path, ending: str
) -> None:
    assert discretion("cases", "--to", f"all.{ending}").code == 0
    counts = json.loads(discretion("import", f"all.{ending}", "--json").out)
    assert (counts["rows"], counts["unanswered"], counts["cases"], counts["new"]) == (90, 90, 0, 0)


def test_an_agent_s_decisions_on_a_sheet_are_an_arm_that_answers(
    discretion: Command, desk: Path
) -> None:
    """Seen: `import --arm` over the example's own cases, and the arm 'answered none'."""
    discretion("cases", "--to", "all.csv", "--scenario", "late-return")
    sheet = fill(desk / "all.csv", "yes")
    assert discretion("import", sheet, "--arm", "myagent").code == 0
    outcome = discretion("evaluate", "--arm", "recorded/myagent", "--json")
    assert json.loads(outcome.out)["calls"] == len(sheet.read_text().splitlines()) - 1 > 0


def test_judgments_on_a_sheet_join_the_panel(discretion: Command, desk: Path) -> None:
    discretion("cases", "--to", "some.csv", "--cases", 12)
    discretion("import", fill(desk / "some.csv", "refuse", "ann"), "--panel", "experts")
    discretion("import", fill(desk / "some.csv", "grant", "bob"), "--panel", "experts")
    panel = open_workspace(desk).panel("experts")
    assert (len(panel.cases), set(panel.n), set(panel.rate)) == (12, {2}, {0.5})


def test_rows_that_match_nothing_stop_the_import_or_are_set_aside(
    discretion: Command, desk: Path
) -> None:
    discretion("cases", "--to", "some.csv", "--cases", 3)
    sheet = fill(desk / "some.csv", "yes", "ann")
    with sheet.open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))["case"]
    sheet.write_text(sheet.read_text(encoding="utf-8").replace(first, "0" * 16), encoding="utf-8")
    head = discretion("verify").out
    outcome = discretion("import", sheet)
    assert outcome.code == 2
    assert "1 row matches no case of this workspace:\n  row 2: no case has the id" in outcome.err
    assert discretion("verify").out == head
    outcome = discretion("import", sheet, "--skip-bad", "bad.csv")
    assert outcome.code == 0
    assert "2 cases of this workspace" in outcome.out
    assert "no case has the id" in Path("bad.csv").read_text(encoding="utf-8")


def test_a_scenario_that_no_case_has_is_said_with_those_there_are(
    discretion: Command, desk: Path
) -> None:
    outcome = discretion("cases", "--scenario", "late")
    assert outcome.code == 2
    assert "no case has the scenario 'late'; those here are: " in outcome.err
    assert "late-return" in outcome.err


def test_without_a_file_cases_are_listed_and_as_json_whole(discretion: Command, desk: Path) -> None:
    outcome = discretion("cases", "--scenario", "late-return", "--cases", 2)
    assert outcome.out.splitlines()[-1] == "2 cases"
    rows = json.loads(discretion("cases", "--scenario", "late-return", "--cases", 2, "--json").out)
    assert [row["scenario"] for row in rows] == ["late-return"] * 2
    assert all(row["case"] in outcome.out for row in rows)
    assert {row["unit"] for row in rows} == {"days"}


def test_raters_that_nobody_named_are_said(discretion: Command, desk: Path) -> None:
    discretion("cases", "--to", "some.csv", "--cases", 3)
    assert "name no rater" in discretion("import", fill(desk / "some.csv", "yes")).err


def test_check_and_report_count_what_meets_no_case(discretion: Command, desk: Path) -> None:
    discretion("cases", "--to", "some.csv", "--scenario", "late-return", "--cases", 3)
    discretion("import", fill(desk / "some.csv", "yes", "ann"), "--panel", "mine")
    changed = desk / "scenarios" / "late-return.yaml"
    changed.write_text(
        changed.read_text(encoding="utf-8").replace("coat", "jacket"), encoding="utf-8"
    )
    outcome = discretion("check")
    assert outcome.code == 0
    assert " judgments are about " in outcome.out
    assert outcome.out.endswith(": 1 warning\n")
    assert len(json.loads(discretion("check", "--json").out)["warnings"]) == 1
    assert " judgments are about " in discretion("report", "--panel", "staff (simulated)").out


def test_a_system_s_decisions_on_cases_that_nobody_judged_are_said(
    discretion: Command, desk: Path
) -> None:
    Path("bot.csv").write_text("request,ok\nMay I?,yes\n", encoding="utf-8")
    outcome = discretion("import", "bot.csv", "--map", "text=request,answer=ok", "--arm", "bot")
    assert "1 of the 1 case that bot decided were judged by nobody here" in outcome.err
    discretion("cases", "--to", "all.csv", "--cases", 3)
    outcome = discretion("import", fill(desk / "all.csv", "yes"), "--arm", "bot")
    assert "judged by nobody" not in outcome.err
