"""`discretion import`: all of a file or nothing of it, and the mapping kept for next time."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from discretion.workspace import open_workspace

from .conftest import Command

ROWS = "request,outcome,agent,days\nCoat back?,approved,ann,15\nCoat back?,denied,bob,15\n"
MAP = ("--map", "text=request,answer=outcome,rater=agent,value=days,limit=14", "--unit", "days")


@pytest.fixture
def empty(discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    assert discretion("init", folder).code == 0
    monkeypatch.chdir(folder)
    Path("old.csv").write_text(ROWS, encoding="utf-8")
    return folder


def test_judgments_come_in_and_make_a_panel(discretion: Command, empty: Path) -> None:
    counts = json.loads(discretion("import", "old.csv", *MAP, "--json").out)
    assert (counts["judgments"], counts["new"]) == (2, 2)
    panel = open_workspace(empty).panel()
    assert (panel.name, panel.rate.tolist(), len(panel.raters)) == ("people", [0.5], 2)


def test_importing_twice_changes_nothing(discretion: Command, empty: Path) -> None:
    discretion("import", "old.csv", *MAP)
    head = discretion("verify").out
    assert json.loads(discretion("import", "old.csv", *MAP, "--json").out)["new"] == 0
    assert discretion("verify").out == head


def test_the_mapping_is_remembered_for_the_same_columns(discretion: Command, empty: Path) -> None:
    discretion("import", "old.csv", *MAP)
    Path("new.csv").write_text(ROWS.replace("15", "16"), encoding="utf-8")
    outcome = discretion("import", "new.csv")
    assert outcome.code == 0
    assert "2 new" in outcome.out
    assert outcome.err.startswith("as last time for these columns: --map ")


def test_without_a_mapping_the_columns_are_named(discretion: Command, empty: Path) -> None:
    outcome = discretion("import", "old.csv")
    assert outcome.code == 2
    assert outcome.err == (
        "discretion: old.csv: nothing says which column is what; "
        'add --map "text=…,answer=…"; the columns are: request, outcome, agent, days\n'
    )


def test_an_unknown_answer_stops_the_import_and_nothing_is_kept(
    discretion: Command, empty: Path
) -> None:
    Path("old.csv").write_text(ROWS.replace("denied", "store credit"), encoding="utf-8")
    outcome = discretion("import", "old.csv", *MAP)
    assert (outcome.code, outcome.out) == (2, "")
    assert "store credit" in outcome.err
    assert open_workspace(empty).cases.cases == ()


def test_bad_rows_can_be_set_aside_with_why(discretion: Command, empty: Path) -> None:
    Path("old.csv").write_text(ROWS + "Coat back?,approved,cem,soon\n", encoding="utf-8")
    assert discretion("import", "old.csv", *MAP).code == 2
    outcome = discretion("import", "old.csv", *MAP, "--skip-bad", "bad.csv")
    assert outcome.code == 0
    assert "1 bad rows are set aside in bad.csv" in outcome.err
    with Path("bad.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["row"], row["agent"], row["days"]) == ("4", "cem", "soon")


def test_what_a_system_decided_becomes_a_recorded_arm(discretion: Command, empty: Path) -> None:
    discretion("import", "old.csv", *MAP)
    Path("bot.csv").write_text("request,said,days\nCoat back?,denied,15\n", encoding="utf-8")
    words = ("--map", "text=request,answer=said,value=days,limit=14", "--unit", "days")
    assert discretion("import", "bot.csv", *words, "--arm", "bot").code == 0
    assert json.loads(discretion("arms", "--json").out)["recorded"] == ["bot"]
    assert discretion("evaluate", "--arm", "recorded/bot").code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--scale", "wide"), "--scale: 'wide' is no scale; give a number above 0"),
        (("--delimiter", "§§"), "§§"),
    ],
)
def test_options_that_mean_nothing_are_said(
    discretion: Command, empty: Path, words: tuple[str, str], sentence: str
) -> None:
    outcome = discretion("import", "old.csv", *MAP, *words)
    assert outcome.code == 2
    assert sentence in outcome.err


def test_a_file_that_is_missing_is_named(discretion: Command, empty: Path) -> None:
    outcome = discretion("import", "gone.csv", *MAP)
    assert outcome.code == 2
    assert outcome.err.startswith("discretion: gone.csv: ")


def test_a_system_that_granted_three_times_in_four_reads_as_three_quarters(
    discretion: Command, empty: Path
) -> None:
    from discretion.storage import records
    from discretion.workspace import open_workspace

    said = ["approved", "approved", "denied", "approved"]
    rows = "".join(f"Coat back?,{answer},15\n" for answer in said)
    Path("bot.csv").write_text(f"request,said,days\n{rows}", encoding="utf-8")
    words = ("--map", "text=request,answer=said,value=days,limit=14", "--unit", "days")
    for fresh in (4, 0):
        outcome = discretion("import", "bot.csv", *words, "--arm", "bot")
        assert f"; {fresh} new" in outcome.out
        store = open_workspace(Path()).store
        assert list(records.recorded(store, "bot").values()) == [0.75]
