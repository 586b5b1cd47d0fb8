"""The SQLite engine of one workspace: how it is opened, written to, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from discretion.errors import DiscretionError

_PATIENCE_MS = 30_000
"""How long a process waits for another one's transaction."""


def engine_at(path: Path) -> Engine:
    """An engine whose connections commit by themselves, except within `transaction`.

    Where the file or its folder cannot be written it only reads; a file that is not there either
    is an empty log in memory.
    """
    # Statements' parameters hold personal data: they stay out of error messages.
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "hide_parameters": True}
    writable = is_writable(path)
    if not writable and not path.exists() and path.parent.is_dir():
        return create_engine(
            "sqlite://",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            **options,
        )
    engine = create_engine(URL.create("sqlite", **_database(path, writable)), **options)
    event.listen(engine, "connect", _prepare if writable else _prepare_reading)
    return engine


def is_writable(path: Path) -> bool:
    """Whether rows can be added: SQLite writes files beside the database, too."""
    places = [path.parent, *([path] if path.exists() else [])]
    return all(os.access(place, os.W_OK) for place in places)


def is_whole(path: Path) -> bool:
    """Whether the database is all in its file: rows that somebody is just adding stand in a second
    one. A whole database can be read as immutable, even where SQLite could not lock it, and leaves
    no file beside it."""
    pending = path.with_name(f"{path.name}-wal")
    return not pending.exists() or not pending.stat().st_size


def _database(path: Path, writable: bool) -> dict[str, Any]:
    if writable or not path.exists():
        return {"database": str(path.absolute())}
    query = {"mode": "ro", "uri": "true", **({"immutable": "1"} if is_whole(path) else {})}
    return {"database": path.absolute().as_uri(), "query": query}


def _prepare_reading(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
    connection.execute("PRAGMA cache_size = -32768")


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Whatever SQLite frees or moves, it overwrites.
    connection.execute("PRAGMA secure_delete = ON")
    # Answers' keys are hashes and land all over their index: keep 32 MB of it at hand.
    connection.execute("PRAGMA cache_size = -32768")


@contextmanager
def transaction(connection: Connection, mode: str = "IMMEDIATE") -> Iterator[None]:
    """All or nothing. IMMEDIATE takes the write lock first, so that what is read in it holds
    until it is committed; DEFERRED reads one state of the log."""
    connection.exec_driver_sql(f"BEGIN {mode}")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        # After some errors, a full disk among them, SQLite has already rolled back by itself.
        driver = connection.connection.driver_connection
        if driver is not None and driver.in_transaction:
            connection.exec_driver_sql("ROLLBACK")
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the database's errors into ones that say what to do."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise explanation(error, path) from error


def explanation(error: DBAPIError | sqlite3.Error, path: Path) -> DiscretionError:
    origin = error.orig if isinstance(error, DBAPIError) else error
    # The low byte is the error's family: an IO error has some thirty kinds.
    code = getattr(origin, "sqlite_errorcode", 0) & 0xFF
    what, fix = _MEANINGS.get(code, (f"the database failed: {origin}", ""))
    return DiscretionError(what, where=str(path), fix=fix)


_MEANINGS = {
    sqlite3.SQLITE_FULL: (
        "the disk is full",
        "free some space and repeat; what was stored is whole, and nothing is half written",
    ),
    sqlite3.SQLITE_BUSY: (
        f"another process has been writing to the database for {_PATIENCE_MS // 1000} seconds",
        "let it end and repeat",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the database cannot be opened",
        "check that its folder exists and that you may write in it",
    ),
    sqlite3.SQLITE_READONLY: (
        "the database cannot be written to",
        "make the file and its folder writable for you",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk failed while the database was read or written",
        "check the disk and the space left on it, then repeat",
    ),
    sqlite3.SQLITE_NOTADB: (
        "the file is not a Discretion database",
        "move it away, or restore it from a backup",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the database file is damaged",
        "restore it from a backup",
    ),
}
