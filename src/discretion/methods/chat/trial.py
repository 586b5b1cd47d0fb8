"""A trial: held-out cases in one paste, to see how a chat assistant decides with the prompt."""

from __future__ import annotations

from collections.abc import Sequence

from discretion.canonical import digest
from discretion.core.cases import Case
from discretion.core.precedents import Precedent
from discretion.methods.case_text import text_and_facts
from discretion.methods.chat.prompt import chat_words

LEAST = 20
"""How many cases are held out, where twice as many are there."""


def choose_trial(cases: Sequence[Case], seed: int = 0) -> list[Case]:
    """The cases that are kept out of every prompt, the same for the same seed.

    A third of those with a text; where that is fewer than `LEAST`, up to half of them.
    """
    asked = [case for case in cases if case.text]
    count = max(len(asked) // 3, min(LEAST, len(asked) // 2))
    return sorted(asked, key=lambda case: digest((seed, "trial", case.id)))[:count]


def without_trial(pool: Sequence[Precedent], held: Sequence[Case]) -> list[Precedent]:
    """The precedents that no case of a trial repeats: by its id, cell or near-duplicates."""
    withheld = {name for case in held for name in _names(case)}
    return [one for one in pool if not _names(one.case) & withheld]


def _names(case: Case) -> set[str]:
    return {case.id, case.kin or case.id, case.cell or case.id}


def trial_text(trial: str, cases: Sequence[Case], *, language: str = "en") -> str:
    """One paste of numbered cases and the form in which they are to be answered.

    `trial` is the id by which the reply is recognised; it stands in the text and in its form.
    """
    words = chat_words(language)
    blocks = [
        f"{words.trial_case.format(number=number)}\n{text_and_facts(case, 'case', language)}"
        for number, case in enumerate(cases, 1)
    ]
    opening = words.trial.format(count=len(cases))
    return "\n\n".join([opening, *blocks, words.trial_form.format(trial=trial)]) + "\n"
