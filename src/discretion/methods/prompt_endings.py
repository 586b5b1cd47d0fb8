"""How a user's own prompt ends: what it asks for itself, and what is missing to read an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from discretion.core.arms import YES_GRANTS
from discretion.errors import DiscretionError

_ANSWERS = re.compile(r"answers:\s*([^/{}\n]+?)\s*/\s*([^/{}\n]+?)\s*")
_GRANT_REFUSE = re.compile(r"\bgrant\b\W+(?:or\W+)?refuse\b|\brefuse\b\W+(?:or\W+)?grant\b", re.I)
_YES_NO = re.compile(r"\byes\b\W+(?:or\W+)?no\b|\bno\b\W+(?:or\W+)?yes\b", re.I)
_ASKS = re.compile(r"\b(?:answer|reply|respond|say|write|output|decision)\b", re.I)
_OWN_QUESTION = re.compile(
    r"(?:^|[.!?:]\s+)(?:is|was|are|were|do|does|did|should|shall|can|could|may|might|would|will|has"
    r"|have|had)\b[^.!?]*\?$",
    re.I,
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_YES = re.compile(r"\byes\b", re.I)
_TURNED = re.compile(
    r"\b(?:refus|reject|den(?:y|ied)|declin|turn\w* down|block|forbid|forbidden|prohibit|violat"
    r"|br(?:eak|oke)|wrong|too (?:late|much|high|long))",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a prompt file says of its answer."""

    vocabulary: str = ""
    """The only pair of words that fits; empty where every pair does."""
    words: tuple[str, str] | None = None
    """The words that grant and refuse, where the file says so itself by ``{answers: A/B}``."""
    needs: Literal["question", "answer", "nothing"] = "question"
    """What must be put after it so that an answer can be read."""


def answers_in(slot: str) -> tuple[str, str] | None:
    """The words that grant and refuse of a slot ``answers: GRANT/REFUSE``; None of another slot."""
    found = _ANSWERS.fullmatch(slot)
    return (found[1], found[2]) if found else None


def ending_of(template: str, slots: frozenset[str], path: Path) -> Ending:
    """How a template ends.

    A file that has ``{question}`` or ``{answers: A/B}``, or asks for grant or refuse, or for yes or
    no, needs nothing more. One that ends in a question of its own needs the two answers.

    Raises:
        DiscretionError: it asks for yes or no, and yes might refuse; or says twice what words mean.
    """
    said = [pair for one in re.findall(r"\{([^{}\n]*)\}", template) if (pair := answers_in(one))]
    if len(set(said)) > 1:
        raise DiscretionError(
            "has two different slots {answers: ...}", where=str(path), fix="keep one"
        )
    if said and said[0][0].casefold() == said[0][1].casefold():
        raise DiscretionError(
            f"grants and refuses by the same word {said[0][0]!r}",
            where=str(path),
            fix="write it like {answers: yes/no}: first the word that grants",
        )
    if said:
        return Ending("/".join(said[0]), said[0], "nothing")
    if "question" in slots:
        return Ending(needs="nothing")
    lines = [line.strip() for line in template.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    asking = [line for line in lines if line is last or _ASKS.search(line)]
    if any(_GRANT_REFUSE.search(line) for line in asking):
        return Ending("grant/refuse", needs="nothing")
    yes_no = any(_YES_NO.search(line) for line in asking)
    if not yes_no and not _OWN_QUESTION.search(last):
        return Ending()
    for part in _SENTENCE.finditer(template):
        asks = part[0].endswith("?") or _YES.search(part[0])
        if asks and (turned := _TURNED.search(part[0])):
            line = template.count("\n", 0, part.start() + turned.start()) + 1
            raise DiscretionError(
                f"asks for yes or no, and by {turned[0]!r} it is not clear which of them grants",
                where=f"{path}:{line}",
                fix="end it with {answers: yes/no}, first the word that grants, or {question}",
            )
    return Ending(YES_GRANTS, needs="nothing" if yes_no else "answer")
