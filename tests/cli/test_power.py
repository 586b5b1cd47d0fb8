"""`discretion power`: what it is simulated for, where its sizes come from, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from discretion.cli.power import advice
from discretion.tuning.power import StudyTally
from discretion.tuning.power_sizes import StudySize

from .conftest import Command

FEW = ("--studies", 10, "--judgments", 60, "--cases", 10, "--raters", 4)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("nowhere")
def test_it_says_first_that_it_is_simulated_and_then_in_words_what_would_be_noticed(
    discretion: Command,
) -> None:
    outcome = discretion("power", *FEW, "--domains", 6, "--q", "0,.5")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0].startswith("simulated: ")
    assert lines[1].startswith("a study of 60 judgments in each training, 6 domains held out each")
    (zero,) = (n for n, line in enumerate(lines) if line.startswith("where explanations say"))
    assert "(q = 0), a study of your size would take them for different in " in lines[zero]
    said = lines[zero + 1]
    assert said.startswith("a study of your size would notice explanations of quality q = 0.5")
    assert said.endswith("% of tries")
    assert "no workspace here" in outcome.err


@pytest.mark.usefixtures("nowhere")
def test_programs_get_counts_with_their_exact_interval(discretion: Command) -> None:
    words = ("power", *FEW, "--only-taught", 4, "--domains", 6, "--q", "0", "--json")
    shown = json.loads(discretion(*words).out)
    assert shown["simulated"]
    assert shown["size"] == {
        "judgments": 60,
        "domains": 6,
        "seeds": 3,
        "folds": 1,
        "others": 4,
        "cases": 10,
        "raters": 4,
    }
    (one,) = shown["by_quality"]
    assert one["helped"] + one["hurt"] == one["either_way"] <= shown["studies"] == 10
    low, high = one["either_way_95"]
    assert low <= one["either_way"] / 10 <= high
    assert shown == json.loads(discretion(*words).out)
    assert shown != json.loads(discretion(*words, "--seed", 1).out)


@pytest.mark.parametrize(
    ("size", "wrong", "noticed", "expected"),
    [
        (StudySize(domains=24), 27, 38, ["More domains and more trainings", "would be no finding"]),
        (StudySize(domains=4, others=8, folds=1), 14, 90, ["are the remedy (--domains, --seeds)"]),
        (
            StudySize(domains=24, folds=24),
            2,
            28,
            ["no finding against them. More domains and more"],
        ),
        (StudySize(domains=24, folds=24), 5, 80, []),
    ],
)
def test_it_says_what_to_do_about_a_study_that_errs_or_misses(
    size: StudySize, wrong: int, noticed: int, expected: list[str]
) -> None:
    said = advice(size, [counts(0.0, wrong), counts(1.0, noticed)])
    assert len(said) == len(expected)
    for one, part in zip(said, expected, strict=True):
        assert part in one


def counts(quality: float, helped: int) -> StudyTally:
    return StudyTally(quality, 100, helped, 0, helped, {}, 0.0, 0.5, 100.0)


def test_sizes_are_those_of_the_workspace_unless_named(discretion: Command, desk: Path) -> None:
    outcome = discretion("power", "--studies", 10, "--q", "1", "--domains", 6, "--json")
    assert outcome.code == 0, outcome.err
    size = json.loads(outcome.out)["size"]
    assert size["domains"] == 6
    assert (size["folds"], size["others"]) == (2, 0)
    # 90 cases in two domains, more people than a simulated panel has would be cut.
    assert size["cases"] == 45
    assert 10 <= size["raters"] <= 24
    assert "sizes that are not named are those of" in outcome.err


def test_a_workspace_too_small_to_shuffle_in_is_told_so(discretion: Command, desk: Path) -> None:
    outcome = discretion("power", "--studies", 10)
    assert outcome.code == 2
    assert "a training would see 1 domain, and controls need 2" in outcome.err


def test_a_plan_says_how_many_domains_are_held_out_together(
    discretion: Command, desk: Path
) -> None:
    (desk / "tuning.yaml").write_text(
        "model: tiny\nhold_out: {by: case, folds: 3}\njudgments: 50\nseeds: 4\n", encoding="utf-8"
    )
    outcome = discretion("power", "--studies", 10, "--q", "1", "--json")
    assert outcome.code == 0, outcome.err
    size = json.loads(outcome.out)["size"]
    assert (size["judgments"], size["seeds"], size["folds"]) == (50, 4, 1)
    assert size["domains"] == pytest.approx(90 / 3, abs=2)
    assert size["others"] == 90 - size["domains"]
    assert "those of tuning.yaml" in outcome.err


def test_what_is_named_stands_above_the_plan(discretion: Command, desk: Path) -> None:
    (desk / "tuning.yaml").write_text("model: tiny\nhold_out: {by: case}\n", encoding="utf-8")
    words = ("power", "--studies", 10, "--q", "1", "--judgments", 30, "--domains", 6, "--seeds", 1)
    outcome = discretion(*words, "--only-taught", 0, "--json")
    assert outcome.code == 0, outcome.err
    size = json.loads(outcome.out)["size"]
    assert (size["judgments"], size["seeds"], size["folds"]) == (30, 1, 5)
    outcome = discretion(*words, "--only-taught", 0, "--folds", 6, "--json")
    assert json.loads(outcome.out)["size"]["folds"] == 6


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--q", "2"), "--q 2 is no list of shares"),
        (("--q", "half"), "--q half is no list of shares"),
        (("--judgments", 10**6), "judgments, fewer than the 1,000,000 to be taught"),
        (("--domains", 2, "--only-taught", 1), "a training would see 1 domain, and"),
        (("--domains", 4, "--folds", 5), "4 domains cannot be held out in 5 folds"),
        (("--raters", 99), "people each, can be simulated"),
    ],
)
def test_what_cannot_be_simulated_is_said_in_one_sentence(
    discretion: Command, words: tuple[object, ...], said: str
) -> None:
    outcome = discretion("power", *words)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err


def test_it_says_how_many_cases_a_gate_needs_by_the_people_s_own_rates(
    discretion: Command, desk: Path
) -> None:
    """The page, `check` and the gate's line say the same sentence."""
    (desk / "criteria.yaml").write_text(
        "arm: baseline/logistic\ndisagreement: 30%\nthese_cases_only: true\n", encoding="utf-8"
    )
    told = json.loads(discretion("power", "--gate", "criteria.yaml", "--json").out)
    assert told["size"] == {"cases": 90, "people": 23, "scenarios": 2, "raters": 24}
    assert not told["people"]["assumed"]
    assert told["table"][0] | {"chance": 0} == {
        "scenarios": 2,
        "cases": 90,
        "people": 23,
        "chance": 0,
    }
    assert told["table"][0]["chance"] == pytest.approx(told["chances"]["disagreement"])
    assert f"- {told['says']}" in discretion("check").out.splitlines()
    printed = discretion("power", "--gate", "criteria.yaml").out.splitlines()
    assert printed[-1] == told["says"]


@pytest.mark.usefixtures("nowhere")
def test_without_a_workspace_it_says_what_is_assumed(discretion: Command) -> None:
    few = discretion("power", "--gap", 0.1, "--cases", 60, "--raters", 3, "--scenarios", 6)
    assert "are assumed" in few.err
    assert few.out.splitlines()[-1].endswith(
        "(people's rates are assumed: no case was judged twice)."
    )
    assert discretion("power", "--gap", 0.1, "--tuning").code == 2
