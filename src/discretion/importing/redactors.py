"""Redactors: processes beside this one that look for personal data, where a file is long.

Each is a child that reads and writes lines of JSON: nothing is pickled, the program that imports
this package is not run again, and they end when it ends. What they say is what this process would
have said; what one of them fails to do is done here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from discretion.errors import DiscretionError
from discretion.importing.redaction import Ready, Redacted, Texts, redact_both
from discretion.importing.rows import TableRow

_ALONE = 5_000_000
"""Letters of a file that are redacted here before others are called: about a second's work."""
_CHUNK = 500
"""Rows that are handed over together."""
_MOST = 4
"""More processes would wait for this one."""
_SERVE = "import sys; sys.path.insert(0, sys.argv[1]); import {0}; {0}.serve()"
_HERE = Path(__file__).parents[2]
"""Where this very version of the package is imported from."""

NOT_READY: Ready = (None, None)


def processors() -> int:
    """How many redactors this machine has use for."""
    if hasattr(os, "sched_getaffinity"):
        return min(_MOST, len(os.sched_getaffinity(0)))
    return min(_MOST, os.cpu_count() or 1)


def looked_at(
    rows: Iterable[TableRow], texts: Callable[[TableRow], Texts], count: int
) -> Generator[tuple[TableRow, Ready], None, None]:
    """Each row with what came of its texts; not ready while the file may be a short one, where a
    text came before, and always where fewer than two processes are to work."""
    coming = iter(rows)
    letters = 0
    for row in coming:
        yield row, NOT_READY
        letters += sum(map(len, row.cells))
        if letters > _ALONE and count > 1:
            break
    yield from _shared_out(coming, texts, count)


def _shared_out(
    rows: Iterator[TableRow], texts: Callable[[TableRow], Texts], count: int
) -> Iterator[tuple[TableRow, Ready]]:
    waiting: deque[tuple[list[TableRow], Future[list[Ready]]]] = deque()
    seen: set[int] = set()
    more, broken = True, None
    with ExitStack() as stack:
        crew = None
        while more:
            chunk: list[TableRow] = []
            try:
                for row in islice(rows, _CHUNK):
                    chunk.append(row)
            except DiscretionError as error:
                broken = error
            more = len(chunk) == _CHUNK and broken is None
            if chunk:
                crew = crew or stack.enter_context(_Crew(count))
                asked = [_once(texts(row), seen) for row in chunk]
                waiting.append((chunk, crew.redact(asked)))
            while waiting and (not more or len(waiting) > 2 * count):
                rows_of, ready = waiting.popleft()
                yield from zip(rows_of, ready.result(), strict=True)
    if broken is not None:
        raise broken


def _once(texts: Texts, seen: set[int]) -> Texts:
    """Nothing for a text that came before: most likely its case is known."""
    name = hash(texts[0])
    if texts[0] is not None and name in seen:
        return None, None
    seen.add(name)
    return texts


class _Crew:
    """Redactors, and a thread for each that waits for it."""

    def __init__(self, count: int) -> None:
        self._idle: SimpleQueue[_Redactor] = SimpleQueue()
        self._all = [_Redactor() for _ in range(count)]
        for one in self._all:
            self._idle.put(one)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="discretion-redactor")

    def redact(self, asked: list[Texts]) -> Future[list[Ready]]:
        return self._threads.submit(self._by_the_next, asked)

    def _by_the_next(self, asked: list[Texts]) -> list[Ready]:
        one = self._idle.get()
        try:
            return one.redact(asked)
        finally:
            self._idle.put(one)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for one in self._all:
            one.end()


class _Redactor:
    """One child; where it cannot be started, or fails once, its work is done here."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        serve = _SERVE.format(__name__)
        with suppress(OSError):
            self._child = subprocess.Popen(  # noqa: S603  # this very program
                [sys.executable, "-P", "-c", serve, str(_HERE)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )

    def redact(self, asked: list[Texts]) -> list[Ready]:
        try:
            return self._answer(asked)
        except (OSError, ValueError, TypeError):
            self.end()
            return [redact_both(texts) for texts in asked]

    def _answer(self, asked: list[Texts]) -> list[Ready]:
        if self._child is None or self._child.stdin is None or self._child.stdout is None:
            raise OSError("there is no child")
        self._child.stdin.write(json.dumps(asked).encode() + b"\n")
        self._child.stdin.flush()
        said = json.loads(self._child.stdout.readline())
        if len(said) != len(asked):
            raise ValueError("not every text was answered")
        return [(_read(text), _read(explanation)) for text, explanation in said]

    def end(self) -> None:
        if self._child is None:
            return
        self._child.kill()
        with suppress(OSError):
            self._child.communicate()
        self._child = None


def _read(said: list[object] | None) -> Redacted | None:
    return None if said is None else Redacted(*said)  # type: ignore[arg-type]


def serve() -> None:
    """What a child does: redact each line's texts until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent is told, and ends it.
    for line in sys.stdin.buffer:
        ready = [
            [one and (one.text, one.marks, one.found) for one in redact_both(texts)]
            for texts in json.loads(line)
        ]
        sys.stdout.buffer.write(json.dumps(ready).encode() + b"\n")
        sys.stdout.buffer.flush()
