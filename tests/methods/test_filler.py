"""Neutral explanations are as long as what they replace, and say nothing of any case."""

from __future__ import annotations

import re

import numpy as np
import pytest

from discretion.methods.filler import neutral_text, pool

VERDICTS = re.compile(
    r"\b(grant\w*|refus\w*|allow\w*|deny|denied|fair|should|reason|because|yes|no|loyal|late|gap"
    r"|too|fault|harm|exception)\b|\d",
    re.IGNORECASE,
)


@pytest.mark.parametrize("dialect", [False, True])
def test_at_least_fifty_sentences_without_facts_or_verdict(dialect):
    sentences = pool().dialect if dialect else pool().english
    assert len(set(sentences)) == len(sentences) >= 50
    assert [sentence for sentence in sentences if VERDICTS.search(sentence)] == []


@pytest.mark.parametrize("dialect", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_every_usual_length_is_met_within_a_fifth_without_a_sentence_twice(dialect, seed):
    sentences = pool().dialect if dialect else pool().english
    for length in range(4, 201):
        text = neutral_text(length, np.random.default_rng(seed), dialect=dialect)
        assert text is not None, length
        assert abs(len(text.split()) - length) <= 0.2 * length
        parts = re.findall(r"[^.]+\.", text)
        assert len({part.strip() for part in parts}) == len(parts)
        assert {part.strip() for part in parts} <= set(sentences)


def test_nothing_is_as_short_as_one_word():
    assert neutral_text(1, np.random.default_rng(0)) is None


def test_the_same_numbers_draw_the_same_text_and_others_another():
    texts = [neutral_text(20, np.random.default_rng(seed)) for seed in (1, 1, 2, 3)]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 3
