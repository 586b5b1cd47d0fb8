"""First tokens: from the most likely first tokens of an answer to the masses of the two answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

OPEN_LIMIT = 0.02
"""Widest bounds on p whose middle still stands for it."""
OUTSIDE_LIMIT = 0.2
"""Largest mass on neither answer that still counts as a decision."""


@dataclass(frozen=True, slots=True)
class FirstTokens:
    """What the most likely first tokens say about a decision."""

    low: float
    """p is at least this, in [0, 1]."""
    high: float
    inside: float
    """Mass that is known to begin one of the answers, in [0, 1]."""

    @property
    def p(self) -> float:
        """The middle of its bounds."""
        return (self.low + self.high) / 2

    @property
    def outside(self) -> float:
        return max(0.0, 1.0 - self.inside)

    @property
    def decides(self) -> bool:
        """Whether p may be taken from here; it is sampled otherwise."""
        return self.high - self.low <= OPEN_LIMIT and self.outside <= OUTSIDE_LIMIT


def read_first_tokens(
    top: Iterable[tuple[str, float]], grant: Sequence[str], refuse: Sequence[str]
) -> FirstTokens:
    """Bounds on the grant probability from the first tokens that came back.

    A token counts for the answer of which it is a beginning, or which it completes; one that may
    begin either, an empty one or white space too, leaves its mass open. A form of an answer that
    did not come back is bounded by the least likely token that did, and all of them together by
    what the returned tokens leave of 1; it is not zero.

    Args:
        top: the tokens and the natural logarithms of their probabilities.
        grant: surface forms of the answer that grants.
        refuse: surface forms of the answer that refuses.
    """
    candidates = [(token, math.exp(min(0.0, log))) for token, log in top]
    masses = {"grant": 0.0, "refuse": 0.0, "either": 0.0, "neither": 0.0}
    seen: dict[str, set[str]] = {"grant": set(), "refuse": set(), "either": set(), "neither": set()}
    for token, mass in candidates:
        side = _side(token, tuple(grant), tuple(refuse))
        masses[side] += mass
        seen[side].add(token.lstrip()[:1])
    rest = max(0.0, 1.0 - sum(masses.values()))
    least = min((mass for _, mass in candidates), default=1.0)

    def unseen(side: str, forms: Sequence[str]) -> float:
        # Forms that begin with the same letter may be split alike, so one of them came back.
        missing = len({form[:1] for form in forms} - seen[side])
        return min(rest, missing * least)

    either = masses["either"]
    most_grant = masses["grant"] + either + unseen("grant", grant)
    most_refuse = masses["refuse"] + either + unseen("refuse", refuse)
    return FirstTokens(
        low=_share(masses["grant"], most_refuse, 0.0),
        high=_share(most_grant, masses["refuse"], 1.0),
        inside=min(1.0, masses["grant"] + masses["refuse"] + either),
    )


@lru_cache(maxsize=4096)  # the same few tokens come back from call to call
def _side(token: str, grant: tuple[str, ...], refuse: tuple[str, ...]) -> str:
    begun = token.lstrip()
    if not begun:
        return "either"
    grants, refuses = _begins(begun, grant), _begins(begun, refuse)
    if grants and refuses:
        return "either"
    return "grant" if grants else "refuse" if refuses else "neither"


def _begins(token: str, forms: Sequence[str]) -> bool:
    """Whether a token begins one of the forms, or is one with something after it that is no part
    of a word."""
    return any(
        form.startswith(token)
        or (token.startswith(form) and not _goes_on(form[-1:], token[len(form) : len(form) + 1]))
        for form in forms
    )


def _goes_on(last: str, following: str) -> bool:
    return last.isalnum() and (following.isalnum() or following == "_")


def _share(mass: float, other: float, unknown: float) -> float:
    return mass / (mass + other) if mass + other > 0 else unknown
