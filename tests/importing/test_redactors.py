"""Several processes say what one says, of every file, whatever becomes of them."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discretion.errors import DiscretionError
from discretion.importing import Layout, parse_map, read_decisions, redactors
from discretion.importing.redaction import redact_both
from discretion.importing.rows import TableRow

SECRET = bytes(range(32))
FIELDS = "text=request,answer=answer,explanation=why,rater=who"
PERSONAL = (
    "Hi team, order #1234567 came. Write to {0}@mail.example or call 415-555-{0}.\nThanks,\nAnna",
    "the same request each time, order 7654321",
    "nothing to find",
    "",
    "שלום 😀 +44 20 7946 {0}",
)


@pytest.fixture(autouse=True)
def _short_files_too(monkeypatch):
    monkeypatch.setattr(redactors, "_ALONE", 0)
    monkeypatch.setattr(redactors, "_CHUNK", 7)


@pytest.fixture
def export(tmp_path):
    """100 rows: texts that come once and often, of whom some are bad and some say nothing."""
    path = tmp_path / "export.jsonl"
    rows = [
        {
            "request": PERSONAL[number % 5].format(1000 + number),
            "answer": ("yes", "no", "perhaps")[(number % 17 == 3 and 2) or number % 2],
            "why": f"Anna has order {7654321 + number % 3} and {1000 + number}@mail.example",
            "who": f"agent {number % 4}",
        }
        for number in range(100)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def read(path, processes, **more):
    layout = Layout(parse_map(FIELDS), **more)
    return read_decisions(path, layout, skip_bad=True, secret=SECRET, processes=processes)


def test_several_processes_read_what_one_reads(export):
    alone = read(export, 1)
    assert alone.replaced["email"] > 50
    assert alone.skipped
    for processes in (2, 3):
        assert read(export, processes) == alone


def test_explanations_take_the_marks_of_the_row_that_made_the_case(export):
    """Rows of one case whose texts differ in what was found: the first one's marks count."""
    alone = read(export, 1, case=("who",))
    assert read(export, 2, case=("who",)) == alone


def test_short_files_are_read_without_other_processes(export, monkeypatch):
    def never(*arguments, **more):
        raise AssertionError("a process was started")

    monkeypatch.setattr(redactors, "_ALONE", 1_000_000)
    monkeypatch.setattr(subprocess, "Popen", never)
    assert read(export, 4).rows == 100


def test_files_that_keep_personal_data_need_no_other_processes(export, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    kept = read_decisions(export, Layout(parse_map(FIELDS)), skip_bad=True, processes=4)
    assert kept.rows == 100


@pytest.mark.parametrize(
    "program",
    ["/nowhere/python", "#!/bin/sh\nexit 3\n", "#!/bin/sh\nread line\necho '[]'\n",
     "#!/bin/sh\nread line\necho 'no json'\n", "#!/bin/sh\nread line\necho '{\"a\": 1}'\n"],
)  # fmt: skip
def test_what_a_process_fails_to_do_is_done_here(export, monkeypatch, tmp_path, program):
    alone = read(export, 1)
    if program.startswith("#!"):
        child = tmp_path / "child"
        child.write_text(program)
        child.chmod(0o755)
        program = str(child)
    monkeypatch.setattr(sys, "executable", program)
    assert read(export, 2) == alone


def test_the_first_mistake_is_the_one_that_is_said(tmp_path):
    """Reading ahead comes upon a line that is no JSON before the bad answer is looked at."""
    good = json.dumps({"request": "a", "answer": "yes", "when": "2026-03-31"})
    bad = json.dumps({"request": "a", "answer": "yes", "when": "soon"})
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join([good, good, bad, good, "{no json"]), encoding="utf-8")
    layout = Layout(parse_map("text=request,answer=answer,time=when"))
    for processes in (1, 2):
        with pytest.raises(DiscretionError, match=":3, column 'when': 'soon' is no date"):
            read_decisions(path, layout, secret=SECRET, processes=processes)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.text()), max_size=30))
def test_any_texts_come_back_as_they_would_be_here(pairs):
    rows = [TableRow(number, ["a text"]) for number in range(len(pairs))]
    found = list(redactors.looked_at(rows, lambda row: pairs[row.number], 2))
    assert [row for row, _ in found] == rows
    came = set()
    for row, ready in found[1:]:
        pair = pairs[row.number]
        assert ready == (redactors.NOT_READY if pair[0] in came else redact_both(pair))
        came |= {pair[0]} - {None}
