"""Threads: a text ends where what followed it begins."""

from __future__ import annotations

import pytest

from discretion.importing.threads import cut


@pytest.mark.parametrize(
    ("text", "end", "left"),
    [
        ("May I return it?\nWe refund you.", "We refund you.", "May I return it?"),
        ("May I?\n\n> We  refund\n you.", "We refund you.", "May I?"),
        ("We refund you.", "We refund you.", ""),
        ("May I return it?", "We refund you.", None),
        ("a.*b (c) here", "(c) here", "a.*b"),
    ],
)
def test_the_text_before_the_reply_is_left(text, end, left):
    assert cut(text, end) == left


def test_a_long_reply_is_known_by_its_beginning():
    reply = "We refund you, since " + "it was our fault " * 50
    assert cut(f"Please?\n{reply[:400]} [quoted text hidden]", reply) == "Please?"
