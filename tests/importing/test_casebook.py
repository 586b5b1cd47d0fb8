from dataclasses import replace
from decimal import Decimal

import pytest

from importing.tables_at_hand import complaint, imported


def test_rows_with_the_same_text_value_limit_and_factors_are_one_case(tmp_path):
    text = "request,days,tier,answer\nlate,15,gold,yes\nlate,15.0,gold,no\nlate,16,gold,no\n"
    text += "late,15,none,no\n"
    read = imported(
        tmp_path, text, "text=request,value=days,limit=14,answer=answer", factors=("tier",)
    )
    assert [(case.value, case.factors["tier"]) for case in read.cases] == [
        (15, "gold"),
        (16, "gold"),
        (15, "none"),
    ]
    assert [judgment.case for judgment in read.judgments][:2] == [read.cases[0].id] * 2


def test_the_named_columns_tell_cases_apart_and_no_other(tmp_path):
    text = "offer,property,who,answer\n5,wall,a,1\n5,wall,b,0\n5,tree,a,1\n"
    read = imported(tmp_path, text, "answer=answer,rater=who", case=("offer", "property"))
    assert [dict(case.columns) for case in read.cases] == [
        {"offer": "5", "property": "wall"},
        {"offer": "5", "property": "tree"},
    ]
    assert all(case.text is None for case in read.cases)


def test_a_case_is_in_the_scenario_of_its_column_or_in_its_own(tmp_path):
    text = "family,request,answer\nLate returns,a,1\nLate returns,b,1\n,c,1\n"
    read = imported(tmp_path, text, "text=request,answer=answer", scenario="family")
    assert [case.scenario for case in read.cases] == [
        "late-returns",
        "late-returns",
        read.cases[2].id,
    ]
    alone = imported(tmp_path, text, "text=request,answer=answer")
    assert all(case.scenario == case.id for case in alone.cases)


def test_deviations_are_in_sizes_of_the_limit_or_in_scales(tmp_path):
    text = "days,answer\n21,1\n"
    (case,) = imported(tmp_path, text, "value=days,limit=14,answer=answer", unit="days").cases
    assert (case.scale, case.deviation, case.unit) == (14, 0.5, "days")
    scaled = {"scale": Decimal(7), "direction": "at least"}
    (case,) = imported(tmp_path, text, "value=days,limit=14,answer=answer", **scaled).cases
    assert case.deviation == -1.0
    assert imported(tmp_path, text, "value=days,answer=answer").cases[0].deviation is None


def test_times_of_day_and_dates_are_values(tmp_path):
    text = "left,answer\n12:05,1\n"
    fields = "value=left,limit='12:00',answer=answer"
    (case,) = imported(tmp_path, text, fields, unit="clock", scale=Decimal(60)).cases
    assert case.deviation == pytest.approx(5 / 60)
    text = "asked,answer\n02.04.2026,1\n"
    fields = "value=asked,limit='2026-03-31',answer=answer"
    options = {"unit": "date", "scale": Decimal(1), "date_format": "%d.%m.%Y"}
    assert imported(tmp_path, text, fields, **options).cases[0].deviation == 2.0


def test_policy_and_domain_may_stand_in_a_column_or_be_the_same_for_all(tmp_path):
    text = "rule,request,answer\nRefund window,a,1\n"
    read = imported(tmp_path, text, "policy=rule,domain='retail',text=request,answer=answer")
    assert (read.cases[0].policy, read.cases[0].domain) == ("refund-window", "retail")
    assert imported(tmp_path, text, "text=request,answer=answer").cases[0].policy == "imported"


def test_only_named_columns_are_kept(tmp_path):
    text = "request,month,secret,answer\na,May,x,1\n"
    (case,) = imported(tmp_path, text, "text=request,answer=answer", keep=("month",)).cases
    assert dict(case.columns) == {"month": "May"}


def test_a_case_s_id_does_not_depend_on_what_is_kept_with_it(tmp_path):
    text = "request,month,answer\na,May,1\n"
    plain, kept = (
        imported(tmp_path, text, "text=request,answer=answer", keep=keep).cases[0]
        for keep in ((), ("month",))
    )
    assert replace(kept, columns={}) == plain


def test_two_texts_for_one_case_are_a_mistake(tmp_path):
    text = "ticket,request,answer\n7,a,1\n7,a,0\n7,b,1\n"
    assert complaint(tmp_path, text, "text=request,answer=answer", case=("ticket",)) == (
        "decisions.csv:4: the text is not that of the same case in row 2; tell the two apart with "
        "--case, keep only columns that describe a case, or set it aside with --skip-bad FILE"
    )


def test_a_kept_column_that_is_not_about_the_case_is_a_mistake(tmp_path):
    text = "request,agent,answer\na,x,1\na,y,1\n"
    sentence = complaint(tmp_path, text, "text=request,answer=answer", keep=("agent",))
    assert "the columns kept with it are not that of the same case in row 2" in sentence


def test_a_case_must_be_told_from_others_by_something(tmp_path):
    assert complaint(tmp_path, "answer\n1\n", "answer=answer") == (
        "decisions.csv:2: nothing tells this case from another; name the columns that do with "
        "--case, map text or value, or set it aside with --skip-bad FILE"
    )


def test_a_limit_of_zero_needs_a_scale(tmp_path):
    sentence = complaint(tmp_path, "over,answer\n3,1\n", "value=over,limit=0,answer=answer")
    assert sentence == (
        "decisions.csv:2: a limit of 0 does not say what a large deviation is; give --scale"
    )
