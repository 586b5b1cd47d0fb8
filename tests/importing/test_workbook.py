import sys
import zipfile
from datetime import date, datetime, time, timedelta

import pytest

from discretion.errors import DiscretionError, install_command
from discretion.importing import Layout, parse_map, read_decisions, workbook
from discretion.importing.workbook import read_workbook

pytest.importorskip("python_calamine", reason="needs the [xlsx] extra")
xlsxwriter = pytest.importorskip("xlsxwriter", reason="needs the [xlsx] extra")


def made(folder, fill, name="decisions.xlsx"):
    path = folder / name
    with xlsxwriter.Workbook(path) as book:
        fill(book)
    return path


def sheet_of(rows, first=(0, 0)):
    def fill(book):
        sheet = book.add_worksheet("Answers")
        for number, row in enumerate(rows, start=first[0]):
            sheet.write_row(number, first[1], row)

    return fill


def table(path, sheet=None):
    read = read_workbook(path, sheet=sheet)
    return read.header, [(row.number, list(row.cells)) for row in read.rows]


def refused(path, sheet=None):
    with pytest.raises(DiscretionError) as error:
        table(path, sheet)
    return str(error.value).replace(f"{path.parent}/", "")


def test_cells_become_the_text_that_a_csv_would_hold(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        formats = [
            book.add_format({"num_format": kind})
            for kind in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm", "[h]:mm")
        ]
        sheet.write_row(0, 0, [" text ", "whole", "share", "yes", "day", "when", "hour", "long"])
        sheet.write_row(1, 0, [" late ", 15, 0.445, True])
        sheet.write(1, 4, date(2026, 3, 31), formats[0])
        sheet.write(1, 5, datetime(2026, 3, 31, 12, 5), formats[1])  # noqa: DTZ001
        sheet.write(1, 6, time(12, 5), formats[2])
        sheet.write(1, 7, timedelta(hours=30, minutes=5), formats[3])

    header, rows = table(made(tmp_path, fill))
    assert header[:2] == ("text", "whole")
    assert rows == [
        (
            2,
            ["late", "15", "0.445", "true", "2026-03-31", "2026-03-31T12:05:00", "12:05", "30:05"],
        )
    ]


def test_rows_keep_their_number_wherever_the_table_stands(tmp_path):
    header, rows = table(made(tmp_path, sheet_of([["a", "b"], [1, 2], [], [3, 4]], first=(3, 2))))
    assert header == ("a", "b")
    assert rows == [(5, ["1", "2"]), (7, ["3", "4"])]


def test_a_sheet_can_be_named(tmp_path):
    def fill(book):
        book.add_worksheet("Notes").write(0, 0, "x")
        book.add_worksheet("Answers").write_column(0, 0, ["answer", "yes"])

    path = made(tmp_path, fill)
    assert table(path, "Notes")[0] == ("x",)
    assert table(path, "Answers") == (("answer",), [(2, ["yes"])])
    assert refused(path, "Answer") == (
        "decisions.xlsx: there is no sheet 'Answer'; the sheets are: Notes, Answers"
    )


def test_merged_cells_are_named(tmp_path):
    def fill(book):
        sheet = book.add_worksheet("Answers")
        sheet.write_row(0, 0, ["case", "answer"])
        sheet.merge_range("A2:A5", "x")

    assert refused(made(tmp_path, fill)) == (
        "decisions.xlsx: cells A2:A5 of sheet 'Answers' are merged; "
        "unmerge them and give each row its own value"
    )


def test_an_empty_sheet_says_so(tmp_path):
    assert "there is nothing in it" in refused(made(tmp_path, sheet_of([])))


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_BYTES", 1_000_000)
    path = made(tmp_path, sheet_of([["a"], ["x"]]))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/bomb.xml", b" " * 2_000_000)
    assert path.stat().st_size < 20_000
    assert "unpacks to 2 MB, more than 1 MB; save the sheet as CSV" in refused(path)


def test_a_workbook_that_lies_about_its_size_is_refused(tmp_path):
    path = made(tmp_path, sheet_of([["a"], ["x"]]))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/bomb.xml", b" " * 2_000_000)
    claimed = (2_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(claimed, (20).to_bytes(4, "little")))
    assert "is no XLSX workbook that can be read" in refused(path)


@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_two_cells_far_apart_do_not_lay_out_the_sheet_between_them(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(workbook, "_CHUNK", chunk)

    def fill(book):
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "z")

    path = made(tmp_path, fill)
    with pytest.raises(DiscretionError) as error:
        workbook._checked(path)  # Alone: to read such a sheet would end the process.
    sentence = str(error.value)
    assert "reaches to column 16,384 of row 1,048,576, more than 20,000,000 cells" in sentence


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 and no more", b"\xd0\xcf\x11\xe0" + bytes(600)])
def test_what_is_no_workbook_says_how_to_save_one(tmp_path, raw):
    path = tmp_path / "decisions.xlsx"
    path.write_bytes(raw)
    assert refused(path) == (
        "decisions.xlsx: is no XLSX workbook that can be read; "
        "save it as .xlsx without a password, or as CSV"
    )


def test_a_zip_without_a_workbook_in_it(tmp_path):
    path = tmp_path / "decisions.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    assert "is no XLSX workbook" in refused(path)


def test_a_flipped_byte_anywhere_is_refused_or_harmless(tmp_path):
    path = made(tmp_path, sheet_of([["a", "b"], ["x", 1]]))
    raw = path.read_bytes()
    for place in range(0, len(raw), 97):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :])
        try:
            table(path)
        except DiscretionError as error:
            assert error.fix


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert refused(tmp_path / "a.xlsx") == (
        "reading XLSX needs the [xlsx] extra; install it with: " + install_command("xlsx")
    )


