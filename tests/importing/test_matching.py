"""Rows that name a case or scenario of the workspace meet it, or are said one by one."""

import re

import pytest

from discretion.core.cases import Case, cases_of
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario
from discretion.errors import DiscretionError
from discretion.importing import Imported, Known, Layout, parse_map, read_decisions

from .tables_at_hand import written

POLICY = Policy(id="hiring", rule="Five years of experience.", domain="work")
YEARS = Scenario(
    id="years",
    policy="hiring",
    unit="years",
    direction="at least",
    limit="5",
    scale=2,
    values=("1", "4"),
    wordings=("{value} of {limit}. {degree}",),
    factors={"degree": {"levels": {"none": "", "phd": "A doctorate."}}},
)
KNOWN = Known(tuple(cases_of(YEARS, POLICY)), (), {"years": YEARS})


def at(value: int, degree: str) -> Case:
    (case,) = (c for c in KNOWN.described if (c.value, c.factors["degree"]) == (value, degree))
    return case


def read(folder, text: str, fields: str, *, known=KNOWN, skip_bad=False, **options) -> Imported:
    layout = Layout(parse_map(fields), **{"scenario": "family", **options})
    return read_decisions(written(folder, text), layout, known=known, skip_bad=skip_bad)


def said(folder, text: str, fields: str, **options) -> str:
    with pytest.raises(DiscretionError) as stopped:
        read(folder, text, fields, **options)
    return str(stopped.value).replace(f"{folder}/", "")


ROWS = "family,years,degree,ok\nYears,4 years,phd,yes\nyears,1,none,no\n"
FIELDS = "value=years,answer=ok"


def test_scenario_value_and_factors_find_the_case_whose_floor_stays_a_floor(tmp_path):
    got = read(tmp_path, ROWS, FIELDS)
    assert [j.case for j in got.judgments] == [at(4, "phd").id, at(1, "none").id]
    assert got.cases == ()
    assert {(case.direction, case.scale, case.unit) for case in got.met} == {
        ("at least", 2, "years")
    }


@pytest.mark.parametrize(
    ("fields", "rows", "p"),
    [
        ("value=years,grants=g,refusals=r", "family,years,degree,g,r\nyears,4,phd,3,1\n", 0.75),
        ("value=years,rate=p,n=n", "family,years,degree,p,n\nyears,4,phd,25%,8\n", 0.25),
    ],
)
def test_counts_and_rates_meet_their_cases_too(tmp_path, fields, rows, p):
    got = read(tmp_path, rows, fields)
    assert [(tally.case, tally.rate) for tally in got.tallies] == [(at(4, "phd").id, p)]


def test_what_a_system_decided_meets_the_same_cases(tmp_path):
    got = read(tmp_path, ROWS, FIELDS, arm="agent")
    assert [(one.case, one.p) for one in got.recorded] == [
        (at(4, "phd").id, 1.0),
        (at(1, "none").id, 0.0),
    ]


def test_an_id_finds_described_and_imported_cases(tmp_path):
    ticket = Case("t1", "imported", "t1", text="A ticket from [name 1].")
    known = Known(KNOWN.described, (ticket,), KNOWN.scenarios)
    text = f"id,ok,request\nt1,yes,A ticket from [name 1].\n{at(1, 'phd').id},no,\n"
    got = read(tmp_path, text, "case=id,answer=ok,text=request", known=known, scenario=None)
    assert [(j.case, j.answer) for j in got.judgments] == [
        ("t1", "grant"),
        (at(1, "phd").id, "refuse"),
    ]
    assert got.cases == ()


def test_the_very_text_of_a_described_case_is_that_case(tmp_path):
    text = f'request,ok\n"{at(4, "phd").text}",yes\n"Another request.",no\n'
    got = read(tmp_path, text, "text=request,answer=ok", scenario=None)
    assert got.judgments[0].case == at(4, "phd").id
    assert [case.text for case in got.cases] == ["Another request."]


