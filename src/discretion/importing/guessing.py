"""Guessing which column is what, from the columns' names and what stands in them.

A guess is only offered: the user sees it, with rows read by it, before anything is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from discretion.importing.dates import EPOCHS, formats_of
from discretion.importing.expressions import Operation, bind, columns_in
from discretion.importing.numerals import cells_unit
from discretion.importing.spellings import Spellings
from discretion.importing.survey import Column, Survey
from discretion.units import Unit

QUESTIONS = ("text", "answer", "explanation", "rater", "value", "limit")
"""What `start` asks for, in this order."""

_NAMES: Mapping[str, str] = {
    "text": r"text|request|message|description|body|ticket|content|question|complaint|inquiry"
    r"|enquiry|scenario|email|thread|conversation|subject|текст|обращение|сообщение",
    "answer": r"decision|outcome|resolution|result|verdict|approved|granted|answer|disposition"
    r"|accept\w*|okay|judge?ment|status|решение|итог",
    "explanation": r"explanation|reason\w*|note|notes|why|justification|rationale|comment"
    r"|comments|причина|комментарий",
    "rater": r"rater|agent|assignee|reviewer|judge|handler|handled|decider|decided|approver"
    r"|operator|owner|employee|clerk|who|annotator|worker|subject|participant|сотрудник|оператор",
    "value": r"value|days?|late|amount|price|total|cost|hours?|minutes?|weeks?|over|overdue|age"
    r"|elapsed|spent|score|дней|сумма",
    "limit": r"limit|window|max|maximum|cap|allowed|allowance|threshold|deadline|лимит|срок",
}
_ABOUT = (
    r"reversed|reversal|overturned|appealed|fraud|fraudulent|abuse|chargeback|flag|flagged|tenure"
    r"|seniority|role|level|grade|team|department|channel|region|priority|tier|vip|escalated"
)
_MOST_ABOUT, _LONGEST_ABOUT = 12, 30
"""How many different words such a column has at most, and how long they are."""
_ID = re.compile(r"(^|_)(id|no|nr|number|key|phone|zip|index|year|created|updated)(_|$)")
_UNITS = {
    "days": r"days?|дней|late|window",
    "hours": r"hours?|hrs?",
    "minutes": r"minutes?|mins?",
    "weeks": r"weeks?",
    "USD": r"usd|dollars?",
    "EUR": r"eur|euros?",
    "GBP": r"gbp|pounds?",
}


def guess(seen: Survey) -> dict[str, str]:
    """Field to column, for the fields that some column looks like. No column is taken twice."""
    found: dict[str, str] = {}
    for field, score in (
        ("answer", _answer),
        ("limit", _limit),
        ("value", _value),
        ("text", _text),
        ("rater", _rater),
        ("explanation", _explanation),
    ):
        left = [column for column in seen.columns if column.name not in found.values()]
        best = _best(left, score)
        if best is not None and (field != "limit" or _best(left, _value) is not None):
            found[field] = best.name
    return {field: found[field] for field in QUESTIONS if field in found}


def guess_about(seen: Survey, taken: Collection[str]) -> list[str]:
    """Columns that tell of a decision or of who made it, so that judgments can be left out or
    weighed by them: reversed, fraud, tenure. By the whole name, since a column of few words may
    hold people, as one of team leads does; none that is taken."""
    return [
        column.name
        for column in seen.columns
        if column.name not in taken
        and all(re.fullmatch(rf"{_ABOUT}|is|was|has", word) for word in _words(column.name))
        and column.values is not None
        and 1 < len(column.values) <= min(_MOST_ABOUT, seen.rows / 2)
        and max(map(len, column.values)) <= _LONGEST_ABOUT
    ]


def guess_unit(column: Column | None) -> str:
    """What a column of values is counted in, as its name or its cells' signs say; may be empty."""
    if column is None:
        return ""
    if mark := cells_unit(column.name, column.short):
        return mark
    words = _words(column.name)
    return next(
        (unit for unit, pattern in _UNITS.items() if _matches(pattern, words)),
        "",
    )


def guess_value(seen: Survey, written: str) -> tuple[str, str]:
    """What a value is counted in, and how the dates that it is calculated from are written; both
    may be empty."""
    places = {name: place for place, name in enumerate(seen.header)}
    node = bind(written, places, where="--map value", unit=Unit.named("")).node
    columns = [column for column in map(seen.column, columns_in(node)) if column is not None]
    if not isinstance(node, Operation):
        return guess_unit(columns[0] if columns else None), ""
    cells = [cell for column in columns for cell in column.short]
    formats = "|".join(formats_of(cells))
    epoch = formats in EPOCHS
    dated = node.sign == "-" and (epoch or not any(column.numeric for column in columns))
    return ("days" if dated else ""), formats


def _best(columns: list[Column], score: Callable[[Column], float]) -> Column | None:
    rated = [(score(column), -place) for place, column in enumerate(columns)]
    top, place = max(rated, default=(0.0, 0))
    return columns[-place] if top > 0 else None


def _answer(column: Column) -> float:
    """Few different short cells; the more of them are known answers the better."""
    if column.values is None or not column.seen or column.length > 40:
        return 0.0
    spellings = Spellings()
    filled = {cell: rows for cell, rows in column.values.items() if cell}
    known = sum(rows for cell, rows in filled.items() if spellings.read(cell))
    share = known / sum(filled.values())
    named = _named("answer", column)
    worded = any(not cell.isdecimal() for cell in filled)
    if not named and not (worded and share > 0.5):
        return 0.0
    return 2 * share + named + 0.5 * (worded and share > 0)


def _text(column: Column) -> float:
    if column.length < 20 or column.numeric or _named("explanation", column) > 0.5:
        return 0.0
    return 200 * _named("text", column) + min(column.length, 1000)


def _explanation(column: Column) -> float:
    return _named("explanation", column) if column.length >= 8 and not column.numeric else 0.0


def _rater(column: Column) -> float:
    if column.length > 60 or not column.repeats:
        return 0.0
    # A study's subject is a person, a helpdesk's the title of a message: any other name goes first.
    return _named("rater", column) / (2.0 if _named("text", column) else 1.0)


def _value(column: Column) -> float:
    if not column.numeric or _ID.search("_".join(_words(column.name))):
        return 0.0
    return _named("value", column) * (1.0 if (column.kinds > 1) else 0.0)


def _limit(column: Column) -> float:
    return _named("limit", column) if column.numeric else 0.0


def _named(field: str, column: Column) -> float:
    """1 where a word of the name is one of the field's, more for the whole name; 0 otherwise."""
    words = _words(column.name)
    if not _matches(_NAMES[field], words):
        return 0.0
    return 1.0 + 0.5 * (len(words) == 1)


def _words(name: str) -> list[str]:
    apart = re.sub(r"([a-zа-я])([A-ZА-Я])", r"\1 \2", name)
    return re.findall(r"[^\W_]+", apart.lower())


def _matches(pattern: str, words: list[str]) -> bool:
    return any(re.fullmatch(pattern, word) for word in words)
