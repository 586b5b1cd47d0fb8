"""Neutral explanations: procedural sentences without facts or verdict, of a given length."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from pydantic import Field

from discretion.core.policies import Described
from discretion.documents import read_yaml

FILE = Path(__file__).with_name("neutral.yaml")
WITHIN = 0.2
"""How far a text's length may lie from the explanation that it replaces, as a share of it."""


def words(text: str) -> int:
    """The length of an explanation, in words."""
    return len(text.split())


def fits(length: int, other: int) -> bool:
    """Whether a text of `other` words may replace an explanation of `length` words."""
    return abs(length - other) <= WITHIN * length


class FillerTexts(Described):
    """The sentences, in English and in the dialect of the built-in model."""

    english: tuple[str, ...] = Field(min_length=50)
    dialect: tuple[str, ...] = Field(min_length=50)


@cache
def pool() -> FillerTexts:
    """The sentences that ship with the package."""
    described, mistakes = read_yaml(FILE).describe(FillerTexts)
    if described is None:
        raise mistakes[0]
    return described


def neutral_text(length: int, rng: np.random.Generator, *, dialect: bool = False) -> str | None:
    """Sentences of the pool joined to within 20% of a length in words, none of them twice.

    None where no set of sentences comes so near: for lengths below the shortest sentence.
    """
    sentences = pool().dialect if dialect else pool().english
    order = [sentences[index] for index in rng.permutation(len(sentences))]
    chosen = _choose(order, length)
    return None if chosen is None else " ".join(chosen)


def nearest_neutral_text(
    length: int, rng: np.random.Generator, *, dialect: bool = False
) -> tuple[str, bool]:
    """A text of about a length in words, and whether it comes within 20% of it; for a length below
    the shortest sentence, one of the shortest."""
    found = neutral_text(length, rng, dialect=dialect)
    if found is not None:
        return found, True
    sentences = pool().dialect if dialect else pool().english
    shortest = min(map(words, sentences))
    return str(rng.choice([one for one in sentences if words(one) == shortest])), False


_size = lru_cache(4096)(words)
"""Words of a sentence of the pool, each of which is looked at for every explanation."""


def _choose(sentences: list[str], length: int) -> list[str] | None:
    """The first set, in the order given, whose words come near enough: by reachable sums."""
    reached: dict[int, list[str]] = {0: []}
    for sentence in sentences:
        size = _size(sentence)
        for total, used in list(reached.items()):
            longer = total + size
            if longer in reached or longer > (1 + WITHIN) * length:
                continue
            reached[longer] = [*used, sentence]
            if fits(length, longer):
                return reached[longer]
    return None
