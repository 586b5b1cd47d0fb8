"""`discretion evaluate`: runs that can be repeated, and errors that name what there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command

ARMS = ("--arm", "baseline/logistic", "--arm", "baseline/always-refuse")


def test_a_run_asks_every_case_once_and_a_second_one_nothing(
    discretion: Command, desk: Path
) -> None:
    first = json.loads(discretion("evaluate", *ARMS, "--json").out)
    again = json.loads(discretion("evaluate", *ARMS, "--json").out)
    assert (first["cases"], first["calls"], first["cached"], first["failed"]) == (90, 180, 0, 0)
    assert again["calls"] == again["cached"]
    assert first["plan"] == again["plan"]


def test_a_dry_run_counts_and_asks_nothing(discretion: Command, desk: Path) -> None:
    counts = json.loads(discretion("evaluate", *ARMS, "--dry-run", "--json").out)
    assert [(one["arm"], one["calls"], one["cached"]) for one in counts] == [
        ("baseline/logistic", 90, 0),
        ("baseline/always-refuse", 90, 0),
    ]
    assert discretion("runs").out == "nothing has been evaluated yet\n"


def test_only_what_is_named_is_asked(discretion: Command, desk: Path) -> None:
    words = ("evaluate", *ARMS, "--scenario", "missing-receipt", "--cases", 7, "--json")
    assert json.loads(discretion(*words).out)["cases"] == 7


def test_results_go_to_stdout_and_remarks_to_stderr(discretion: Command, desk: Path) -> None:
    outcome = discretion("evaluate", *ARMS)
    assert outcome.out.startswith("run ")
    assert "90 cases, 2 arms, 180 calls asked, 0 answered before, 0 failed" in outcome.out
    assert outcome.err.endswith("next: discretion report\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "no arm is named; add --arm tiny/direct, or --plan NAME; see discretion arms"),
        (("--plan", "secnd"), "there is no plan 'secnd'; plans here: first"),
        (
            ("--arm", "tiny"),
            "'tiny' is no arm; write MODEL/METHOD, baseline/NAME or recorded/NAME",
        ),
        (
            ("--arm", "recorded/old"),
            "no decisions are recorded under 'old'; "
            "bring them in with: discretion import FILE --arm old",
        ),
        (
            (*ARMS, "--scenario", "late"),
            "no case has the scenario 'late'; see: discretion check",
        ),
        ((*ARMS, "--panel", "others"), "there is no panel 'others'"),
        (("--arm", "baseline/guess"), "there is no baseline 'guess'"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    discretion: Command, desk: Path, words: tuple[str, ...], sentence: str
) -> None:
    outcome = discretion("evaluate", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert sentence in outcome.err


def test_an_unnamed_model_is_said_with_the_setting_to_add(discretion: Command, desk: Path) -> None:
    outcome = discretion("evaluate", "--arm", "qwen/direct")
    assert outcome.code == 2
    assert "there is no model 'qwen'; use one of: tiny" in outcome.err
    assert "[models.qwen]" in outcome.err


def test_a_panel_that_is_nobody_is_refused_before_anything_is_asked(
    discretion: Command, desk: Path
) -> None:
    outcome = discretion("evaluate", "--arm", "baseline/always-grant", "--panel", "nobody")
    assert outcome.code == 2
    assert "nobody" in outcome.err
    assert "calls asked" not in outcome.err + outcome.out
