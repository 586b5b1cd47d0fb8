"""What can be said about a situation: an argument for and one against, and what a text names."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from discretion.toy.dialect import Situation
from discretion.toy.phrases import (
    FLAGS,
    PLAIN_AGAINST,
    PLAIN_FOR,
    REASONS,
    SIZES,
    Circumstance,
    Push,
    size_word,
)

_CLAUSES = {clause: thing.name for thing in (*REASONS, *FLAGS) for clause in thing.clauses}


def argument(situation: Situation, rng: np.random.Generator) -> str:
    """One argument for and one against, without a verdict.

    The size of the violation is stated first, on neither side, so that the text does not say where
    a violation becomes too large.
    """
    named = (situation.reason, *situation.flags)
    circumstances = list(dict.fromkeys(thing for thing in named if thing))
    favor = _joined(circumstances, "for", rng) or _choose(rng, PLAIN_FOR)
    doubt = _joined(circumstances, "against", rng) or _choose(rng, PLAIN_AGAINST)
    return f"{size_clause(situation.deviation)}. for: {favor}. against: {doubt}."


def size_clause(deviation: float | None) -> str:
    """``the gap is small``, or that the rule is kept, or that there is no limit."""
    if deviation is None:
        return "there is no limit"
    return "the rule is kept" if deviation <= 0 else f"the gap is {size_word(deviation)}"


def named_size(text: str) -> str | None:
    """The size clause that stands in a text; None where none or more than one does."""
    clauses = [f"the gap is {word}" for word, _ in SIZES]
    found = [c for c in (*clauses, "the rule is kept", "there is no limit") if c in text]
    return found[0] if len(found) == 1 else None


def named_circumstances(text: str) -> frozenset[str]:
    """The names of the reasons and flags whose clauses stand in a text."""
    return frozenset(name for clause, name in _CLAUSES.items() if clause in text)


def _joined(circumstances: Iterable[Circumstance], push: Push, rng: np.random.Generator) -> str:
    said = [_choose(rng, thing.clauses) for thing in circumstances if thing.push == push]
    return " and ".join(said)


def _choose(rng: np.random.Generator, among: tuple[str, ...]) -> str:
    return among[int(rng.integers(len(among)))]
