"""The log's statements: a group of rows is written, rows are looked up and read back.

Python lets go of its lock at every step of a statement and may wait 5 ms to get it back while
an event loop is busy, so that writing row by row would starve. Hence many rows a statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from discretion.storage.chain import GENESIS, link
from discretion.storage.entries import PreparedRow, StoredEntry, entries_of
from discretion.storage.migrations import CASE, DECIDED, PANEL

_ROWS_A_STATEMENT = (512, 64, 8, 1)
"""Few sizes, so that the driver keeps every statement compiled."""


def write(connection: Connection, rows: Sequence[PreparedRow]) -> list[bool]:
    """Append the rows that are not there yet, and say which were new.

    `connection` is in an IMMEDIATE transaction: the row the chain goes on from stays the last.
    """
    taken = _taken(connection, rows)
    seq, previous = tail(connection)
    fresh: list[bool] = []
    entries: list[Any] = []
    payloads: list[Any] = []
    for row in rows:
        new = row.name not in taken
        fresh.append(new)
        if not new:
            continue
        taken.add(row.name)
        kind, grouping, key, body, commitment, salt, payload = row
        seq += 1
        previous = link(
            previous.encode(),
            kind.encode(),
            grouping.encode(),
            key.encode(),
            body.encode(),
            (commitment or "").encode(),
        )
        entries += (seq, kind, grouping, key, body, commitment, previous)
        if payload is not None:
            payloads += (seq, salt, payload)
    _insert(connection, "entries", 7, entries)
    _insert(connection, "payloads", 3, payloads)
    return fresh


def tail(connection: Connection) -> tuple[int, str]:
    """Place and hash of the last row."""
    last = connection.exec_driver_sql("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")
    row = last.first()
    return (0, GENESIS) if row is None else (row[0], row[1])


def taken_keys(connection: Connection, kind: str, grouping: str, keys: Iterable[str]) -> set[str]:
    """Those of the keys that are in the log."""
    found = connection.exec_driver_sql(
        f"SELECT json_group_array(e.key) FROM {_NAMED}", (json.dumps(list(keys)), kind, grouping)
    )
    return set(json.loads(found.scalar_one()))


def named(
    connection: Connection, kind: str, grouping: str, keys: Sequence[str], personal: bool
) -> list[StoredEntry]:
    """The entries of the keys that are in the log, in the order of the keys."""
    columns, join = _columns(personal)
    found = connection.exec_driver_sql(
        f"SELECT {columns} FROM {_NAMED} {join}", (json.dumps(keys), kind, grouping)
    )
    return entries_of(found.all())


def page(
    connection: Connection, kind: str, grouping: str | None, after: int, size: int, personal: bool
) -> list[StoredEntry]:
    """The next `size` entries of a kind, and of a grouping unless it is None."""
    columns, join = _columns(personal)
    index = "entries_by_kind" if grouping is None else "entries_by_grouping"
    match = "e.kind = ?" if grouping is None else "e.kind = ? AND e.grouping = ?"
    names = (kind,) if grouping is None else (kind, grouping)
    found = connection.exec_driver_sql(
        f"SELECT {columns} FROM entries e INDEXED BY {index} {join}"
        f" WHERE {match} AND e.seq > ? ORDER BY e.seq LIMIT ?",
        (*names, after, size),
    )
    return entries_of(found.all())


def placed(connection: Connection, places: Sequence[int], personal: bool) -> list[StoredEntry]:
    """The entries at these places of the log, in the order of the places."""
    columns, join = _columns(personal)
    found = connection.exec_driver_sql(
        f"SELECT {columns} FROM json_each(?) wanted CROSS JOIN entries e ON e.seq = wanted.value"
        f" {join}",
        (json.dumps(places),),
    )
    return entries_of(found.all())


def panels(connection: Connection, kind: str) -> list[str]:
    """The panels of a kind's entries, in the order in which they came."""
    found = connection.exec_driver_sql(
        f"SELECT {PANEL} FROM entries WHERE {DECIDED} AND kind = ? AND {PANEL} IS NOT NULL"
        f" GROUP BY {PANEL} ORDER BY min(seq)",
        (kind,),
    )
    return list(found.scalars())


