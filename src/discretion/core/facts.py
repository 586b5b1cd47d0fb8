"""Facts: what was checked about a case, as the lines that whoever decides it is shown.

They are what an organization's own system says: the value, the limit, how far apart the two are,
the declared factors, and columns that the user named with ``--shown``. They stand apart from the
case's text, which says what a requester says. What the text says already is not said twice: a case
that a scenario made holds its value and factors by its slots.

Shown facts are not `Case.facts`, which is what hard limits are tested on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from discretion.core.cases import Case
from discretion.core.units import Unit


@dataclass(frozen=True, slots=True)
class FactWords:
    """How facts are worded in one language."""

    heading: str
    value: str
    limit: str
    """What the limit is called; the direction and the amount follow."""
    directions: dict[str, str]
    kept: str = ""
    broken: str = ""
    """With slots for the distance and the side; empty in English, which `Case.over` speaks."""
    sides: tuple[str, str] = ("", "")
    """Above and below."""
    fact: str = "{name}: {cell}"


_WORDS = {
    "en": FactWords(
        heading="Checked in our system:",
        value="Value",
        limit="Limit",
        directions={"at most": "at most", "at least": "at least"},
    ),
    "ru": FactWords(
        heading="Проверено в нашей системе:",
        value="Значение",
        limit="Предел",
        directions={"at most": "не больше", "at least": "не меньше"},
        kept="Правило соблюдено.",
        broken="Правило нарушено: значение {side} предела на {distance}.",
        sides=("выше", "ниже"),
    ),
}


def facts_of(case: Case, language: str = "en") -> str:
    """The facts of a case that its text does not hold, a line each under a heading.

    Empty where there are none: the text says everything.

    Args:
        language: of the words; names and cells of columns stay as they are.
    """
    words = _WORDS[language]
    lines = [f"- {line}" for line in _lines(case, words)]
    return "\n".join([words.heading, *lines]) if lines else ""


def text_with_facts(case: Case, language: str = "en") -> str:
    """A case's text with its facts behind it: all that somebody who decides it is shown."""
    return "\n\n".join(part for part in (case.text or "", facts_of(case, language)) if part)


def shown_cells(case: Case) -> str:
    """The columns that the user named to be shown, a line each."""
    return "\n".join(f"{name}: {cell}" for name, cell in _cells(case))


def value_stands(case: Case) -> bool:
    """Whether the value, with its unit, stands in the text: then the text says how far the case
    lies from its limit. So it is where neither value nor limit is known."""
    if case.value is None:
        return case.limit is None
    return _stands(case, case.value)


def holds_value(case: Case, prompt: str) -> bool:
    """Whether a prompt holds the value of a case, however it is worded; True where the prompt is
    in the toy language, which says a value in its own way."""
    if case.value is None or (case.twin and case.twin in prompt):
        return True
    unit = Unit.named(case.unit)
    return _holds(prompt, unit.show(case.value)) or stands_in(prompt, case.value, unit)


def _lines(case: Case, words: FactWords) -> Iterator[str]:
    unit = Unit.named(case.unit)
    if not value_stands(case):
        if case.value is not None:
            yield f"{words.value}: {unit.show(case.value)}"
        if case.limit is not None:
            yield f"{words.limit}: {words.directions[case.direction]} {unit.show(case.limit)}"
        if over := _over(case, words):
            yield over
    for name, cell in _cells(case):
        yield words.fact.format(name=name, cell=cell)


def _cells(case: Case) -> Iterator[tuple[str, str]]:
    """Factors and shown columns; a made case's factors are sentences of its text."""
    named = {**({} if case.made else case.factors), **case.shown_columns}
    for name, cell in named.items():
        if shown := _one_line(cell):
            yield _one_line(name), shown


def _over(case: Case, words: FactWords) -> str:
    """How far the value lies beyond the limit, in words."""
    if not words.broken or case.value is None or case.limit is None or case.deviation is None:
        return case.over()
    if case.deviation <= 0:
        return words.kept
    side = words.sides[0 if case.direction == "at most" else 1]
    distance = Unit.named(case.unit).show_distance(abs(case.value - case.limit))
    return words.broken.format(side=side, distance=distance)


def _one_line(cell: str) -> str:
    """A cell that cannot look like another line, or hide anything."""
    return " ".join("".join(one if one.isprintable() else " " for one in cell).split())


def _stands(case: Case, amount: Decimal) -> bool:
    text = case.text or ""
    if case.made:
        # Its slots were filled with these very words, and its prompts stay what they were.
        return _holds(text, " ".join(Unit.named(case.unit).show(amount).split()))
    return stands_in(text, amount, Unit.named(case.unit))


def _holds(text: str, written: str) -> bool:
    """Whether the words stand in a text and no digit goes on before or behind them."""
    at = text.find(written)
    while at >= 0:
        before, behind = text[max(0, at - 2) : at], text[at + len(written) :][:2]
        if not re.search(r"\d[.,]?$", before) and not re.match(r"[.,]?\d", behind):
            return True
        at = text.find(written, at + 1)
    return False


