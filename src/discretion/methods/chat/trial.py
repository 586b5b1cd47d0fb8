"""A trial: held-out cases in one paste, to see how a chat assistant decides with the prompt."""

from __future__ import annotations

from collections.abc import Sequence

from discretion.canonical import digest
from discretion.cases import Case
from discretion.methods.case_text import delimited, text_of
from discretion.methods.chat.prompt import chat_words


def choose_trial(cases: Sequence[Case], count: int, seed: int = 0) -> list[Case]:
    """The cases of a trial, the same for the same seed; those without a text are never asked."""
    asked = [case for case in cases if case.text]
    return sorted(asked, key=lambda case: digest((seed, "trial", case.id)))[:count]


def trial_text(trial: str, cases: Sequence[Case], *, language: str = "en") -> str:
    """One paste of numbered cases and the form in which they are to be answered.

    `trial` is the id by which the reply is recognised; it stands in the text and in its form.
    """
    words = chat_words(language)
    blocks = [
        f"{words.trial_case.format(number=number)}\n{delimited(text_of(case, twin=False))}"
        for number, case in enumerate(cases, 1)
    ]
    opening = words.trial.format(count=len(cases))
    return "\n\n".join([opening, *blocks, words.trial_form.format(trial=trial)]) + "\n"
