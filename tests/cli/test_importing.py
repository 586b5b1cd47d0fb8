"""`discretion import`: all of a file or nothing of it, and the mapping kept for next time."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from discretion.canonical import digest
from discretion.core.judgments import Judgment
from discretion.storage import Entry, records
from discretion.storage.records import judgment_entry
from discretion.workspace import open_workspace

from .conftest import Command

JUDGED = Judgment("j1", "a case", "people", "grant", rater="ann")

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
    assert outcome.err.startswith("read as imports/old.yaml says: --map ")
    assert [path.name for path in (empty / "imports").iterdir()] == ["old.yaml"]


def test_a_mapping_that_only_the_log_knows_is_remembered_and_not_stored_anew(
    discretion: Command, empty: Path
) -> None:
    """As version 0.1.0 stored it: fewer keys, and spaces as they were typed."""
    said = {
        "map": "text=request, answer = outcome",
        "answers": "denied=refuse",
        "n": "known",
        "direction": "at most",
        **dict.fromkeys(("case", "scenario", "policy", "panel", "unit", "scale", "factor"), ""),
        **dict.fromkeys(("keep", "arm", "date_format"), ""),
    }
    here = open_workspace(empty)
    here.store.append(
        [
            Entry(
                "mapping", digest(said), said, None, digest(["request", "outcome", "agent", "days"])
            )
        ]
    )
    here.store.close()
    outcome = discretion("import", "old.csv")
    assert outcome.code == 0, outcome.err
    assert outcome.err.startswith("as last time for these columns: --map ")
    (stored,) = open_workspace(empty).store.entries("mapping")
    assert stored.body == said
    assert [case.text for case in open_workspace(empty).cases] == ["Coat back?"]


def test_a_mapping_can_be_edited_and_named(discretion: Command, empty: Path) -> None:
    discretion("import", "old.csv", *MAP)
    Path("mine.yaml").write_text(
        "fields:\n  text: request\n  answer: outcome\n  limit: 14\n  value: days\n"
        "answers:\n  'den*': '-'\nunit: days\n"
    )
    outcome = discretion("import", "old.csv", "--mapping", "mine.yaml", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["judgments"] == 1
    Path("mine.yaml").write_text("fields:\n  txt: request\n")
    wrong = discretion("import", "old.csv", "--mapping", "mine.yaml")
    assert wrong.code == 2
    assert "mine.yaml:2" in wrong.err


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
    assert "1 row set aside, with why: bad.csv" in outcome.err
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
    from discretion.storage import recorded
    from discretion.workspace import open_workspace

    said = ["approved", "approved", "denied", "approved"]
    rows = "".join(f"Coat back?,{answer},15\n" for answer in said)
    Path("bot.csv").write_text(f"request,said,days\n{rows}", encoding="utf-8")
    words = ("--map", "text=request,answer=said,value=days,limit=14", "--unit", "days")
    for fresh in (4, 0):
        outcome = discretion("import", "bot.csv", *words, "--arm", "bot")
        assert f"; {fresh} new" in outcome.out
        store = open_workspace(Path()).store
        assert list(recorded.shares(store, "bot").values()) == [(0.75, 4)]


def test_judgments_can_be_narrowed_and_weighed_by_what_is_about_them(
    discretion: Command, empty: Path
) -> None:
    rows = ["request,outcome,agent,tenure,reversed"]
    for number in range(8):
        rows.append(f"Coat {number}?,approved,ann,lead,")
        rows.append(f"Coat {number}?,denied,bob,starter,{'yes' if number < 2 else ''}")
    Path("old.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    about = ("--map", "text=request,answer=outcome,rater=agent", "--about", "tenure,reversed")
    assert discretion("import", "old.csv", *about).code == 0

    def rate(*words: str) -> float:
        outcome = discretion("report", "--people", "--json", *words)
        assert outcome.code == 0, outcome.err
        found: float = json.loads(outcome.out)["people"]["rate"]["value"]
        return found

    assert rate() == pytest.approx(0.5)
    assert rate("--panel", "people[tenure=lead]") == 1
    assert rate("--exclude", "reversed=yes") == pytest.approx((2 * 1 + 6 * 0.5) / 8)
    assert rate("--weight", "tenure=lead:3,starter:1") == pytest.approx(0.75)
    wrong = discretion("report", "--people", "--exclude", "reverse=yes")
    assert "has a column 'reverse'; they have: reversed, tenure" in wrong.err


def test_personal_data_becomes_marks_unless_it_is_kept(discretion: Command, empty: Path) -> None:
    rows = "request,outcome,agent\nHi Anna, write to a@x.example,approved,ann\n"
    Path("old.csv").write_text(rows.replace("Hi Anna,", '"Hi Anna,').replace("example", 'example"'))
    words = ("import", "old.csv", "--map", "text=request,answer=outcome,rater=agent")
    outcome = discretion(*words)
    assert "personal data replaced by marks: 1 email, 1 name" in outcome.out
    assert "Names elsewhere in a text are not removed" in outcome.err
    kept = json.loads(discretion(*words, "--keep-personal-data", "--json").out)
    assert (kept["replaced"], kept["new"]) == ({}, 1)
    texts = [case.text for case in open_workspace(empty).cases]
    assert texts == ["Hi [name 1], write to [email 1]", "Hi Anna, write to a@x.example"]


def test_a_lost_secret_is_said_before_people_would_count_twice(
    discretion: Command, empty: Path
) -> None:
    discretion("import", "old.csv", *MAP)
    (empty / ".discretion-secret").unlink()
    outcome = discretion("import", "old.csv", *MAP)
    assert outcome.code == 2
    assert ".discretion-secret: is missing" in outcome.err
    assert discretion("import", "old.csv", *MAP, "--keep-personal-data").code == 0


def test_where_names_were_kept_before_there_was_a_secret_it_is_said_how_to_go_on(
    discretion: Command, empty: Path
) -> None:
    """As in a workspace of version 0.1.0."""
    (empty / ".discretion-secret").unlink()
    said = {"map": "text=request,answer=outcome", "answers": ""}
    here = open_workspace(empty)
    here.store.append([Entry("mapping", "of 0.1.0", said), judgment_entry(JUDGED)])
    here.store.close()
    outcome = discretion("import", "old.csv", *MAP)
    assert outcome.code == 2
    assert "keeps people's names" in outcome.err
    assert "add --keep-personal-data" in outcome.err
    assert discretion("import", "old.csv", *MAP, "--keep-personal-data").code == 0


def test_simulated_people_do_not_stand_in_the_way_of_a_secret(
    discretion: Command, empty: Path
) -> None:
    (empty / ".discretion-secret").unlink()
    here = open_workspace(empty)
    here.store.append([judgment_entry(JUDGED)])
    here.store.close()
    assert discretion("import", "old.csv", *MAP).code == 0
    assert (empty / ".discretion-secret").is_file()


def test_near_duplicates_and_give_aways_are_said(discretion: Command, empty: Path) -> None:
    story = "My coat came late and the zip was broken when I first put it on last week"
    lines = ["request,outcome", f"{story}. Refund issued,approved", f"{story}! Refund issued,yes"]
    Path("old.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    outcome = discretion("import", "old.csv", "--map", "text=request,answer=outcome")
    assert "near-duplicates: 2 cases in 1 group," in outcome.out
    assert "“refund issued” in 2 texts, 100% of them granted" in outcome.err
    kin = [case.kin for case in open_workspace(empty).cases]
    assert sorted(map(bool, kin)) == [False, True]


def test_a_long_ticket_with_emoji_and_right_to_left_text_comes_in_whole(
    discretion: Command, empty: Path
) -> None:
    text = ("Late 😀 שלום مرحبا " * 6_000)[:100_000].strip()
    Path("old.csv").write_text(f"request,outcome,why\n{text},approved,\n", encoding="utf-8")
    words = ("--map", "text=request,answer=outcome,explanation=why")
    assert discretion("import", "old.csv", *words).code == 0
    assert open_workspace(empty).cases[0].text == text


def test_an_import_says_every_field_and_the_page_says_it_again(
    discretion: Command, empty: Path
) -> None:
    outcome = discretion("import", "old.csv", *MAP)
    for said in ("outcome: approved (1) = granted; denied (1) = refused", "days: 15 days",
                 "agent: 2 different"):  # fmt: skip
        assert said in outcome.err
    assert discretion("report", "--people").code == 0
    page = Path("report.html").read_text(encoding="utf-8")
    assert "How this file was read" in page
    assert "denied (1) = refused" in page


def test_numbers_that_are_levels_are_not_read_as_yes_and_no(
    discretion: Command, empty: Path
) -> None:
    rows = "".join(f"Coat {n}?,{n % 5}\n" for n in range(20))
    Path("scale.csv").write_text(f"request,rating\n{rows}", encoding="utf-8")
    words = ("import", "scale.csv", "--map", "text=request,answer=rating")
    for more in ((), ("--skip-bad", "bad.csv")):
        outcome = discretion(*words, *more)
        assert outcome.code == 2
        assert "holds a 0 or 1 and other numbers too: 2, 3, 4" in outcome.err
    kept = json.loads(discretion(*words, "--grant-from", "3", "--json").out)
    assert kept["judgments"] == 20
    levels = {one.columns["level"] for one in records.judgments(open_workspace(empty).store)}
    assert levels == {"0", "1", "2", "3", "4"}


def test_rows_are_left_out_by_column_and_said(discretion: Command, empty: Path) -> None:
    rows = "request,outcome,Status\nCoat?,yes,IP Address\nLamp?,no,Survey Preview\n"
    Path("old.csv").write_text(rows, encoding="utf-8")
    words = ("import", "old.csv", "--map", "text=request,answer=outcome")
    outcome = discretion(*words, "--leave-out", "Status=Survey Preview")
    assert "Left out, as you said: 1 row." in outcome.err
    assert [case.text for case in open_workspace(empty).cases] == ["Coat?"]
    wrong = discretion(*words, "--leave-out", "State=Survey Preview")
    assert "--leave-out: there is no column 'State'" in wrong.err


def test_a_column_can_name_the_panel(discretion: Command, empty: Path) -> None:
    rows = "request,outcome,team\nCoat?,yes,Night shift\nCoat?,no,Day shift\n"
    Path("old.csv").write_text(rows, encoding="utf-8")
    assert (
        discretion("import", "old.csv", "--map", "text=request,answer=outcome,panel=team").code == 0
    )
    assert sorted(records.panel_names(open_workspace(empty).store)) == ["day-shift", "night-shift"]


def test_a_name_that_says_the_opposite_stops_an_import_too(
    discretion: Command, empty: Path
) -> None:
    Path("old.csv").write_text("request,denied\nCoat?,1\nLamp?,0\n", encoding="utf-8")
    words = ("import", "old.csv", "--map", "text=request,answer=denied")
    outcome = discretion(*words)
    assert outcome.code == 2
    assert '--answers "1=?;0=?"' in outcome.err
    assert discretion(*words, "--answers", "1=refuse;0=grant").code == 0


def test_a_decimal_sign_is_taken_beside_a_remembered_mapping(
    discretion: Command, empty: Path
) -> None:
    words = ("import", "old.csv", "--map", "text=request,answer=outcome,value=price")
    Path("old.csv").write_text("request;price;outcome\nCoat?;1,5;yes\n", encoding="utf-8")
    assert discretion(*words).code == 0
    Path("new.csv").write_text("request;price;outcome\nLamp?;1.500;yes\n", encoding="utf-8")
    outcome = discretion("import", "new.csv")
    assert outcome.code == 2
    assert "--decimal , (1500)" in outcome.err
    assert discretion("import", "new.csv", "--decimal", ",").code == 0
    assert {case.value for case in open_workspace(empty).cases} == {Decimal("1.5"), 1500}


def test_facts_are_shown_again_for_the_same_columns_and_said_in_the_report(
    discretion: Command, empty: Path
) -> None:
    discretion("import", "old.csv", *MAP[:1], "text=request,answer=outcome", "--shown", "days")
    Path("new.csv").write_text(ROWS.replace("Coat", "Lamp"), encoding="utf-8")
    assert discretion("import", "new.csv").code == 0
    assert {case.shown_columns["days"] for case in open_workspace(empty).cases} == {"15"}
    (read,) = json.loads(discretion("report", "--people", "--json").out)["imports"]
    assert ["facts", "days", "shown to whoever decides", "as you said"] in [
        [one["label"], one["column"], one["holds"], one["why"]] for one in read["fields"]
    ]
    assert read["notes"][-1].startswith("Not kept: agent. To add one later")


def test_a_word_that_is_new_can_be_said_beside_a_remembered_mapping(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--answers was ignored there, and the error asked for the very option again."""
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("request,outcome\nA coat.,yes\nA hat.,no\n", encoding="utf-8")
    Path("b.csv").write_text("request,outcome\nA boot.,store credit\nA tie.,no\n", encoding="utf-8")
    assert discretion("init", "desk").code == 0
    there = ("--workspace", "desk", "import")
    assert discretion(*there, "a.csv", "--map", "text=request,answer=outcome").code == 0
    assert "store credit" in discretion(*there, "b.csv").err
    outcome = discretion(*there, "b.csv", "--answers", "store credit=unsure")
    assert outcome.code == 0, outcome.err
    again = discretion(*there, "b.csv")
    assert again.code == 0, "the word is remembered"
    refused = discretion(*there, "b.csv", "--scenario", "'desk'")
    assert refused.code == 2
    assert "the mapping that is remembered for these columns says this already" in refused.err


def test_requests_that_all_read_alike_are_said_to_leave_nothing_to_learn_from(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    form = "Name of the customer, date of the order, reason why the parcel should come back: "
    form = form.replace(",", "")
    rows = [f"{form}{number};{'yes' if number % 2 else 'no'}\n" for number in range(30)]
    Path("a.csv").write_text("request;outcome\n" + "".join(rows), encoding="utf-8")
    assert discretion("init", "desk").code == 0
    outcome = discretion(
        "--workspace", "desk", "import", "a.csv", "--map", "text=request,answer=outcome"
    )
    assert outcome.code == 0, outcome.err
    assert "More than half of the requests read almost alike" in outcome.out
