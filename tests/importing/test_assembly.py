import numpy as np
import pytest

from discretion.core.judgments import gather
from discretion.importing import parse_answers
from importing.tables_at_hand import complaint, imported


def test_a_row_is_a_judgment(tmp_path):
    text = "request,outcome,note,agent,at,sure\n"
    text += "late,approved,loyal customer,ann,2026-03-31,80%\nlate,denied,,,,\n"
    read = imported(
        tmp_path,
        text,
        "text=request,answer=outcome,explanation=note,rater=agent,time=at,confidence=sure",
        panel="desk",
    )
    first, second = read.judgments
    assert (first.answer, first.explanation, first.rater) == ("grant", "loyal customer", "ann")
    assert (first.time, first.confidence, first.panel) == ("2026-03-31", 0.8, "desk")
    assert (first.source, first.shown) == ("decisions.csv", read.cases[0].shown)
    assert (second.answer, second.explanation, second.rater) == ("refuse", None, None)
    assert (second.time, second.confidence) == (None, None)


def test_a_row_is_a_case_with_counts(tmp_path):
    text = "id,yes,no,open\na,3,1,2\nb,0,0,5\n"
    read = imported(tmp_path, text, "grants=yes,refusals=no,unsure=open", case=("id",))
    assert [(tally.rate, tally.n, tally.unsure) for tally in read.tallies] == [
        (0.75, 4, 2),
        (0.0, 0, 5),
    ]
    panel = gather("people", (), read.tallies)
    assert panel.rate[0] == 0.75
    assert np.isnan(panel.rate[1])


def test_counts_may_be_computed(tmp_path):
    text = "id,yes,all\na,3,12\n"
    (tally,) = imported(tmp_path, text, "grants=yes,refusals=all - yes", case=("id",)).tallies
    assert (tally.rate, tally.n) == (0.25, 12)
    (tally,) = imported(tmp_path, text, "rate=yes/all,n=all", case=("id",)).tallies
    assert (tally.rate, tally.n) == (0.25, 12)


def test_a_row_is_a_case_with_a_rate(tmp_path):
    text = "id,share,people\na,25%,12\nb,0.5,\n"
    options = {"case": ("id",), "n_unknown": True}
    read = imported(tmp_path, text, "rate=share,n=people", **options)
    assert [(tally.rate, tally.n) for tally in read.tallies] == [(0.25, 12), (0.5, None)]
    read = imported(tmp_path, text, "rate=share", **options)
    assert [tally.n for tally in read.tallies] == [None, None]


@pytest.mark.parametrize(
    ("row", "fields", "sentence"),
    [
        ("a,120%,5,", "rate=x,n=y", "column 'x': '120%' is no rate between 0 and 100%"),
        ("a,1.2,5,", "rate=x,n=y", "column 'x': '1.2' is no rate between 0 and 1"),
        ("a,,5,", "rate=x,n=y", "column 'x': '' is no rate between 0 and 1"),
        ("a,0.5,,", "rate=x,n=y", "column 'y': '' is no count (a whole number from 0)"),
        ("a,0.5,0,", "rate=x,n=y", "decisions.csv:2: nobody decided this case"),
        ("a,-1,5,", "grants=x,refusals=y", "column 'x': '-1' is no count"),
        ("a,0,0,", "grants=x,refusals=y", "decisions.csv:2: nobody decided this case"),
        ("a,7,5,", "grants=x,refusals=y - x", "column 'y - x': '-2' is no count"),
        ("a,yes,3,", "answer=x,confidence=y", "column 'y': '3' is no rate between 0 and 1"),
        ("a,yes,May,", "answer=x,time=y", "column 'y': 'May' is no date"),
        ("a,yes,1,2,3", "answer=x", "decisions.csv:2: the row has 5 cells and the header 4"),
        ("a,yes,soon,", "answer=x,value=y", "column 'y': 'soon' is no number"),
        ("a,yes,1,", "answer=x,value=y / 0", "column 'y / 0': 1 / 0 cannot be computed"),
        ("a,yes,1,", "answer=x,policy=z", "column 'z': the name is empty"),
    ],
)
def test_a_bad_row_says_where_and_how_to_mend_it(tmp_path, row, fields, sentence):
    stopped = complaint(tmp_path, f"id,x,y,z\n{row}\n", fields, case=("id",))
    assert stopped.startswith("decisions.csv:2")
    assert sentence in stopped
    assert stopped.endswith("set it aside with --skip-bad FILE")


