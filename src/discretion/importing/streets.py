"""Streets: a house number beside a word for a street, in six languages."""

from __future__ import annotations

import re

_CAP = r"[A-ZÀ-ÖØ-ÞА-ЯЁ][^\W\d_]*(?:['’-][^\W\d_]+)*"
_NUMBER = r"\d{1,4} ?(?:[a-zA-Z](?!\w)|bis(?!\w)|ter(?!\w))?"
_OF = r"(?:(?:de|del|della|dei|delle|di|da|do|dos|das|du|des|la|le|les|los|las|l['’]|d['’]) ?)"
_ROMANCE = (
    "rue|avenue|boulevard|place|chemin|allée|impasse|quai|calle|c/|avenida|avda|plaza|paseo|via|"
    "viale|piazza|corso|rua|travessa|praça|alameda"
)
_ENGLISH = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|way|court|ct|boulevard|blvd|close|crescent|"
    "terrace|square|place|gardens|row|hill"
)
STREETS = tuple(
    (re.compile(cue, re.I), re.compile(pattern))
    for cue, pattern in (
        (
            rf"(?<!\w)(?:{_ENGLISH})(?!\w)",
            rf"(?<!\w)(?:(?:Flat|Apt|Unit|Apartment)\.? \w{{1,4}},? )?\d{{1,5}}[a-zA-Z]? "
            rf"(?:{_CAP} ){{1,3}}(?i:{_ENGLISH})(?!\w)",
        ),
        (
            r"stra[ßs]|str\.|weg|platz|gasse|allee|ufer|markt",
            rf"(?<!\w)(?:{_CAP}[ -]){{0,3}}(?:[^\W\d_]{{2,20}}(?:stra(?:ß|ss)e|str\.|weg|platz|"
            rf"gasse|allee|ufer|markt)|(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Markt)) "
            rf"{_NUMBER}(?![\w.,]*\d)",
        ),
        (
            rf"(?<!\w)(?:{_ROMANCE})(?!\w)",
            rf"(?<!\w)(?:{_NUMBER},? ?)?(?i:{_ROMANCE})\.? {_OF}{{0,2}}{_CAP}"
            rf"(?: {_OF}{{0,2}}{_CAP}){{0,3}}(?:,? (?:n[.º°]? ?)?{_NUMBER})?(?![\w:])",
        ),
        (
            r"ул\.|улиц|просп|пр\.|пр-т|переул|пер\.|бульвар|шоссе",
            rf"(?<!\w)(?:(?:ул\.|улиц[аеы]|проспекте?|пр\.|пр-т|переул\w{{2}}|пер\.|бульваре?|"
            rf"шоссе) {_CAP}(?: {_CAP})?|{_CAP} (?:ул\.|улица|проспект|переулок|бульвар|шоссе)),? "
            rf"(?:д(?:ом|\.)? ?)?{_NUMBER}(?:, ?кв\.? ?\d+)?",
        ),
    )
)  # fmt: skip
"""A cue that is quickly looked for, and the whole pattern."""


def streets_in(text: str) -> list[tuple[int, int]]:
    """Where streets with a house number stand."""
    found = []
    for cue, pattern in STREETS:
        for place in _near(cue, text):
            for street in pattern.finditer(text, *place):
                if any(letter.isdigit() for letter in street[0]):
                    found.append(street.span())
    kept: list[tuple[int, int]] = []
    for start, end in sorted(set(found)):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _near(cue: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    """The surroundings of cues, those that touch put together."""
    spans: list[tuple[int, int]] = []
    for found in cue.finditer(text):
        start, end = max(0, found.start() - 80), min(len(text), found.end() + 80)
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], end
        else:
            spans.append((start, end))
    return spans
