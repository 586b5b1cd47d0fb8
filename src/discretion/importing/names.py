"""Names: found by how letters begin and end, and by titles; best effort, and so announced.

Names in the middle of a sentence, and all names in scripts without capitals, stay where they are.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = r"[^\W\d_]+(?:['’-][^\W\d_]+)?"
_NAME = rf"({_WORD}(?: {_WORD}){{0,2}})"
_GREETING = re.compile(rf",? {_NAME}")
_ENDING = re.compile(
    rf"(?: you| wishes| truly)?[,.!]?\s{{1,3}}{_NAME}[.,]?(?=\s{{0,3}}(?:\n|$))", re.I
)
_ITSELF = re.compile(rf" {_NAME}")
_CALLING = re.compile(rf" {_NAME},? (?:here|speaking|from|calling|writing)(?!\w)")
_UNDER = re.compile(rf" ?\r?\n{_NAME}(?=[ \t\r]*(?:\n|$))")
_FIELD = re.compile(rf"(?: name)?: {{0,2}}{_NAME}")
_WHOLE = re.compile(rf" ({_WORD} {_WORD})(?=[,.!;\n]| and | from | writing |$)")
_TITLE = re.compile(rf"\.? {_NAME}")
_CUES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        _GREETING,
        ("hi", "hello", "dear", "hey", "hallo", "liebe", "lieber", "guten tag", "bonjour", "hola",
         "good morning", "good afternoon", "здравствуйте", "привет", "добрый день", "уважаемый",
         "уважаемая"),
    ),
    (
        _ENDING,
        ("regards", "sincerely", "thanks", "thank", "cheers", "best", "yours", "grüße", "grüßen",
         "cordialement", "saludos", "с уважением", "спасибо", "respectfully", "signed", "signed by",
         "rgds", "br", "thx"),
    ),
    (_UNDER, ("--",)),
    (
        _ITSELF,
        ("my name is", "my name's", "mein name ist", "je m'appelle", "me llamo", "меня зовут"),
    ),
    (_FIELD, ("name", "from", "customer", "имя")),
    (_WHOLE, ("i am", "i'm", "i’m")),
    (_CALLING, ("this is",)),
    (_TITLE, ("mr", "mrs", "ms", "mx", "dr", "prof", "herr", "frau", "mme", "sr", "sra")),
)  # fmt: skip
"""What may stand between a cue and a name. Cues are looked for as they are: a pattern over the
whole text would take ten times as long."""

_CALENDAR = (
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday"
)
_NO_NAMES = frozenset(
    f"""{_CALENDAR} team support sir sirs madam there all everyone everybody customer customers
    service care folks guys help desk agent manager colleagues friend friends i we you he she it
    they my our your the this that these a an and or but so if when as at in on of for from to with
    can could would will please just again also not no yes ok okay best thanks thank regards kind
    warm many sent dear hi hello mr mrs ms mx dr prof herr frau mme sr sra department office
    company store shop order refund return what why how where who is are was were have has had
    do does did am be been still unfortunately however because since after before""".split()
)


def names_in(text: str) -> list[str]:
    """The names that a text's greetings, endings, fields, introductions and titles show."""
    small = lowered(text)
    found: dict[str, None] = {}
    for pattern, cues in _CUES:
        for cue in cues:
            start = small.find(cue)
            while start >= 0:
                end = start + len(cue)
                alone = start == 0 or not small[start - 1].isalnum()
                match = pattern.match(text, end) if alone else None
                if match and (name := _name(match[1], whole=pattern in (_ENDING, _UNDER, _WHOLE))):
                    found[name] = None
                start = small.find(cue, end)
    return list(found)


def lowered(text: str) -> str:
    """In small letters, each letter in its place: the one that would become two stays."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _name(written: str, *, whole: bool) -> str:
    """The words up to the first that is no name; none where all must be and one is not."""
    words = written.split(" ")
    kept: list[str] = []
    for word in words:
        if not word[0].isupper() or word.lower() in _NO_NAMES or len(word) < 2:
            break
        kept.append(word)
    return "" if whole and len(kept) < len(words) else " ".join(kept)


@lru_cache(maxsize=4096)
def pattern_of(name: str) -> re.Pattern[str]:
    """Matches a name, and its parts: Anna of Anna Berg. What stands before is for others to see."""
    parts = [part for part in name.split(" ") if len(part) > 2] if " " in name else []
    either = "|".join(re.escape(one) for one in (name, *parts))
    return re.compile(rf"(?:{either})(?!\w)")
