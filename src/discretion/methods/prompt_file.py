"""The user's own prompt: a text file with slots for the policy and the case."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from discretion.core.arms import Ask, Choices, Message, Prompt
from discretion.core.cases import Case
from discretion.core.policies import Policy
from discretion.core.units import Unit
from discretion.documents import MAX_BYTES
from discretion.errors import DiscretionError
from discretion.methods.case_text import facts_block, text_of
from discretion.methods.precedents import Precedents
from discretion.methods.prompt_endings import Ending, answers_in, ending_of
from discretion.methods.questions import (
    answer_in,
    choices,
    in_order,
    question,
    surface_forms,
    vocabularies,
)
from discretion.methods.worded import case_block, distance

SLOTS = (
    "policy",
    "case",
    "facts",
    "value",
    "limit",
    "purpose",
    "guidance",
    "precedents",
    "question",
)
"""Besides ``{answers: GRANT/REFUSE}``, which stands for the two words in the order asked for."""

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt that a user wrote. It ends as it was written, unless nothing in it says in which
    words to answer: then a question is put after it."""

    name: str
    template: str = field(repr=False)
    ending: Ending = field(default_factory=Ending)
    slots: frozenset[str] = frozenset()
    precedents: Precedents | None = None
    """What ``{precedents}`` stands for; None where the template has no such slot."""
    wordings: int = 1
    reason_first: bool = False

    @property
    def vocabularies(self) -> tuple[str, ...]:
        return (self.ending.vocabulary,) if self.ending.vocabulary else vocabularies()

    @property
    def shows_value(self) -> bool:
        """Whether the value is in it even where the case's text does not hold it."""
        return bool(self.slots & {"facts", "value"})

    def prompt(self, case: Case, policy: Policy, ask: Ask) -> Prompt:
        """The template filled, as one user message; behind it what is needed to read an answer."""
        asked = self._choices(ask)
        put = ""
        if ask.twin or not self.ending.words:
            put = question(asked, twin=ask.twin, own=policy.question)
        unit = Unit.named(case.unit)
        fillings: dict[str, Callable[[], str]] = {
            "policy": policy.rule.strip,
            "purpose": policy.purpose.strip,
            "guidance": policy.guidance.strip,
            "case": lambda: text_of(case, twin=True) if ask.twin else case_block(case),
            "facts": lambda: "" if ask.twin else facts_block(case),
            "value": lambda: "" if case.value is None else unit.show(case.value),
            "limit": lambda: "" if case.limit is None else unit.show(case.limit),
            "precedents": lambda: self._precedents(case, policy, ask),
            "question": lambda: put,
            "answers": lambda: " or ".join(in_order(asked)),
        }
        body = _BRACES.sub(lambda found: _fill(found, fillings), self.template).strip()
        if ask.twin:
            parts = [body, "" if "question" in self.slots else put]
        else:
            stated = distance(case, ask, among_facts="facts" in self.slots)
            parts = [body, stated, self._behind(asked, put)]
        gap = " " if ask.twin else "\n\n"
        message = Message("user", gap.join(part for part in parts if part))
        return Prompt((message,), asked, wording=ask.wording)

    def _choices(self, ask: Ask) -> Choices:
        ending = self.ending
        if ask.twin:
            known = ask.vocabulary if ask.vocabulary in vocabularies() else vocabularies()[0]
            return choices(known, grant_first=ask.grant_first, twin=True)
        if ending.words:
            grant, refuse = map(surface_forms, ending.words)
            return Choices(ending.vocabulary, grant, refuse, ask.grant_first)
        return choices(ask.vocabulary, grant_first=ask.grant_first)

    def _behind(self, asked: Choices, put: str) -> str:
        """What is put after the user's own words."""
        if self.ending.needs == "nothing":
            return ""
        return answer_in(asked) if self.ending.needs == "answer" else put

    def _precedents(self, case: Case, policy: Policy, ask: Ask) -> str:
        if self.precedents is None:
            return ""
        return self.precedents.shown(case, twin=ask.twin, question=policy.question)


def prompt_file(path: Path, name: str, precedents: Precedents | None = None) -> PromptFile:
    """The method that a prompt file describes.

    Raises:
        DiscretionError: the file cannot be read, has no ``{case}``, or has a brace or slot that
            means nothing; the sentence names the line.
    """
    template = _read(path)
    slots = set()
    for found in _BRACES.finditer(template):
        if found[0] in ("{{", "}}"):
            continue
        line = template.count("\n", 0, found.start()) + 1
        if found[1] is None:
            raise DiscretionError(
                f"a single {found[0]!r} opens or closes no slot",
                where=f"{path}:{line}",
                fix=f"write {found[0] * 2} for a literal brace",
            )
        if found[1] not in SLOTS and not answers_in(found[1]):
            known = ", ".join(f"{{{slot}}}" for slot in SLOTS)
            raise DiscretionError(
                f"unknown slot {found[0]}",
                where=f"{path}:{line}",
                fix=f"use one of {known}, or double the braces of literal text",
            )
        slots.add("answers" if answers_in(found[1]) else found[1])
    if "case" not in slots:
        raise DiscretionError(
            "has no slot {case}, so a model would not see what it decides",
            where=f"{path}:1",
            fix="put {case} where the case is to stand",
        )
    if "precedents" not in slots:
        precedents = None
    elif precedents is None:
        raise DiscretionError(
            "has a slot {precedents}, and there are no judgments to fill it from",
            where=str(path),
            fix="import judgments first, or take the slot out",
        )
    ending = ending_of(template, frozenset(slots), path)
    return PromptFile(name, template, ending, frozenset(slots), precedents)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise DiscretionError(
                f"is larger than {MAX_BYTES // 1_000_000} MB", where=str(path), fix="shorten it"
            )
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise DiscretionError(
            f"cannot be read ({error.strerror})", where=str(path), fix="check the path"
        ) from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DiscretionError(
            "is not UTF-8", where=f"{path}:{line}", fix="save the file as UTF-8"
        ) from error


def _fill(found: re.Match[str], fillings: dict[str, Callable[[], str]]) -> str:
    """A slot's filling, or the single brace that a double one stands for."""
    if found[1] is None:
        return found[0][0]
    return fillings["answers" if answers_in(found[1]) else found[1]]()
