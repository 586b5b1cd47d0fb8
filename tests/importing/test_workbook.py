import sys
import zipfile
from datetime import date, datetime, time, timedelta

import pytest

from discretion.errors import DiscretionError
from discretion.importing import workbook
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
    assert table(path)[0] == ("x",)
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
            assert error.mend


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert refused(tmp_path / "a.xlsx") == (
        "reading XLSX needs the [xlsx] extra; install it with: pip install 'discretion[xlsx]'"
    )


def test_a_missing_file_says_so(tmp_path):
    assert "cannot be read (No such file or directory)" in refused(tmp_path / "a.xlsx")
