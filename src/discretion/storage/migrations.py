"""Migrations: the schema as a list of small steps, each applied once, in order.

A step only adds, so that a database written by any release can be read by every later one. A
released step is never changed; `tests/storage/databases/` keeps a database of each release.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from discretion.errors import DiscretionError
from discretion.storage.engine import is_writable, transaction

Step = Callable[[Connection], None]

DECIDED = "kind IN ('judgment', 'tally', 'decision')"
"""Entries that say what was decided on a case."""
PANEL = "CASE WHEN json_valid(body) THEN json_extract(body, '$.panel') END"
"""The panel of such an entry; nothing for a system's decisions."""
CASE = "CASE WHEN json_valid(body) THEN json_extract(body, '$.case') END"
"""The case it is about. A damaged body has none: `verify` reports it, and nothing else stops."""
# SQLite uses an index on expressions where a statement has the very same ones: `log` takes these.

STEPS: list[Step] = []
"""In the order in which they are applied."""


def step(function: Step) -> Step:
    STEPS.append(function)
    return function


@step
def entries(connection: Connection) -> None:
    connection.exec_driver_sql("""
        CREATE TABLE entries (
            seq INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            grouping TEXT NOT NULL,
            key TEXT NOT NULL,
            body TEXT NOT NULL,
            commitment TEXT,
            hash TEXT NOT NULL,
            UNIQUE (kind, grouping, key)
        )
    """)
    connection.exec_driver_sql("CREATE INDEX entries_by_kind ON entries (kind)")
    connection.exec_driver_sql("CREATE INDEX entries_by_grouping ON entries (kind, grouping)")


@step
def payloads(connection: Connection) -> None:
    connection.exec_driver_sql("""
        CREATE TABLE payloads (
            seq INTEGER PRIMARY KEY,
            salt BLOB NOT NULL,
            payload TEXT NOT NULL
        )
    """)


@step
def decided_index(connection: Connection) -> None:
    connection.exec_driver_sql(
        f"CREATE INDEX decided ON entries (kind, {PANEL}, {CASE}) WHERE {DECIDED}"
    )


def migrate(connection: Connection, path: Path) -> None:
    """Bring the database up to this version; DiscretionError where it is not ours, or newer.

    A file that cannot be written stays as it is: what it lacks is an index, which only saves time.
    """
    unfinished = _missing(connection, path)
    if unfinished and not (path.exists() and not is_writable(path)):
        with transaction(connection):
            for step in _missing(connection, path):
                _apply(connection, step)


def _apply(connection: Connection, step: Step) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS schema (position INTEGER PRIMARY KEY, name TEXT NOT NULL)"
    )
    step(connection)
    connection.exec_driver_sql("INSERT INTO schema (name) VALUES (?)", (step.__name__,))


def _missing(connection: Connection, path: Path) -> list[Step]:
    tables = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'")
    names = set(tables.scalars())
    if not names:
        return STEPS
    if "schema" not in names:
        raise DiscretionError(
            "the file is a database of another program", where=str(path), fix="name another file"
        )
    applied = connection.exec_driver_sql("SELECT name FROM schema ORDER BY position").scalars()
    known = [step.__name__ for step in STEPS]
    done = list(applied)
    if done != known[: len(done)]:
        raise DiscretionError(
            "the database was written by a newer version of Discretion",
            where=str(path),
            fix="upgrade: pip install --upgrade discretion",
        )
    return STEPS[len(done) :]
