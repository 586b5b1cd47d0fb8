"""Guessing which column is what, from the columns' names and what stands in them.

A guess comes with its reason and with what else it could be; where it is not sure there is a doubt,
and nothing goes on until somebody settles it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from discretion.core.units import Unit
from discretion.importing import columns as look
from discretion.importing.dates import EPOCHS, elapsed, formats_of
from discretion.importing.expressions import Node, Operation, bind, columns_in
from discretion.importing.mapping import quoted, written_columns
from discretion.importing.numerals import cells_unit
from discretion.importing.spellings import says_opposite, words_of
from discretion.importing.survey import Column, Survey

QUESTIONS = ("text", "answer", "explanation", "rater", "value", "limit")
"""What `start` asks for, in this order."""
_ONE_SIDED = 0.95
_DATE = 40
"""Letters of a date at most."""
_QUESTION = 25
"""Letters in the name of a column, from which on it is a question to be answered."""
_ABOUT = (
    r"reversed|reversal|overturned|appealed|fraud|fraudulent|abuse|chargeback|flag|flagged|tenure"
    r"|seniority|role|level|grade|team|department|channel|region|priority|tier|vip|escalated"
)
_MOST_ABOUT, _LONGEST_ABOUT = 12, 30
"""How many different words such a column has at most, and how long they are."""
_UNITS = {
    "days": r"days?|дней|late|window",
    "hours": r"hours?|hrs?",
    "minutes": r"minutes?|mins?",
    "weeks": r"weeks?",
    "USD": r"usd|dollars?",
    "EUR": r"eur|euros?",
    "GBP": r"gbp|pounds?",
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that nothing in the file settles."""

    field: str
    """Which question it belongs to: answer, case, rows."""
    what: str
    """One sentence or two."""
    options: tuple[Mapping[str, str], ...] = ()
    """Ways to settle it, each as options of the command line with their values."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What the columns may be."""

    fields: Mapping[str, str]
    """Field to what gives it, as --map takes it, in the order of the questions."""
    why: Mapping[str, str] = field(default_factory=dict)
    """Why each was taken."""
    runners_up: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other columns that each field could be, the likeliest first."""
    doubts: tuple[Doubt, ...] = ()


def guess(seen: Survey, given: Collection[str] = ()) -> Guess:
    """What the columns look like; no column is taken twice. Fields that are `given` are left to
    whoever gave them, and raise no doubt."""
    found: dict[str, str] = {}
    why: dict[str, str] = {}
    others: dict[str, tuple[str, ...]] = {}
    doubts: tuple[Doubt, ...] = ()
    taken: set[str] = set()
    if not {"answer", "rate", "grants"} & set(given):
        chosen, doubts = _decision(seen)
        for name, (column, reason) in chosen.items():
            found[name], why[name] = quoted(column), reason
            taken.add(column)
        rivals = _ranked(seen.columns, look.may_decide, taken)
        others["answer"] = tuple(one.name for one in rivals)
    scores: tuple[tuple[str, Callable[[Column], float]], ...] = (
        ("limit", look.may_be_limit),
        ("value", look.may_be_value),
        ("text", look.may_be_text),
        ("rater", look.may_be_rater),
        ("explanation", look.may_explain),
    )
    counted = bool({"grants", "rate"} & (found.keys() | set(given)))
    for name, score in scores:
        if name in given or (counted and name in ("rater", "explanation")):
            continue
        ranked = _ranked(seen.columns, score, taken)
        if name == "value" and not ranked and (unnamed := _unnamed_value(seen, taken, found)):
            found["value"], why["value"] = unnamed
            taken.update(columns_in(_node(seen, unnamed[0])))
        if not ranked:
            continue
        if name == "limit" and "value" not in given:
            values = _ranked(seen.columns, look.may_be_value, {*taken, ranked[0].name})
            alone = {*taken, ranked[0].name}
            if not values and not _unnamed_value(seen, alone, {"limit": ranked[0].name}):
                continue
        if name == "text" and not look.named("text", ranked[0]):
            doubts = (*doubts, _unnamed(ranked[0]))
        found[name], why[name] = quoted(ranked[0].name), _reason(name, ranked[0])
        others[name] = tuple(one.name for one in ranked[1:])
        taken.add(ranked[0].name)
    order = (*QUESTIONS, "grants", "refusals")
    return Guess(
        {name: found[name] for name in order if name in found},
        why,
        {name: rest for name, rest in others.items() if rest},
        doubts,
    )


def _decision(seen: Survey) -> tuple[dict[str, tuple[str, str]], tuple[Doubt, ...]]:
    """The field or fields that say what was decided, each with its column and why; and what is
    doubtful about them."""
    ranked = _ranked(seen.columns, look.may_decide, ())
    people = [one for one in ranked if not look.is_tools(one)]
    named = [one for one in people if look.named("answer", one) or says_opposite(one.name)]
    sure = [one for one in named if look.known_share(one) >= 0.5 or look.levels(one)]
    sure = [one for one in sure if len(look.filled(one)) > 1] or sure
    counts = _counts(seen)
    if counts and not any(look.is_worded(one) for one in sure):
        return counts, ()
    if len(sure) > 1:
        return {}, (_several(seen, sure),)
    first = (sure or named)[:1]
    if len(named) > 1 and not sure:
        return {}, (_several(seen, named),)
    if not first:
        return {}, _shares(seen) or _no_decision(seen, people, ranked)
    (column,) = first
    chosen = {"answer": (column.name, _reason("answer", column))}
    words = look.filled(column)
    if len(words) == 1:
        (word,) = words
        doubt = Doubt(
            "answer",
            f"In `{column.name}` every row says {word!r}. A column of decisions has two answers or "
            "more.",
            ({"map": f"answer={quoted(column.name)}"},),
        )
        return chosen, (doubt,)
    return chosen, ()


def _several(seen: Survey, rivals: Sequence[Column]) -> Doubt:
    """Two columns or more that could hold the decision."""
    names = [one.name for one in rivals]
    options: list[Mapping[str, str]] = [{"map": f"answer={quoted(name)}"} for name in names]
    alike = [one for one in rivals if one.values and _same_words(one, rivals[0])]
    if len(alike) > 1:
        together = written_columns([one.name for one in alike])
        # A question has a long name, a person a short one.
        asked = sum(len(one.name) for one in alike) > _QUESTION * len(alike)
        rated = any(look.may_be_rater(one) for one in seen.columns)
        text = any(look.may_be_text(one) for one in seen.columns)
        ways: tuple[str, ...] = (
            ("cases", "panels") if asked or (rated and not text) else ("raters", "panels")
        )
        ways = ways[1:] if rated and text else ways
        options += [{"answer-columns": together, "columns-are": way} for way in ways]
    return Doubt(
        "answer",
        f"{len(names)} columns may hold the decision: {_listed(names)}.",
        tuple(options),
    )


def _unnamed(column: Column) -> Doubt:
    """A text that only its length speaks for."""
    name = quoted(column.name)
    return Doubt(
        "text",
        f"No column is named like a request. `{column.name}` holds the longest texts; say whether "
        "they are what was decided on.",
        ({"map": f"text={name}"}, {"map": "text=-"}),
    )


def _no_decision(
    seen: Survey, people: Sequence[Column], ranked: Sequence[Column]
) -> tuple[Doubt, ...]:
    """Where no column is named like a decision: what could be meant all the same."""
    if len(people) > 1:
        return (_several(seen, people),)
    if people:
        (one,) = people
        what = f"No column is named like a decision. `{one.name}` holds {_words_in(one)}."
    elif ranked:
        one = ranked[0]
        what = (
            f"`{one.name}` looks like what a tool or a model filled in, not like what people "
            "decided."
        )
    else:
        return ()
    return (Doubt("answer", what, ({"map": f"answer={quoted(one.name)}"},)),)


def _shares(seen: Survey) -> tuple[Doubt, ...]:
    """A column of grant rates, for which it is not known how many people stand behind them."""
    for one in seen.columns:
        words = words_of(one.name)
        if not one.numeric or not look.matches(rf"share|rate|{look.NAMES['answer']}", words):
            continue
        bare = [cell.strip("% ") for cell in one.short if cell]
        shares = [cell for cell in bare if re.fullmatch(r"0?\.[0-9]+", cell)]
        if len(shares) > len(bare) / 2:
            what = f"`{one.name}` holds shares, not decisions of one person."
            option = {"map": f"rate={quoted(one.name)}", "n": "unknown"}
            return (Doubt("answer", what, (option,)),)
    return ()


def _counts(seen: Survey) -> dict[str, tuple[str, str]]:
    """Two columns that count grants and refusals, where there is one of each."""
    found = {}
    for name in ("grants", "refusals"):
        columns = [
            one
            for one in seen.columns
            if one.numeric
            and look.matches(look.NAMES[name], words_of(one.name)[-1:])
            and all(cell.isdecimal() for cell in one.short)
            and not look.is_identifier(one)
        ]
        if len(columns) != 1:
            return {}
        found[name] = columns[0]
    if not any(int(cell) > 1 for one in found.values() for cell in one.short):
        return {}
    return {name: (one.name, "whole numbers, named like a count") for name, one in found.items()}


def one_sided(counts: Mapping[str, int]) -> str:
    """A sentence where over 95% of the decisions are one answer; else nothing."""
    decided = {name: counts.get(name, 0) for name in ("grant", "refuse")}
    total = sum(decided.values())
    for name, verb in (("grant", "granted"), ("refuse", "refused")):
        if total and decided[name] > _ONE_SIDED * total:
            share = 100 * decided[name] / total
            return (
                f"{share:.0f}% of the requests are {verb}. Check that this column holds the "
                "decisions; with so few of the other kind, most figures stay open."
            )
    return ""


def _unnamed_value(
    seen: Survey, taken: Collection[str], found: Mapping[str, str]
) -> tuple[str, str] | None:
    """What a rule may limit where no column is named so, and why: the days between two dates, or
    the only amount that stands beside a limit."""
    if pair := _dates(seen, taken, found):
        return pair, "the days between two dates"
    amounts = [one for one in seen.columns if one.name not in taken and look.is_amount(one)]
    if "limit" in found and len(amounts) == 1:
        return quoted(amounts[0].name), "the only amount beside a limit"
    return None


def _dates(seen: Survey, taken: Collection[str], found: Mapping[str, str]) -> str:
    """One date minus another, where a limit stands beside them, or their names say that somebody
    asked after something had begun: the time that a decision took is nothing that a rule limits."""
    cells = {
        one.name: one.first for one in seen.columns if one.name not in taken and one.length <= _DATE
    }
    pair = elapsed(cells)
    if pair is None:
        return ""
    later, earlier = pair
    asked = r"returned|return|asked|requested|request|claimed|claim|cancelled|canceled|reported"
    if "limit" not in found and not look.matches(asked, words_of(later)):
        return ""
    return f"{quoted(later)} - {quoted(earlier)}"


def two_ways(seen: Survey, written: str, formats: str) -> tuple[str, str, str] | None:
    """A date that two of the formats read as different days, and the two; None where there is
    none."""
    several = formats.split("|")
    columns = [seen.column(name) for name in columns_in(_node(seen, written))]
    cells = {cell for column in columns if column is not None for cell in column.short}
    for cell in sorted(cells):
        read: dict[datetime, str] = {}
        for one in several:
            try:
                read.setdefault(datetime.strptime(cell, one), one)  # noqa: DTZ007
            except ValueError:
                continue
        if len(read) > 1:
            first, second, *_ = read.values()
            return cell, first, second
    return None


def _ranked(
    columns: Sequence[Column], score: Callable[[Column], float], taken: Collection[str]
) -> list[Column]:
    """The columns that score at all, the best first; of equals the one that stands first."""
    rated = [(score(one), one) for one in columns if one.name not in taken]
    return [one for rate, one in sorted(rated, key=lambda pair: -pair[0]) if rate > 0]


def _reason(name: str, column: Column) -> str:
    """Why a column was taken for a field."""
    if name == "answer":
        parts = []
        if look.named("answer", column):
            parts.append("named like a decision")
        elif says_opposite(column.name):
            parts.append("named like the opposite of a grant")
        scale = look.levels(column)
        known = sum(look.is_known(cell) for cell in look.filled(column))
        if scale:
            parts.append(f"{len(scale)} levels, {scale[0]} to {scale[-1]}")
        elif known:
            parts.append(f"{known} word{'s' * (known != 1)} that are decisions")
        return "; ".join(parts) or "its cells look like decisions"
    return {
        "text": "the longest text" if not look.named("text", column) else "named like a request",
        "rater": "named like a person who decides",
        "explanation": "named like a reason",
        "value": "numbers, named like what a rule limits",
        "limit": "numbers, named like a limit",
    }[name]


def _node(seen: Survey, written: str) -> Node:
    places = {name: place for place, name in enumerate(seen.header)}
    return bind(written, places, where="--map value", unit=Unit.named("")).node


def _same_words(one: Column, other: Column) -> bool:
    """Whether two columns answer in the same words."""
    if look.codes_only(one) and look.codes_only(other):
        return True
    words, others = ({cell.casefold() for cell in look.filled(column)} for column in (one, other))
    return bool(words & others) or bool(look.levels(one) and look.levels(other))


def _words_in(column: Column) -> str:
    words = list(look.filled(column))
    return " and ".join(repr(word) for word in words[:3]) + (" and more" if len(words) > 3 else "")


def _listed(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names[:8]]
    if len(names) > 8:
        return f"{', '.join(shown)} and {len(names) - 8} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def guess_about(seen: Survey, taken: Collection[str]) -> list[str]:
    """Columns that tell of a decision or of who made it, so that judgments can be left out or
    weighed by them: reversed, fraud, tenure. By the whole name, since a column of few words may
    hold people, as one of team leads does; none that is taken."""
    return [
        column.name
        for column in seen.columns
        if column.name not in taken
        and all(re.fullmatch(rf"{_ABOUT}|is|was|has", word) for word in words_of(column.name))
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
    words = words_of(column.name)
    return next(
        (unit for unit, pattern in _UNITS.items() if look.matches(pattern, words)),
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
