import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.errors import DiscretionError
from discretion.importing import Layout, parse_map, read_decisions
from importing.tables_at_hand import complaint, imported, written

FIELDS = "text=request,answer=outcome,value=back - out,limit=14"
TEXT = (
    "request,outcome,out,back\nfirst,yes,2026-03-01,2026-03-16\nsecond,no,2026-03-01,2026-04-01\n"
)


def test_the_same_table_in_every_format_is_the_same_import(tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter", reason="needs the [xlsx] extra")
    header, *rows = [line.split(",") for line in TEXT.splitlines()]
    written(tmp_path, TEXT)
    written(tmp_path, TEXT.replace(",", "\t"), "decisions.tsv")
    lines = [json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows]
    written(tmp_path, "".join(lines), "decisions.jsonl")
    with xlsxwriter.Workbook(tmp_path / "decisions.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([header, *rows]):
            sheet.write_row(number, 0, row)
    reads = [
        read_decisions(tmp_path / f"decisions.{ending}", Layout(parse_map(FIELDS)))
        for ending in ("csv", "tsv", "jsonl", "xlsx")
    ]
    assert [case.value for case in reads[0].cases] == [15, 31]
    for read in reads[1:]:
        assert read.cases == reads[0].cases
        assert [row.id for row in read.judgments] == [row.id for row in reads[0].judgments]


def test_a_renamed_file_gives_the_same_ids(tmp_path):
    path = written(tmp_path, TEXT)
    shutil.copy(path, tmp_path / "other.csv")
    here, there = (
        read_decisions(tmp_path / name, Layout(parse_map(FIELDS)))
        for name in ("decisions.csv", "other.csv")
    )
    assert [row.id for row in here.judgments] == [row.id for row in there.judgments]
    assert here.cases == there.cases


def test_unknown_answers_are_all_shown_with_their_number_of_rows(tmp_path):
    text = "id,outcome\n1,yes\n2,store credit\n3,store credit\n4,half\n5,no\n6,?\n"
    assert complaint(tmp_path, text, "answer=outcome", case=("id",)) == (
        "decisions.csv:3, column 'outcome': 2 answers are not known, with the number of rows: "
        "'store credit' (2), 'half' (1); add --answers "
        '"store credit=?;half=?", with grant, refuse, unsure or - (leave out) in place of each ?, '
        "or set such rows aside with --skip-bad FILE"
    )


def test_many_unknown_answers_are_cut_short(tmp_path):
    text = "id,outcome\n" + "".join(f"{number},{'long ' * 20}{number}\n" for number in range(25))
    sentence = complaint(tmp_path, text, "answer=outcome", case=("id",))
    assert "and 15 more" in sentence
    assert len(sentence) < 900


def test_bad_rows_can_be_set_aside_with_their_reasons(tmp_path):
    text = "id,outcome,days\n1,yes,15\n2,maybe,16\n3,no,soon\n4,no\n5,no,17\n"
    read = imported(
        tmp_path, text, "answer=outcome,value=days,limit=14", case=("id",), skip_bad=True
    )
    assert [judgment.answer for judgment in read.judgments] == ["grant", "refuse"]
    assert [(row.number, row.column, row.value) for row in read.skipped] == [
        (3, "outcome", "maybe"),
        (4, "days", "soon"),
        (5, "", ""),
    ]
    assert read.skipped[0].why == "'maybe' is no known answer"
    assert read.skipped[1].cells == ("3", "no", "soon")
    assert read.header == ("id", "outcome", "days")
    assert read.counts == {
        "rows": 5,
        "cases": 2,
        "matched": 0,
        "unanswered": 0,
        "judgments": 2,
        "unsure": 0,
        "tallies": 0,
        "recorded": 0,
        "undecided": 0,
        "skipped": 3,
        "uncut": 0,
        "empty": 0,
    }


def test_a_case_of_bad_rows_only_is_not_imported(tmp_path):
    text = "id,outcome\n1,yes\n2,maybe\n"
    read = imported(tmp_path, text, "answer=outcome", case=("id",), skip_bad=True)
    assert [case.columns["id"] for case in read.cases] == ["1"]


def test_a_header_without_rows_says_so(tmp_path):
    assert complaint(tmp_path, "id,outcome\n", "answer=outcome", case=("id",)) == (
        "decisions.csv: has a header and no rows under it; check the file"
    )


def test_columns_that_are_not_there_are_named_with_their_option(tmp_path):
    assert complaint(tmp_path, TEXT, "answer=outcme") == (
        "--map answer: there is no column 'outcme'; did you mean 'outcome'?"
    )
    for option, name in (("case", "--case"), ("factors", "--factor"), ("keep", "--keep")):
        sentence = complaint(tmp_path, TEXT, "answer=outcome", **{option: ("zzz",)})
        assert sentence == (
            f"{name}: there is no column 'zzz'; the columns are: request, outcome, out, back"
        )
    assert complaint(tmp_path, TEXT, "answer=outcome", scenario="zzz").startswith("--scenario: ")


def test_options_are_checked_before_the_file_is_opened(tmp_path):
    with pytest.raises(DiscretionError, match="a rate without n"):
        read_decisions(tmp_path / "missing.csv", Layout({"rate": "x"}))


@given(
    st.text(alphabet='ab,"\n 01%.-é', max_size=60),
    st.sampled_from(
        ["answer=a,text=b", "rate=a,n=b", "grants=a,refusals=b", "answer=a,value=b,time=b"]
    ),
    st.booleans(),
)
def test_any_table_is_imported_or_refused(tmp_path_factory, text, fields, skip_bad):
    try:
        read = imported(
            tmp_path_factory.getbasetemp(), f"a,b\n{text}", fields, case=("b",), skip_bad=skip_bad
        )
    except DiscretionError as error:
        assert str(error)
    else:
        known = {case.id for case in read.cases}
        assert known == {row.case for row in (*read.judgments, *read.tallies)}
        assert len(read.judgments) + len(read.tallies) + len(read.skipped) == read.rows
