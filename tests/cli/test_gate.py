"""`discretion gate`: its lines, its exit code, and what it asks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from discretion.errors import StoppedError

from .conftest import Command


@pytest.fixture
def acceptance(desk: Path) -> Path:
    path = desk / "acceptance.yaml"
    path.write_text(
        "arm: baseline/always-refuse\nwrong_refusals: 10%\nnever_cases: true\n", encoding="utf-8"
    )
    return path


def test_a_demand_that_is_not_met_is_named_with_its_line(
    discretion: Command, acceptance: Path
) -> None:
    outcome = discretion("gate")
    assert outcome.code == 1
    first, second, third, total = outcome.out.splitlines()
    assert first.startswith(
        "acceptance.yaml:2 wrong_refusals at most 10% of what they would grant: 100% ("
    )
    assert re.search(r"\); another of your people: \d+%, failed$", first)
    assert second == "acceptance.yaml:3 never_cases: 0 of 7 forbidden cases granted, passed"
    assert third == "acceptance.yaml:1 unanswered at most 0%: 0 of 90 cases, passed"
    assert total == "2 of 3 lines passed"


def test_another_arm_can_be_judged_by_the_same_file(discretion: Command, acceptance: Path) -> None:
    outcome = discretion("gate", acceptance, "--arm", "baseline/always-grant")
    assert outcome.code == 1
    assert ":2 wrong_refusals at most 10% of what they would grant: 0% (0 to " in outcome.out
    assert ":3 never_cases: 7 of 7 forbidden cases granted (" in outcome.out


def test_a_gate_that_all_lines_pass_exits_with_0(discretion: Command, acceptance: Path) -> None:
    acceptance.write_text("arm: baseline/always-refuse\nnever_cases: true\n", encoding="utf-8")
    outcome = discretion("gate", "--json")
    told = json.loads(outcome.out)
    assert (outcome.code, told["passed"]) == (0, True)
    assert [line["demand"] for line in told["lines"]] == ["never_cases", "unanswered"]


def test_what_cannot_be_told_fails_unless_it_is_allowed(
    discretion: Command, acceptance: Path
) -> None:
    demanded = "arm: baseline/always-refuse\nwrong_grants: 1%\n"
    acceptance.write_text(demanded, encoding="utf-8")
    strict = discretion("gate")
    assert strict.code == 1
    assert "cannot be told" in strict.out
    acceptance.write_text(f"{demanded}allow_unclear: true\n", encoding="utf-8")
    lenient = discretion("gate")
    assert (lenient.code, lenient.out.splitlines()[-1]) == (0, "2 of 2 lines passed")


def test_nothing_is_asked_again_while_nothing_changed(
    discretion: Command, acceptance: Path
) -> None:
    assert discretion("gate").err == "asking baseline/always-refuse about 90 cases\n"
    assert discretion("gate").err == ""


def test_a_plan_says_which_cases_are_asked(discretion: Command, acceptance: Path) -> None:
    plan = "arms: [baseline/mean, baseline/nearest]\ncases: {scenarios: [late-return]}\n"
    (acceptance.parent / "plans" / "gate.yaml").write_text(plan, encoding="utf-8")
    with acceptance.open("a", encoding="utf-8") as file:
        file.write("plan: gate\n")
    assert "0 of 45 cases" in discretion("gate").out
    acceptance.write_text("never_cases: true\narm: a/b\nplan: gaet\n", encoding="utf-8")
    outcome = discretion("gate")
    assert outcome.code == 2
    assert "acceptance.yaml:3: there is no plan 'gaet'; plans here: first, gate" in outcome.err


@pytest.mark.torch
def test_the_user_s_own_cases_are_lines_of_their_own(discretion: Command, desk: Path) -> None:
    from discretion.workspace import open_workspace

    strictest = max(open_workspace(desk).cases, key=lambda case: case.deviation or 0)
    kept = min(open_workspace(desk).cases, key=lambda case: case.deviation or 0)
    (desk / "own").mkdir()
    (desk / "own" / "cases.csv").write_text(
        f"case,must\n{strictest.id},Grant\n{strictest.id},never-grant\n{kept.id},grant\n",
        encoding="utf-8",
    )
    (desk / "own" / "must.yaml").write_text(
        "arm: tiny/direct\nregressions: cases.csv\n", encoding="utf-8"
    )
    outcome = discretion("gate", Path("own") / "must.yaml")
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0].startswith("own/cases.csv:2 must grant: grants with ")
    assert lines[0].endswith(", failed")
    assert lines[1] == "own/cases.csv:3 must never-grant: 0 of 2 answers grant, passed"
    assert lines[2].endswith(", passed")
    assert lines[3].startswith("own/must.yaml:1 unanswered")


def test_a_case_that_the_arm_cannot_answer_is_not_met(
    discretion: Command, acceptance: Path
) -> None:
    own = acceptance.parent / "own.csv"
    own.write_text("must,text,policy\nrefuse,A coat on day 99.,returns\n", encoding="utf-8")
    acceptance.write_text("regressions: own.csv\n", encoding="utf-8")
    outcome = discretion("gate", "--arm", "baseline/always-refuse")
    assert outcome.code == 1
    assert "own.csv:2 must refuse: no answer, failed" in outcome.out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("never_cases: true\n", "acceptance.yaml: no arm is named; add arm: MODEL/METHOD, or"),
        ("never_case: true\n", "acceptance.yaml:1: unknown key 'never_case'; did you mean"),
        ("arm: tiny/direct\ngap: 0.1\npanel: nobody\n", "there is no panel 'nobody'"),
        ("arm: baseline/mean\nregressions: gone.csv\n", "gone.csv: "),
        ("arm: baseline/men\nnever_cases: true\n", "men"),
    ],
)
def test_a_mistake_in_the_file_exits_with_2(
    discretion: Command, acceptance: Path, text: str, sentence: str
) -> None:
    acceptance.write_text(text, encoding="utf-8")
    outcome = discretion("gate")
    assert (outcome.code, outcome.out) == (2, "")
    assert sentence in outcome.err


def test_a_file_that_is_not_there_is_named(discretion: Command, desk: Path) -> None:
    outcome = discretion("gate")
    assert outcome.code == 2
    assert outcome.err.startswith("discretion: acceptance.yaml: there is no such file")


def test_a_gate_that_a_budget_stops_is_not_passed(
    discretion: Command, acceptance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise StoppedError("the budget of 1 calls is spent", where="bot")

    monkeypatch.setattr("discretion.evaluation.evaluate", stop)
    outcome = discretion("gate", "--budget", "1calls")
    assert (outcome.code, outcome.out) == (1, "")
    assert "stopped: bot: the budget of 1 calls is spent" in outcome.err


def test_a_second_look_stands_on_the_line_and_is_explained(
    discretion: Command, acceptance: Path
) -> None:
    first = discretion("gate")
    assert "look" not in first.out
    assert json.loads(discretion("gate", "--json").out)["looks"] == 1
    acceptance.write_text(
        "arm: baseline/always-refuse\nwrong_refusals: 99%\nconfidence: 97.5%\n", encoding="utf-8"
    )
    second = discretion("gate").out
    assert re.search(r"one-sided 97.5%.*; second look, ", second.splitlines()[0])
    assert "This is the second look at these criteria." in second
    assert "passes a single look 2.5 times in 100, and one of 2 looks up to 5 times" in second
    assert json.loads(discretion("gate", "--json").out)["confidence"] == 0.975
