"""A scorecard for programs: JSON, and one CSV file for every table."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.importing.casetext import neutral
from discretion.scorecard import Scorecard
from discretion.scorecard.scenario_cards import CurveCard, ThresholdCard
from discretion.stats.figure import Figure

Row = dict[str, Any]


def to_json(value: Any) -> Any:
    """Cards as plain JSON values: objects, lists, strings, numbers and null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: to_json(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write_tables(card: Scorecard, folder: Path) -> list[Path]:
    """Write every table that has a row as CSV. A figure is five columns: its value, then ``low``,
    ``high``, ``n`` and ``note`` after its name; what is missing is an empty cell.

    Raises:
        DiscretionError: a file cannot be written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows_of in TABLES.items():
            if rows := list(rows_of(card)):
                written.append(_write(folder / f"{name}.csv", rows))
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(folder), fix="name another folder"
        ) from error
    return written


def _write(path: Path, rows: Sequence[Row]) -> Path:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({name: neutral(cell) for name, cell in row.items()} for row in rows)
    return path


def _flat(value: Any, *, without: Sequence[str] = ()) -> Row:
    """A card as one row: figures as five columns, parts that are lists left out."""
    row: Row = {}
    for part in fields(value):
        item = getattr(value, part.name)
        if part.name in without or isinstance(item, tuple):
            continue
        if isinstance(item, Figure):
            row[part.name] = item.value
            row |= {
                f"{part.name}.{end}": getattr(item, end) for end in ("low", "high", "n", "note")
            }
        elif is_dataclass(item):
            row |= {f"{part.name}.{name}": cell for name, cell in _flat(item).items()}
        else:
            row[part.name] = item
    return {name: to_json(cell) for name, cell in row.items()}


def _people(card: Scorecard) -> Iterator[Row]:
    if card.people:
        yield {**_flat(card.people), "sources": "; ".join(card.people.sources)}


def _arms(card: Scorecard) -> Iterator[Row]:
    for untaught, arms in ((False, card.arms), (True, card.untaught)):
        for arm in arms:
            yield {**_flat(arm), "amplifies": "; ".join(arm.amplifies), "untaught": untaught}


def _calibration(card: Scorecard) -> Iterator[Row]:
    for arm in (*card.arms, *card.untaught):
        for one in arm.calibration:
            yield {"arm": arm.name, **_flat(one)}


def _leans(card: Scorecard) -> Iterator[Row]:
    for row in card.leans:
        yield {**_flat(row), "who": "people"}
        for lean in row.arms:
            yield {**_flat(lean, without=("arm",)), "scenario": row.scenario, "who": lean.arm}


def _thresholds(card: Scorecard) -> Iterator[Row]:
    def row(curve: CurveCard, who: str, threshold: ThresholdCard) -> Row:
        told = _flat(threshold, without=("shown", "interval_shown"))
        return {"scenario": curve.scenario, "who": who, **told}

    for curve in card.curves:
        facts = _flat(curve, without=("threshold", "limit_shown"))
        yield {**facts, **row(curve, "people", curve.threshold)}
        for line in curve.arms:
            yield {**facts, **row(curve, line.arm, line.threshold), "gap": line.gap}


def _curves(card: Scorecard) -> Iterator[Row]:
    for curve in card.curves:
        for point in curve.people:
            told = _flat(point, without=("shown",))
            yield {"scenario": curve.scenario, "who": "people", **told}
        lines = [("people, fitted", curve.fitted), *((one.arm, one.points) for one in curve.arms)]
        for who, points in lines:
            for value, rate in points:
                yield {"scenario": curve.scenario, "who": who, "value": value, "rate": rate}


def _factors(card: Scorecard) -> Iterator[Row]:
    for row in card.factors:
        for cell in row.cells:
            yield {**_flat(row), **_flat(cell, without=("shift_shown",))}


def _paths(card: Scorecard) -> Iterator[Row]:
    for row in card.paths:
        yield {**_flat(row), "together": "; ".join(row.together)}
        for choice in row.choices:
            yield {"arm": row.arm, "against": row.against, **_flat(choice)}


def _groups(card: Scorecard) -> Iterator[Row]:
    for row in card.groups:
        yield {**_flat(row), "who": "people"}
        for one in row.arms:
            told = _flat(one, without=("arm",))
            yield {"column": row.column, "value": row.value, "who": one.arm, **told}


def _money(card: Scorecard) -> Iterator[Row]:
    for one in card.money:
        facts = {**_flat(one), "policies": "; ".join(one.policies), "prices": card.prices}
        for row in one.arms:
            yield {**facts, "arm": row.arm, "reference": row.reference, **_flat(row.costs)}


def _panels(card: Scorecard) -> Iterator[Row]:
    for one in card.panels:
        yield {**_flat(one), "who": "people"}
        for row in one.arms:
            told = _flat(row, without=("arm",))
            yield {"panel": one.panel, "against": one.against, "who": row.arm, **told}


def _lessons(card: Scorecard) -> Iterator[Row]:
    if card.teaching:
        yield from map(_flat, card.teaching.rows)


def _lesson_contrasts(card: Scorecard) -> Iterator[Row]:
    if card.teaching:
        facts = {"by": card.teaching.by, "margin": card.teaching.margin}
        for one in card.teaching.contrasts:
            yield {**_flat(one), "within_seeds": one.within_seeds, **facts}


TABLES: Mapping[str, Callable[[Scorecard], Iterator[Row]]] = {
    "people": _people,
    "arms": _arms,
    "calibration": _calibration,
    "leans": _leans,
    "thresholds": _thresholds,
    "curves": _curves,
    "factors": _factors,
    "teaching": _lessons,
    "teaching_contrasts": _lesson_contrasts,
    "readings": lambda card: map(_flat, card.readings),
    "contrasts": lambda card: map(_flat, card.contrasts),
    "paths": _paths,
    "raters": lambda card: map(_flat, card.raters),
    "groups": _groups,
    "requesters": lambda card: map(_flat, card.requesters),
    "money": _money,
    "panels": _panels,
    "breakage": lambda card: map(_flat, card.breakage.rows if card.breakage else ()),
    "reasons": lambda card: map(_flat, card.reasons),
    "disagreements": lambda card: map(_flat, card.disagreements),
    "failures": lambda card: map(_flat, card.run.failures if card.run else ()),
}
"""Each table by the name of its file."""
