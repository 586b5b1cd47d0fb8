"""The prompt itself: the policy, what is never allowed, the steps, precedents, the form of the
answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pydantic import Field

from discretion.documents import read_yaml
from discretion.errors import DiscretionError
from discretion.methods.case_text import delimited, plain
from discretion.methods.chat.precedent_choice import spread
from discretion.policies import Described, Never, Policy
from discretion.precedents import Precedent

_FOLDER = Path(__file__).parent
LANGUAGES = ("en", "ru")
CHARACTERS_A_TOKEN = {"en": 4.0, "ru": 2.5}
"""About how many characters make a token: for the limit, not for a bill."""


class ChatWords(Described):
    """The words of one language; `en.yaml` says where each part stands."""

    title: str
    role: str
    rule: str
    purpose: str
    guidance: str
    never: str
    never_line: str
    compare: dict[str, str]
    """Comparison sign to words."""
    evidence: str
    steps: tuple[str, ...] = Field(min_length=6)
    precedents: str
    precedent: str
    because: str
    form: str
    form_lines: tuple[str, ...]
    trial: str
    trial_form: str
    trial_case: str


@cache
def chat_words(language: str) -> ChatWords:
    """The words of a language.

    Raises:
        DiscretionError: there is no such language.
    """
    if language not in LANGUAGES:
        raise DiscretionError(
            f"there is no prompt in {language!r}", mend=f"choose from: {', '.join(LANGUAGES)}"
        )
    words, mistakes = read_yaml(_FOLDER / f"{language}.yaml").describe(ChatWords)
    if words is None:
        raise mistakes[0]
    return words


def chat_prompt(
    policy: Policy, precedents: Sequence[Precedent], *, language: str = "en", tokens: int = 2000
) -> str:
    """A prompt with which any chat assistant decides requests under one policy.

    As many precedents as fit are shown, each as unlike the others as can be; their texts are
    delimited as data.

    Args:
        policy: the rule, what it is for, what is never allowed.
        precedents: judged cases under the policy, with texts; none is left out but for length.
        language: ``en`` or ``ru``.
        tokens: about how long the prompt may be.

    Raises:
        DiscretionError: there is no such language, or the prompt does not fit without precedents.
    """
    words = chat_words(language)
    head = [words.title, words.role, f"{words.rule}\n\n{policy.rule}"]
    if policy.purpose:
        head.append(f"{words.purpose}\n\n{policy.purpose}")
    if policy.guidance:
        head.append(f"{words.guidance}\n\n{policy.guidance}")
    if policy.never:
        lines = "\n".join(f"- {_in_words(never, words)}" for never in policy.never)
        head.append(f"{words.never}\n\n{lines}")
    head.append(words.evidence)
    head.append("\n".join(f"{at}. {step}" for at, step in enumerate(words.steps, 1)))
    tail = f"{words.form}\n\n" + "\n".join(words.form_lines)
    room = tokens * CHARACTERS_A_TOKEN[language] - len("\n\n".join([*head, tail]))
    if room < 0:
        needed = round(len("\n\n".join([*head, tail])) / CHARACTERS_A_TOKEN[language])
        raise DiscretionError(
            f"the prompt needs about {needed} tokens without a single precedent",
            mend=f"allow more with --tokens {needed + 800}",
        )
    shown = _shown(precedents, words, int(room) - len(words.precedents))
    middle = [words.precedents, *shown] if shown else []
    return "\n\n".join([*head, *middle, tail]) + "\n"


def _shown(precedents: Sequence[Precedent], words: ChatWords, room: int) -> list[str]:
    shown = []
    telling = [one for one in precedents if one.case.text and _tells(one)]
    for one in spread(telling):
        text = _precedent(one, words)
        if len(text) + 2 <= room:
            shown.append(text)
            room -= len(text) + 2
    return shown


def _tells(one: Precedent) -> bool:
    """Whether the rule alone does not decide it: cases that keep it would only fill the room."""
    return one.case.deviation is None or one.case.deviation > 0


def _precedent(one: Precedent, words: ChatWords) -> str:
    text = delimited(one.case.text or "", "earlier")
    n = "" if one.n is None else f" (n = {one.n})"
    lines = [text, words.precedent.format(share=f"{100 * one.rate:.0f}%") + n]
    if one.explanations:
        lines.append(words.because.format(why=plain(one.explanations[0])))
    return "\n".join(lines)


def _in_words(never: Never, words: ChatWords) -> str:
    """A predicate as a sentence: every comparison, joined."""
    clauses = [
        words.compare[operator].format(fact=fact.replace("_", " "), value=value.replace("_", " "))
        for fact, operator, value in never.clauses
    ]
    return words.never_line.format(clauses=words.compare["and"].join(clauses))
