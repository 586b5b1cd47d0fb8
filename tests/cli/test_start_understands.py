"""`discretion start` on exports that can be read in two ways: it says what it understood, or stops
with a command that is ready to type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from discretion.workspace import open_workspace

from .conftest import Command
from .start_at_hand import FAULTS, commands, made, start, table


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "fields", "cases", "judgments"),
    [
        ("study.csv", {"text": "vignette", "answer": "judgment", "rater": "workerid"}, 10, 90),
        ("notext.csv", {"answer": "decision", "value": "amount"}, 60, 60),
        (
            "na.csv",
            {"text": "request", "answer": "outcome", "rater": "agent", "value": "days"},
            3,
            3,
        ),
        ("nested.jsonl", {"text": "`request.text`", "answer": "`decision.outcome`",
         "rater": "`decision.by`", "value": "`request.days`"}, 12, 12),
        ("counts_obj.jsonl", {"text": "text", "grants": "`label_scores.GRANT`",
         "refusals": "`label_scores.REFUSE`"}, 12, 0),
        ("cover_header.xlsx", {"text": "Request", "answer": "Outcome", "rater": "Agent",
         "value": "`Days late`"}, 12, 12),
        ("eur.csv", {"text": "request", "answer": "outcome", "value": "amount"}, 15, 15),
        ("ent.csv", {"text": "request", "answer": "outcome"}, 4, 4),
        ("bug-sep.csv", {"text": "request", "answer": "decision", "value": "days_late"}, 40, 48),
        ("bug-utc.csv",
         {"text": "request", "answer": "decision", "value": "asked_at - delivered_at"}, 40, 48),
        ("bug-epoch.csv",
         {"text": "request", "answer": "decision", "value": "returned_at - created_at"}, 40, 48),
        ("bug-german2.csv",
         {"text": "request", "answer": "decision", "value": "amount", "limit": "limit"}, 40, 48),
        ("bug-german3.csv",
         {"text": "request", "answer": "decision", "value": "weight_kg", "limit": "limit_kg"},
         40, 48),
    ],
)  # fmt: skip
def test_what_is_plain_is_read_and_said(
    discretion: Command,
    here: Path,
    file: str,
    fields: Mapping[str, str],
    cases: int,
    judgments: int,
) -> None:
    outcome = start(discretion, FAULTS / file)
    assert outcome.code == 0, outcome.err
    mapping, found = made(here / "d")
    assert mapping.fields == fields
    assert (len(open_workspace(here / "d").cases), len(found)) == (cases, judgments)
    for column in (written.replace("`", "") for written in fields.values()):
        assert f" {column}: " in outcome.out
        for page in ("README.md", "report.html"):
            assert column in (here / "d" / page).read_text(encoding="utf-8")
    assert "Your people agree little" not in outcome.out or file == "study.csv"


@pytest.mark.parametrize(
    ("file", "text", "value", "unit"),
    [
        ("bug-sep.csv", "after 9 days", "9", "days"),
        ("bug-utc.csv", "after 9 days", "9", "days"),
        ("bug-epoch.csv", "after 9 days", "9", "days"),
        ("bug-german2.csv", "after 9 euros", "10.01", ""),
        ("bug-german3.csv", "after 9 kilos", "1.25", ""),
        ("eur.csv", "Claim 0 ", "1234.5", "EUR"),
        ("eur.csv", "Claim 1 ", "20", "EUR"),
        ("cover_header.xlsx", "number 0 ", "15", "days"),
        ("nested.jsonl", "number 0 ", "15", "days"),
    ],
)
def test_amounts_are_what_a_person_reads_in_the_file(
    discretion: Command, here: Path, file: str, text: str, value: str, unit: str
) -> None:
    assert start(discretion, FAULTS / file).code == 0
    cases = open_workspace(here / "d").cases
    first = next(case for case in cases if case.text and text in case.text)
    assert (first.value, first.unit) == (Decimal(value), unit)


def test_returned_minus_delivered_is_held_against_the_window(
    discretion: Command, here: Path
) -> None:
    told = start(discretion, FAULTS / "dates.csv", "--date-format", "%d/%m/%Y")
    assert told.code == 0, told.err
    mapping, _ = made(here / "d")
    assert (mapping.fields["value"], mapping.fields["limit"]) == ("returned - delivered", "window")
    assert {(case.value, case.limit) for case in open_workspace(here / "d").cases} == {
        (Decimal(31), Decimal(30))
    }


def test_the_time_that_a_decision_took_is_no_value(discretion: Command, here: Path) -> None:
    rows = [
        f"May I return coat {n}?,2026-03-{n:02},2026-04-{n + 2:02},{('yes', 'no')[n % 2]}"
        for n in range(1, 13)
    ]
    file = table("request,created,resolved,decision", *rows)
    assert start(discretion, file).code == 0
    assert "value" not in made(here / "d")[0].fields


def test_a_formula_without_a_result_is_named(discretion: Command, here: Path) -> None:
    outcome = start(discretion, FAULTS / "bug-formula.xlsx")
    assert outcome.code == 2
    assert "40 formulas on sheet 'Sheet' have no stored result, the first in cell D2" in outcome.err
    assert not (here / "d").exists()


def test_the_rows_under_the_header_of_a_survey_tool_are_no_decisions(
    discretion: Command, here: Path
) -> None:
    answers = [f"R_{n},May I return coat {n}?,{('yes', 'no')[n % 2]}" for n in range(8)]
    file = table(
        "ResponseId,Request,Decision",
        "Response ID,What is asked?,Would you grant it?",
        '"{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"',
        *answers,
    )
    outcome = start(discretion, file)
    assert outcome.code == 0, outcome.err
    mapping, found = made(here / "d")
    assert (mapping.fields["text"], mapping.fields["answer"]) == ("Request", "Decision")
    assert len(found) == 8


@pytest.mark.parametrize(
    ("file", "sentence", "choice", "cases", "granted"),
    [
        ("likert04.csv", "`decision` holds a scale", "--grant-from 3", 12, {"3", "4"}),
        ("likert7.csv", "`rating` holds a scale", "--grant-from 6", 12, {"6", "7"}),
        ("denied1.csv", "the opposite of granted", "--answers 1=refuse;0=grant", 30, None),
        ("twoq.csv", "3 columns may hold the decision", "--map answer=permitted", 8, None),
        ("dates.csv", "is another day by", "--date-format %d/%m/%Y", 10, None),
        ("bug-german.csv", "is '1.500' 1.5 or 1500?", "--decimal ,", 40, None),
        ("eur_thousands.csv", "is '1.234' 1.234 or 1234?", "--decimal .", 15, None),
        ("bug-mturk.csv", "AssignmentStatus = Rejected (2)", "--leave-out A", 39, None),
    ],
)  # fmt: skip
def test_doubt_stops_it_with_commands_that_are_ready_to_type(
    discretion: Command, here: Path, file: str, sentence: str, choice: str, cases: int,
    granted: set[str] | None,
) -> None:  # fmt: skip
    outcome = start(discretion, FAULTS / file)
    assert outcome.code == 2
    assert sentence in outcome.err
    assert not (here / "d").exists()
    (chosen,) = [one for one in commands(outcome) if choice in " ".join(one)]
    told = discretion(*chosen)
    assert told.code == 0, told.err
    _, found = made(here / "d")
    assert len(open_workspace(here / "d").cases) == cases
    if granted is not None:
        assert {one.columns["level"] for one in found if one.answer == "grant"} == granted
        assert "Krippendorff's alpha (ordinal)" in told.out
        page = (here / "d" / "report.html").read_text(encoding="utf-8")
        assert "alpha (ordinal)" in page


def test_unknown_words_are_proposed_no_meaning_and_one_pattern_covers_many(
    discretion: Command, here: Path
) -> None:
    outcome = start(discretion, FAULTS / "freetext.csv")
    assert outcome.code == 2
    ((*_, answers),) = commands(outcome)
    assert answers == "approved*=?;denied*=?;not*=?;part*=?;exchange*=?;Refused. #24=?"
    assert discretion(*commands(outcome)[0]).code == 2
    answers = "approved*=grant;denied*=refuse;refused*=refuse;not*=refuse;part*=grant;exchange*=-"
    told = start(discretion, FAULTS / "freetext.csv", "--answers", answers)
    assert told.code == 0, told.err
    _, found = made(here / "d")
    assert {one.answer for one in found} == {"grant", "refuse"}


def test_a_thousand_wordings_are_covered_by_patterns(discretion: Command, here: Path) -> None:
    rows = [
        f"May I return coat {n}?,{('Approved - goodwill', 'Denied - see')[n % 2]} {n}"
        for n in range(1, 501)
    ]
    file = table("request,outcome", *rows)
    words = ("--map", "answer=outcome")
    stopped = start(discretion, file, *words)
    assert stopped.code == 2
    assert "approved*=grant;denied*=refuse" in stopped.err
    outcome = start(discretion, file, *words, "--answers", "approved*=grant;denied*=refuse")
    assert outcome.code == 0, outcome.err
    assert "250 refuse" in outcome.out


def test_records_with_one_wording_and_ids_of_their_own_are_cases_of_their_own(
    discretion: Command, here: Path
) -> None:
    words = "no mal*=refuse;*=grant"
    outcome = start(discretion, FAULTS / "findings.csv", "--answers", words)
    assert outcome.code == 0, outcome.err
    mapping, found = made(here / "d")
    assert (mapping.fields["answer"], mapping.case) == ("`Finding Outcome`", ("Record ID",))
    assert len({one.case for one in found}) == len(found) == 240
    assert "cases have the text of another one" in outcome.out


def test_na_is_nobody_and_no_decision_and_no_number(discretion: Command, here: Path) -> None:
    outcome = start(discretion, FAULTS / "na.csv")
    assert outcome.code == 0, outcome.err
    _, found = made(here / "d")
    assert sorted(one.rater is None for one in found) == [False, True, True]
    assert "Without a decision (empty, NA, ? or -): 4 rows" in outcome.out
    values = [case.value for case in open_workspace(here / "d").cases]
    assert sorted(map(str, values)) == ["15", "21", "30"]


# Further exports, as the tools that are named write them.


def test_a_survey_whose_columns_are_cases(discretion: Command, here: Path) -> None:
    """As Google Forms writes it: a row is a person, and questions are columns."""
    questions = [
        "Should the coat be taken back on day 15?",
        "Should the kettle be taken back on day 30?",
        "Should the lamp be taken back on day 90?",
    ]
    rows = [
        f"2026/03/0{n} 10:00:00,p{n}@x.example,Yes,{('Yes', 'No')[n % 2]},{'No' if n < 6 else ''}"
        for n in range(1, 9)
    ]
    file = table(",".join(["Timestamp", "Email Address", *questions]), *rows)
    outcome = start(discretion, file)
    assert outcome.code == 2
    assert "3 columns may hold the decision" in outcome.err
    (chosen,) = [one for one in commands(outcome) if one[-1] == "cases"]
    told = discretion(*chosen)
    assert told.code == 0, told.err
    _, found = made(here / "d")
    texts = {case.text: case.id for case in open_workspace(here / "d").cases}
    assert set(texts) == set(questions)
    lamp = [one.answer for one in found if one.case == texts[questions[2]]]
    assert lamp == ["refuse"] * 5
    assert len({one.rater for one in found}) == 8
    assert "x.example" not in (here / "d" / "report.html").read_text(encoding="utf-8")


def test_what_a_tool_writes_about_a_submission_is_no_decision(
    discretion: Command, here: Path
) -> None:
    """As Prolific and Qualtrics export it."""
    for name, words in (("prolific", ("APPROVED", "RETURNED")), ("qualtrics", ("IP Address",))):
        rows = [
            f"p{n // 4},{words[n % len(words)]},Vignette {n % 4} of a park,{('yes', 'no')[n % 2]}"
            for n in range(40)
        ]
        file = table("Participant id,Status,item,response", *rows, name=f"{name}.csv")
        outcome = discretion("start", file, "--yes", "--leave-out", "-")
        assert outcome.code == 0, outcome.err
        mapping, found = made(here / name)
        assert mapping.fields["answer"] == "response"
        assert mapping.fields["rater"] == "`Participant id`"
        assert len(found) == 40


def test_likert_words_in_several_columns_are_a_survey(discretion: Command, here: Path) -> None:
    levels = ("Definitely not", "Probably not", "Probably yes", "Definitely yes")
    rows = [f"R_{n},{levels[n % 4]},{levels[n // 2 % 4]}" for n in range(16)]
    file = table("ResponseId,Q1,Q2", *rows)
    words = ("--answer-columns", "Q1,Q2", "--columns-are", "cases")
    outcome = start(discretion, file)
    assert "2 columns may hold the decision" in outcome.err
    stopped = start(discretion, file, *words)
    assert "holds a scale" in stopped.err
    (chosen,) = [one for one in commands(stopped) if "Probably yes" in one]
    assert discretion(*chosen).code == 0
    _, found = made(here / "d")
    assert len({one.rater for one in found}) == 16
    assert {one.columns["level"] for one in found if one.answer == "grant"} == set(levels[2:])


def test_a_table_with_a_column_for_each_rater(discretion: Command, here: Path) -> None:
    rows = [
        f"Return coat {n}?,{('yes', 'no')[n % 2]},{('no', 'yes')[n % 3 > 0]},{'no' * (not n)}"
        for n in range(12)
    ]
    file = table("request,ann,bob,cem", *rows)
    outcome = start(discretion, file)
    assert outcome.code == 2
    (chosen,) = [one for one in commands(outcome) if one[-1] == "raters"]
    told = discretion(*chosen)
    assert told.code == 0, told.err
    _, found = made(here / "d")
    assert (len(found), len({one.rater for one in found})) == (25, 3)
    assert len(open_workspace(here / "d").cases) == 12


def test_several_questions_about_one_case_are_a_panel_each(discretion: Command, here: Path) -> None:
    columns = "permitted,violates_text,violates_purpose"
    words = ("--answer-columns", columns, "--columns-are", "panels")
    outcome = start(discretion, FAULTS / "twoq.csv", *words)
    assert outcome.code == 2
    assert "violates_text: yes" in outcome.err
    assert "permitted: yes" not in outcome.err
    told = start(
        discretion, FAULTS / "twoq.csv", *words, "--answers", "viol*: yes=refuse;viol*: no=grant"
    )
    assert told.code == 0, told.err
    _, found = made(here / "d")
    panels = {one.panel for one in found}
    assert panels == {"permitted", "violates_text", "violates_purpose"}


@pytest.mark.parametrize(
    ("header", "row", "sentence"),
    [
        ("request,approval_status", "May I return coat {n}?,{yes}", "`approval_status` looks like"),
        ("request,consent", "May I return coat {n}?,{yes}", "`consent` looks like"),
        ("request,suggestion", "May I return coat {n}?,{yes}", "`suggestion` looks like"),
        ("request,model_answer", "May I return coat {n}?,{yes}", "`model_answer` looks like"),
        ("request,prediction", "May I return coat {n}?,{yes}", "`prediction` looks like"),
        ("request,has_receipt", "May I return coat {n}?,{yes}", "No column is named like"),
        ("request,decision", "May I return coat {n}?,approved", "every row says 'approved'"),
        ("request,decision,final_outcome", "May I return coat {n}?,{yes},{yes}",
         "2 columns may hold the decision"),
        ("request,violates", "May I return coat {n}?,{yes}", "the opposite of granted"),
        ("request,decision", "May I return coat {n}?,{one_two}", "nothing says what"),
        ("request,decision", "May I return coat {n}?,{likert}", "holds a scale"),
        ("request,outcome,Finished", "May I return coat {n}?,{yes},{done}", "Finished = FALSE (4)"),
        ("request,outcome,Status", "May I return coat {n}?,{yes},{preview}",
         "Status = Survey Preview (4)"),
        ("id,request,outcome,agent", "{n},{shared},{yes},a{n}", "one case judged by"),
        ("kind,outcome,checks", "x,{yes},check one is {n} and check two is {n}",
         "No column is named like a request"),
        ("subject,offer,property,accept", "{who},{offer},house,{zero_one}",
         "Each person has one row for each of offer"),
        ("text,choice,was_cancelled", "May I return coat {n}?,{yes},{cancelled}",
         "was_cancelled = true (4)"),
    ],
)  # fmt: skip
def test_each_kind_of_doubt_stops_yes(
    discretion: Command, here: Path, header: str, row: str, sentence: str
) -> None:
    levels = ("Strongly disagree", "Disagree", "Agree", "Strongly agree")
    rows = [
        row.format(
            n=n,
            yes=("yes", "no")[n % 2],
            one_two=n % 2 + 1,
            zero_one=n % 2,
            who=n // 4,
            offer=("none", "ten", "hundred", "thousand")[n % 4],
            likert=levels[n % 4],
            done="FALSE" if n % 5 == 0 else "TRUE",
            preview="Survey Preview" if n % 5 == 0 else "IP Address",
            cancelled="true" if n % 5 == 0 else "false",
            shared=f"May I return coat {n if n > 5 else 0}?",
        )
        for n in range(20)
    ]
    outcome = start(discretion, table(header, *rows))
    assert outcome.code == 2
    assert sentence in outcome.err
    assert commands(outcome)
    assert not (here / "d").exists()


@pytest.mark.parametrize("name", ["worker_id", "user_id", "judge_id", "annotator", "WorkerId"])
def test_ids_of_people_are_people(discretion: Command, here: Path, name: str) -> None:
    rows = [f"May I return coat {n // 2}?,{('yes', 'no')[n % 2]},{100 + n % 2}" for n in range(20)]
    outcome = start(discretion, table(f"vignette,verdict,{name}", *rows))
    assert outcome.code == 0, outcome.err
    mapping, found = made(here / "d")
    assert mapping.fields["rater"] == name
    assert len({one.rater for one in found}) == 2
    assert len({one.case for one in found}) == 10


def test_what_else_a_field_could_be_is_said(discretion: Command, here: Path) -> None:
    rows = [f"May I return coat {n}?,{('yes', 'no')[n % 2]},{n},${n}.50" for n in range(30)]
    outcome = start(discretion, table("request,outcome,days_late,order_amount", *rows))
    assert outcome.code == 0, outcome.err
    assert "could also be order_amount" in outcome.out
    assert "could also be order_amount" in (here / "d" / "README.md").read_text(encoding="utf-8")


def test_a_one_sided_column_is_warned_of_and_taken(discretion: Command, here: Path) -> None:
    rows = [f"May I return coat {n}?,{'no' if n == 3 else 'yes'}" for n in range(60)]
    outcome = start(discretion, table("request,outcome", *rows))
    assert outcome.code == 0, outcome.err
    assert "98% of the requests are granted" in outcome.out


def test_rows_without_text_or_id_are_cases_unless_raters_repeat(
    discretion: Command, here: Path
) -> None:
    rows = [f"{1000 * (n % 3)},{('yes', 'no')[n % 2]}" for n in range(18)]
    outcome = start(discretion, table("amount,decision", *rows))
    assert outcome.code == 0, outcome.err
    assert len(open_workspace(here / "d").cases) == 18
    assert made(here / "d")[0].each_row
    both = [f"{1000 * n},{('yes', 'no')[who]},r{who}" for n in range(9) for who in range(2)]
    crossed = table("amount,decision,rater", *both, name="crossed.csv")
    assert discretion("start", crossed, "--yes").code == 0
    assert len(open_workspace(here / "crossed").cases) == 9


def test_rows_that_are_cases_are_the_same_cases_when_sorted_anew(
    discretion: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{1000 * (n % 3)},{('yes', 'no')[n % 2]}" for n in range(18)]
    start(discretion, table("amount,decision", *rows))
    table("amount,decision", *rows[::-1], name="again.csv")
    monkeypatch.chdir(here / "d")
    outcome = discretion("import", "../again.csv", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["new"] == 0


def test_counts_and_rates_are_read_too(discretion: Command, here: Path) -> None:
    rows = [f"c{n},May I return coat {n}?,{n},{12 - n}" for n in range(12)]
    outcome = start(discretion, table("case,text,granted,refused", *rows))
    assert outcome.code == 0, outcome.err
    assert "12 tallies" in outcome.out
    panel = open_workspace(here / "d").panel()
    assert panel.n.tolist() == [12] * 12


def test_a_rule_makes_a_policy_a_prompt_and_prices(discretion: Command, here: Path) -> None:
    rows = [
        f"May I return coat {n}?,{('approved', 'denied')[n % 2]},{10 + n},14,${n}.50"
        for n in range(30)
    ]
    file = table("request,outcome,days_late,window,order_value", *rows)
    outcome = start(
        discretion, file, "--rule", "Returns are accepted within 14 days.",
        "--purpose", "Goods must be sold again.",
        "--costs", "wrong_grant=order_value,wrong_refusal=15",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    policy = open_workspace(here / "d").contents.policies["imported"]
    assert (policy.rule, policy.purpose) == (
        "Returns are accepted within 14 days.", "Goods must be sold again.",
    )  # fmt: skip
    case = open_workspace(here / "d").cases[0]
    assert policy.costs is not None
    assert str(policy.costs.of(case.facts)[1]) == "15"
    assert policy.costs.of(case.facts)[0] is not None
    prompt = (here / "d" / "prompt.txt").read_text(encoding="utf-8")
    assert "Returns are accepted within 14 days." in prompt
    assert discretion("--workspace", "d", "check").code == 0
    for example in (here / "d").rglob("*.example"):
        assert "taxi" not in example.read_text(encoding="utf-8").lower()
    grid = (here / "d" / "scenarios" / "grid.yaml.example").read_text(encoding="utf-8")
    assert "limit: 14" in grid


def test_the_example_beside_it_can_be_used_as_it_stands(discretion: Command, here: Path) -> None:
    rows = [f"May I return coat {n}?,{('yes', 'no')[n % 2]},{10 + n},14" for n in range(30)]
    start(discretion, table("request,outcome,days_late,window", *rows))
    for example in list((here / "d").rglob("*.yaml.example")):
        if example.parent.name in ("policies", "scenarios"):
            example.rename(example.with_suffix(""))
    checked = discretion("--workspace", "d", "check")
    assert checked.code == 0, checked.out
    assert "at most 14 days" in (here / "d/policies/imported.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("--costs", "wrong_grant=5"), ("--costs", "x")])
def test_costs_that_cannot_be_read_stop_before_anything_is_made(
    discretion: Command, here: Path, words: tuple[str, ...]
) -> None:
    rows = [f"May I return coat {n}?,{('yes', 'no')[n % 2]}" for n in range(30)]
    outcome = start(discretion, table("request,outcome", *rows), *words, "--rule", "R.")
    assert outcome.code == 2
    assert "--costs" in outcome.err
    assert not (here / "d").exists()