def test_what_matches_nothing_is_said_row_by_row_and_nothing_comes_in(tmp_path):
    text = ROWS + "years,12,phd,yes\nyears,3,,no\n"
    assert said(tmp_path, text, FIELDS) == (
        "decisions.csv: 2 rows match no case of this workspace:\n"
        "  row 4: no case has scenario years, value 12 years, degree=phd\n"
        "  row 5: no case has scenario years, value 3 years\n"
        "Nothing was stored; correct the row, or name another scenario where it is no case of this "
        "one, or set such rows aside with --skip-bad FILE"
    )
    got = read(tmp_path, text, FIELDS, skip_bad=True)
    assert [row.number for row in got.skipped] == [4, 5]
    assert len(got.judgments) == 2


def test_a_long_list_of_them_is_counted(tmp_path):
    text = "family,years,degree,ok\n" + "years,99,phd,yes\n" * 25
    complaint = said(tmp_path, text, FIELDS)
    assert "25 rows match no case" in complaint
    assert "\n  and 15 more\n" in complaint


def test_an_unknown_id_is_said_with_what_changes_ids(tmp_path):
    complaint = said(tmp_path, "id,ok\nnope,yes\n", "case=id,answer=ok", scenario=None)
    assert "row 2: no case has the id 'nope'" in complaint
    assert "discretion cases --to FILE" in complaint


def test_where_several_cases_fit_it_is_said_what_tells_them_apart(tmp_path):
    complaint = said(tmp_path, "family,years,ok\nyears,4,yes\n", FIELDS)
    assert "row 2: 2 cases have scenario years, value 4 years" in complaint
    assert "a column 'degree'" in complaint


@pytest.mark.parametrize(
    ("fields", "options", "complaint"),
    [
        (
            f"{FIELDS},limit=6",
            {},
            r"decisions.csv:2, column '6': the limit is 6 years, and scenario years has 5 years",
        ),
        (
            FIELDS,
            {"unit": "days"},
            r":2, column '--unit': .*'days', and scenario years has 'years'",
        ),
        (FIELDS, {"policy": "other"}, r":2.*falls under policy 'hiring', not 'other'"),
        (FIELDS, {"factors": ("degree",)}, r":4, column 'degree': .*no level 'msc'"),
    ],
)
def test_what_contradicts_the_scenario_is_an_error_with_row_and_column(
    tmp_path, fields, options, complaint
):
    assert re.search(complaint, said(tmp_path, ROWS + "years,4,msc,yes\n", fields, **options))


def test_an_amount_of_another_unit_in_a_cell_is_an_error(tmp_path):
    text = "family,years,degree,ok\nyears,48 months,phd,yes\n"
    assert said(tmp_path, text, FIELDS).startswith(
        "decisions.csv:2, column 'years': the cells are counted in months, and scenario years in "
        "years"
    )


@pytest.mark.parametrize(
    ("column", "cell", "complaint"),
    [
        ("years", "1", "the value is 1 year, and case .* has 4 years"),
        ("request", "Another text.", "the text is not that of case"),
    ],
)
def test_a_row_may_not_contradict_the_case_whose_id_it_gives(tmp_path, column, cell, complaint):
    text = f"id,{column},ok\n{at(4, 'phd').id},{cell},yes\n"
    name = {"years": "value", "request": "text"}[column]
    fields = f"case=id,{name}={column},answer=ok"
    assert re.search(
        f":2, column '{column}': {complaint}", said(tmp_path, text, fields, scenario=None)
    )


def test_rows_of_a_scenario_that_nothing_describes_are_cases_of_their_own(tmp_path):
    got = read(
        tmp_path, "family,days,ok\nlate,15,yes\n", "value=days,limit=14,answer=ok", unit="days"
    )
    (case,) = got.cases
    assert (case.scenario, case.direction, got.met) == ("late", "at most", ())


def test_a_factor_s_name_over_another_column_never_chooses_a_case(tmp_path):
    """Nobody said that the column `degree` is the factor, and what stands in it is no level."""
    complaint = said(tmp_path, "family,years,degree,ok\nyears,4,37,yes\n", FIELDS)
    assert "2 cases have scenario years, value 4 years" in complaint
