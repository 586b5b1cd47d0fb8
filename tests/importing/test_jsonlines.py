import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.errors import DiscretionError
from discretion.importing import jsonlines
from discretion.importing.jsonlines import read_jsonlines
from discretion.importing.tables import open_table
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


def test_objects_within_objects_are_columns_with_dotted_paths(tmp_path):
    line = {"a": {"b": {"c": "x"}, "n": 1.50}, "tags": ["p", "q"], "none": {}}
    header, rows = table(tmp_path, json.dumps(line) + "\n")
    assert header == ("a.b.c", "a.n", "tags.0", "tags.1", "none")
    assert rows[0].cells == ["x", "1.5", "p", "q", ""]


def test_two_ways_to_one_column_are_a_fault(tmp_path):
    _, rows = table(tmp_path, '{"a": 1}\n{"a.b": 1, "a": {"b": 2}}\n')
    assert rows[1].fault == "the line holds two values for 'a.b'"


def test_a_long_list_is_one_cell(tmp_path):
    header, rows = table(tmp_path, json.dumps({"v": list(range(50))}) + "\n")
    assert header == ("v",)
    assert rows[0].cells[0].startswith('["0", "1"')


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "late?"}, {"role": "agent", "content": "no"}],
        [{"from": "user", "value": "late?"}, {"from": "agent", "value": "no"}],
        [
            {"role": "user", "content": [{"type": "text", "text": "late?"}]},
            {"role": "tool", "content": None},
            {"role": "agent", "content": "no"},
        ],
    ],
)
def test_a_chat_is_one_readable_text(tmp_path, messages):
    header, rows = table(tmp_path, json.dumps({"messages": messages}) + "\n")
    assert header == ("messages",)
    assert rows[0].cells == ["user: late?\n\nagent: no"]


@pytest.mark.parametrize(
    "text",
    ['[{"a": {"b": 1.234}}, {"c": "x"}]',
     '{"made": "today", "rows": [{"a": {"b": 1.234}}, {"c": "x"}]}'],
)  # fmt: skip
def test_a_list_of_objects_is_a_table(tmp_path, text):
    read = open_table(written(tmp_path, text, "decisions.json"))
    assert read.header == ("a.b", "c")
    assert [list(row.cells) for row in read.rows] == [["1.234", ""], ["", "x"]]


def test_a_document_of_lines_is_read_as_lines(tmp_path):
    read = open_table(written(tmp_path, '{"a": 1}\n{"a": 2}\n', "decisions.json"))
    assert [list(row.cells) for row in read.rows] == [["1"], ["2"]]


@pytest.mark.parametrize("text", ["{]", "[]", "3", '{"a": [1]}', "[" * 100_000])
def test_a_document_without_a_list_of_objects_says_so(tmp_path, text):
    with pytest.raises(DiscretionError) as error:
        open_table(written(tmp_path, text, "decisions.json"))
    assert "[{...}" in error.value.fix


def test_objects_with_keys_of_their_own_each_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonlines, "MOST_COLUMNS", 3)
    lines = "".join(json.dumps({f"k{n}": 1}) + "\n" for n in range(5))
    assert "has 4 columns, more than 3" in refused(tmp_path, lines)
