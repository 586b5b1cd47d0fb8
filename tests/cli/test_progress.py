"""What is said on stderr while something takes long."""

from __future__ import annotations

import pytest

from discretion import evaluation
from discretion.cli.progress import SOON, CallsLine, Steps, Studies
from discretion.training import trainers


def step(number: int, seconds: float, *, said: str = "") -> trainers.Progress:
    return trainers.Progress("tiny-labels-0", number, 4, 0.5, seconds, 3.0, said)


def call(arm: str, done: int, seconds: float) -> evaluation.CallProgress:
    return evaluation.CallProgress(arm, done, total=400, cached=0, failed=0, seconds=seconds)


def test_without_a_terminal_a_training_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps()
    for number, target in enumerate(("labels", "real-before"), 1):
        steps.begin(f"training {number} of 2: {target}, seed 0")
        for one in range(1, 5):
            steps.tell(step(one, 30.0 * one))
        steps.end()
    assert capsys.readouterr().err == (
        "training 1 of 2: labels, seed 0\ntraining 2 of 2: real-before, seed 0\n"
    )


def test_without_a_terminal_a_try_of_settings_is_named_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = Steps()
    for one in range(1, 5):
        steps.tell(step(one, SOON * one))
    assert capsys.readouterr().err == "training tiny-labels-0\n"


def test_without_a_terminal_calls_are_one_line_an_arm_and_none_where_they_are_quick(
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = CallsLine()
    calls.tell(call("baseline/mean", 1, SOON / 2))
    for done, arm in enumerate(("bot/direct", "bot/direct", "bot/purpose", "bot/purpose"), 1):
        calls.tell(call(arm, done, SOON * done))
    assert calls.done == 4
    assert capsys.readouterr().err == (
        "asking bot/direct: about 400 calls in all\nasking bot/purpose: about 400 calls in all\n"
    )


def test_what_a_provider_says_is_a_line_whenever_it_says_something_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = Steps()
    for said in ("queued", "queued", "running"):
        steps.tell(step(0, 60.0, said=said))
    assert capsys.readouterr().err.count("\n") == 2


def test_a_terminal_shows_which_training_it_is_and_how_far(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    steps = Steps()
    steps.begin("training 1 of 2: labels, seed 0")
    steps.tell(step(4, 30.0))
    steps.end()
    lines = capsys.readouterr().err.split("\r\033[K")
    assert lines[-1] == "training 1 of 2: labels, seed 0: step 4 of 4, loss 0.500, 3 s left\n"


def test_studies_are_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    studies = Studies(400)
    studies._begun -= 2 * SOON
    for done in (1, 2, 3):
        studies.tell(done)
    assert capsys.readouterr().err.startswith("simulating 400 studies, ")