def stands_in(text: str, amount: Decimal, unit: Unit) -> bool:
    """Whether an amount stands in a text as a whole number with its unit.

    ``$10.01`` does not stand in ``$110.01``, nor ``43 days`` where only ``43`` is written, nor in
    ``-43 days`` or ``40-43 days``. Where a number could be read in two ways, it does not stand
    there: a fact that is shown twice does no harm, and one that is missing does. An amount without
    a unit never stands, since any number might be another thing's.
    """
    if unit.kind == "clock":
        return int(amount) % 1440 in _clocks(text)
    if unit.kind == "date":
        return int(amount) in _dates(text)
    return any(amount == found for pattern in _forms(unit) for found in _amounts(pattern, text))


_GROUP = " \u00a0\u2009\u202f'’"
_NUMBER = rf"(?P<number>\d{{1,3}}(?:[{_GROUP}]\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
_BEFORE = rf"(?:(?P<minus>(?<!\S)[-−])|(?<![\w#$€£¥\-−–])(?<!\d[.,:/{_GROUP}]))"
"""A number begins here: not inside a longer one, a range, a date or the number of an order."""
_AFTER = rf"(?!\w|[.,:/{_GROUP}–-]\d|\s?(?:k|m|mn|mln|bn|hundred|thousand|million|billion)\b)"
_MONEY_WORDS = {
    "USD": ("dollars?", "bucks"),
    "EUR": ("euros?",),
    "GBP": ("pounds?",),
    "JPY": ("yen",),
    "RUB": ("₽", "руб(?:\\.|лей|ля|ль)?"),
}
_SIGNS = {"USD": r"(?:US)?\$"}


@lru_cache(maxsize=256)
def _forms(unit: Unit) -> tuple[re.Pattern[str], ...]:
    """The ways in which an amount of a unit is written around its number."""
    name = re.escape(unit.name)
    if unit.kind == "money":
        sign = _SIGNS.get(unit.name, re.escape(unit.sign)) if unit.sign else ""
        before = "|".join(filter(None, (sign, rf"{name}\s?")))
        after = "|".join(filter(None, (sign, name, *_MONEY_WORDS.get(unit.name, ()))))
        return _compiled(
            rf"{_BEFORE}(?:{before})\s?{_NUMBER}{_AFTER}",
            rf"{_BEFORE}{_NUMBER}[\s-]?(?:{after})(?!\w)",
        )
    if unit.kind == "percent":
        return _compiled(rf"{_BEFORE}{_NUMBER}\s?(?:%|per\s?cent\b|pct\b)")
    if not unit.name:
        return ()
    one = re.escape(unit.singular)
    return _compiled(
        rf"{_BEFORE}{_NUMBER}[\s-]?(?:{name}|{one})(?!\w)",
        rf"(?<!\w)(?:{one}\s?[:=]?|{name}\s?[:=])\s?(?P<minus>[-−])?{_NUMBER}{_AFTER}",
    )


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one, re.IGNORECASE) for one in patterns)


def _amounts(pattern: re.Pattern[str], text: str) -> Iterator[Decimal]:
    for found in pattern.finditer(text):
        number = _read(found["number"])
        if number is not None:
            yield -number if found["minus"] else number


def _read(written: str) -> Decimal | None:
    """The number that is written; a comma before three digits parts thousands."""
    digits = re.sub(f"[{_GROUP}]", "", written)
    if re.fullmatch(r"\d+(\.\d+)?", digits):
        return Decimal(digits)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        return Decimal(digits.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+|\d+,\d+", digits):
        return Decimal(digits.replace(".", "").replace(",", "."))
    return None


_CLOCK = re.compile(
    r"(?<![\w:.,-])(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d)(?::00)?)?(?![\d:]|[.,]\d)"
    r"(?:\s?(?P<half>[ap])\.?m\b)?",
    re.IGNORECASE,
)


def _clocks(text: str) -> set[int]:
    """Times of day in a text, in minutes since midnight."""
    found = set()
    for time in _CLOCK.finditer(text):
        hour, half = int(time["hour"]), (time["half"] or "").lower()
        if (time["minute"] is None and not half) or hour > (12 if half else 23):
            continue
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        found.add(60 * hour + int(time["minute"] or 0))
    return found


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_DATES = _compiled(
    r"(?<![\w-])(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])",
    r"(?<![\w.])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\d)",
    r"(?<![\w/])(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})(?![\d/])",
    r"(?<![\w/])(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})(?![\d/])",
    rf"(?<![\w.]){_DAY}\s(?:of\s)?{_MONTH},?\s(?P<year>\d{{4}})(?!\d)",
    rf"(?<!\w){_MONTH}\s{_DAY},?\s(?P<year>\d{{4}})(?!\d)",
)


def _dates(text: str) -> set[int]:
    """Days in a text, in days since year 1; those with slashes only where the order of day and
    month is certain."""
    found = set()
    for pattern in _DATES:
        for written in pattern.finditer(text):
            named = written["month"].lower()
            month = _MONTHS.index(named) + 1 if named in _MONTHS else int(named)
            day = int(written["day"])
            if "/" in written[0] and max(day, month) <= 12 and day != month:
                continue
            try:
                found.add(date(int(written["year"]), month, day).toordinal())
            except ValueError:
                continue
    return found
