"""The prompt itself: the policy, what is never allowed, the steps, precedents, the form of the
answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from discretion.core.policies import Described, Never, Policy
from discretion.core.precedents import Precedent
from discretion.core.units import Unit
from discretion.documents import read_yaml
from discretion.errors import DiscretionError
from discretion.methods.case_text import plain, text_and_facts
from discretion.methods.chat.precedent_choice import spread

_FOLDER = Path(__file__).parent
LANGUAGES = ("en", "ru")


class ChatSteps(Described):
    """What to go through before deciding, in this order; those about what is not shown are left
    out."""

    never: str
    broken: str
    purpose: str
    affected: str
    precedents: str
    decide: str
    decide_alone: str
    """In place of ``decide`` where no precedent is shown."""


class ChatWords(Described):
    """The words of one language; `en.yaml` says where each part stands."""

    title: str
    role: str
    rule: str
    question: str
    """Shown where the policy has a question of its own."""
    purpose: str
    guidance: str
    never: str
    facts: dict[str, str]
    """What a fact that every case has is called."""
    compare: dict[str, str]
    """Comparison sign to words."""
    evidence: str
    steps: ChatSteps
    precedents: str
    simulated: str
    """Said of precedents that simulated people decided."""
    precedent: str
    because: dict[str, str]
    """Whose explanation it is: of one who would ``grant``, or ``refuse``."""
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
            f"there is no prompt in {language!r}", fix=f"choose from: {', '.join(LANGUAGES)}"
        )
    words, mistakes = read_yaml(_FOLDER / f"{language}.yaml").describe(ChatWords)
    if words is None:
        raise mistakes[0]
    return words


def chat_prompt(
    policy: Policy,
    precedents: Sequence[Precedent],
    *,
    language: str = "en",
    tokens: int = 2000,
    unit: str = "",
    simulated: bool = False,
) -> str:
    """A prompt with which any chat assistant decides requests under one policy.

    As many precedents as fit are shown, each as unlike the others as can be; their texts are
    delimited as data.

    Args:
        policy: the rule, what it is for, what is never allowed.
        precedents: judged cases under the policy, with texts; none is left out but for length.
        language: ``en`` or ``ru``.
        tokens: about how long the prompt may be.
        unit: what value and limit of its cases are counted in; empty where they differ.
        simulated: whether simulated people decided the precedents; the prompt says so.

    Raises:
        DiscretionError: there is no such language, or the prompt does not fit without precedents.
    """
    words = chat_words(language)
    heading = f"{words.precedents} {words.simulated}" if simulated else words.precedents
    head = _head(policy, words, Unit.named(unit))
    ruled = bool(policy.rule.strip()) or any(one.case.limit is not None for one in precedents)
    lines = words.form_lines if ruled else words.form_lines[1:]
    tail = f"{words.form}\n\n" + "\n".join(lines)
    alone = "\n\n".join([*head, _steps(policy, words, ruled=ruled, shown=False), tail]) + "\n"
    if tokens_in(alone) > tokens:
        needed = tokens_in(alone)
        raise DiscretionError(
            f"the prompt needs about {needed} tokens without a single precedent",
            fix=f"allow more with --tokens {needed + 800}",
        )
    head.append(_steps(policy, words, ruled=ruled, shown=True))
    start = "\n\n".join([*head, heading, tail])
    shown = _shown(precedents, words, tokens - tokens_in(start), language)
    if not shown:
        return alone
    parts = [*head, heading, *shown, tail]
    return "\n\n".join(parts) + "\n"


def tokens_in(text: str) -> int:
    """About how many tokens a text makes, for the limit and not for a bill: four characters each
    in English, two in other scripts."""
    plain_ones = sum(map(str.isascii, text))
    return math.ceil(plain_ones / 4 + (len(text) - plain_ones) / 2)


def _head(policy: Policy, words: ChatWords, unit: Unit) -> list[str]:
    """What stands before the steps."""
    head = [words.title, words.role]
    if policy.rule.strip():
        head.append(f"{words.rule}\n\n{policy.rule}")
    if policy.question:
        head.append(words.question.format(question=policy.question.strip()))
    if policy.purpose:
        head.append(f"{words.purpose}\n\n{policy.purpose}")
    if policy.guidance:
        head.append(f"{words.guidance}\n\n{policy.guidance}")
    if policy.never:
        lines = "\n".join(f"- {_in_words(never, words, unit)}" for never in policy.never)
        head.append(f"{words.never}\n\n{lines}")
    head.append(words.evidence)
    return head


def _steps(policy: Policy, words: ChatWords, *, ruled: bool, shown: bool) -> str:
    """The steps, numbered; without those about what this prompt does not show.

    Args:
        ruled: there is a rule, in words or as the limits of cases.
        shown: there are earlier cases.
    """
    steps = words.steps
    taken = [
        *([steps.never] if policy.never else []),
        *([steps.broken] if ruled else []),
        *([steps.purpose] if policy.rule.strip() else []),
        steps.affected,
        *([steps.precedents, steps.decide] if shown else [steps.decide_alone]),
    ]
    return "\n".join(f"{at}. {step}" for at, step in enumerate(taken, 1))


def _shown(
    precedents: Sequence[Precedent], words: ChatWords, room: int, language: str
) -> list[str]:
    """As many precedents as have room, in tokens."""
    shown = []
    telling = [one for one in precedents if one.case.text and _tells(one)]
    for one in spread(telling):
        text = _precedent(one, words, language)
        needed = tokens_in(text + "\n\n")
        if needed <= room:
            shown.append(text)
            room -= needed
    return shown


def _tells(one: Precedent) -> bool:
    """Whether the rule alone does not decide it: cases that keep it would only fill the room."""
    return one.case.deviation is None or one.case.deviation > 0


def _precedent(one: Precedent, words: ChatWords, language: str) -> str:
    text = text_and_facts(one.case, "earlier", language)
    n = "" if one.n is None else f" (n = {one.n})"
    lines = [text, words.precedent.format(share=f"{100 * one.rate:.0f}%") + n]
    if one.explanations:
        who = words.because["grant" if one.granted else "refuse"]
        lines.append(who.format(why=plain(one.explanations[0])))
    return "\n".join(lines)


def _in_words(never: Never, words: ChatWords, unit: Unit) -> str:
    """A predicate as a sentence: every comparison, joined; amounts with their unit."""
    clauses = []
    for fact, operator, value in never.clauses:
        named = words.facts.get(fact, fact.replace("_", " "))
        amount = _amount(value, unit) if fact in words.facts else value.replace("_", " ")
        clauses.append(words.compare[operator].format(fact=named, value=amount))
    return words.compare["and"].join(clauses)


def _amount(written: str, unit: Unit) -> str:
    """An amount as cases show it; predicates have it in the unit's own measure."""
    try:
        return unit.show(Decimal(written)).strip()
    except (InvalidOperation, ValueError, OverflowError):
        return written
