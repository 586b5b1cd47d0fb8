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
        ("**3.** ✅ Approved, since the label was wrong.", "grant"),
        ("[3] deny the request", "refuse"),
        ("3 grant", "grant"),
        ("3: I would hand it to a human to check the order number", "unsure"),
        ("3: the rule is broken by one day → grant", "grant"),
        ("3. Broken by 46 days. Decision: refuse", "refuse"),
        ("3: разрешить", "grant"),
        ("Запрос 3: отказать", "refuse"),
        ("Обращение №3: отказать в возврате", "refuse"),
        ("3. **Разрешил бы** — опоздание на день", "grant"),
        ("3: передать обращение человеку", "unsure"),
        ("3: спросить человека", "unsure"),
    ],
)
def test_a_line_is_read_in_the_forms_assistants_use(line, decision):
    assert read_reply(line).decisions == {3: decision}


@pytest.mark.parametrize(
    "said",
    [
        "do not grant",
        "can't grant",
        "grant or refuse",
        "grant/refuse",
        "grant if the receipt is shown",
        "grant, but only after the checks",
        "grant store credit",
        "refuse to grant",
        "ask the customer for the receipt",
        "не разрешать",
        "разрешить, если есть чек",
        "ok",
        "yes",
    ],
)
def test_what_names_no_single_answer_decides_nothing(said):
    reply = read_reply(f"1: grant\n3: {said}")
    assert reply.decisions == {1: "grant"}
    assert reply.unread == {3: f"3: {said}"}


def test_the_trial_is_recognized_and_prose_is_passed_over():
    reply = read_reply(
        "Sure! 14 days is the limit, so I grant what keeps it.\nTrial 12ab34cd\n1: grant\n"
        "2: refuse\n\n9 granted\n3. In short: kind, but firm.\nGrant: 1, refuse: 1\nLet me know."
    )
    assert reply.trial == "12ab34cd"
    assert reply.decisions == {1: "grant", 2: "refuse"}


@pytest.mark.parametrize(
    "text",
    [
        "```\nTrial **12ab34cd**\n1: grant\n2: refuse\n4: ask a person\n```\n2 of them are late.",
        "**Trial 12ab34cd**\n\n| Request | Decision | Reason |\n|---|---|---|\n"
        "| 1 | Grant | not late at all |\n| **2** | **Refuse** | grant would not do |\n"
        "| 4 | Ask a person | 10.01 or 10.10? |",
        "Trial 12ab34cd\n| # | Rule | What I would do |\n|:-:|---|:--|\n"
        "| 1 | broken by 7 days | grant |\n| 2 | kept | refuse |\n| 4 | kept | ask a person |",
        "Trial 12ab34cd\n\n### Request 1\n**Rule:** broken by 1 day\n**Decision:** grant\n"
        "**Reason:** Refuse would be harsh.\n**Reply to the customer:** Granted, gladly.\n\n"
        "### Request 2\nDecision: refuse\nReply to the customer: Sorry.\n\n"
        "### Request 4\nAsk a person",
        "Trial 12ab34cd 1: grant, 2: refuse; 4: ask a person",
        '{"trial": "12ab34cd", "1": "grant", "2": "refuse", "4": "ask a person"}',
        "<p>Trial 12ab34cd</p><br>\n<li>1: grant</li>\n<li>2: refuse</li>\n<li>4: defer</li>",
        "Проба 12ab34cd\n\nОбращение 1\nПравило: нарушено на день\nРешение: разрешить\n"
        "Ответ клиенту: Отказать мы не можем.\n\nОбращение 2\nРешение: отказать\n\n"
        "Обращение 4\nРешение: передать человеку",
    ],
    ids=["fence", "table", "table without a name", "form", "one line", "json", "html", "russian"],
)
def test_whole_replies_are_read_as_assistants_write_them(text):
    reply = read_reply(text)
    assert reply.trial == "12ab34cd"
    assert reply.decisions == {1: "grant", 2: "refuse", 4: "unsure"}
    assert not reply.unread


def test_two_answers_to_one_request_stop_the_reading():
    with pytest.raises(DiscretionError, match=r"reply\.txt: request 1 is answered twice"):
        read_reply("1: grant\n1: refuse", "reply.txt")


def test_a_reply_without_an_answer_says_what_is_wanted():
    with pytest.raises(DiscretionError, match="lines such as: 3: grant"):
        read_reply("I cannot help with that.")


@given(st.text())
def test_any_text_is_read_or_refused_in_one_sentence(text):
    try:
        read_reply(text)
    except DiscretionError as error:
        assert "\n" not in str(error)
