"""Identity: which rows of a table are about one case, judged by ids, texts and raters."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from discretion.core.units import Unit
from discretion.importing import columns as look
from discretion.importing.expressions import bind, columns_in
from discretion.importing.guessing import Doubt
from discretion.importing.mapping import ImportMapping, quoted, written_columns
from discretion.importing.missing import is_missing
from discretion.importing.rows import FileReading
from discretion.importing.spellings import words_of
from discretion.importing.survey import Column, Survey
from discretion.importing.tables import open_table

_MOST_CANDIDATES = 8
_MOST_LEVELS = 60
"""Different words in a column that tells the cases of a study apart."""
_OFTEN, _SELDOM = 0.5, 0.1
"""Shares of rows whose text other raters judged too: above, texts are judged by several people;
below, requests look alike by chance."""


@dataclass(frozen=True, slots=True)
class CaseChoice:
    """What one case is."""

    columns: tuple[str, ...] = ()
    """Columns that identify it; none where text, value and limit do, or each row is one."""
    each_row: bool = False
    why: str = ""
    others: tuple[str, ...] = ()
    """Other columns that could identify it."""
    doubt: Doubt | None = None


@dataclass(slots=True)
class _Rows:
    """What is counted over all rows."""

    number: int
    content: Counter[int]
    """Rows by the hash of text, value and limit."""
    raters: dict[int, set[str]]
    pairs: int
    """Different pairs of content and rater."""
    ids: dict[str, dict[str, set[int]]]
    """By column: each id with the contents it comes with."""
    answers: dict[str, int]
    """By column: different pairs of id and rater."""


def choose_case(
    path: Path, seen: Survey, mapping: ImportMapping, **reading: Unpack[FileReading]
) -> CaseChoice:
    """What one case is in this file, by default, and why."""
    fields = mapping.fields
    if mapping.case or mapping.each_row or mapping.columns_are == "cases":
        return CaseChoice(mapping.case, mapping.each_row, "named by you")
    rater = next(iter(_columns(seen, fields["rater"])), "") if "rater" in fields else ""
    used = [name for field in fields for name in _columns(seen, fields[field])]
    candidates = [
        one
        for one in seen.columns
        if look.is_identifier(one) and one.name not in used and one.seen >= min(seen.rows, 1_000)
    ][:_MOST_CANDIDATES]
    what = [
        name
        for field in ("text", "value", "limit")
        if field in fields
        for name in _columns(seen, fields[field])
    ]
    rows = _count(path, what, rater, [one.name for one in candidates], reading)
    others = tuple(one.name for one in candidates)
    repeated = sum(times for times in rows.content.values() if times > 1)
    judged_apart = rows.pairs == rows.number
    shared = sum(
        times for key, times in rows.content.items() if times > 1 and len(rows.raters[key]) > 1
    )
    several = bool(rater) and judged_apart and shared > _OFTEN * rows.number
    for one in sorted(candidates, key=lambda one: -_about_cases(one)):
        choice = _by_id(one, rows, several, "text" in fields)
        if choice is not None:
            return CaseChoice(choice.columns, choice.each_row, choice.why, others, choice.doubt)
    if "text" in fields:
        why = (
            "each text is a case"
            if not repeated
            else (
                f"{repeated:,} rows share their text{' and value' * ('value' in fields)} with "
                "another row, and count as one case judged several times"
            )
        )
        return CaseChoice((), False, why, others)
    if several:
        return CaseChoice((), False, "several people judged the same values", others)
    crossed = _crossed(path, seen, rater, [*used, *mapping.about], reading)
    if crossed:
        named = written_columns(crossed)
        doubt = Doubt(
            "case",
            f"There is no text. Each person has one row for each of {named}; that may be a case "
            "that several people judged, or every row may be one.",
            ({"case": named}, {"case": "row"}),
        )
        return CaseChoice(crossed, False, f"{named} identify it", crossed, doubt)
    if mapping.factor or (mapping.scenario and not mapping.scenario.startswith("'")):
        return CaseChoice((), False, "named by you", others)
    return CaseChoice((), True, "there is no text and no id, so every row is a case", others)


def _crossed(
    path: Path, seen: Survey, rater: str, used: Sequence[str], reading: FileReading
) -> tuple[str, ...]:
    """Columns of few words whose combinations several people judged, each once, as in a study; none
    where there are none such."""
    words = [
        one.name
        for one in seen.columns
        if one.name not in used
        and one.name != rater
        and not one.numeric
        and one.values is not None
        and 1 < len(look.filled(one)) <= _MOST_LEVELS
    ]
    if not rater or not words:
        return ()
    rows = _count(path, words, rater, [], reading)
    people = {who for several in rows.raters.values() for who in several}
    if rows.pairs < rows.number or len(people) == rows.number:
        return ()
    often = sum(len(several) > 1 for several in rows.raters.values())
    return tuple(words) if often > _OFTEN * len(rows.content) else ()


def _by_id(column: Column, rows: _Rows, several: bool, texts: bool) -> CaseChoice | None:
    """The choice of an id column, where it identifies cases and something is gained by it."""
    ids = rows.ids[column.name]
    if _about_cases(column) < 0 or any(len(contents) > 1 for contents in ids.values()):
        return None
    unique = len(ids) == rows.number
    by_text = len(rows.content)
    if not unique and rows.answers[column.name] < rows.number:
        return None
    if not unique and len(ids) < by_text:
        return None
    if texts and len(ids) <= by_text:
        return None
    if not texts:
        return CaseChoice((column.name,), False, f"`{column.name}` identifies it")
    why = (
        f"`{column.name}` identifies it; {len(ids) - by_text:,} cases have the text of another one"
    )
    if unique and several and _about_cases(column) == 0:
        return None
    if unique and _about_cases(column) == 0 and _some_shared(rows):
        doubt = Doubt(
            "case",
            "Some rows have the same text and different people. They may be one case judged by "
            "several people, or several cases that read alike.",
            ({"case": quoted(column.name)}, {"case": "-"}),
        )
        return CaseChoice((column.name,), False, why, doubt=doubt)
    return CaseChoice((column.name,), False, why)


def _some_shared(rows: _Rows) -> bool:
    shared = sum(times for key, times in rows.content.items() if len(rows.raters[key]) > 1)
    return _SELDOM * rows.number < shared


def _about_cases(column: Column) -> int:
    """1 where an id's name says that it is a case's, -1 where it is a judgment's, 0 otherwise."""
    words = words_of(column.name)
    if look.matches(look.OF_JUDGMENTS, words):
        return -1
    return 1 if look.matches(look.OF_CASES, words) else 0


