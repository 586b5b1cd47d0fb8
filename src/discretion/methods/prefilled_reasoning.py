"""A reasoning put in: a method that reasons first is scored after a text that the model did not
write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from discretion.canonical import digest
from discretion.core.arms import Ask, Method, Prompt
from discretion.core.cases import Case
from discretion.core.policies import Policy
from discretion.methods.filler import neutral_text

Kind = Literal["empty", "neutral"]
KINDS: tuple[Kind, ...] = ("empty", "neutral")
MARK = "+"
"""Between the method's name and the kind: ``chain-of-thought+empty``."""
TYPICAL = 18
"""Words of a neutral reasoning in English: about those of people's explanations."""
TYPICAL_IN_DIALECT = 8
"""The same in the dialect, whose explanations are short."""


@dataclass(frozen=True, slots=True)
class PutInMethod:
    """The prompts of a method that reasons first, each with a reasoning put in.

    The model's decision is scored once an order, without a draw: what it decides without what it
    would have thought. An empty one is the decision's cue alone.
    """

    into: Method
    kind: Kind
    reason_first: bool = False
    """Nothing is left to be reasoned."""

    @property
    def name(self) -> str:
        return f"{self.into.name}{MARK}{self.kind}"

    @property
    def wordings(self) -> int:
        return self.into.wordings

    @property
    def vocabularies(self) -> tuple[str, ...]:
        return self.into.vocabularies

    def prompt(self, case: Case, policy: Policy, ask: Ask) -> Prompt:
        """The method's prompt for one case, which the decision is to follow."""
        text = "" if self.kind == "empty" else _neutral(case.pair or case.id, ask.twin)
        return replace(self.into.prompt(case, policy, ask), reasoning=text)


@lru_cache(maxsize=4096)  # both orders of a case are put the same text
def _neutral(case: str, dialect: bool) -> str:
    """A neutral text that belongs to a case, or a pair of cases: the same on every machine."""
    rng = np.random.default_rng(int(digest(("neutral", case))[:16], 16))
    length = TYPICAL_IN_DIALECT if dialect else TYPICAL
    return neutral_text(length, rng, dialect=dialect) or ""
