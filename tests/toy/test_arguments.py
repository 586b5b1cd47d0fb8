"""Arguments: both sides, everything that is known, no verdict."""

from __future__ import annotations

import numpy as np
import pytest

from discretion.toy.arguments import argument, named_circumstances, named_size, size_clause
from discretion.toy.dialect import draws
from discretion.toy.phrases import FLAGS, REASONS, size_word

SOME = tuple(draws(np.random.default_rng(7), 500))


@pytest.mark.parametrize(
    ("deviation", "word"),
    [(0.001, "tiny"), (0.02, "small"), (0.1, "moderate"), (0.35, "large"), (1.2, "huge")],
)
def test_size_words_begin_at_their_bounds(deviation, word):
    assert size_word(deviation) == word


def test_an_argument_names_the_size_and_every_circumstance_and_nothing_else():
    rng = np.random.default_rng(0)
    for situation in SOME:
        text = argument(situation, rng)
        said = {thing.name for thing in (situation.reason, *situation.flags) if thing}
        assert named_circumstances(text) == said
        assert named_size(text) == size_clause(situation.deviation)


def test_circumstances_stand_on_their_own_side():
    rng = np.random.default_rng(0)
    for situation in SOME:
        before, against = argument(situation, rng).split(". against: ")
        favor = before.split(". for: ")[1]
        assert all(named(thing, favor) == (thing.push == "for") for thing in present(situation))
        assert all(
            named(thing, against) == (thing.push == "against") for thing in present(situation)
        )


def test_an_argument_gives_no_verdict():
    rng = np.random.default_rng(0)
    words = {word.strip(".:") for one in SOME for word in argument(one, rng).split()}
    assert not words & {"grant", "refuse", "yes", "allow", "deny", "so"}


def test_the_size_stands_on_neither_side():
    rng = np.random.default_rng(0)
    for situation in SOME:
        size, sides = argument(situation, rng).split(". for: ")
        assert named_size(size) is not None
        assert named_size(sides) is None


def test_a_text_that_names_two_sizes_names_none():
    assert named_size("the gap is tiny. the gap is huge.") is None


def present(situation):
    return [thing for thing in (situation.reason, *situation.flags) if thing]


def named(thing, text):
    assert thing in (*REASONS, *FLAGS)
    return thing.name in named_circumstances(text)
