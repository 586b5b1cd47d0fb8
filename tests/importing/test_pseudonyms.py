"""Pseudonyms: stable within a workspace, of no use outside it; and what an import makes of them."""

from __future__ import annotations

import re

from discretion.importing import Layout, parse_map, read_decisions
from discretion.importing.pseudonyms import Pseudonyms

from .tables_at_hand import written

ROWS = """request,outcome,agent,why,reply
Hi from ann@mail.example. We pay.,yes,Ann,Order 1234567 is fine,We pay.
Hi from bob@mail.example. We pay.,no,Bob,,We pay.
Nothing personal,yes,Ann,,
"""
FIELDS = "text=request,answer=outcome,rater=agent,explanation=why"
SECRET, OTHER = b"s" * 32, b"o" * 32


def read(tmp_path, secret, rows=ROWS, **options):
    layout = Layout(parse_map(FIELDS), **options)
    return read_decisions(written(tmp_path, rows), layout, secret=secret)


def test_a_name_is_the_same_person_under_one_secret_and_nobody_under_another():
    one = Pseudonyms(SECRET)
    assert one.rater("Ann") == Pseudonyms(SECRET).rater("Ann") != one.rater("Bob")
    assert one.rater("Ann") != Pseudonyms(OTHER).rater("Ann")
    assert re.fullmatch("rater-[0-9a-f]{10}", one.rater("Ann"))


def test_an_import_keeps_no_name_no_address_and_no_number(tmp_path):
    read_in = read(tmp_path, SECRET)
    assert not re.search(r"Ann|Bob|@|1234567", repr((read_in.cases, read_in.judgments)))
    assert read_in.replaced == {"email": 2, "order": 1}
    first, second, third = (judgment.rater for judgment in read_in.judgments)
    assert first == third != second


def test_without_a_secret_all_stays_as_it_is_written(tmp_path):
    read_in = read(tmp_path, None)
    assert [judgment.rater for judgment in read_in.judgments] == ["Ann", "Bob", "Ann"]
    assert read_in.cases[0].text == "Hi from ann@mail.example. We pay."
    assert read_in.replaced == {}


def test_the_same_secret_gives_the_same_ids_in_any_order_and_another_gives_others(tmp_path):
    head, *rows = ROWS.splitlines(keepends=True)
    ids = {one.id for one in read(tmp_path, SECRET).judgments}
    assert {one.id for one in read(tmp_path, SECRET, head + "".join(rows[::-1])).judgments} == ids
    assert not ids & {one.id for one in read(tmp_path, OTHER).judgments}


def test_texts_that_differ_only_in_what_was_replaced_are_two_cases(tmp_path):
    first, second, third = read(tmp_path, SECRET).cases
    assert first.text == second.text
    assert first.id != second.id
    # A text without personal data keeps the id that it has without redaction.
    assert third.id == read(tmp_path, None).cases[2].id


def test_columns_stay_as_they_are_and_those_about_a_judgment_go_with_it(tmp_path):
    rows = "request,outcome,agent,why,reply,tenure,paid\nCoat?,yes,Ann,,,lead,4111111111111111\n"
    read_in = read(tmp_path, SECRET, rows, about=("tenure",), keep=("paid",))
    assert read_in.judgments[0].columns == {"tenure": "lead"}
    assert read_in.cases[0].columns == {"paid": "4111111111111111"}


def test_a_thread_is_cut_where_the_reply_begins_and_what_is_not_found_is_counted(tmp_path):
    rows = ROWS + "Something else,no,Bob,,We do not pay.\n"
    read_in = read(tmp_path, SECRET, rows, until="reply")
    assert [case.text for case in read_in.cases] == [
        "Hi from [email 1].", "Hi from [email 1].", "Nothing personal", "Something else"
    ]  # fmt: skip
    assert read_in.counts["uncut"] == 1
