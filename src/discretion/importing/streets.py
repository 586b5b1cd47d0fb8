"""Streets: a house number beside a word for a street, in six languages."""

from __future__ import annotations

import re

from discretion.importing.names import lowered

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
_ROMANCE_STREET = re.compile(
    rf"(?<!\w)(?:{_NUMBER},? ?)?(?i:{_ROMANCE})\.? {_OF}{{0,2}}{_CAP}"
    rf"(?: {_OF}{{0,2}}{_CAP}){{0,3}}(?:,? (?:n[.º°]? ?)?{_NUMBER})?(?![\w:])"
)
_GERMAN_STREET = re.compile(
    rf"(?<!\w)(?:{_CAP}[ -]){{0,3}}(?:[^\W\d_]{{2,20}}(?:stra(?:ß|ss)e|str\.|weg|platz|"
    rf"gasse|allee|ufer|markt)|(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Markt)) "
    rf"{_NUMBER}(?![\w.,]*\d)"
)
_RUSSIAN_STREET = re.compile(
    rf"(?<!\w)(?:(?:ул\.|улиц[аеы]|проспекте?|пр\.|пр-т|переул\w{{2}}|пер\.|бульваре?|"
    rf"шоссе) {_CAP}(?: {_CAP})?|{_CAP} (?:ул\.|улица|проспект|переулок|бульвар|шоссе)),? "
    rf"(?:д(?:ом|\.)? ?)?{_NUMBER}(?:, ?кв\.? ?\d+)?"
)
_ENGLISH_STREET = re.compile(  # From its number on, which is found much faster.
    rf"(?<![\w.,/-])\d{{1,5}}[a-zA-Z]? (?:{_CAP} ){{1,3}}(?i:{_ENGLISH})(?!\w)"
)
_FLAT = re.compile(r"(?:Flat|Apt|Unit|Apartment)\.? \w{1,4},? $")
_CUES = (
    (_GERMAN_STREET, ("straße ", "strasse ", "str. ", "weg ", "platz ", "gasse ", "allee ", "ufer ",
                      "markt ")),
    (_ROMANCE_STREET, tuple(f"{word} " for word in _ROMANCE.split("|"))),
    (_RUSSIAN_STREET, ("ул.", "улиц", "просп", "пр.", "пр-т", "переул", "пер.", "бульвар",
                       "шоссе")),
)  # fmt: skip
"""A pattern, and the words of which one must be near. They are looked for as they are: a pattern
over the whole text would take many times as long."""


def streets_in(text: str) -> list[tuple[int, int]]:
    """Where streets with a house number stand."""
    found = []
    for street in _ENGLISH_STREET.finditer(text):
        start, end = street.span()
        flat = _FLAT.search(text, max(0, start - 20), start)
        found.append((flat.start() if flat else start, end))
    small = lowered(text)
    for pattern, words in _CUES:
        for start, end in _near(words, small):
            found += [
                street.span()
                for street in pattern.finditer(text, start, end)
                if any(letter.isdigit() for letter in street[0])
            ]
    kept: list[tuple[int, int]] = []
    for start, end in sorted(set(found)):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _near(words: tuple[str, ...], small: str) -> list[tuple[int, int]]:
    """The surroundings of words, those that touch put together."""
    places = []
    for word in words:
        place = small.find(word)
        while place >= 0:
            places.append(place)
            place = small.find(word, place + len(word))
    spans: list[tuple[int, int]] = []
    for place in sorted(places):
        start, end = max(0, place - 80), min(len(small), place + 90)
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], end
        else:
            spans.append((start, end))
    return spans
