"""Replies of a chat assistant to a trial: numbered lines, read into decisions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from discretion.errors import DiscretionError
from discretion.judgments import Decision

_TRIAL = re.compile(r"(?:trial|проба)\W*([0-9a-f]{8})", re.I)
_LINE = re.compile(r"^\W*(?:request|запрос)?\W*(\d{1,4})\W+(.+)$", re.I)
_WORDS: tuple[tuple[Decision, tuple[str, ...]], ...] = (
    ("unsure", ("ask a person", "ask", "defer", "спросить человека", "спросить")),
    ("grant", ("grant", "granted", "разрешить", "разрешено")),
    ("refuse", ("refuse", "refused", "отказать", "отказано")),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an assistant answered."""

    trial: str
    """The trial's id; empty where the reply does not repeat it."""
    decisions: dict[int, Decision]
    """By number; ``unsure`` where it would ask a person."""
    unread: tuple[str, ...]
    """Numbered lines that name none or several of the answers; they decide nothing."""


def read_reply(text: str) -> Reply:
    """Read a reply as it was copied from a chat.

    Raises:
        DiscretionError: no numbered line can be read, or a number is answered twice differently.
    """
    found = _TRIAL.search(text)
    decisions: dict[int, Decision] = {}
    unread = []
    for line in text.splitlines():
        match = _LINE.match(line.strip())
        if not match:
            continue
        number, decision = int(match[1]), _decision(match[2])
        if decision is None:
            unread.append(line.strip())
        elif decisions.setdefault(number, decision) != decision:
            raise DiscretionError(
                f"request {number} is answered twice, and differently", mend="keep one of the lines"
            )
    if not decisions:
        raise DiscretionError(
            "no line answers a request", mend="paste the whole reply, with lines such as: 3: grant"
        )
    return Reply(found[1].lower() if found else "", decisions, tuple(unread))


def _decision(text: str) -> Decision | None:
    """The one answer a line names before any reason it adds."""
    head = re.split(r"[.;—–(]|\s-\s|because|потому", text.lower(), maxsplit=1)[0]
    if re.search(r"\b(?:not|don't|do not|не)\b", head):
        return None
    named = {
        decision
        for decision, words in _WORDS
        if any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", head) for word in words)
    }
    return named.pop() if len(named) == 1 else None
