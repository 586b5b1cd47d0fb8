"""Spellings: which words in a file grant, which refuse, and which are neither."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, get_args

from discretion.core.judgments import Decision
from discretion.errors import DiscretionError
from discretion.importing.scales import Scale

Meaning = Literal["grant", "refuse", "unsure", "-"]
"""What a word can be said to mean; a dash leaves the rows out that say it."""
LEFT_OUT: Literal["-"] = "-"

_BUILT_IN: dict[Decision, str] = {
    "grant": "grant granted yes y true 1 1.0 approve approved accept accepted allow allowed",
    "refuse": "refuse refused no n false 0 0.0 deny denied reject rejected decline declined",
    "unsure": "unsure undecided",
}
BUILT_IN: Mapping[str, Decision] = {
    word: decision for decision, words in _BUILT_IN.items() for word in words.split()
} | {"not sure": "unsure", "don't know": "unsure"}
CODES = frozenset(("yes", "y", "true", "1", "1.0", "no", "n", "false", "0", "0.0"))
"""Words that only say whether the column's name holds: of a column `denied` they turn round."""
NUMERALS = frozenset(("0", "0.0", "1", "1.0"))

_OPPOSITE = (
    r"denied|deny|denial|rejected|rejects?|refused|refuses?|declined?|blocked|prohibited|forbidden"
    r"|disallowed|disapproved?|unapproved|unacceptable|impermissible|violat\w*|breach\w*|wrong"
)
_LONG, _MANY, _MOST = 24, 6, 12
_SIGNS = " .,:;!?\"'()[]✅✓✔❌✗"


@dataclass(frozen=True, slots=True)
class Spellings:
    """What the words of an answer column mean."""

    meanings: Mapping[str, Decision] = field(default_factory=lambda: BUILT_IN)
    """In small letters, with single spaces and no signs around them."""
    left_out: frozenset[str] = frozenset()
    """Words whose rows are left out: duplicate, spam."""
    patterns: tuple[tuple[str, Meaning], ...] = ()
    """Words with a * for any letters, as the user wrote them; the longest wins."""
    scale: Scale | None = None
    """Where the answers are levels: from which on they grant."""

    def meaning(self, written: str) -> Meaning | None:
        """What a word means; None where nothing says it."""
        word = folded(written)
        if word in self.left_out:
            return LEFT_OUT
        known = self.meanings.get(word)
        if known is not None or not word:
            return known
        pattern = self.pattern_for(written)
        if pattern:
            return dict(self.patterns)[pattern]
        return None if self.scale is None else self.scale.decision(written)

    def pattern_for(self, written: str) -> str:
        """The pattern that covers a word; empty where none does."""
        word = folded(written)
        fitting = (one for one, _ in self.patterns if _compiled(one).fullmatch(word))
        return "" if word in self.meanings else next(fitting, "")

    def leaves_out(self, written: str) -> bool:
        return self.meaning(written) == LEFT_OUT

    def read(self, written: str) -> Decision | None:
        """The decision; None where the word is not known."""
        meaning = self.meaning(written)
        return None if meaning == "-" else meaning


def spellings_of(
    own: Mapping[str, Meaning], scale: Scale | None = None, *, turned: bool = False
) -> Spellings:
    """The built-in words and the user's `own`, which win.

    On a `scale` no numeral is built in. In a column whose name is `turned`, such as ``denied``,
    a yes or a 1 says nothing until the user says what it means.
    """
    words: dict[str, Meaning] = {}
    patterns: dict[str, Meaning] = {}
    for written, meaning in own.items():
        word = folded(written)
        (patterns if "*" in word else words)[word] = meaning
    built_in = {
        word: decision
        for word, decision in BUILT_IN.items()
        if not (turned and word in CODES)
        and not (scale is not None and word in NUMERALS)
        # A pattern is the user's word too, and wins over what is built in.
        and not any(_compiled(pattern).fullmatch(word) for pattern in patterns)
    }
    meant: dict[str, Decision] = dict(built_in)
    for word, meaning in words.items():
        if meaning == "-":
            meant.pop(word, None)
        else:
            meant[word] = meaning
    return Spellings(
        meant,
        frozenset(word for word, meaning in words.items() if meaning == LEFT_OUT),
        tuple(sorted(patterns.items(), key=lambda one: -len(one[0]))),
        scale,
    )


