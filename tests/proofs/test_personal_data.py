"""The measurement of what the import masks: how it counts, and that its table still holds."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "design" / "personal-data.md"


@pytest.fixture
def proof(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "proofs"))
    yield importlib.import_module("personal_data")
    for name in ("personal_data", "letters"):
        sys.modules.pop(name, None)


def letter(text, *personal):
    from letters import Letter

    return Letter(
        "English",
        text,
        tuple((text.find(one), text.find(one) + len(one), "name") for one in personal),
    )


def test_a_passage_is_left_where_any_word_of_it_is(proof):
    text = "Hi Anna, Thomas Keller has it."
    one = letter(text, "Anna", "Thomas Keller")
    found = {passage: is_left for passage, _, is_left in proof.left(one, proof.masked(text))}
    assert found == {"Anna": False, "Thomas Keller": True}


def test_a_word_is_lost_where_it_is_masked_and_not_personal(proof):
    text = "Refund to me"
    assert proof.lost(letter(text), [(0, 6)]) == ["Refund"]
    assert proof.lost(letter(text, "Refund"), [(0, 6)]) == []


def test_what_is_masked_is_found_by_what_stays(proof):
    text = "Write to a@x.example or b@x.example\nNora Lund\nc@x.example"
    assert [text[start:end] for start, end in proof.masked(text)] == [
        "a@x.example", "b@x.example", "Nora Lund", "c@x.example",
    ]  # fmt: skip


def test_letters_are_the_same_each_time_and_say_what_is_personal_in_them(proof):
    from letters import letters

    made = list(letters(60, 1))
    assert made == list(letters(60, 1))
    assert len({one.language for one in made}) == 6
    assert all(one.text[start:end].strip() for one in made for start, end, _ in one.personal)


def test_the_published_table_is_what_the_import_does_now(proof):
    assert proof.page() in PAGE.read_text(encoding="utf-8")
