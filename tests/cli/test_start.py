"""`discretion start`: six questions at most, or none, from a file to a report."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from discretion.workspace import SECRET, open_workspace

from .conftest import Command


def export(rows: int = 60, **replaced: str) -> str:
    rng = random.Random(0)
    words = {"approved": "approved", "denied": "denied"} | replaced
    lines = ["ticket_id,customer_message,outcome,agent_note,agent,days_late,window"]
    for number in range(rows):
        days = rng.randint(10, 30)
        outcome = words["approved" if days < 20 else "denied"]
        lines.append(
            f"{number},May I return my {rng.choice(['coat', 'lamp'])}? a{number}@x.example,"
            f"{outcome},It is day {days},{rng.choice(['Ann', 'Bob', 'Cem'])},{days},14"
        )
    return "\n".join(lines) + "\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tickets.csv").write_text(export(), encoding="utf-8")
    return tmp_path


def test_without_a_terminal_it_names_yes(discretion: Command, here: Path) -> None:
    outcome = discretion("start", "tickets.csv")
    assert (outcome.code, outcome.err) == (
        2,
        "discretion: there is no terminal to ask on; add --yes to take the guesses\n",
    )
    assert not (here / "tickets").exists()


def test_one_command_makes_a_workspace_and_a_report(discretion: Command, here: Path) -> None:
    outcome = discretion("start", "tickets.csv", "--yes")
    assert outcome.code == 0, outcome.err
    assert "60 judgments; 60 new" in outcome.out
    assert "personal data replaced by marks: 60 email" in outcome.out
    assert (here / "tickets" / "report.html").read_text(encoding="utf-8").startswith("<!doctype")
    assert (here / "tickets" / SECRET).stat().st_mode & 0o077 == 0
    desk = open_workspace(here / "tickets")
    assert desk.name == "tickets"
    case = desk.cases[0]
    assert (case.unit, case.limit, case.scenario) == ("days", 14, "requests")
    assert len(desk.panel().raters) == 3
    assert not set(desk.panel().raters) & {"Ann", "Bob", "Cem"}


def test_what_was_understood_is_shown_in_three_rows(discretion: Command, here: Path) -> None:
    shown = discretion("start", "tickets.csv", "--yes").out
    rows = [line for line in shown.splitlines() if " of 14 days: May I return my" in line]
    assert len(rows) == 3
    assert "@" not in "".join(rows)


def test_the_next_file_like_it_needs_no_mapping(
    discretion: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    discretion("start", "tickets.csv", "--yes", "--into", "desk")
    monkeypatch.chdir(here / "desk")
    outcome = discretion("import", "../tickets.csv")
    assert outcome.code == 0, outcome.err
    assert "0 new" in outcome.out


def test_unknown_decisions_are_named_with_the_option_that_explains_them(
    discretion: Command, here: Path
) -> None:
    Path("tickets.csv").write_text(export(approved="store credit"), encoding="utf-8")
    outcome = discretion("start", "tickets.csv", "--yes")
    assert outcome.code == 2
    assert "store credit" in outcome.err and "--answers" in outcome.err
    assert not (here / "tickets").exists()
    told = discretion("start", "tickets.csv", "--yes", "--answers", "store credit=grant")
    assert told.code == 0, told.err


def test_a_folder_with_something_in_it_is_left_alone(discretion: Command, here: Path) -> None:
    (here / "tickets").mkdir()
    (here / "tickets" / "mine.txt").write_text("mine", encoding="utf-8")
    outcome = discretion("start", "tickets.csv", "--yes")
    assert outcome.code == 2
    assert "--into FOLDER" in outcome.err


def test_rows_without_a_decision_are_set_aside_with_why(discretion: Command, here: Path) -> None:
    with Path("tickets.csv").open("a", encoding="utf-8") as file:
        file.write("60,Still open?,,,Ann,12,14\n")
    outcome = discretion("start", "tickets.csv", "--yes")
    assert outcome.code == 0, outcome.err
    assert "Still open?" in (here / "tickets" / "set-aside.csv").read_text(encoding="utf-8")


def test_columns_that_were_misunderstood_stop_it_before_anything_is_made(
    discretion: Command, here: Path
) -> None:
    outcome = discretion("start", "tickets.csv", "--yes", "--map", "value=agent_note")
    assert outcome.code == 2
    assert "60 of 60 rows cannot be read" in outcome.err
    assert not (here / "tickets").exists()


def test_a_person_is_asked_six_questions_and_what_unknown_words_mean(
    discretion: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("tickets.csv").write_text(export(approved="credit"), encoding="utf-8")
    replies = {"mean": "credit=grant", "4.": "-"}
    asked: list[str] = []

    def answer(question: str, default: str = "") -> str:
        asked.append(question)
        return next((said for cue, said in replies.items() if cue in question), default)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", answer)
    outcome = discretion("start", "tickets.csv")
    assert outcome.code == 0, outcome.err
    assert [question[:2] for question in asked if "mean" not in question] == [
        "1.", "2.", "3.", "4.", "5.", "6."
    ]  # fmt: skip
    assert "credit (" in outcome.out
    assert open_workspace(here / "tickets").panel().rated is False
