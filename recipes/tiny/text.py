"""The text that the tiny model reads: a case, a question, and the answer that the letter gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from discretion.toy.arguments import argument
from discretion.toy.dialect import Situation, draw
from discretion.toy.phrases import DOMAINS, FLAGS, REASONS, Domain, size_word

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
LETTERS = "aaabcdeeeefghiiijklmnooopqrstuuvwxyz"
VOCABULARY = tuple(
    sorted({word for one in (*REASONS, *FLAGS) for said in one.sentences for word in said.split()})
)
READINGS = {"size": "size: how far off?", "cause": "cause: which kind?", "signs": "signs: which?"}
"""Questions about what a case says, beside those that decide."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One exchange of the training text."""

    prompt: str
    reply: str


@dataclass(frozen=True, slots=True)
class Mix:
    """What shares of the lessons are of which kind."""

    readings: float
    """Questions about what the case says; the rest ask for a decision, 4 of 10 after an
    argument."""
    noise: float
    """Cases with a sentence that says nothing."""
    made_up: float
    """Direct questions whose method word stands for nothing."""


DECIDING = Mix(readings=0.0, noise=0.0, made_up=0.2)
READING = Mix(readings=0.2, noise=0.06, made_up=0.3)


def lessons(rng: np.random.Generator, mix: Mix) -> Iterator[Lesson]:
    """Lessons without end."""
    taught = tuple(domain for domain in DOMAINS if domain.name not in HELD_OUT)
    while True:
        odd = rng.random() < 0.15
        situation = draw(rng, (_odd_domain(rng),) if odd else taught)
        if rng.random() < mix.noise:
            situation = _with_noise(situation, rng)
        yield lesson(situation, rng, mix)


def lesson(situation: Situation, rng: np.random.Generator, mix: Mix) -> Lesson:
    """One question about a situation, and its answer."""
    if rng.random() < mix.readings:
        return _reading(situation, rng)
    vocabulary, grant_first = _choose(rng, tuple(QUESTIONS))
    granted = rng.random() < chance_to_grant(situation)
    answer = WORDS[vocabulary][0 if granted else 1]
    if rng.random() < 0.4:
        asked = prompt(situation, _choose(rng, ARGUED), vocabulary, grant_first)
        return Lesson(asked, argument(situation, rng) + CUE + answer)
    # A word that stands for no method is answered directly as well.
    word = _made_up(rng) if rng.random() < mix.made_up else _choose(rng, DIRECT)
    return Lesson(prompt(situation, word, vocabulary, grant_first), answer)


def _reading(situation: Situation, rng: np.random.Generator) -> Lesson:
    """A question about what the case says: without such questions the model would know only
    whether a rule is kept, and could not be taught to heed the rest."""
    about = _choose(rng, tuple(READINGS))
    return Lesson(f"{situation.twin} {READINGS[about]}", reading(situation, about))


def reading(situation: Situation, about: str) -> str:
    """The answer to one of the questions of `READINGS`."""
    if about == "size":
        if situation.deviation is None:
            return "none"
        return size_word(situation.deviation) if situation.deviation > 0 else "kept"
    if about == "cause":
        return situation.reason.name if situation.reason else "none"
    present = {flag.name for flag in situation.flags}
    return " ".join(flag.name for flag in FLAGS if flag.name in present) or "none"


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


def _with_noise(situation: Situation, rng: np.random.Generator) -> Situation:
    """The situation with a sentence that says nothing, to be read past."""
    said = list(situation.sentences)
    opening = _choose(rng, ("from the", "with a", "at", "for", "they", "it is"))
    said.insert(int(rng.integers(len(said) + 1)), f"{opening} {_made_up(rng)}")
    return replace(situation, sentences=tuple(said))


def _made_up(rng: np.random.Generator) -> str:
    """A word of random letters and of pieces of the dialect's own words."""
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.5:
            source = _choose(rng, VOCABULARY)
        else:
            source = "".join(_choose(rng, LETTERS) for _ in range(5))
        begin = int(rng.integers(max(1, len(source) - 2)))
        parts.append(source[begin : begin + int(rng.integers(2, 6))])
    return "".join(parts)


def _choose(rng: np.random.Generator, among: Sequence[Thing]) -> Thing:
    return among[int(rng.integers(len(among)))]
