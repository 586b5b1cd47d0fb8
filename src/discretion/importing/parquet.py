"""Parquet: a file of typed columns, read a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from discretion.canonical import plain_decimal
from discretion.errors import DiscretionError, missing_extra
from discretion.importing.cells import iso
from discretion.importing.nested import RepeatedError, flat
from discretion.importing.rows import Table, TableRow, Typed, empty, named_header
from discretion.importing.textfiles import unreadable

_ROWS = 1_000


def read_parquet(path: Path) -> Table:
    """The table in a Parquet file. It is read twice: an object may have other keys in each row."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise missing_extra("parquet", "reading Parquet") from error
    try:
        with path.open("rb") as file:
            file.read(1)
        keys: dict[str, None] = {}
        with parquet.ParquetFile(path) as opened:
            if not any(pyarrow.types.is_nested(one.type) for one in opened.schema_arrow):
                keys = dict.fromkeys(opened.schema_arrow.names)
        if not keys:
            for found in _objects(path):
                keys.update(dict.fromkeys(found))
    except OSError as error:
        raise unreadable(path, error) from error
    except pyarrow.ArrowException as error:
        raise DiscretionError(
            "is not a Parquet file that can be read",
            where=str(path),
            fix="write it again, or save it as CSV",
        ) from error
    if not keys:
        raise empty(path)
    return Table(path, named_header(tuple(keys), str(path)), _rows(path, tuple(keys)))


def _rows(path: Path, keys: tuple[str, ...]) -> Generator[TableRow, None, None]:
    for number, found in enumerate(_objects(path), start=1):
        cells = [found.get(key, "") for key in keys]
        if any(cells):
            yield TableRow(number, cells)


def _objects(path: Path) -> Generator[dict[str, str], None, None]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as opened:
        for batch in opened.iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist(maps_as_pydicts="strict"):
                try:
                    yield flat(_written(row))
                except RepeatedError as error:
                    raise DiscretionError(
                        f"holds {error}", where=str(path), fix="rename one of them"
                    ) from error


def _written(item: Any) -> Any:
    """A value as a text file would hold it."""
    if isinstance(item, Mapping):
        return {key: _written(one) for key, one in item.items()}
    if isinstance(item, list):
        return [_written(one) for one in item]
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, float):
        if item != item:  # NaN: how data frames say that there is nothing.
            return None
        plain = item.is_integer() and abs(item) < 1e15
        return str(int(item)) if plain else Typed(repr(float(f"{item:.15g}")))
    if isinstance(item, int):
        return str(item)
    if isinstance(item, Decimal):
        return Typed(plain_decimal(item))
    if isinstance(item, datetime):
        return iso(item)
    if isinstance(item, date | time):
        return item.isoformat()
    if isinstance(item, bytes):
        return item.decode("utf-8", "replace")
    return item if item is None or isinstance(item, str) else str(item)
