"""JSON lines: one object a line, its keys the columns."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.importing.rows import Row, Table, empty, named_header
from discretion.importing.textfiles import lines_of


def read_jsonlines(path: Path, *, encoding: str) -> Table:
    """The table in a file of JSON lines. It is read twice: every object may bring new keys."""
    keys: dict[str, None] = {}
    wrong = empty(path)
    with closing(_objects(path, encoding)) as objects:
        for number, found, fault in objects:
            keys.update(dict.fromkeys(found))
            if fault and not keys:
                wrong = DiscretionError(
                    fault[0], where=f"{path}:{number}", mend='write one {"column": value} a line'
                )
    if not keys:
        raise wrong
    header = named_header(tuple(keys), str(path))
    return Table(path, header, _rows(path, encoding, tuple(keys)))


def _rows(path: Path, encoding: str, keys: tuple[str, ...]) -> Generator[Row, None, None]:
    for number, found, fault in _objects(path, encoding):
        if fault:
            yield Row(number, [fault[1]], fault[0])
        else:
            yield Row(number, [found.get(key, "") for key in keys])


def _objects(
    path: Path, encoding: str
) -> Generator[tuple[int, dict[str, str], tuple[str, str] | None], None, None]:
    """Each line's object as text by key, or what is wrong with it and the line itself."""
    for number, line in lines_of(path, encoding):
        if not line.strip():
            continue
        try:
            # Numbers stay as they are written: 0.10 is not 0.1, and ids may be long.
            value = json.loads(
                line,
                parse_float=str,
                parse_int=str,
                parse_constant=str,
                object_pairs_hook=_once,
            )
        except (ValueError, RecursionError) as error:
            reason = str(error).split(":")[0] if isinstance(error, ValueError) else "too deep"
            yield number, {}, (f"the line is no JSON object ({reason})", line.strip())
            continue
        if isinstance(value, dict):
            found = {key: _cell(item) for key, item in value.items()}
            if "\\ud" in line.lower() and not _is_text(found):
                yield number, {}, ("the line holds half a character (\\ud...)", line.strip())
            else:
                yield number, found, None
        else:
            yield number, {}, ("the line is no JSON object", line.strip())


def _is_text(found: dict[str, str]) -> bool:
    try:
        "".join((*found, *found.values())).encode()
    except UnicodeEncodeError:
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _cell(item: Any) -> str:
    if isinstance(item, str):
        return item.strip()
    return "" if item is None else json.dumps(item, ensure_ascii=False)
