"""Claims about reading a chat assistant's reply to a trial."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.errors import DiscretionError
from discretion.importing.chat import read_reply


@pytest.mark.parametrize(
    ("line", "decision"),
    [
        ("3: grant", "grant"),
        ("3. Refuse", "refuse"),
        ("3) **Grant** — because we caused it", "grant"),
        ("- 3: ask a person", "unsure"),
        ("Request 3: refuse (too late to grant)", "refuse"),
        ("3: разрешить", "grant"),
        ("Запрос 3: отказать", "refuse"),
        ("3: спросить человека", "unsure"),
    ],
)
def test_a_line_is_read_in_the_forms_assistants_use(line, decision):
    assert read_reply(line).decisions == {3: decision}


@pytest.mark.parametrize(
    "line", ["3: do not grant", "3: grant or refuse", "3: не разрешать", "3: ok"]
)
def test_what_names_no_single_answer_decides_nothing(line):
    reply = read_reply(f"1: grant\n{line}")
    assert reply.decisions == {1: "grant"}
    assert reply.unread == (line,)


def test_the_trial_is_recognized_and_prose_is_passed_over():
    reply = read_reply("Sure!\nTrial 12ab34cd\n1: grant\n2: refuse\nLet me know.")
    assert reply.trial == "12ab34cd"
    assert reply.decisions == {1: "grant", 2: "refuse"}


def test_two_answers_to_one_request_stop_the_reading():
    with pytest.raises(DiscretionError, match="request 1 is answered twice"):
        read_reply("1: grant\n1: refuse")


def test_a_reply_without_an_answer_says_what_is_wanted():
    with pytest.raises(DiscretionError, match="lines such as: 3: grant"):
        read_reply("I cannot help with that.")


@given(st.text())
def test_any_text_is_read_or_refused_in_one_sentence(text):
    try:
        read_reply(text)
    except DiscretionError as error:
        assert "\n" not in str(error)
