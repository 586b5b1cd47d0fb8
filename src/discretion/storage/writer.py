"""The writer: one thread that commits what it is handed, many rows at a time."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from discretion.storage.engine import explanation, transaction
from discretion.storage.entries import PreparedRow
from discretion.storage.log import write

_LONGEST_WAIT = 0.05
"""Seconds a row waits for company; the commit itself has the rest of a tenth of a second."""

_GROUP = 700
"""Rows that are committed without waiting any longer."""

_MOST_WAITING = 800
"""Rows in memory at which whoever hands over more waits. With the group that is being written it
bounds what a kill can take: about a tenth of a second of a model that answers at once, where the
event loop would otherwise leave this thread behind. A slow disk must not fill memory either."""


Batch = tuple[Sequence[PreparedRow], list[bool] | None]
"""The rows of one call, and where to say which of them were new."""


class Writer:
    """Commits rows in the order in which they were handed over, a transaction per group.

    What one call handed over is never split over two transactions. After an error nothing more
    is taken: every later call raises, so that no row is lost without a word.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        lock = threading.Lock()
        self._work = threading.Condition(lock)
        self._done = threading.Condition(lock)
        self._queue: list[Batch] = []
        self._waiting = 0
        """Rows in the queue."""
        self._since = 0.0
        """When the first of them came."""
        self._handed = self._taken = self._settled = self._wanted = 0
        """Calls so far whose rows were handed over, left the queue, are on disk, are waited for."""
        self._closing = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="discretion-writer", daemon=True)
        self._thread.start()

    def hand(self, rows: Sequence[PreparedRow], fresh: list[bool] | None = None) -> None:
        """Take rows to be committed soon; `fresh` is then told which of them were new."""
        with self._done:
            while self._waiting >= _MOST_WAITING and self._error is None:
                self._done.wait()
            self._check()
            if not self._queue:
                self._since = time.monotonic()
                self._work.notify()
            self._queue.append((rows, fresh))
            self._handed += 1
            self._waiting += len(rows)
            if self._waiting >= _GROUP:
                self._work.notify()

    def flush(self) -> None:
        """Wait until everything handed over so far is on disk."""
        with self._done:
            wanted = self._wanted = self._handed
            self._work.notify()
            while self._settled < wanted and self._error is None:
                self._done.wait()
            self._check()

    def close(self) -> None:
        """Commit what is waiting and end the thread."""
        with self._work:
            self._closing = True
            self._work.notify()
        self._thread.join()
        if self._error is not None:
            self._check()

    def _check(self) -> None:
        if isinstance(self._error, DBAPIError | sqlite3.Error):
            raise explanation(self._error, self._path) from self._error
        if self._error is not None:
            raise RuntimeError("the storage writer stopped") from self._error
        if self._closing:
            raise ValueError("the store is closed")

    def _run(self) -> None:
        try:
            with self._engine.connect() as connection:
                while group := self._next_group():
                    with transaction(connection):
                        fresh = write(connection, [row for rows, _ in group for row in rows])
                    self._settle(group, fresh)
        except Exception as error:
            with self._done:
                self._error = error
                self._queue.clear()
                self._done.notify_all()

    def _next_group(self) -> list[Batch]:
        """Everything in the queue, once it is long or old enough; empty when closing."""
        with self._work:
            while not self._queue and not self._closing:
                self._work.wait()
            while not self._due() and (left := self._since + _LONGEST_WAIT - time.monotonic()) > 0:
                self._work.wait(left)
            group, self._queue = self._queue, []
            self._taken = self._handed
            self._waiting = 0
            self._done.notify_all()
            return group

    def _due(self) -> bool:
        return self._closing or self._waiting >= _GROUP or self._wanted > self._taken

    def _settle(self, group: list[Batch], fresh: list[bool]) -> None:
        start = 0
        for rows, sink in group:
            if sink is not None:
                sink += fresh[start : start + len(rows)]
            start += len(rows)
        with self._done:
            self._settled += len(group)
            self._done.notify_all()
