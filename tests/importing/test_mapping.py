"""Mappings: one document for the command line, the folder and the log."""

from __future__ import annotations

import pytest

from discretion.canonical import digest
from discretion.errors import DiscretionError
from discretion.importing.mapping import (
    ImportMapping,
    find_mapping,
    from_options,
    from_stored,
    read_mapping,
    write_mapping,
)

OPTIONS = {
    "map": "text=request,answer=outcome,value=returned - delivered,limit=14",
    "answers": "store credit=unsure;approved*=grant;spam=-",
    "case": "offer,`a, b`",
    "about": "tenure",
    "scenario": "'returns'",
    "unit": "days",
    "scale": "7",
}
STORED = {
    "map": "text=request,answer=outcome,value=returned - delivered,limit=14",
    "answers": "store credit=unsure;approved*=grant;spam=-",
    "case": "offer,`a, b`",
    "scenario": "'returns'",
    "policy": "",
    "panel": "",
    "n": "known",
    "unit": "days",
    "direction": "at most",
    "scale": "7",
    "factor": "",
    "keep": "",
    "about": "tenure",
    "text_until": "",
    "keep_personal_data": False,
    "arm": "",
    "date_format": "",
}
LATER = {
    "grant_from": "4",
    "levels": "bad;fair;good",
    "answer_columns": "ann,bob",
    "columns_are": "panels",
    "each_row": True,
    "shown": "plan,`a, b`",
    "decimal": ",",
    "leave_out": "Status=Survey Preview,Status=Spam",
}


def test_what_the_log_keeps_has_the_keys_and_the_hash_that_it_had():
    stored = from_options(("request",), OPTIONS).stored()
    assert stored == STORED
    assert digest(stored).startswith("9bec01dbd9a3a16d")


@pytest.mark.parametrize("later", [{}, LATER])
def test_a_mapping_is_the_same_by_every_way_it_is_kept(tmp_path, later):
    mapping = from_options(("request", "a, b"), OPTIONS | later)
    path = write_mapping(tmp_path, tmp_path / "March tickets.csv", mapping)
    assert path == tmp_path / "imports" / "March-tickets.yaml"
    assert read_mapping(path) == mapping
    assert from_stored(mapping.stored(), mapping.columns) == mapping


def test_a_mapping_of_the_first_version_kept_peoples_names():
    mapping = from_stored({"map": "text=request, answer = outcome", "answers": ""})
    assert mapping.fields == {"text": "request", "answer": "outcome"}
    assert mapping.keep_personal_data
    assert mapping.layout().policy == "imported"


def test_each_set_of_columns_has_its_own_file_and_is_found_by_them(tmp_path):
    file = tmp_path / "tickets.csv"
    first = from_options(("a", "b"), {"map": "text=a,answer=b"})
    other = from_options(("a", "c"), {"map": "text=a,answer=c"})
    corrected = from_options(("a", "b"), {"map": "text=a,answer=b", "answers": "x=grant"})
    written = [write_mapping(tmp_path, file, one) for one in (first, other, first, corrected)]
    assert [path.name for path in written] == [
        "tickets.yaml", "tickets-2.yaml", "tickets.yaml", "tickets.yaml",
    ]  # fmt: skip
    found = find_mapping(tmp_path, ("a", "b"))
    assert found is not None
    assert found[1] == corrected
    assert find_mapping(tmp_path, ("b", "a")) is None


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("fields: {text: a}\nunits: days\n", ":2: unknown key 'units'; did you mean 'unit'?"),
        ("fields: {text: a}\nanswers:\n  credit: maybe\n", ":3: 'answers.credit'"),
        ("scale: -1\n", ":1: '-1' is no scale; give a number above 0"),
    ],
)
def test_what_is_wrong_in_a_document_is_named_with_its_line(tmp_path, written, sentence):
    path = tmp_path / "mine.yaml"
    path.write_text(written)
    with pytest.raises(DiscretionError) as error:
        read_mapping(path)
    assert sentence.replace("'answers.credit'", "answers.credit") in str(error.value)


def test_numbers_and_truths_in_a_document_are_read_as_written(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "fields: {answer: a, limit: 14.50}\nanswers: {2: refuse, true: grant, yes: unsure}\n"
        "grant_from: 4\nleave_out: {Finished: [false]}\n"
    )
    mapping = read_mapping(path)
    assert mapping.fields["limit"] == "14.50"
    assert mapping.layout().spellings.read("2") == "refuse"
    assert mapping.layout().spellings.read("TRUE") == "grant"
    assert (mapping.grant_from, mapping.leave_out) == ("4", {"Finished": ("false",)})


def test_the_schema_says_what_each_key_is_for():
    described = ImportMapping.model_json_schema()["properties"]
    assert all("description" in one for one in described.values())
