"""A scorecard for programs: JSON, and one CSV file for every table."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.scorecards import Scorecard

TABLES = ("arms", "untaught", "curves", "factors", "contrasts", "disagreements")


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
    """Write every table that has a row as CSV; nested parts become columns with dotted names, or
    rows of a file of their own.

    Raises:
        DiscretionError: a file cannot be written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            rows = [_flat(to_json(row)) for row in getattr(card, name)]
            if rows:
                written.append(_write(folder / f"{name}.csv", rows))
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(folder), mend="name another folder"
        ) from error
    return written


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({name: neutral(cell) for name, cell in row.items()} for row in rows)
    return path


def neutral(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula, quoted; everything else as it is."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{cell}"
    return cell


def _flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                label = item.get("name") or item.get("arm") if isinstance(item, Mapping) else None
                inner = item if isinstance(item, Mapping) else {"": item}
                flat.update(_flat(inner, f"{prefix}{name}.{label or index}."))
        else:
            flat[f"{prefix}{name}".rstrip(".")] = value
    return flat
