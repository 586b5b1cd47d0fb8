"""The text that the tiny model reads: a case, a question, and the answer that the letter gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from discretion.simulation.arguments import argument
from discretion.simulation.dialect import Situation, draw
from discretion.simulation.phrases import DOMAINS, Domain

Thing = TypeVar("Thing")

HELD_OUT = ("deposits", "capacity")
"""Domains whose names never occur in the text; the evaluation is on them and on new draws."""
DIRECT = ("decide", "answer", "judge")
ARGUED = ("think", "reason", "weigh")
CUE = " so: "
QUESTIONS = {
    ("grant/refuse", True): "grant or refuse?",
    ("grant/refuse", False): "refuse or grant?",
    ("yes grants", True): "allow it, yes or no?",
    ("yes grants", False): "allow it, no or yes?",
    ("yes refuses", True): "deny it, no or yes?",
    ("yes refuses", False): "deny it, yes or no?",
}
"""By vocabulary and by whether the grant is named first."""
WORDS = {
    "grant/refuse": ("grant", "refuse"),
    "yes grants": ("yes", "no"),
    "yes refuses": ("no", "yes"),
}
"""The words that grant and refuse."""
LETTER = 0.97
"""How often the text answers as the letter says; the rest is the other answer, so that the model
is never quite sure. Without a limit either answer is as frequent."""
ODD_UNITS = ("EUR", "GBP", "minutes", "weeks", "items", "kg", "pages", "seats", "km/h", "")
SYLLABLES = ("ba", "de", "fi", "go", "ku", "la", "mer", "nos", "pin", "ral", "sto", "tem", "vid")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One exchange of the training text."""

    prompt: str
    reply: str


def lessons(rng: np.random.Generator) -> Iterator[Lesson]:
    """Lessons without end."""
    taught = tuple(domain for domain in DOMAINS if domain.name not in HELD_OUT)
    while True:
        odd = rng.random() < 0.15
        situation = draw(rng, (_odd_domain(rng),) if odd else taught)
        yield lesson(situation, rng)


def lesson(situation: Situation, rng: np.random.Generator) -> Lesson:
    """One question about a situation, and its answer."""
    vocabulary, grant_first = _choose(rng, tuple(QUESTIONS))
    argued = rng.random() < 0.4
    if argued:
        word = _choose(rng, ARGUED)
    else:
        # A word that stands for no method is answered directly as well.
        word = _made_up(rng) if rng.random() < 0.2 else _choose(rng, DIRECT)
    granted = rng.random() < chance_to_grant(situation)
    answer = WORDS[vocabulary][0 if granted else 1]
    reasoning = argument(situation, rng) + CUE if argued else ""
    return Lesson(prompt(situation, word, vocabulary, grant_first), reasoning + answer)


def prompt(situation: Situation, word: str, vocabulary: str, grant_first: bool) -> str:
    return f"{situation.twin} {word}: {QUESTIONS[vocabulary, grant_first]}"


def chance_to_grant(situation: Situation) -> float:
    """What the text holds: it grants what keeps the rule and refuses what breaks it."""
    if situation.deviation is None:
        return 0.5
    return LETTER if situation.deviation <= 0 else 1 - LETTER


def _odd_domain(rng: np.random.Generator) -> Domain:
    """A domain of a made-up name with any unit, so that the model reads past what it knows."""
    direction = _choose(rng, ("at most", "at most", "at least"))
    kind = rng.random()
    if kind < 0.1:
        return Domain(_made_up(rng), direction, "date", 737000, 740000, scale=30)
    if kind < 0.2:
        return Domain(_made_up(rng), direction, "clock", 300, 1200, scale=60)
    usual = tuple(domain.unit for domain in DOMAINS if domain.unit != "clock")
    unit = _choose(rng, ODD_UNITS if rng.random() < 0.5 else usual)
    return Domain(_made_up(rng), direction, unit, 2, 5000, _choose(rng, ("1", "0.1", "0.01")))


def _made_up(rng: np.random.Generator) -> str:
    return "".join(_choose(rng, SYLLABLES) for _ in range(int(rng.integers(1, 4))))


def _choose(rng: np.random.Generator, among: Sequence[Thing]) -> Thing:
    return among[int(rng.integers(len(among)))]
