"""Spellings: which words in a file grant, which refuse, and which are neither."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from discretion.errors import DiscretionError
from discretion.judgments import DECISIONS, Decision

_BUILT_IN: dict[Decision, str] = {
    "grant": "grant granted yes y true 1 1.0 approve approved accept accepted allow allowed",
    "refuse": "refuse refused no n false 0 0.0 deny denied reject rejected decline declined",
    "unsure": "unsure undecided",
}
BUILT_IN: Mapping[str, Decision] = {
    word: decision for decision, words in _BUILT_IN.items() for word in words.split()
} | {"not sure": "unsure", "don't know": "unsure"}

_POINTING: dict[Decision, str] = {
    "grant": "ok okay paid refunded waived",
    "refuse": "refusal rejection denial dismissed",
    "unsure": "pending escalated partial partially",
}
_LIKELY: Mapping[str, Decision] = {
    **BUILT_IN,
    **{word: decision for decision, words in _POINTING.items() for word in words.split()},
}
_TURNS = {"not", "un", "non", "without", "never"}
LEFT_OUT = "-"
"""In place of a decision: rows with such a word are left out."""


@dataclass(frozen=True, slots=True)
class Spellings:
    """What the words of an answer column mean."""

    meanings: Mapping[str, Decision] = field(default_factory=lambda: BUILT_IN)
    """In small letters, with single spaces and no signs around them."""
    left_out: frozenset[str] = frozenset()
    """Words whose rows are left out: duplicate, spam."""

    def leaves_out(self, written: str) -> bool:
        return bool(self.left_out) and _folded(written) in self.left_out

    def read(self, written: str) -> Decision | None:
        """The decision; None where the word is not known."""
        return self.meanings.get(_folded(written))


def parse_answers(written: str) -> Spellings:
    """The built-in spellings and those of ``approved=grant;denied=refuse;store credit=unsure``.

    What is written wins over what is built in. Capitals do not count. ``spam=-`` leaves the rows
    out that say spam.

    Raises:
        DiscretionError: a piece is no ``word=decision``, or a word is given two meanings.
    """
    own: dict[str, Decision | None] = {}
    for piece in written.split(";"):
        if not piece.strip():
            continue
        word, _, meaning = piece.rpartition("=")
        decision = next((known for known in DECISIONS if known == meaning.strip().lower()), None)
        if not word.strip() or (decision is None and meaning.strip() != LEFT_OUT):
            raise DiscretionError(
                f"{piece.strip()!r} does not say what an answer means",
                where="--answers",
                mend="write word=grant, word=refuse or word=unsure, with ; between them; "
                "word=- leaves such rows out",
            )
        if own.setdefault(_folded(word), decision) != decision:
            raise DiscretionError(
                f"{word.strip()!r} is given two meanings", where="--answers", mend="remove one"
            )
    out = frozenset(word for word, decision in own.items() if decision is None)
    meant = {word: decision for word, decision in {**BUILT_IN, **own}.items() if decision}
    return Spellings(meant, out)


def likely(written: str) -> Decision | None:
    """What the words in an answer point to, for a person to confirm: ``closed - rejected`` to
    refuse; None where they point nowhere, two ways, or are turned round."""
    words = re.findall(r"[^\W_]+", written.casefold())
    found = {_LIKELY[word] for word in words if word in _LIKELY}
    return found.pop() if len(found) == 1 and not _TURNS & set(words) else None


@lru_cache(maxsize=4096)
def _folded(written: str) -> str:
    """In small letters with single spaces; what stands around a word is no other answer."""
    plain = " ".join(written.casefold().replace("’", "'").split())
    return plain.strip(" .,:;!?*\"'()[]✅✓✔❌✗") or plain
