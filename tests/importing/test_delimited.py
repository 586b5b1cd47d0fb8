import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.errors import DiscretionError
from discretion.importing.delimited import read_delimited
from discretion.importing.tables import open_table
from importing.tables_at_hand import written


def table(folder, text, name="decisions.csv", delimiter=None):
    read = open_table(written(folder, text, name), delimiter=delimiter)
    return read.header, [(row.number, list(row.cells), row.fault) for row in read.rows]


def refused(folder, text, **options):
    with pytest.raises(DiscretionError) as error:
        table(folder, text, **options)
    return str(error.value).replace(f"{folder}/", "")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_shows_the_delimiter(tmp_path, delimiter):
    text = "a|b|c\n1|2,5;6|3\n".replace("|", delimiter)
    if delimiter != "\t":
        text = text.replace("2,5;6", '"2,5;6"')
    header, rows = table(tmp_path, text)
    assert header == ("a", "b", "c")
    assert rows == [(2, ["1", "2,5;6", "3"], "")]


def test_a_delimiter_can_be_named(tmp_path):
    assert table(tmp_path, "a~b\n1~2\n", delimiter="~")[1] == [(2, ["1", "2"], "")]
    assert table(tmp_path, "a\tb\n", delimiter="tab")[0] == ("a", "b")
    assert "is no delimiter" in refused(tmp_path, "a,b\n", delimiter="ab")


def test_a_header_that_could_be_read_in_two_ways_asks(tmp_path):
    assert refused(tmp_path, "a,b;c\n1,2;3\n") == (
        "decisions.csv:1: the header does not show which delimiter separates the columns; "
        "name it with --delimiter"
    )


def test_a_single_column_needs_no_delimiter(tmp_path):
    assert table(tmp_path, "answer\nyes\n") == (("answer",), [(2, ["yes"], "")])


def test_a_tsv_is_separated_by_tabs(tmp_path):
    assert table(tmp_path, "a,b\tc\n", name="a.tsv")[0] == ("a,b", "c")


def test_rows_know_the_line_on_which_they_start(tmp_path):
    _, rows = table(tmp_path, '\n\na,b\n"x\ny",1\n\n,\nz,2\n')
    assert rows == [(4, ["x\ny", "1"], ""), (8, ["z", "2"], "")]


def test_rows_that_do_not_fit_the_header_are_at_fault(tmp_path):
    _, rows = table(tmp_path, "a,b\n1,2,3\n1\n1,2,,\n")
    assert [fault for _, _, fault in rows] == [
        "the row has 3 cells and the header 2",
        "the row has 1 cells and the header 2",
        "",
    ]


def test_headers_are_told_apart(tmp_path):
    assert refused(tmp_path, "a,b,a\n") == (
        "decisions.csv:1: columns 1 and 3 are both called 'a'; rename one of them; "
        "if the first row is no header, say --no-header or --header-row N"
    )
    assert table(tmp_path, ",b,\n")[0] == ("column 1", "b", "column 3")


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_says_so(tmp_path, text):
    assert refused(tmp_path, text) == "decisions.csv: there is nothing in it; check the path"


def test_a_quote_that_is_not_closed_is_named_with_its_line(tmp_path):
    open_quote = 'a,b\n1,2\n1,"' + "x\n" * 200_000
    assert refused(tmp_path, open_quote).startswith(
        "decisions.csv:3: a quote that opens here is not closed within 131,072 characters"
    )
    assert "decisions.csv:2: the quotes are not as they should be" in refused(tmp_path, 'a\n"b\n')


def test_only_known_kinds_of_files_are_opened(tmp_path):
    assert refused(tmp_path, "a\n", name="a.ods") == (
        "a.ods: files that end in '.ods' cannot be imported; save it as .csv, .tsv, .json, "
        ".jsonl, .xlsx or .parquet"
    )
    assert "its name has no ending" in refused(tmp_path, "a\n", name="a")


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
def test_what_a_csv_writer_writes_is_read_back(tmp_path_factory, rows):
    file = io.StringIO()
    csv.writer(file).writerows([["a", "b", "c"], *rows])
    _, read = table(tmp_path_factory.getbasetemp(), file.getvalue(), delimiter=",")
    expected = [[cell.strip() for cell in row] for row in rows]
    assert [cells for _, cells, _ in read] == [cells for cells in expected if any(cells)]


@given(st.binary(max_size=80) | st.text(alphabet='a,;\t"\n\r', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(raw)
    try:
        for row in read_delimited(path, encoding="utf-8", delimiter=None).rows:
            assert row.number
    except DiscretionError as error:
        assert error.where
        assert error.fix
