"""Redaction: e-mails, phones, cards, accounts, order numbers, names and streets become marks.

Within a case the same thing keeps the same mark: ``[email 1]`` is one address wherever it comes
up. Patterns and checksums find the first five kinds; names are found by how letters begin and end
and by addresses, which misses many. Dates, times and amounts are recognized, and stay. Every
pattern takes time in proportion to the text, whatever is written in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from discretion.importing.digits import KEPT, QUANTITY, Mark, mark_numbers
from discretion.importing.names import lowered, names_in, names_of, pattern_of
from discretion.importing.recognizers import Span, recognizers, spans_of
from discretion.importing.streets import streets_in

KINDS = ("email", "iban", "card", "phone", "order", "name", "address")

Marks = str
"""What was found in a case, a line each: its kind, a space, what it is. The third line that begins
with a kind is that kind's third mark. As one text it takes a fifth of a dictionary's memory."""

_EMAIL = re.compile(
    # Possessive, and tried only where a run of such letters begins.
    r"(?<![\w.+%'-])[\w.+%'-]++@[\w-]+(?:\.[\w-]+)*\.[^\W\d_][\w-]*"
)
_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?!\w)")
_CUED = re.compile(  # In small letters: a search that ignores case takes three times as long.
    r"""(?:order|ticket|invoice|booking|reservation|case|ref(?:erence)?|account|customer
      |rma|tracking|parcel|shipment|confirmation|claim|contract|receipt|transaction
      |bestell(?:ung|nummer)|rechnung|auftrag|commande|facture|pedido|factura
      |ordine|encomenda|fattura|fatura|passport|licen[cs]e|policy|serial|member(?:ship)?
      |заказ\w{0,3}|сч[её]т\w{0,2}|договор\w{0,2}|чек\w{0,2})
    (?P<said>\s{0,2}(?:number|num|nr|no|id|code|n[°º]|номер)\b\.?|\s{0,2}(?=:?\s?[\#№]))?
    \s{0,2}(?:[:=]|is\b|(?P<for>for\b))?\s{0,2}[\#№]?\s?
    (?P<id>[a-z]{0,8}[-/]?\d[\w-]*)""",
    re.X,
)
# A model's number has letters and a few digits too: only long codes are marked without a cue.
_CODE = re.compile(r"(?<![\w-])(?=[\d-]*[A-Z])(?=(?:[A-Z-]*\d){9})[A-Z0-9][A-Z0-9-]{5,}(?!\w)")
# These two start at a digit, which is found much faster than the beginning of a word.
_IBAN_LIKE = re.compile(r"\d\d(?<=[A-Za-z]{2}\d\d)")
_CODE_LIKE = re.compile(r"\d(?:-?[A-Z]|(?<=[A-Z]\d)|(?<=[A-Z]-\d))")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with marks in place of what was found in it."""

    text: str
    marks: Marks = field(default="", repr=False)
    """What was found in the case so far; personal, and never stored."""
    found: Mapping[str, int] = field(default_factory=dict)
    """By kind, how many places were replaced."""


Texts = tuple[str | None, str | None]
"""The text and the explanation of a row; None where there is none."""

Ready = tuple[Redacted | None, Redacted | None]
"""What came of them; None where nobody has looked yet."""


def redact_both(texts: Texts) -> Ready:
    """A row's text, and its explanation with the marks of the text."""
    text, explanation = texts
    first = None if text is None else redact(text)
    return first, None if explanation is None else redact(explanation, first.marks if first else "")


def redact(text: str, known: Marks = "") -> Redacted:
    """Replace what is personal in a text; marks `known` from the same case are used again."""
    marker = _Marker(known)
    for name, recognizer in recognizers():
        text = marker.mark_spans(spans_of(name, recognizer, text), text)
    spelled: list[str] = []
    if "@" in text:
        for address in _EMAIL.finditer(text):
            spelled += names_of(address[0], text)
        text = _EMAIL.sub(lambda found: marker.mark("email", found[0].lower()), text)
    if _DIGIT.search(text):
        text = marker.mark_spans([(*place, "address") for place in streets_in(text)], text)
        if _IBAN_LIKE.search(text):
            text = _IBAN.sub(lambda found: _iban(found[0], marker.mark), text)
        text = _mark_cued(text, marker.mark)
        if _CODE_LIKE.search(text):
            text = _CODE.sub(lambda found: _code(found, marker.mark), text)
        text = mark_numbers(text, marker.mark)
    names = dict.fromkeys([*(name for kind, name in marker.marks if kind == "name"),
                           *names_in(text), *spelled])  # fmt: skip
    for name in sorted(names, key=len, reverse=True):
        text = marker.mark_all("name", name, pattern_of(name), text)
    return Redacted(text, marker.known, marker.found)


class _Marker:
    """Gives each thing its mark, the same one each time."""

    def __init__(self, known: Marks) -> None:
        self.marks: dict[tuple[str, str], str] = {}
        """(kind, what it is) to its mark."""
        self.found: dict[str, int] = {}
        self._last: dict[str, int] = {}
        for line in known.split("\n") if known else ():
            kind, _, what = line.partition(" ")
            self._new(kind, what)

    @property
    def known(self) -> Marks:
        return "\n".join(f"{kind} {what}" for kind, what in self.marks)

    def mark(self, kind: str, what: str) -> str:
        self.found[kind] = self.found.get(kind, 0) + 1
        return self.marks.get((kind, what)) or self._new(kind, what)

    def _new(self, kind: str, what: str) -> str:
        self._last[kind] = number = self._last.get(kind, 0) + 1
        self.marks[kind, what] = made = f"[{kind} {number}]"
        return made

    def mark_spans(self, spans: Iterable[Span], text: str) -> str:
        """The text with marks where the spans stand, which are in order."""
        parts, place = [], 0
        for start, end, kind in spans:
            parts += [text[place:start], self.mark(kind, " ".join(text[start:end].split()))]
            place = end
        return "".join([*parts, text[place:]])

    def mark_all(self, kind: str, what: str, pattern: re.Pattern[str], text: str) -> str:
        def replaced(found: re.Match[str]) -> str:
            # As a part of the pattern this would take ten times as long.
            inside = found.start() > 0 and text[found.start() - 1].isalnum()
            return found[0] if inside else self.mark(kind, what)

        return pattern.sub(replaced, text)


def _iban(written: str, mark: Mark) -> str:
    """The longest beginning whose checksum holds is the account; words may stand behind it, and
    its own last group has a digit."""
    ends = [group.end() for group in re.finditer(r"[A-Za-z]*\d[A-Za-z0-9]*", written)]
    for end in reversed(ends):
        account = re.sub(r"[ -]", "", written[:end]).upper()
        if len(account) >= 15 and is_iban(account):
            return mark("iban", account) + written[end:]
    return written


def is_iban(account: str) -> bool:
    """ISO 13616: the account with its first four moved to its end leaves 1 when divided by 97."""
    turned = account[4:] + account[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _mark_cued(text: str, mark: Mark) -> str:
    """Ids behind words such as order; quantities, dates and small numbers are none."""
    parts, end = [], 0
    for found in _CUED.finditer(lowered(text)):
        start, stop = found.span("id")
        identifier = text[start:stop]
        digits = len(_DIGIT.findall(identifier))
        lettered = digits < len(identifier.replace("-", ""))
        said = found["said"] is not None
        if (
            (len(identifier) >= 3 if said else digits >= (3 if lettered else 5))
            and (lettered or found["for"] is None)
            and not (found.start() and text[found.start() - 1].isalnum())
            and not QUANTITY.match(text, stop)
            and not KEPT.match(text, start)
        ):
            parts += [text[end:start], mark("order", identifier.upper())]
            end = stop
    return "".join([*parts, text[end:]])


def _code(found: re.Match[str], mark: Mark) -> str:
    return found[0] if KEPT.match(found.string, found.start()) else mark("order", found[0])
