"""The words of every built-in method, read from wordings.yaml beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field

from discretion.core.policies import Described
from discretion.documents import read_yaml

FILE = Path(__file__).with_name("wordings.yaml")


class Instruction(Described):
    """What one method tells a model to do, in each of its wordings."""

    english: tuple[str, ...] = Field(min_length=3)
    dialect: tuple[str, ...] = Field(min_length=3)
    """The word that stands for it in the dialect of the built-in model."""


class Question(Described):
    """The question of one vocabulary, with the slots ``{first}`` and ``{second}``."""

    english: str
    dialect: str
    grant: str
    """The word that grants."""
    refuse: str


class Plain(Described):
    """What the plain method says around a rule and a case."""

    rule: str
    asked: str
    """What is asked where the policy has no question of its own."""
    question: str
    """With the slots ``{question}``, ``{first}`` and ``{second}``."""


class Wordings(Described):
    """Everything in wordings.yaml, which says where each part stands in a prompt."""

    openings: tuple[str, ...] = Field(min_length=3)
    openings_without_rule: tuple[str, ...] = Field(min_length=3)
    openings_for_a_question: tuple[str, ...] = Field(min_length=3)
    rule: str
    purpose: str
    guidance: str
    notice: str
    distance: str
    precedents: str
    answer: str
    reason: str
    questions: dict[str, Question]
    """By vocabulary."""
    plain: Plain
    methods: dict[str, Instruction]


@cache
def wordings() -> Wordings:
    """The words, read once.

    Raises:
        DiscretionError: the file was edited into something that cannot be used.
    """
    described, mistakes = read_yaml(FILE).describe(Wordings)
    if described is None:
        raise mistakes[0]
    return described
