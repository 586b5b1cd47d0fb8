"""The store: everything a workspace must remember, in one append-only log."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from discretion.errors import DiscretionError
from discretion.storage import log
from discretion.storage.chain import ERASURE, Verification, verify_log
from discretion.storage.engine import engine_at, explained, transaction
from discretion.storage.entries import Entry, PreparedRow, StoredEntry, row_of
from discretion.storage.migrations import migrate
from discretion.storage.writer import Writer

_PAGE = 500
"""Entries in memory while many are read."""

_KEYS = 10_000
"""Keys in memory while many are read."""

_MANY = 2_000
"""Entries that one call hands to the writer; more are written a part at a time."""


class Store:
    """A workspace's log: entries are appended and read, never changed.

    An entry's name is its kind, grouping and key; appending a name again changes nothing.
    Threads and processes may share a log. Every method raises DiscretionError where the file
    cannot be used: locked for long, a full disk, damaged.
    """

    def __init__(self, path: Path) -> None:
        """Open the database file, which is made where there is none; its folder must exist. Where
        it cannot be written, it is read, and every attempt to append raises."""
        self.path = path
        self._engine = engine_at(path)
        try:
            with self._connection() as connection:
                migrate(connection, path)
                if not path.exists():
                    # In memory, where nothing can be kept: writing must fail, not be lost.
                    connection.exec_driver_sql("PRAGMA query_only = ON")
        except BaseException:
            self._engine.dispose()
            raise
        self._writer = Writer(self._engine, path)
        # What nobody closed is closed when the program ends: until its last connection is, SQLite
        # keeps what was written in a second file, and whoever copied the log would lose it.
        self._left_open = weakref.finalize(self, _let_go, self._writer, self._engine)

    def append(self, entries: Iterable[Entry]) -> list[bool]:
        """Store entries, all or none, and say which were new; they are on disk on return.

        Many are made ready and written a part at a time, so that memory stays flat: entries may
        come from a generator, which is run while other writers wait.
        """
        coming = iter(entries)
        first = list(islice(coming, _MANY + 1))
        if len(first) > _MANY:
            return self._append_parts(chain(first, coming))
        fresh: list[bool] = []
        self._writer.hand(_rows(first), fresh)
        self._writer.flush()
        return fresh

    def _append_parts(self, entries: Iterator[Entry]) -> list[bool]:
        """In one transaction of their own, behind everything that was put before."""
        self.flush()
        fresh: list[bool] = []
        with self._connection() as connection, transaction(connection):
            while part := list(islice(entries, _MANY)):
                fresh += log.write(connection, _rows(part))
        return fresh

    def put(self, *entries: Entry) -> None:
        """Hand entries to the writer, which commits them, all or none, within a tenth of a
        second, in the order of the calls.

        Waits only where the disk is far behind. An error comes up at a later call.
        """
        self._writer.hand(_rows(entries))

    def flush(self) -> None:
        """Wait until everything put so far is on disk."""
        self._writer.flush()

    def get(self, kind: str, grouping: str, key: str) -> StoredEntry | None:
        """The entry of that name, or None. What was put is seen once it is on disk."""
        return next(self.find(kind, [key], grouping), None)

    def find(
        self, kind: str, keys: Iterable[str], grouping: str = "", *, personal: bool = True
    ) -> Iterator[StoredEntry]:
        """Those of the named entries that there are, in the order of the keys.

        Without `personal` that part stays unread, which is much faster where it is long.
        """
        remaining = iter(keys)
        while chunk := list(islice(remaining, _PAGE)):
            with self._connection() as connection:
                found = log.named(connection, kind, grouping, chunk, personal)
            yield from found

    def has(self, kind: str, keys: Iterable[str], grouping: str = "") -> set[str]:
        """Those of the keys that are stored."""
        with self._connection() as connection:
            return log.taken_keys(connection, kind, grouping, keys)

    def entries(
        self, kind: str, grouping: str | None = None, *, personal: bool = True
    ) -> Iterator[StoredEntry]:
        """The entries of a kind, of one grouping or of all, in the order of the log.

        Read page by page, so that memory stays flat and writers are not held up; what is
        appended meanwhile is read too.
        """
        after = 0
        while True:
            with self._connection() as connection:
                page = log.page(connection, kind, grouping, after, _PAGE, personal)
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].seq

    def panels(self, kind: str) -> list[str]:
        """The panels of a kind's entries, in the order in which they came."""
        with self._connection() as connection:
            return log.panels(connection, kind)

    def of_panel(self, kind: str, panel: str) -> Iterator[StoredEntry]:
        """A panel's entries of a kind, in the order of the log; no other panel's are read."""
        with self._connection() as connection:
            places = log.places_of(connection, kind, panel)
        for start in range(0, len(places), _PAGE):
            with self._connection() as connection:
                page = log.placed(connection, places[start : start + _PAGE], personal=True)
            yield from page

    def decided(self, kind: str) -> dict[str, int]:
        """How often each case was decided on in judgments, tallies or decisions, whichever
        ``kind`` is; cases in the order of the log."""
        with self._connection() as connection:
            return log.decided(connection, kind)

    def keys(self, kind: str, grouping: str = "") -> Iterator[str]:
        """The keys of a kind's entries in one grouping, sorted; read page by page, from the index
        alone."""
        after: str | None = None
        while True:
            with self._connection() as connection:
                page = log.sorted_keys(connection, kind, grouping, after, _KEYS)
            yield from page
            if len(page) < _KEYS:
                return
            after = page[-1]

    def count(self, kind: str | None = None, grouping: str | None = None) -> int:
        """How many entries there are: all, of a kind, of a grouping."""
        with self._connection() as connection:
            return log.number(connection, kind, grouping)

    def erase(self, kind: str, grouping: str, key: str, why: str) -> bool:
        """Overwrite an entry's personal part, and record that and why; the chain still verifies.

        False, and nothing recorded, where there is no personal part or it is already gone.
        DiscretionError where there is no such entry.
        """
        self.flush()
        entry = self.get(kind, grouping, key)
        if entry is None:
            raise DiscretionError(
                f"there is no {kind} {key!r} to erase", where=str(self.path), fix="check its name"
            )
        record = Entry(
            ERASURE,
            str(entry.seq),
            {"kind": kind, "grouping": grouping, "key": key, "why": why},
        )
        with self._connection() as connection:
            with transaction(connection):
                erased = log.forget(connection, entry.seq)
                if erased:
                    log.write(connection, [row_of(record)])
            if erased:
                # Until then the write-ahead log holds the pages as they were.
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    def head(self) -> str:
        """Hash of the last row: whoever notes it can tell later whether rows were cut off."""
        with self._connection() as connection:
            return log.tail(connection)[1]

    def verify(self, head: str | None = None) -> Verification:
        """Check every row against the chain, and that a `head` noted earlier is still in it."""
        with self._connection() as connection, transaction(connection, "DEFERRED"):
            return verify_log(connection, head)

    def close(self) -> None:
        """Commit what was put, and let go of the file."""
        self._left_open.detach()
        try:
            self._writer.close()
        finally:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except Exception:
            # An error that is already on its way out is not hidden behind the writer's.
            if error is None:
                raise

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with explained(self.path), self._engine.connect() as connection:
            yield connection


def _let_go(writer: Writer, engine: Engine) -> None:
    # An error was said to whoever waited for what it kept from being written.
    with suppress(DiscretionError, RuntimeError):
        writer.close()
    engine.dispose()


def _rows(entries: Iterable[Entry]) -> list[PreparedRow]:
    rows = [row_of(entry) for entry in entries]
    if any(row.kind == ERASURE for row in rows):
        raise ValueError("erasures are written by Store.erase alone")
    return rows
