"""The user's own prompt: a text file with slots for the policy and the case."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from discretion.arms import Ask, Message, Prompt
from discretion.cases import Case
from discretion.documents import MAX_BYTES
from discretion.errors import DiscretionError
from discretion.methods.case_text import text_of
from discretion.methods.precedents import Precedents
from discretion.methods.questions import choices, question, vocabularies
from discretion.methods.worded import case_block, distance
from discretion.policies import Policy

SLOTS = ("policy", "case", "purpose", "guidance", "precedents")

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt that a user wrote. The question and its two answers are put after it, since they
    are varied for balance."""

    name: str
    template: str = field(repr=False)
    precedents: Precedents | None = None
    """What ``{precedents}`` stands for; None where the template has no such slot."""
    wordings: int = 1
    reason_first: bool = False

    @property
    def vocabularies(self) -> tuple[str, ...]:
        return vocabularies()

    def prompt(self, case: Case, policy: Policy, ask: Ask) -> Prompt:
        """The template filled, then the question, as one user message."""
        asked = choices(ask.vocabulary, grant_first=ask.grant_first, twin=ask.twin)
        put = question(asked, twin=ask.twin)
        fillings: dict[str, Callable[[], str]] = {
            "policy": policy.rule.strip,
            "purpose": policy.purpose.strip,
            "guidance": policy.guidance.strip,
            "case": lambda: text_of(case, twin=True) if ask.twin else case_block(case),
            "precedents": lambda: self._precedents(case, ask),
        }
        body = _BRACES.sub(lambda found: _fill(found, fillings), self.template).strip()
        parts = [body, put] if ask.twin else [body, distance(case, ask), put]
        gap = " " if ask.twin else "\n\n"
        message = Message("user", gap.join(part for part in parts if part))
        return Prompt((message,), asked, wording=ask.wording)

    def _precedents(self, case: Case, ask: Ask) -> str:
        return self.precedents.shown(case, twin=ask.twin) if self.precedents else ""


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
                mend=f"write {found[0] * 2} for a literal brace",
            )
        if found[1] not in SLOTS:
            known = ", ".join(f"{{{slot}}}" for slot in SLOTS)
            raise DiscretionError(
                f"unknown slot {found[0]}",
                where=f"{path}:{line}",
                mend=f"use one of {known}, or double the braces of literal text",
            )
        slots.add(found[1])
    if "case" not in slots:
        raise DiscretionError(
            "has no slot {case}, so a model would not see what it decides",
            where=f"{path}:1",
            mend="put {case} where the case is to stand",
        )
    if "precedents" not in slots:
        precedents = None
    elif precedents is None:
        raise DiscretionError(
            "has a slot {precedents}, and there are no judgments to fill it from",
            where=str(path),
            mend="import judgments first, or take the slot out",
        )
    return PromptFile(name, template, precedents)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise DiscretionError(
                f"is larger than {MAX_BYTES // 1_000_000} MB", where=str(path), mend="shorten it"
            )
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise DiscretionError(
            f"cannot be read ({error.strerror})", where=str(path), mend="check the path"
        ) from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DiscretionError(
            "is not UTF-8", where=f"{path}:{line}", mend="save the file as UTF-8"
        ) from error


def _fill(found: re.Match[str], fillings: dict[str, Callable[[], str]]) -> str:
    """A slot's filling, or the single brace that a double one stands for."""
    return found[0][0] if found[1] is None else fillings[found[1]]()
