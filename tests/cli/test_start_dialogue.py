"""The dialogue of `discretion start`: what it asks, and what Enter accepts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from discretion.workspace import open_workspace

from .conftest import Command, Outcome
from .start_at_hand import FAULTS, made, table


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[str, str | None]]]:
    """Sits at a terminal: replies in turn where a question holds a cue, and presses Enter
    everywhere else; the questions come back with their defaults."""

    def sitting(*replies: tuple[str, str]) -> list[tuple[str, str | None]]:
        waiting = list(replies)
        questions: list[tuple[str, str | None]] = []

        def answer(question: str, default: str | None = None, show_default: bool = True) -> str:
            questions.append((question.strip(), default))
            for place, (cue, said) in enumerate(waiting):
                if question.strip().startswith(cue):
                    del waiting[place]
                    return said
            assert default is not None, f"no default for: {question}"
            return default

        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("typer.prompt", answer)
        return questions

    return sitting


Asked = Callable[..., list[tuple[str, str | None]]]


def in_dialogue(discretion: Command, file: str | Path) -> Outcome:
    return discretion("start", file, "--into", "d")


def test_the_dialogue_asks_for_the_cut_of_a_scale_and_proposes_none(
    discretion: Command, here: Path, asked: Asked
) -> None:
    questions = asked(("The lowest", "9"), ("The lowest", "reverse"), ("The lowest", "2"))
    outcome = in_dialogue(discretion, FAULTS / "likert7.csv")
    assert outcome.code == 0, outcome.err
    assert {default for question, default in questions if "lowest level" in question} == {None}
    assert "granted: 2, 1; refused: all others" in outcome.out
    mapping, found = made(here / "d")
    assert mapping.levels == ("7", "6", "5", "4", "3", "2", "1")
    assert {one.columns["level"] for one in found if one.answer == "grant"} == {"1", "2"}


def test_the_dialogue_shows_the_rivals_and_has_no_default_between_them(
    discretion: Command, here: Path, asked: Asked
) -> None:
    columns = "permitted, violates_text, violates_purpose"
    questions = asked(
        ("2.", columns),
        ("Is each", "q"),
        ("violates_", "viol*: yes=r"),
        ("violates_", "viol*: no=g"),
    )
    outcome = in_dialogue(discretion, FAULTS / "twoq.csv")
    assert outcome.code == 0, outcome.err
    assert "3 columns may hold the decision" in outcome.out
    assert dict(questions)[next(one for one, _ in questions if one.startswith("2."))] is None
    assert len({one.panel for one in made(here / "d")[1]}) == 3


def test_the_dialogue_asks_whether_rows_count(
    discretion: Command, here: Path, asked: Asked
) -> None:
    asked(("Leave them out", "yes"))
    outcome = in_dialogue(discretion, FAULTS / "bug-mturk.csv")
    assert outcome.code == 0, outcome.err
    assert len(made(here / "d")[1]) == 46
    assert "or else: " in outcome.out


def test_a_word_with_a_star_answers_for_many(discretion: Command, here: Path, asked: Asked) -> None:
    questions = asked(
        ("Approved", "approved*=g"), ("DENIED", "denied*=r"), ("Not", "r"), ("Part", "--")
    )
    outcome = in_dialogue(discretion, FAULTS / "freetext.csv")
    assert outcome.code == 0, outcome.err
    assert len([one for one, _ in questions if "row" in one]) == 4
    assert made(here / "d")[0].answers["approved*"] == "grant"


def test_what_the_dialogue_accepts_by_enter_is_what_yes_takes(
    discretion: Command, here: Path, asked: Asked
) -> None:
    for file in ("notext.csv", "na.csv", "study.csv"):
        assert discretion("start", FAULTS / file, "--yes", "--into", f"yes-{file}").code == 0
        asked()
        assert discretion("start", FAULTS / file, "--into", f"enter-{file}").code == 0
        assert made(here / f"yes-{file}")[0] == made(here / f"enter-{file}")[0]


def test_the_dialogue_goes_on_to_the_rule_and_what_mistakes_cost(
    discretion: Command, here: Path, asked: Asked
) -> None:
    rows = [f"May I return coat {n}?,{('yes', 'no')[n % 2]},${n}.50" for n in range(30)]
    questions = asked(
        ("8.", "Returns within 14 days."), ("10.", "nothing"), ("And to", "5"),
        ("10.", "order_total"), ("And to", "€5"),
    )  # fmt: skip
    outcome = in_dialogue(discretion, table("request,outcome,order_total", *rows))
    assert outcome.code == 0, outcome.err
    assert "neither a column nor an amount: 'nothing'" in outcome.out
    policy = open_workspace(here / "d").contents.policies["imported"]
    assert policy.rule == "Returns within 14 days."
    assert policy.costs is not None
    assert (here / "d" / "prompt.txt").exists()
    assert [one[:2] for one, _ in questions][-6:-1] == ["9.", "10", "An", "10", "An"]


def test_back_goes_to_the_last_question_that_was_asked(
    discretion: Command, here: Path, asked: Asked
) -> None:
    """Without a value there is no question about the limit."""
    questions = asked(("5.", "-"), ("7.", "back"), ("5.", "amount"))
    outcome = in_dialogue(discretion, FAULTS / "notext.csv")
    assert outcome.code == 0, outcome.err
    assert [one[:2] for one, _ in questions][4:8] == ["5.", "7.", "5.", "6."]


def test_without_a_rule_nothing_more_is_asked(
    discretion: Command, here: Path, asked: Asked
) -> None:
    questions = asked()
    outcome = in_dialogue(discretion, FAULTS / "notext.csv")
    assert outcome.code == 0, outcome.err
    assert questions[-2][0].startswith("8. Your rule")
    assert not (here / "d" / "prompt.txt").exists()
    assert (here / "d" / "policies" / "imported.yaml.example").exists()


def test_numbers_that_can_be_read_in_two_ways_are_asked_about_once(
    discretion: Command, here: Path, asked: Asked
) -> None:
    questions = asked(("The decimal sign", "x"), ("The decimal sign", ","))
    outcome = in_dialogue(discretion, FAULTS / "bug-german.csv")
    assert outcome.code == 0, outcome.err
    signs = [question for question, _ in questions if question.startswith("The decimal sign")]
    assert signs == ["The decimal sign of column 'amount': . (1.5) or , (1500)"] * 2
    assert ". or , please" in outcome.out
    mapping, _ = made(here / "d")
    assert mapping.decimal == ","
    assert {case.limit for case in open_workspace(here / "d").cases} == {1000}
