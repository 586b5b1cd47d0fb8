"""`discretion start`: six questions at most, or none, from a file to a report."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
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
        "discretion: there is no terminal to ask on; add --yes to accept the defaults\n",
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


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Sits at a terminal: replies in turn where a question holds a cue, and takes the default
    everywhere else; the questions come back."""

    def sitting(*replies: tuple[str, str]) -> list[str]:
        waiting = list(replies)
        questions: list[str] = []

        def answer(question: str, default: str | None = "", show_default: bool = True) -> str:
            questions.append(question.strip())
            for place, (cue, said) in enumerate(waiting):
                if question.strip().startswith(cue):
                    del waiting[place]
                    return said or default or ""
            assert default is not None, question
            return default

        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("typer.prompt", answer)
        return questions

    return sitting


def test_a_person_is_asked_six_questions_and_what_unknown_words_mean(
    discretion: Command, here: Path, asked: Callable[..., list[str]]
) -> None:
    Path("tickets.csv").write_text(export(approved="credit"), encoding="utf-8")
    questions = asked(("credit (", "g"), ("4.", "-"))
    outcome = discretion("start", "tickets.csv")
    assert outcome.code == 0, outcome.err
    assert [question[:2] for question in questions] == [
        "1.", "2.", "cr", "3.", "4.", "5.", "6.", "7.", "8.", "En"
    ]  # fmt: skip
    assert "refused: denied (23)" in outcome.out
    assert open_workspace(here / "tickets").panel().rated is False


def test_a_wrong_name_is_said_at_once_and_back_goes_back(
    discretion: Command, here: Path, asked: Callable[..., list[str]]
) -> None:
    questions = asked(
        ("1.", "mesage"), ("1.", "CUSTOMER_message"), ("2.", "back"), ("5.", "agent_note")
    )
    outcome = discretion("start", "tickets.csv")
    assert outcome.code == 0, outcome.err
    assert "there is no column 'mesage'; the columns are: ticket_id" in outcome.out
    assert "the column 'agent_note' holds other things than numbers: It is day 22" in outcome.out
    assert [question[0] for question in questions] == list("112123455678E")


def test_words_that_were_misunderstood_are_asked_for_again(
    discretion: Command, here: Path, asked: Callable[..., list[str]]
) -> None:
    Path("tickets.csv").write_text(export(approved="credit"), encoding="utf-8")
    asked(("credit (", "refuse"), ("Enter", "2"), ("credit (", "back"), ("credit (", "-"))
    outcome = discretion("start", "tickets.csv")
    assert outcome.code == 0, outcome.err
    assert "60 refuse\n" in outcome.out
    assert "23 judgments, 37 skipped; 23 new" in outcome.out
    assert "37 rows set aside" in outcome.err


def test_texts_can_be_cut_when_the_words_that_give_it_away_are_seen(
    discretion: Command, here: Path, asked: Callable[..., list[str]]
) -> None:
    lines = export().replace("?", "? Reply: we cannot take it back")
    Path("tickets.csv").write_text(lines, encoding="utf-8")
    questions = asked(("Enter", "cut"), ("Where", "'Reply:'"))
    outcome = discretion("start", "tickets.csv")
    assert outcome.code == 0, outcome.err
    assert len([question for question in questions if question.startswith("Enter")]) == 2
    text = open_workspace(here / "tickets").cases[0].text
    assert text is not None
    assert text.endswith("?")


def test_nothing_is_made_where_the_file_cannot_be_read_as_understood(
    discretion: Command, here: Path, asked: Callable[..., list[str]]
) -> None:
    questions = asked(("5.", "agent_note - 1"), ("1 to 10", "5"), ("5.", "days_late"))
    outcome = discretion("start", "tickets.csv")
    assert outcome.code == 0, outcome.err
    assert "60 of 60 rows cannot be read: 'It is day 22' is neither a number nor a date" in (
        outcome.err
    )
    assert questions[-3:-1] == [questions[4], questions[5]]