def places_of(connection: Connection, kind: str, panel: str) -> list[int]:
    """The places of a panel's entries of a kind, in order."""
    found = connection.exec_driver_sql(
        f"SELECT seq FROM entries WHERE {DECIDED} AND kind = ? AND {PANEL} = ?", (kind, panel)
    )
    # Sorted here: asked for in order, SQLite would walk all of the kind's rows, which are in it.
    return sorted(found.scalars().all())


def decided(connection: Connection, kind: str) -> dict[str, int]:
    """How often each case was decided on in a kind's entries; cases in the order of the log."""
    found = connection.exec_driver_sql(
        "SELECT about, sum(times) FROM"
        f" (SELECT {CASE} AS about, count(*) AS times, min(seq) AS first FROM entries"
        f" WHERE {DECIDED} AND kind = ? GROUP BY {PANEL}, {CASE})"
        " WHERE about IS NOT NULL GROUP BY about ORDER BY min(first)",
        (kind,),
    )
    return {row[0]: row[1] for row in found}


def sorted_keys(
    connection: Connection, kind: str, grouping: str, after: str | None, size: int
) -> list[str]:
    """The next `size` keys of a kind and grouping, from the first where `after` is None."""
    further, name = ("", ()) if after is None else ("AND e.key > ?", (after,))
    found = connection.exec_driver_sql(
        f"SELECT e.key FROM entries e WHERE e.kind = ? AND e.grouping = ? {further}"
        " ORDER BY e.key LIMIT ?",
        (kind, grouping, *name, size),
    )
    return list(found.scalars().all())


def number(connection: Connection, kind: str | None, grouping: str | None) -> int:
    """How many entries there are."""
    names = {"kind": kind, "grouping": grouping}
    given = {column: name for column, name in names.items() if name is not None}
    match = " AND ".join(f"{column} = ?" for column in given) or "TRUE"
    found = connection.exec_driver_sql(
        f"SELECT count(*) FROM entries WHERE {match}", tuple(given.values())
    )
    return int(found.scalar_one())


def forget(connection: Connection, seq: int) -> bool:
    """Overwrite a row's personal part with blanks; False where there is none any more.

    The length stays, so that SQLite writes over the old bytes where they lie. Deleting rows
    would make it rebalance pages, which leaves copies of the neighbors in the slack.
    """
    blanked = connection.exec_driver_sql(
        "UPDATE payloads SET salt = zeroblob(16), payload = printf('%*s', length(payload), '')"
        " WHERE seq = ? AND trim(payload) != ''",
        (seq,),
    )
    return blanked.rowcount == 1


def _taken(connection: Connection, rows: Sequence[PreparedRow]) -> set[tuple[str, str, str]]:
    names = sorted({row.name for row in rows})
    return {
        (kind, grouping, key)
        for (kind, grouping), group in groupby(names, key=lambda name: name[:2])
        for key in taken_keys(connection, kind, grouping, [name[2] for name in group])
    }


def _insert(connection: Connection, table: str, width: int, values: list[Any]) -> None:
    """Insert `len(values) / width` rows, given flat."""
    start = 0
    row = f"({','.join('?' * width)})"
    for rows in _ROWS_A_STATEMENT:
        statement = f"INSERT INTO {table} VALUES {','.join([row] * rows)}"
        while start + rows * width <= len(values):
            connection.exec_driver_sql(statement, tuple(values[start : start + rows * width]))
            start += rows * width


def _columns(personal: bool) -> tuple[str, str]:
    columns = "e.seq, e.kind, e.grouping, e.key, e.body, e.commitment IS NOT NULL"
    if personal:
        return f"{columns}, p.payload", "LEFT JOIN payloads p ON p.seq = e.seq"
    return columns, ""


_NAMED = """json_each(?) wanted CROSS JOIN entries e
    ON e.kind = ? AND e.grouping = ? AND e.key = wanted.value"""