def parse_answers(written: str) -> Spellings:
    """The built-in spellings and those of ``approved*=grant;denied=refuse;store credit=unsure``.

    What is written wins over what is built in. Capitals do not count. A * stands for any letters.
    ``spam=-`` leaves the rows out that say spam.

    Raises:
        DiscretionError: a piece is no ``word=decision``, or a word is given two meanings.
    """
    return spellings_of(parse_meanings(written))


def parse_meanings(written: str) -> dict[str, Meaning]:
    """Word to meaning, from what --answers takes; a word with a ; stands in double quotes.

    Raises:
        DiscretionError: a piece is no ``word=decision``, or a word is given two meanings.
    """
    own: dict[str, Meaning] = {}
    seen: dict[str, Meaning] = {}
    for piece in _pieces(written):
        word, _, said = piece.rpartition("=")
        word = word.strip()
        if len(word) > 1 and word[0] == word[-1] == '"':
            word = word[1:-1]
        meaning: Meaning | None = next(
            (known for known in get_args(Meaning) if known == said.strip().lower()), None
        )
        if not word.strip() or meaning is None:
            raise DiscretionError(
                f"{piece!r} does not say what an answer means",
                where="--answers",
                fix="write word=grant, word=refuse or word=unsure, with ; between them; "
                "word=- leaves such rows out",
            )
        if seen.setdefault(folded(word), meaning) != meaning:
            raise DiscretionError(
                f"{word!r} is given two meanings", where="--answers", fix="remove one"
            )
        own[word] = meaning
    return own


def written_answers(own: Mapping[str, str]) -> str:
    """Meanings as --answers takes them."""
    return ";".join(
        f'"{word}"={meaning}' if ";" in word else f"{word}={meaning}"
        for word, meaning in own.items()
    )


def to_fill_in(words: Iterable[str]) -> str:
    """What --answers would take for these words, with a ? for the user to replace: nothing but the
    user knows what a word means. Long words are given by how they begin, and of many words those
    that begin alike are one pattern."""
    every = list(words)
    firsts = Counter(_first(word) for word in every)
    shown = []
    for word in every:
        if len(every) > _MANY and firsts[_first(word)] > 1:
            shown.append(f"{_first(word)}*")
        else:
            shown.append(word if len(word) <= _LONG else f"{word[:_LONG].rstrip()}*")
    return written_answers(dict.fromkeys(list(dict.fromkeys(shown))[:_MOST], "?"))


def _first(word: str) -> str:
    """The first word of an answer, as a pattern begins with it."""
    match = re.search(r"[^\W_]+", word.casefold())
    return match[0] if match else folded(word)


def says_opposite(column: str) -> bool:
    """Whether a column's name says the opposite of granted, as `denied` and `violates_text` do: a
    yes there refuses, or so it seems."""
    return any(re.fullmatch(_OPPOSITE, word) for word in words_of(column))


def is_numeral(written: str) -> bool:
    """Whether a word is nothing but a number, as the levels and codes of surveys are."""
    return re.fullmatch(r"[-+]?[0-9]{1,6}(\.[0-9]{1,6})?", written.strip()) is not None


def words_of(name: str) -> list[str]:
    """The words of a column's name, in small letters: `AssignmentStatus` has two."""
    apart = re.sub(r"([a-zа-я])([A-ZА-Я])", r"\1 \2", name)
    return re.findall(r"[^\W_]+", apart.lower())


def _pieces(written: str) -> Iterator[str]:
    """What stands between semicolons; one inside double quotes that begin a piece is none."""
    for match in re.finditer(r'\s*("[^"]*"[^;]*|[^;]+)(?:;|$)', written):
        if match[1].strip():
            yield match[1].strip()


@lru_cache(maxsize=4096)
def folded(written: str) -> str:
    """In small letters with single spaces; what stands around a word is no other answer."""
    plain = " ".join(written.casefold().replace("’", "'").split())
    return plain.strip(_SIGNS) or plain


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
