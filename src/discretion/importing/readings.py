"""Readings: what was understood of a file, field by field, for a person to check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from discretion.core.cases import Case
from discretion.core.units import Unit
from discretion.importing import columns as look
from discretion.importing.assembly import LEVEL
from discretion.importing.decisions import Imported
from discretion.importing.expressions import bind, columns_in
from discretion.importing.identity import CaseChoice
from discretion.importing.mapping import ImportMapping
from discretion.importing.survey import Survey
from discretion.storage.imports import FieldReading, ImportReading

LABELS: Mapping[str, str] = {
    "text": "request",
    "case": "id of the case",
    "factors": "factors",
    "answer": "decision",
    "explanation": "reason",
    "rater": "who decided",
    "value": "value",
    "limit": "limit",
    "grants": "number granted",
    "refusals": "number refused",
    "unsure": "number unsure",
    "rate": "share granted",
    "n": "number of people",
    "policy": "policy",
    "domain": "domain",
    "time": "time",
    "confidence": "confidence",
    "expected": "share of others expected to grant",
    "panel": "panel",
}
_WORDS, _MOST_LISTED = 6, 12
_VERBS = {"grant": "granted", "refuse": "refused", "unsure": "neither", "-": "left out"}


def reading_of(
    file: str,
    seen: Survey,
    mapping: ImportMapping,
    choice: CaseChoice,
    imported: Imported,
    why: Mapping[str, str],
) -> ImportReading:
    """What was understood of a file; `why` says it for fields that were guessed."""
    found = []
    if mapping.answer_columns:
        found.append(
            FieldReading(
                "decision",
                ", ".join(mapping.answer_columns),
                _counts(imported),
                f"each column is one of the {mapping.columns_are}",
            )
        )
    for name, written in mapping.fields.items():
        reason = why.get(name, "as you said")
        found.append(
            FieldReading(
                LABELS.get(name, name),
                written.strip("`"),
                _holds(name, written, seen, mapping, imported),
                reason,
            )
        )
    if mapping.shown:
        found.append(
            FieldReading(
                "facts", ", ".join(mapping.shown), "shown to whoever decides", "as you said"
            )
        )
    if mapping.about:
        found.append(
            FieldReading(
                "about the decision",
                ", ".join(mapping.about),
                "kept, to leave decisions out or weigh them by",
                "",
            )
        )
    return ImportReading(file, tuple(found), tuple(_notes(seen, mapping, choice, imported)))


def _holds(
    name: str, written: str, seen: Survey, mapping: ImportMapping, imported: Imported
) -> str:
    names = _columns(seen, written)
    column = seen.column(names[0]) if len(names) == 1 else None
    if name == "answer" and column is not None:
        return _answers(mapping, look.filled(column), imported)
    if name in ("value", "limit"):
        return _range(name, imported)
    if name == "rater":
        people = {one.rater for one in imported.judgments} - {None}
        return f"{len(people):,} different"
    if name == "explanation":
        given = sum(one.explanation is not None for one in imported.judgments)
        return f"filled in for {given:,} of {len(imported.judgments):,}"
    if name == "text":
        return _many(sum(case.text is not None for case in _cases(imported)), "text")
    if column is None:
        return "the same for all" if not names else "calculated"
    if column.values is None:
        return f"more than {column.kinds - 1:,} different"
    return f"{len(look.filled(column)):,} different"


def _answers(mapping: ImportMapping, words: Mapping[str, int], imported: Imported) -> str:
    """The commonest words with what they mean. Words that a pattern covers are shown as it."""
    spellings = mapping.spellings
    shown: Counter[tuple[str, str]] = Counter()
    for word, rows in words.items():
        meaning = spellings.meaning(word)
        if meaning is not None:
            shown[spellings.pattern_for(word) or word, _VERBS[meaning]] += rows
    common = shown.most_common()
    most = _WORDS
    scale = spellings.scale
    if scale is not None:  # All levels, in their order.
        common.sort(key=lambda one: scale.rank(one[0][0]) or 0.0)
        most = len(common)
    parts = [f"{word} ({rows:,}) = {verb}" for (word, verb), rows in common[:most]]
    if len(common) > most:
        parts.append(f"{len(common) - most} more")
    return "; ".join(parts) or _counts(imported)


def _counts(imported: Imported) -> str:
    counts = Counter(one.answer for one in imported.judgments)
    return ", ".join(f"{rows:,} {_VERBS[answer]}" for answer, rows in counts.most_common())


def _cases(imported: Imported) -> tuple[Case, ...]:
    """All that the file is about: those that it brings and those that were here."""
    return (*imported.cases, *imported.met)


def _range(name: str, imported: Imported) -> str:
    cases = _cases(imported)
    amounts = sorted(
        amount
        for case in cases
        if (amount := case.value if name == "value" else case.limit) is not None
    )
    if not amounts:
        return "nothing"
    units = sorted({case.unit or "plain numbers" for case in cases})
    if len(units) > 1:
        return f"{_many(len(amounts), 'amount')}, in {', '.join(units)}"
    said = Unit.named(cases[0].unit)
    ends = [said.show(amounts[0])]
    if amounts[-1] != amounts[0]:
        ends.append(said.show(amounts[-1]))
    empty = len(cases) - len(amounts)
    return " to ".join(ends) + (f"; empty in {empty:,} cases" if empty else "")


def _notes(
    seen: Survey, mapping: ImportMapping, choice: CaseChoice, imported: Imported
) -> list[str]:
    what = "every row is a case" if choice.each_row else choice.why
    notes = [f"{_many(len(imported.cases), 'case')}: {what}."] if what else []
    if imported.empty:
        notes.append(f"Without a decision (empty, NA, ? or -): {_many(imported.empty, 'row')}.")
    left_out = sum(one.meant for one in imported.skipped) - imported.empty
    if left_out > 0:
        notes.append(f"Left out, as you said: {_many(left_out, 'row')}.")
    if mapping.grant_from:
        kept = sum(LEVEL in one.columns for one in imported.judgments)
        notes.append(
            f"Levels from {mapping.grant_from} on count as granted. The level itself is kept for "
            f"{kept:,} judgments."
        )
        notes.append(_agreement(mapping, imported))
    if imported.unread:
        more = len(imported.unread) - _MOST_LISTED
        listed = ", ".join(imported.unread[:_MOST_LISTED]) + f" and {more} more" * (more > 0)
        notes.append(
            f"Not kept: {listed}. To add one later, import the file again and name it: --shown (a "
            "checked fact that whoever decides sees) or --keep (for grouping)."
        )
    return notes


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _agreement(mapping: ImportMapping, imported: Imported) -> str:
    """How far people agree on the levels, before any cut."""
    import numpy as np

    from discretion.stats.ordinal import ordinal_alpha

    scale = mapping.spellings.scale
    ranked = [
        (one.case, rank)
        for one in imported.judgments
        if scale is not None and (rank := scale.rank(one.columns.get(LEVEL, ""))) is not None
    ]
    places = {case: place for place, case in enumerate(dict.fromkeys(case for case, _ in ranked))}
    figure = ordinal_alpha(
        [places[case] for case, _ in ranked],
        [rank for _, rank in ranked],
        np.random.default_rng(0),
    )
    if figure.value is None:
        return "We cannot say how far people agree on the levels: no level was given twice."
    between = (
        ""
        if figure.low is None or figure.high is None
        else f", 95% interval {figure.low:.2f} to {figure.high:.2f}"
    )
    return (
        f"Agreement on the levels: Krippendorff's alpha (ordinal) {figure.value:.2f}{between} "
        f"(1 = always, 0 = chance; {figure.n:,} judgments)."
    )


def _columns(seen: Survey, written: str) -> list[str]:
    places = {name: place for place, name in enumerate(seen.header)}
    return columns_in(bind(written, places, where="--map", unit=Unit.named("")).node)
