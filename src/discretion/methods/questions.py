"""The question that ends a prompt, and the two answers to it."""

from __future__ import annotations

from functools import cache

from discretion.core.arms import YES_GRANTS, Choices
from discretion.methods.wordings import wordings

DECISION_CUE = "\nDecision: "
"""Between a reasoning and the decision."""
DIALECT_CUE = " so: "


def vocabularies() -> tuple[str, ...]:
    """The pairs of words in which a decision is asked for."""
    return tuple(wordings().questions)


def choices(vocabulary: str, *, grant_first: bool, twin: bool = False) -> Choices:
    """The two answers of a vocabulary, in the surface forms that count as each."""
    words = wordings().questions[vocabulary]
    forms = _dialect_forms if twin else surface_forms
    return Choices(vocabulary, forms(words.grant), forms(words.refuse), grant_first)


def question(
    asked: Choices, *, reason_first: bool = False, twin: bool = False, own: str = ""
) -> str:
    """The question, which names the two answers in the order asked for.

    Args:
        own: the policy's question, in place of the built-in one where its yes grants.
    """
    words = wordings()
    kind = words.questions[asked.vocabulary]
    first, second = in_order(asked)
    if twin:
        return kind.dialect.format(first=first, second=second)
    how = (words.reason if reason_first else words.answer).format(first=first, second=second)
    if own and asked.vocabulary == YES_GRANTS:
        return f"{own.strip()} {how}"
    return f"{kind.english.format(first=first, second=second)} {how}"


def in_order(asked: Choices) -> tuple[str, str]:
    """The two words in the order asked for."""
    grant, refuse = asked.grant[0], asked.refuse[0]
    return (grant, refuse) if asked.grant_first else (refuse, grant)


def answer_in(asked: Choices) -> str:
    """The line that names the two answers alone, where the question was put already."""
    first, second = in_order(asked)
    return wordings().answer.format(first=first, second=second)


def decision_cue(*, reason_first: bool, twin: bool) -> str:
    """What the assistant says between its reasoning and its decision; empty without reasoning."""
    if not reason_first:
        return ""
    return DIALECT_CUE if twin else DECISION_CUE


@cache
def surface_forms(word: str) -> tuple[str, ...]:
    """How a model may write a word that it was asked for; masses of all of them are summed."""
    return (word, word.capitalize(), word.upper(), f"{word}.", f"{word.capitalize()}.")


def _dialect_forms(word: str) -> tuple[str, ...]:
    """The dialect knows lower case only."""
    return (word,)