def _columns(seen: Survey, written: str) -> list[str]:
    places = {name: place for place, name in enumerate(seen.header)}
    return columns_in(bind(written, places, where="--map", unit=Unit.named("")).node)


def _count(
    path: Path, what: Sequence[str], rater: str, ids: Sequence[str], reading: FileReading
) -> _Rows:
    table = open_table(path, **reading)
    places = {name: place for place, name in enumerate(table.header)}
    content: Counter[int] = Counter()
    raters: dict[int, set[str]] = defaultdict(set)
    pairs: set[tuple[int, str]] = set()
    found: dict[str, dict[str, set[int]]] = {name: {} for name in ids}
    answers: dict[str, set[tuple[str, str]]] = {name: set() for name in ids}
    number = 0
    with closing(table.rows):
        for row in table.rows:
            if row.fault:
                continue
            key = hash(tuple(row.cells[places[name]] for name in what))
            who = row.cells[places[rater]] if rater in places else str(number)
            number += 1
            content[key] += 1
            raters[key].add("" if is_missing(who) else who)
            pairs.add((key, who))
            for name in ids:
                cell = row.cells[places[name]]
                found[name].setdefault(cell, set()).add(key)
                answers[name].add((cell, who))
    return _Rows(
        number,
        content,
        raters,
        len(pairs),
        found,
        {name: len(seen) for name, seen in answers.items()},
    )