def test_two_rates_for_one_case_need_their_n(tmp_path):
    text = "id,share,people\na,25%,12\na,75%,12\n"
    read = imported(tmp_path, text, "rate=share,n=people", case=("id",))
    assert gather("people", (), read.tallies).rate == [0.5]
    sentence = complaint(tmp_path, text, "rate=share", case=("id",), n_unknown=True)
    assert sentence.startswith(
        "decisions.csv:3: row 2 gives a rate for the same case, and without n the two cannot be "
        "put together"
    )


def test_equal_rows_count_apart(tmp_path):
    read = imported(tmp_path, "request,answer\na,1\na,1\na,1\n", "text=request,answer=answer")
    assert len({judgment.id for judgment in read.judgments}) == 3
    read = imported(tmp_path, "id,g,r\na,1,2\na,1,2\n", "grants=g,refusals=r", case=("id",))
    assert len({tally.id for tally in read.tallies}) == 2


def test_ids_do_not_depend_on_the_order_of_rows(tmp_path):
    rows = ["a,1,ann\n", "a,1,ann\n", "a,0,bob\n", "b,1,ann\n"]
    fields = "text=request,answer=answer,rater=who"
    there, back = (
        imported(tmp_path, "request,answer,who\n" + "".join(order), fields)
        for order in (rows, rows[::-1])
    )
    assert {judgment.id for judgment in there.judgments} == {row.id for row in back.judgments}
    assert {case.id for case in there.cases} == {case.id for case in back.cases}


def test_ids_depend_on_panel_rater_answer_and_explanation(tmp_path):
    text = "request,answer,who,note\na,1,ann,x\na,0,ann,x\na,1,bob,x\na,1,ann,y\n"
    fields = "text=request,answer=answer,rater=who,explanation=note"
    ids = {row.id for row in imported(tmp_path, text, fields).judgments}
    ids |= {row.id for row in imported(tmp_path, text, fields, panel="others").judgments}
    assert len(ids) == 8


def test_what_a_system_decided_is_a_recorded_arm(tmp_path):
    text = "id,outcome\na,approved\na,denied\na,approved\na,escalated\nb,escalated\nc,denied\n"
    read = imported(
        tmp_path,
        text,
        "answer=outcome",
        case=("id",),
        arm="agent",
        spellings=parse_answers("escalated=unsure"),
    )
    assert read.judgments == read.tallies == ()
    found = [(recorded.arm, recorded.p, recorded.n) for recorded in read.recorded]
    assert found == [("agent", p, 1) for p in (1.0, 0.0, 1.0, 0.0)]
    assert len({recorded.id for recorded in read.recorded}) == 4
    assert read.undecided == 2


def test_a_system_s_rates_need_no_n(tmp_path):
    text = "id,p\na,0.25\nb,1\n"
    read = imported(tmp_path, text, "rate=p", case=("id",), arm="agent")
    assert [(recorded.p, recorded.n) for recorded in read.recorded] == [(0.25, None), (1.0, None)]


def test_a_recorded_arm_speaks_of_the_people_s_cases(tmp_path):
    text = "request,days,person,system\nlate,15,1,0\nlate,16,0,0\n"
    people = imported(tmp_path, text, "text=request,value=days,limit=14,answer=person")
    system = imported(tmp_path, text, "text=request,value=days,limit=14,answer=system", arm="bot")
    assert people.cases == system.cases
    assert [recorded.case for recorded in system.recorded] == [case.id for case in people.cases]
