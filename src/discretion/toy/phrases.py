"""The words of the dialect: domains, reasons, flags, and what can be said for and against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from discretion.core.scenarios import Direction

Push = Literal["for", "against"]


@dataclass(frozen=True, slots=True)
class Domain:
    """A field of life with a rule: what it counts, and where its limits may lie."""

    name: str
    direction: Direction
    unit: str
    """As in a scenario: ``USD``, ``clock``, ``%``, ``days``."""
    low: int
    """Smallest and largest limit, in the unit's measure (minutes since midnight for a clock)."""
    high: int
    step: str = "1"
    """What values are rounded to, in the unit's measure."""
    scale: int | None = None
    """Deviation 1 in the unit's measure; None for the size of the limit."""


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A class of reasons, or a flag: what a case may say, and what an argument makes of it."""

    name: str
    push: Push
    """Which way it counts with most people."""
    sentences: tuple[str, ...]
    """What a twin text says, without the period."""
    clauses: tuple[str, ...]
    """What an argument or an explanation says."""


DOMAINS = (
    Domain("groceries", "at most", "USD", 5, 200, "0.01"),
    Domain("returns", "at most", "days", 7, 90),
    Domain("checkout", "at most", "clock", 540, 840, scale=60),
    Domain("expenses", "at most", "USD", 20, 900, "0.01"),
    Domain("refunds", "at most", "USD", 10, 600, "0.01"),
    Domain("deposits", "at most", "days", 2, 60),
    Domain("delivery", "at most", "km", 3, 80, "0.1"),
    Domain("hiring", "at least", "years", 1, 12, "0.1"),
    Domain("admissions", "at least", "points", 40, 1200),
    Domain("lending", "at most", "%", 15, 60, "0.1"),
    Domain("access", "at most", "hours", 1, 72, "0.5"),
    Domain("leave", "at most", "days", 2, 40),
    Domain("medication", "at most", "mg", 10, 1500),
    Domain("capacity", "at most", "people", 6, 400),
)

REASONS = (
    Circumstance(
        "fault",
        "for",
        (
            "the parcel came late",
            "our system was down",
            "staff gave the wrong date",
            "we sent the wrong form",
            "our clerk made a mistake",
            "our notice never arrived",
            "our website showed another limit",
            "we had promised it",
        ),
        ("it was our own mistake", "we caused it ourselves", "the fault was ours"),
    ),
    Circumstance(
        "hardship",
        "for",
        (
            "there was a death in the family",
            "their child was in hospital",
            "illness kept them at home",
            "a flood damaged their home",
            "they lost their job",
            "an accident held them up",
            "they care for a sick parent",
            "a storm closed the roads",
        ),
        ("they had bad luck", "they were in real trouble", "they could not help it"),
    ),
    Circumstance(
        "purpose",
        "for",
        (
            "it is for a birthday cake",
            "it helps a sick neighbor",
            "it is for a school project",
            "it feeds the volunteers",
            "it keeps the clinic open",
            "it saves the team a week",
            "it is a gift for a friend",
            "it serves a charity",
        ),
        ("it serves a good end", "it helps other people", "it does some good"),
    ),
    Circumstance(
        "convenience",
        "against",
        (
            "it is more convenient",
            "they did not feel like coming earlier",
            "they prefer the nicer one",
            "they wanted to sleep longer",
            "it saves them a short walk",
            "they like this one better",
            "they simply forgot",
            "they were busy with a hobby",
        ),
        ("it is mere convenience", "they only want comfort", "they could have managed"),
    ),
    Circumstance(
        "deception",
        "against",
        (
            "the receipt looks altered",
            "the name does not match",
            "the photo was edited",
            "their two stories do not agree",
            "the document seems forged",
            "the account was made today",
            "the signature is not theirs",
            "they hid an earlier claim",
        ),
        ("it looks like fraud", "they may be lying", "the story cannot be trusted"),
    ),
    Circumstance(
        "nothing",
        "against",
        (
            "no reason was given",
            "they did not say why",
            "they gave no cause",
            "nothing was explained",
            "they offered no reason",
            "the form says nothing more",
            "they would not explain",
            "no cause is known",
        ),
        ("there is no reason for it", "nothing speaks for it", "we know of no reason"),
    ),
)

FLAGS = (
    Circumstance(
        "loyal",
        "for",
        ("loyal customer", "with us for years", "well known to us"),
        ("they have been loyal", "they have long been with us"),
    ),
    Circumstance(
        "first",
        "for",
        ("first request", "never asked before", "a clean record"),
        ("it is the first time", "they never asked for this"),
    ),
    Circumstance(
        "repeat",
        "against",
        ("asked twice before", "third time this year", "had an exception already"),
        ("they keep asking", "they had their exception"),
    ),
    Circumstance(
        "risk",
        "against",
        ("others are at risk", "somebody could get hurt", "high stakes"),
        ("others could be harmed", "too much is at stake"),
    ),
)

ASIDES = (
    "by phone",
    "by email",
    "on a monday",
    "on a friday",
    "from anna",
    "from omar",
    "from mei",
    "from jose",
)
"""Sentences that should not matter."""

SIZES = (("tiny", 0.02), ("small", 0.10), ("moderate", 0.35), ("large", 1.20), ("huge", 1e9))
"""Size word and the deviation below which it holds."""

PLAIN_FOR = ("one case costs little", "somebody hopes for it", "rules have a purpose")
"""Said for a request for which nothing else speaks."""
PLAIN_AGAINST = ("a rule is a rule", "others would ask as well", "rules should hold for all")
"""Said against a request against which nothing else speaks."""


def size_word(deviation: float) -> str:
    """The word for how far a rule is broken; `deviation` is positive, in scales."""
    return next(word for word, below in SIZES if deviation < below)