def test_a_missing_file_says_so(tmp_path):
    assert "cannot be read (No such file or directory)" in refused(tmp_path / "a.xlsx")


def test_numbers_are_exact_to_fifteen_digits(tmp_path):
    rows = [["value"], [3.300000000000002], [0.1 + 0.2], [1234.5], [1e15]]
    assert [cells for _, cells in table(made(tmp_path, sheet_of(rows)))[1]] == [
        ["3.3"], ["0.3"], ["1234.5"], ["1000000000000000.0"],
    ]  # fmt: skip


def test_three_decimals_in_a_numeric_cell_are_no_thousands(tmp_path):
    rows = [["text", "value", "answer"], ["a", 1.234, "yes"], ["b", 20.5, "no"]]
    path = made(tmp_path, sheet_of(rows))
    read = read_decisions(path, Layout(parse_map("text=text,value=value,answer=answer")))
    assert [str(case.value) for case in read.cases] == ["1.234", "20.5"]


def test_errors_in_cells_are_empty_and_counted(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["text", "days", "answer"])
        sheet.write_row(1, 0, ["a", 15, "yes"])
        sheet.write_row(2, 0, ["b", None, "no"])
        sheet.write_formula(2, 1, "=NA()", None, "#N/A")

    path = made(tmp_path, fill)
    read = read_decisions(path, Layout(parse_map("text=text,value=days,answer=answer")))
    assert [case.value for case in read.cases] == [15, None]
    assert read.missing == {"#N/A": 1}


def rewritten(path, old, new):
    """The workbook with a piece of its first sheet replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert old in parts[sheet]
    parts[sheet] = parts[sheet].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def test_a_formula_that_gives_an_empty_text_has_a_result(tmp_path):
    path = rewritten(
        made(tmp_path, sheet_of([["a", "b"], [1, 2]])),
        b'<c r="B2"><v>2</v></c>',
        b'<c r="B2" t="str"><f>IF(A2&gt;0,"","x")</f><v></v></c>',
    )
    assert table(path)[1] == [(2, ["1", ""])]


@pytest.mark.parametrize("chunk", [50, 1 << 20])
def test_formulas_without_results_are_counted_wherever_a_piece_ends(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(workbook, "_CHUNK", chunk)
    path = made(tmp_path, sheet_of([["a", "b"], [1, 2]]))
    rewritten(
        path,
        b'<c r="B2"><v>2</v></c>',
        b'<c r="B2"><f>A2+1</f></c><c r="C2"><f>A2</f><v></v></c>',
    )
    assert refused(path).startswith(
        "decisions.xlsx: 2 formulas on sheet 'Answers' have no stored result, the first in cell B2"
    )


def test_the_only_sheet_with_a_table_is_read_and_several_are_asked_about(tmp_path):
    def fill(book):
        book.add_worksheet("Cover").write(0, 0, "Returns desk")
        book.add_worksheet("May").write_row(0, 0, ["a", "b"])
        book.get_worksheet_by_name("May").write_row(1, 0, [1, 2])

    def two(book):
        fill(book)
        book.add_worksheet("June").write_row(0, 0, ["a", "b"])
        book.get_worksheet_by_name("June").write_row(1, 0, [3, 4])

    read = read_workbook(made(tmp_path, fill))
    assert read.header == ("a", "b")
    assert read.notes == ("the sheet 'May' is read, one of 2 (--sheet NAME)",)
    assert refused(made(tmp_path, two)) == (
        "decisions.xlsx: several sheets hold a table: May (2 rows), June (2 rows); "
        'name one, for example --sheet "May"'
    )


def test_a_title_over_merged_cells_is_no_part_of_the_table(tmp_path):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.merge_range("A1:C1", "Decisions of May")
        sheet.write_row(2, 0, ["request", "outcome", "days"])
        sheet.write_row(3, 0, ["a", "yes", 15])
        sheet.write_row(4, 0, ["b", "no", 16])

    header, rows = table(made(tmp_path, fill))
    assert header == ("request", "outcome", "days")
    assert rows[0] == (4, ["a", "yes", "15"])
