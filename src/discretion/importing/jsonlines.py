"""JSON: one object a line, or a list of objects; their keys, and dotted paths, are the columns."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Sized
from contextlib import closing
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.importing.nested import RepeatedError, flat, listed
from discretion.importing.rows import Table, TableRow, Typed, empty, named_header
from discretion.importing.textfiles import found_encoding, lines_of, unreadable

MOST_BYTES = 512_000_000
"""Of a document that is read in one piece."""
MOST_COLUMNS = 5_000


def read_jsonlines(path: Path, *, encoding: str) -> Table:
    """The table in a file of JSON lines. It is read twice: every object may bring new keys."""
    keys: dict[str, None] = {}
    wrong = empty(path)
    with closing(_objects(path, encoding)) as objects:
        for number, found, fault in objects:
            keys.update(dict.fromkeys(found))
            _check_width(keys, path)
            if fault and not keys:
                wrong = DiscretionError(
                    fault[0], where=f"{path}:{number}", fix='write one {"column": value} a line'
                )
    if not keys:
        raise wrong
    header = named_header(tuple(keys), str(path))
    return Table(path, header, _under(_objects(path, encoding), tuple(keys)))


Found = tuple[int, dict[str, str], tuple[str, str] | None]
"""A line's number, its object as text by path, or what is wrong with it and the line itself."""


def read_json(path: Path, *, encoding: str) -> Table:
    """The table in a JSON document: a list of objects, or an object that holds one such list."""
    text = "".join(line for _, line in _pieces(path, encoding))
    if not text.strip():
        raise empty(path)
    try:
        items = listed(_loaded(text))
    except (ValueError, RecursionError) as error:
        if "\n" in text.strip() and "Extra data" in str(error):
            return read_jsonlines(path, encoding=encoding)
        raise DiscretionError(
            f"is not JSON ({error})" if isinstance(error, ValueError) else "is too deep",
            where=str(path),
            fix="write a list of objects: [{...}, {...}]",
        ) from error
    del text
    found = [_found(number, item, str(item)[:200]) for number, item in enumerate(items, start=1)]
    keys = dict.fromkeys(key for _, cells, _ in found for key in cells)
    if not keys:
        raise DiscretionError(
            "holds no list of objects", where=str(path), fix="write it like [{...}, {...}]"
        )
    _check_width(keys, path)
    return Table(path, named_header(tuple(keys), str(path)), _under(found, tuple(keys)))


def _pieces(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
    if size > MOST_BYTES:
        raise DiscretionError(
            f"holds {size / 1e6:,.0f} MB, more than {MOST_BYTES / 1e6:,.0f} MB in one piece",
            where=str(path),
            fix="save it as JSON lines (.jsonl), which are read one at a time",
        )
    return lines_of(path, found_encoding(path, encoding)[0], longest=MOST_BYTES)


def _under(found: Iterable[Found], keys: tuple[str, ...]) -> Generator[TableRow, None, None]:
    for number, cells, fault in found:
        if fault:
            yield TableRow(number, [fault[1]], fault[0])
        else:
            yield TableRow(number, [cells.get(key, "") for key in keys])


def _loaded(text: str) -> Any:
    """A JSON value. Numbers stay as they are written: 0.10 is not 0.1, and ids may be long."""
    return json.loads(
        text, parse_float=Typed, parse_int=str, parse_constant=str, object_pairs_hook=_once
    )


def _objects(path: Path, encoding: str) -> Generator[Found, None, None]:
    for number, line in lines_of(path, found_encoding(path, encoding)[0]):
        if not line.strip():
            continue
        try:
            value = _loaded(line)
        except (ValueError, RecursionError) as error:
            reason = str(error).split(":")[0] if isinstance(error, ValueError) else "too deep"
            yield number, {}, (f"the line is no JSON object ({reason})", line.strip())
            continue
        yield _found(number, value, line)


def _found(number: int, value: Any, line: str) -> Found:
    if not isinstance(value, dict):
        return number, {}, ("the line is no JSON object", line.strip())
    try:
        cells = flat(value)
    except RepeatedError as error:
        return number, {}, (f"the line holds {error}", line.strip())
    if not _is_text(cells):
        return number, {}, ("the line holds half a character (\\ud...)", line.strip())
    return number, cells, None


def _check_width(keys: Sized, path: Path) -> None:
    """Raise where every object has keys of its own, as one by people's ids has."""
    count = len(keys)
    if count > MOST_COLUMNS:
        raise DiscretionError(
            f"has {count:,} columns, more than {MOST_COLUMNS:,}",
            where=str(path),
            fix="give all objects the same keys",
        )


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
