import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.errors import DiscretionError
from discretion.importing.jsonlines import read_jsonlines
from importing.tables_at_hand import written


def table(folder, text):
    read = read_jsonlines(written(folder, text, "decisions.jsonl"), encoding="utf-8")
    return read.header, list(read.rows)


def refused(folder, text):
    with pytest.raises(DiscretionError) as error:
        table(folder, text)
    return str(error.value).replace(f"{folder}/", "")


def test_every_key_is_a_column_and_a_missing_one_an_empty_cell(tmp_path):
    header, rows = table(tmp_path, '{"a": " x "}\n\n{"b": null, "a": "y"}\n{"c": true}\n')
    assert header == ("a", "b", "c")
    assert [(row.number, list(row.cells)) for row in rows] == [
        (1, ["x", "", ""]),
        (3, ["y", "", ""]),
        (4, ["", "", "true"]),
    ]


def test_numbers_stay_as_they_are_written(tmp_path):
    _, rows = table(tmp_path, '{"a": 0.10, "b": 12345678901234567890, "c": 1e400, "d": [1, 2]}\n')
    assert rows[0].cells[:3] == ["0.10", "12345678901234567890", "1e400"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("[1]", "the line is no JSON object"),
        ("{'a': 1}", "the line is no JSON object (Expecting property name"),
        ('{"a": 1, "a": 2}', "the line is no JSON object (a key stands twice)"),
        ('{"a": "\\ud800"}', "the line holds half a character (\\ud...)"),
        ("[" * 100_000, "the line is no JSON object (too deep)"),
    ],
)
def test_a_bad_line_is_at_fault_and_kept_as_it_is(tmp_path, line, fault):
    _, rows = table(tmp_path, f'{{"a": 1}}\n{line}\n')
    assert rows[0].fault == ""
    assert rows[1].fault.startswith(fault)
    assert list(rows[1].cells) == [line]


def test_whole_characters_may_be_escaped(tmp_path):
    assert table(tmp_path, '{"a": "\\ud83d\\ude00"}\n')[1][0].cells == ["😀"]


def test_a_file_without_any_object_says_why(tmp_path):
    assert refused(tmp_path, "") == "decisions.jsonl: there is nothing in it; check the path"
    assert refused(tmp_path, "1\n") == (
        'decisions.jsonl:1: the line is no JSON object; write one {"column": value} a line'
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.lists(JSON.map(json.dumps) | st.text(max_size=12), max_size=4))
def test_any_lines_are_read_or_refused(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes("\n".join(lines).encode(errors="surrogatepass"))
    try:
        read = read_jsonlines(path, encoding="utf-8")
        for row in read.rows:
            assert row.fault or len(row.cells) == len(read.header)
            "".join(row.cells).encode() if not row.fault else None
    except DiscretionError as error:
        assert error.where