def test_dates_are_read_as_they_look(discretion: Command, here: Path) -> None:
    days = ["2026-03-{:02}", "{:02}.03.2026", "Mar {:02} 2026"]
    rows = [
        f"{number},May I return my coat number {number}?,{'approved' if number % 3 else 'denied'},"
        f"{days[number % 3].format(number + 1)},20.02.2026"
        for number in range(28)
    ]
    text = "\n".join(["id,message,outcome,returned,bought", *rows])
    Path("tickets.csv").write_text(text + "\n", encoding="utf-8")
    both = "value=returned - bought,limit=14"
    outcome = discretion("start", "tickets.csv", "--yes", "--map", both)
    assert outcome.code == 0, outcome.err
    cases = open_workspace(here / "tickets").cases
    assert {case.value for case in cases} == set(range(9, 37))
    assert " 9 of 14 days: May I" in outcome.out
    assert cases[0].unit == "days"


def test_dates_that_may_be_read_in_two_ways_are_not(discretion: Command, here: Path) -> None:
    rows = [
        f"May I return my coat number {n}?,{('no', 'yes')[n % 2]},0{n}/0{n + 1}/2026"
        for n in range(1, 8)
    ]
    text = "\n".join(["message,outcome,returned", *rows])
    Path("tickets.csv").write_text(text + "\n", encoding="utf-8")
    command = ("start", "tickets.csv", "--yes", "--map", "value=returned - returned,limit=14")
    outcome = discretion(*command)
    assert outcome.code == 2
    assert "is another day by %m/%d/%Y than by %d/%m/%Y" in outcome.err
    assert "--date-format %d/%m/%Y\n" in outcome.err
    told = discretion(*command, "--date-format", "%d/%m/%Y")
    assert told.code == 0, told.err


def test_where_nothing_looks_like_a_decision_another_sheet_is_thought_of(
    discretion: Command, here: Path
) -> None:
    Path("tickets.csv").write_text("message\nMay I return my coat?\n", encoding="utf-8")
    outcome = discretion("start", "tickets.csv", "--yes")
    assert outcome.code == 2
    assert "with --sheet; the columns are: message" in outcome.err


def test_a_column_of_shares_names_the_command_that_reads_them(
    discretion: Command, here: Path
) -> None:
    rows = [f"May I return my coat number {number}?,0.{number}" for number in range(1, 60)]
    text = "\n".join(["message,share approved", *rows])
    Path("tickets.csv").write_text(text + "\n", encoding="utf-8")
    outcome = discretion("start", "tickets.csv", "--yes")
    assert outcome.code == 2
    assert "--map 'rate=`share approved`' --n unknown\n" in outcome.err
    told = discretion(
        "start", "tickets.csv", "--yes", "--map", "rate=`share approved`", "--n", "unknown"
    )
    assert told.code == 0, told.err
    assert len(open_workspace(here / "tickets").cases) == 59


def test_what_tells_of_a_decision_is_kept_to_leave_judgments_out(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = export().splitlines()
    extra = [
        "Reversed,Tenure,team_lead",
        *(
            f"{'yes' if n % 5 == 0 else ''},{('starter', 'lead')[n % 2]},{('Emil', 'Dora')[n % 2]}"
            for n in range(60)
        ),
    ]
    Path("tickets.csv").write_text(
        "\n".join(f"{line},{more}" for line, more in zip(lines, extra, strict=True)),
        encoding="utf-8",
    )
    outcome = discretion("start", "tickets.csv", "--yes")
    assert "Reversed, Tenure: kept, to leave decisions out or weigh them by\n" in outcome.out
    monkeypatch.chdir(tmp_path / "tickets")
    fewer = discretion("report", "--exclude", "Reversed=yes", "--json")
    assert json.loads(fewer.out)["people"]["judgments"] == 48
    for file in Path.cwd().rglob("*"):
        assert not file.is_file() or b"Dora" not in file.read_bytes()


def test_a_missing_file_is_said_before_there_is_talk_of_a_terminal(
    discretion: Command, here: Path
) -> None:
    outcome = discretion("start", "nope.csv")
    assert (outcome.code, outcome.err) == (
        2,
        "discretion: nope.csv: there is no such file; check the path\n",
    )
