"""Where the header stands, and which rows are no data."""

import pytest

from discretion.errors import DiscretionError
from discretion.importing.tables import open_table
from importing.tables_at_hand import written


def table(folder, text, name="decisions.csv", **reading):
    read = open_table(written(folder, text, name), **reading)
    return read.header, [(row.number, list(row.cells)) for row in read.rows], read.notes


def test_a_title_above_the_table_is_no_header_and_that_is_said(tmp_path):
    text = "Returns desk, May\nexported today\n\nrequest;amount;outcome\nA;10,50;yes\nB;20,00;no\n"
    header, rows, notes = table(tmp_path, text)
    assert header == ("request", "amount", "outcome")
    assert rows[0] == (5, ["A", "10,50", "yes"])
    assert "the header is in row 4" in notes[0]
    assert "Returns desk" in notes[0]


@pytest.mark.parametrize(
    "text",
    ["request\nHello, it is late\nHello, I paid\nHello, again\n", "a,b\n1,2\n3,4\n",
     "a,b,\n1,2,3\n4,5,6\n"],
)  # fmt: skip
def test_a_first_row_that_may_be_the_header_is_the_header(tmp_path, text):
    header, _, notes = table(tmp_path, text)
    assert header[0] == text.partition("\n")[0].partition(",")[0]
    assert notes == ()


def test_a_row_of_the_header_can_be_named(tmp_path):
    text = "x,y\n1,2\na,b\n3,4\n"
    assert table(tmp_path, text, header_row=3)[:2] == (("a", "b"), [(4, ["3", "4"])])
    with pytest.raises(DiscretionError, match="there is no header in row 9"):
        table(tmp_path, text + "\n" * 9 + "5,6\n", header_row=9)


def test_without_a_header_columns_are_called_by_their_places(tmp_path):
    header, rows, _ = table(tmp_path, "late coat,yes\nlost lamp,no\n", no_header=True)
    assert header == ("column 1", "column 2")
    assert rows[0] == (1, ["late coat", "yes"])


def test_a_first_row_of_numbers_over_numbers_is_pointed_out(tmp_path):
    _, _, notes = table(tmp_path, "late coat,12.5\nlost lamp,17.5\nlate shoe,3.5\n")
    assert notes == ("the first row looks like data; if the file has no header, say --no-header",)
    assert table(tmp_path, "case,2020,2021\na,1,2\nb,3,4\n")[2] == ()


def test_the_further_headers_of_a_survey_are_no_data(tmp_path):
    qualtrics = (
        "StartDate,Q1\nStart Date,Would you grant it?\n"
        '"{""ImportId"":""startDate""}","{""ImportId"":""QID1""}"\n2026-03-01,yes\n'
    )
    header, rows, notes = table(tmp_path, qualtrics)
    assert header == ("StartDate", "Q1")
    assert rows == [(4, ["2026-03-01", "yes"])]
    assert notes == ("rows 2 to 3 repeat the questions of a survey and are no data",)
    monkey = "id,Why?\n,Open-Ended Response\n1,late\n"
    assert table(tmp_path, monkey)[1] == [(3, ["1", "late"])]


def test_quotes_may_be_letters_like_others(tmp_path):
    text = 'request\tanswer\n"late, he said\tyes\nthe 5" lamp\tno\n'
    with pytest.raises(DiscretionError, match="--no-quotes"):
        list(open_table(written(tmp_path, text, "a.tsv")).rows)
    assert table(tmp_path, text, "a.tsv", no_quotes=True)[1] == [
        (2, ['"late, he said', "yes"]),
        (3, ['the 5" lamp', "no"]),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_marks_of_encodings_are_read(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("request;answer\nspät;yes\n".encode(encoding))
    read = open_table(path)
    assert read.header == ("request", "answer")
    assert next(read.rows).cells[0] == "spät"


def test_an_encoding_is_proposed_by_its_words(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("запрос,ответ\nпальто,да\n".encode("cp1251"))
    with pytest.raises(DiscretionError) as error:
        open_table(path)
    assert "--encoding cp1251 (by which a word there is 'запрос')" in error.value.fix


def test_a_line_that_names_the_delimiter_may_be_quoted(tmp_path):
    assert table(tmp_path, '"sep=|"\na|b;c\n1|2\n')[:2] == (("a", "b;c"), [(3, ["1", "2"])])
