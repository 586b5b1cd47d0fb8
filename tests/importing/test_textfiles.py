import pytest

from discretion.errors import DiscretionError
from discretion.importing import textfiles
from discretion.importing.textfiles import lines_of


def refused(path, encoding="utf-8"):
    with pytest.raises(DiscretionError) as error:
        list(lines_of(path, encoding))
    return str(error.value).replace(f"{path.parent}/", "")


def test_a_byte_order_mark_is_no_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n")
    assert list(lines_of(path, "utf-8")) == [(1, "a,b\r\n"), (2, "1,2\r\n")]


def test_another_encoding_can_be_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("prix\n10 €\n".encode("cp1252"))
    assert list(lines_of(path, "cp1252"))[1] == (2, "10 €\n")


@pytest.mark.parametrize("line", [2, 5000, 40_000])
def test_mixed_encodings_are_named_with_their_line(tmp_path, line):
    path = tmp_path / "a.csv"
    lines = ["café,1\n".encode()] * (line - 1) + ["café,1\n".encode("cp1252")]
    path.write_bytes(b"".join([*lines, "café,1\n".encode()]))
    assert refused(path) == (
        f"a.csv:{line}: the line is not UTF-8; save the whole file as UTF-8, or name its encoding, "
        "for example --encoding cp1252 (by which a word there is 'café')"
    )


def test_utf_16_is_recognized(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("a,b\n1,2\n".encode("utf-16"))
    assert "--encoding utf-16" in refused(path)
    assert list(lines_of(path, "utf-16"))[1] == (2, "1,2\n")


def test_an_encoding_that_does_not_exist(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n")
    assert refused(path, "klingon") == (
        "--encoding: 'klingon' is no encoding; write it like cp1252"
    )
    assert "is no encoding" in refused(path, "base64")


def test_a_long_line_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n")
        file.seek(2_000_000_000)  # A hole: two gigabytes of zeros that take no disk.
        file.write(b"\n")
    assert refused(path) == (
        "a.csv:2: the line is longer than 1,000,000 characters; "
        "check that this is a table with one row a line"
    )


def test_a_line_of_exactly_the_limit_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(textfiles, "LONGEST_LINE", 5)
    path = tmp_path / "a.csv"
    path.write_text("1234\n1234\n")
    assert len(list(lines_of(path, "utf-8"))) == 2
    path.write_text("12345\n")
    assert "longer than 5" in refused(path)


def test_a_file_that_cannot_be_read(tmp_path):
    assert refused(tmp_path / "b.csv") == (
        "b.csv: cannot be read (No such file or directory); check the path"
    )
    assert "cannot be read (Is a directory)" in refused(tmp_path)
