"""The pytest plugin: every demand is a test, and fails with its line and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from discretion import cli

pytest_plugins = ["pytester"]


@pytest.fixture
def desk(pytester: pytest.Pytester) -> Path:
    folder = pytester.path / "desk"
    made = CliRunner().invoke(cli.app, ["init", str(folder), "--example", "returns"])
    assert made.exit_code == 0, made.output
    return folder


DEMANDS = "arm: baseline/always-refuse\nwrong_refusals: 10%\nnever_cases: true\n"


def run(pytester: pytest.Pytester, *words: object) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-v", *words)


def test_a_file_of_that_ending_is_found(pytester: pytest.Pytester, desk: Path) -> None:
    (desk / "bot.acceptance.yaml").write_text(DEMANDS, encoding="utf-8")
    result = run(pytester)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*bot.acceptance.yaml::wrong_refusals FAILED*",
            "*bot.acceptance.yaml::never_cases PASSED*",
            "*bot.acceptance.yaml::unanswered PASSED*",
            "*bot.acceptance.yaml:2 wrong_refusals at most 10% of what they*: 100% (*, failed",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_other_yaml_is_left_alone_unless_it_is_named(pytester: pytest.Pytester, desk: Path) -> None:
    (desk / "must.yaml").write_text(DEMANDS, encoding="utf-8")
    run(pytester).assert_outcomes()
    elsewhere = pytester.mkdir("elsewhere")
    (elsewhere / "test_own.py").write_text("def test_own(): pass\n", encoding="utf-8")
    run(pytester, "elsewhere", "--discretion", "desk/must.yaml").assert_outcomes(passed=3, failed=1)


def test_nothing_is_asked_to_collect(pytester: pytest.Pytester, desk: Path) -> None:
    (desk / "bot.acceptance.yaml").write_text(DEMANDS, encoding="utf-8")
    result = run(pytester, "--collect-only")
    result.stdout.fnmatch_lines(["*<Demand wrong_refusals>", "*3 tests collected*"])
    assert not (desk / "discretion.db").exists() or _runs(desk) == 0


def _runs(desk: Path) -> int:
    from discretion.storage import Store

    with Store(desk / "discretion.db") as store:
        return store.count("run")


def test_each_case_of_the_user_s_own_is_a_test(pytester: pytest.Pytester, desk: Path) -> None:
    from discretion.workspace import open_workspace

    here = open_workspace(desk)
    first = here.cases[0].id
    here.store.close()
    (desk / "own.csv").write_text(f"case,must\n{first},refuse\n{first},grant\n", encoding="utf-8")
    (desk / "bot.acceptance.yaml").write_text(
        "arm: baseline/always-refuse\nregressions: own.csv\n", encoding="utf-8"
    )
    result = run(pytester)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*::regressions?own.csv:2? PASSED*",
            "*::regressions?own.csv:3? FAILED*",
            "*own.csv:3 must grant: grants with 0%, failed",
        ]
    )


def test_what_cannot_be_told_and_is_allowed_is_skipped(
    pytester: pytest.Pytester, desk: Path
) -> None:
    (desk / "bot.acceptance.yaml").write_text(
        "arm: baseline/always-refuse\nwrong_grants: 1%\nallow_unclear: true\n", encoding="utf-8"
    )
    run(pytester).assert_outcomes(passed=1, skipped=1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("arm: a/b\nwrong_grant: 1%\n", "*:2: unknown key 'wrong_grant'; did you mean*"),
        ("arm: a/b\nregressions: own.csv\n", "*own.csv: *"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(
    pytester: pytest.Pytester, desk: Path, text: str, sentence: str
) -> None:
    (desk / "bot.acceptance.yaml").write_text(text, encoding="utf-8")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([sentence])
    assert "Traceback" not in result.stdout.str()


def test_an_arm_that_is_not_there_fails_each_test_with_one_sentence(
    pytester: pytest.Pytester, desk: Path
) -> None:
    (desk / "bot.acceptance.yaml").write_text(
        "arm: gpt/direct\nnever_cases: true\n", encoding="utf-8"
    )
    result = run(pytester)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*there is no model 'gpt'*"])
    assert "Traceback" not in result.stdout.str()
