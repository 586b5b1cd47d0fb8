"""Extracts: rows of a log, taken out as they stand, and put at their places in a log of their own.

A log made of an extract is read by whatever reads a log. It has gaps, so `verify_log` would not
pass it: its rows are checked against the hashes that are kept with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from discretion.storage.engine import engine_at, explained, transaction
from discretion.storage.migrations import migrate

_PAGE = 2_000


class Placed(NamedTuple):
    """A row of the log, with its place and its hash."""

    seq: int
    kind: str
    grouping: str
    key: str
    body: str
    """JSON."""
    commitment: str | None
    """None where there never was a personal part."""
    hash: str
    salt: bytes | None
    """None where the personal part is not there whole."""
    payload: str | None
    """The personal part, JSON; blank where it was erased, None where it was left out."""


def hashes(path: Path) -> list[str]:
    """The hash of every row of a log, in order."""
    engine = engine_at(path)
    try:
        with explained(path), engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT hash FROM entries ORDER BY seq")
            return list(found.scalars())
    finally:
        engine.dispose()


def placed(path: Path, places: Iterable[int]) -> Iterator[Placed]:
    """The rows of a log at these places, in order; the places that are there."""
    wanted = iter(sorted(set(places)))
    engine = engine_at(path)
    try:
        while page := list(islice(wanted, _PAGE)):
            with explained(path), engine.connect() as connection:
                rows = connection.exec_driver_sql(_ROWS, (json.dumps(page),)).all()
            yield from (Placed(*row) for row in rows)
    finally:
        engine.dispose()


def restore(path: Path, rows: Iterable[Placed]) -> None:
    """Make a log of these rows, at the places that they had; no two have one place or name."""
    engine = engine_at(path)
    try:
        with explained(path), engine.connect() as connection:
            migrate(connection, path)
            with transaction(connection):
                coming = iter(rows)
                while page := list(islice(coming, _PAGE)):
                    _put(connection, page)
    finally:
        engine.dispose()


def _put(connection: Connection, rows: list[Placed]) -> None:
    connection.exec_driver_sql(
        "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", [tuple(row[:7]) for row in rows]
    )
    payloads = [(row.seq, row.salt or b"", row.payload) for row in rows if row.payload is not None]
    if payloads:
        connection.exec_driver_sql("INSERT INTO payloads VALUES (?, ?, ?)", payloads)


_ROWS = """
    SELECT e.seq, e.kind, e.grouping, e.key, e.body, e.commitment, e.hash, p.salt, p.payload
    FROM json_each(?) wanted JOIN entries e ON e.seq = wanted.value
    LEFT JOIN payloads p ON p.seq = e.seq
    ORDER BY e.seq
"""
