"""Guessing: columns of exports as helpdesks write them."""

from __future__ import annotations

import pytest

from discretion.importing.guessing import guess, guess_unit
from discretion.importing.mapping import quoted
from discretion.importing.survey import MOST_KINDS, survey

from .tables_at_hand import written

LONG = "I bought this coat three weeks ago and it does not fit"


def seen(tmp_path, header, *rows):
    return survey(written(tmp_path, "\n".join([header, *rows]) + "\n"))


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("id,Request,Outcome,Agent,Days late,Window",
         "{n},{long} {n},approved,ann,{n},14",
         {"text": "Request", "answer": "Outcome", "rater": "Agent", "value": "Days late",
          "limit": "Window"}),
        ("subject,offer,property,accept,payment_demanded,finished",
         "s{m},hundred,house,{m},1000,1",
         {"answer": "accept", "rater": "subject"}),
        ("Ticket Body,assigneeEmail,approved?,Reason for decision,refund_amount,cap",
         "{long} {n},a@x,{yes},because it was late {n},${n}.50,$50",
         {"text": "Ticket Body", "answer": "approved?", "rater": "assigneeEmail",
          "explanation": "Reason for decision", "value": "refund_amount", "limit": "cap"}),
        ("Обращение,Решение,Сотрудник,Комментарий",
         "{long} {n},approved,Анна,потому что поздно",
         {"text": "Обращение", "answer": "Решение", "rater": "Сотрудник",
          "explanation": "Комментарий"}),
        ("a,b", "x{n},y", {}),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_names_and_what_stands_in_them(tmp_path, header, row, expected):
    rows = [row.format(n=n, m=n % 2, long=LONG, yes="yes" if n % 3 else "no") for n in range(1, 31)]
    found = guess(seen(tmp_path, header, *rows)).fields
    expected = {name: quoted(column) for name, column in expected.items()}
    assert {name: found.get(name) for name in expected} == expected
    assert len(set(found.values())) == len(found)


def test_the_title_of_a_message_is_nobody_where_an_agent_is_named(tmp_path):
    rows = ["Late,a request that is long enough,approved,ann"] * 4
    found = guess(seen(tmp_path, "Subject,Message,Outcome,Agent", *rows)).fields
    assert (found["rater"], found["text"]) == ("Agent", "Message")


def test_an_id_is_no_value_and_a_name_in_each_row_is_nobody_in_particular(tmp_path):
    found = guess(
        seen(tmp_path, "value_id,agent,outcome", *(f"{n},a{n},yes" for n in range(20)))
    ).fields
    assert found == {"answer": "outcome"}


@pytest.mark.parametrize(
    ("name", "cell", "unit"),
    [("days_late", "3", "days"), ("paid", "$3.50", "USD"), ("hours", "3", "hours"),
     ("amount_eur", "3", "EUR"), ("score", "3", "")],
)  # fmt: skip
def test_the_unit_is_read_off_the_name_or_the_cells(tmp_path, name, cell, unit):
    assert guess_unit(seen(tmp_path, f"x,{name}", f"y,{cell}").columns[1]) == unit
    assert guess_unit(None) == ""


def test_a_survey_counts_every_spelling_of_a_column_with_few_of_them(tmp_path):
    rows = [f"t{n},{'yes' if n % 2 else ''}" for n in range(MOST_KINDS + 50)]
    found = seen(tmp_path, "text,answer", *rows)
    assert found.rows == len(rows)
    assert found.columns[0].values is None
    assert found.columns[1].values == {"yes": len(rows) // 2, "": len(rows) // 2}
