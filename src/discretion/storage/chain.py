"""The hash chain: what each row commits to, and how a whole log is verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection

GENESIS = "0" * 64
"""The head of an empty log."""

ERASURE = "erasure"
"""Kind of the entries that excuse a missing personal part; their key is the erased row's seq."""

_MOST_PROBLEMS = 20


def commitment_to(salt: bytes, payload: bytes) -> str:
    """What the chain keeps of a personal part: nothing that can be guessed without the salt."""
    return sha256(salt + payload).hexdigest()


def link(
    previous: bytes, kind: bytes, grouping: bytes, key: bytes, body: bytes, commitment: bytes
) -> str:
    """A row's hash. Lengths stand before the fields, so that no two rows read the same;
    `commitment` is empty where there is no personal part."""
    return sha256(
        b"%b%d:%b%d:%b%d:%b%d:%b%b"
        % (
            previous,
            len(kind),
            kind,
            len(grouping),
            grouping,
            len(key),
            key,
            len(body),
            body,
            commitment,
        )
    ).hexdigest()


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of checking a log from its first row to its last."""

    entries: int
    erased: int
    """Personal parts that are gone, with an erasure in their place."""
    head: str
    """Hash of the last row."""
    problems: tuple[str, ...]
    """What is wrong, the first 20; empty where the log is as it was written."""

    @property
    def ok(self) -> bool:
        return not self.problems


def verify_log(connection: Connection, head: str | None) -> Verification:
    """Recompute the chain, and the commitment of every personal part that is there.

    `connection` is in a transaction, so that one state of the log is checked. A `head` noted
    earlier must occur in the chain: without it, rows cut off the end cannot be missed.
    """
    walk = _Walk(head)
    problems = list(islice(walk.problems(connection), _MOST_PROBLEMS))
    return Verification(walk.seq, len(walk.erased), _text(walk.previous), tuple(problems))


class _Stored(NamedTuple):
    """A row of the log with its personal part, as `_ROWS` selects it."""

    seq: int
    kind: bytes
    grouping: bytes
    key: bytes
    body: bytes
    commitment: bytes | None
    hash: bytes
    salt: bytes | None
    payload: bytes | None


class _Walk:
    """A walk along the chain; its memory grows with the erasures alone."""

    def __init__(self, head: str | None) -> None:
        self.seq = 0
        self.previous = GENESIS.encode()
        self.erased: set[int] = set()
        self._head = head
        self._head_seen = head in (None, GENESIS)
        self._missing: set[int] = set()

    def problems(self, connection: Connection) -> Iterator[str]:
        for (damage,) in connection.exec_driver_sql("PRAGMA integrity_check"):
            if damage != "ok":
                yield f"the database file is damaged: {damage}"
        for row in connection.exec_driver_sql(_ROWS):
            yield from self._step(_Stored(*row))
        for seq in sorted(self._missing - self.erased):
            yield f"row {seq}: the personal part is missing and no erasure says why"
        for seq in sorted(self.erased - self._missing):
            yield f"row {seq}: an erasure is recorded, but the personal part is not gone"
        for (seq,) in connection.exec_driver_sql(_STRAY_PAYLOADS):
            yield f"row {seq}: a personal part that no row commits to"
        if not self._head_seen:
            yield f"the head {self._head} is not in the log: rows were cut off or rewritten"

    def _step(self, row: _Stored) -> Iterator[str]:
        seq, commitment = row.seq, row.commitment
        linked = (row.kind, row.grouping, row.key, row.body, commitment or b"")
        if seq != self.seq + 1:
            yield f"row {seq}: it follows row {self.seq}"
        if link(self.previous, *linked) != _text(row.hash):
            yield f"row {seq}: its hash is not that of its contents and the row before"
        if row.salt is None or row.payload is None or row.payload.isspace():
            if commitment is not None:
                self._missing.add(seq)
        elif commitment_to(row.salt, row.payload) != _text(commitment or b""):
            yield f"row {seq}: the personal part is not the one that was written"
        if row.kind == ERASURE.encode() and row.key.isdigit():
            self.erased.add(int(row.key))
        self.seq = seq
        self.previous = row.hash
        self._head_seen = self._head_seen or _text(row.hash) == self._head


def _text(digits: bytes) -> str:
    # A changed byte need not be UTF-8 any more.
    return digits.decode(errors="replace")


_ROWS = """
    SELECT e.seq, CAST(e.kind AS BLOB), CAST(e.grouping AS BLOB), CAST(e.key AS BLOB),
           CAST(e.body AS BLOB), CAST(e.commitment AS BLOB), CAST(e.hash AS BLOB),
           CAST(p.salt AS BLOB), CAST(p.payload AS BLOB)
    FROM entries e LEFT JOIN payloads p ON p.seq = e.seq
    ORDER BY e.seq
"""

_STRAY_PAYLOADS = """
    SELECT p.seq FROM payloads p LEFT JOIN entries e ON e.seq = p.seq
    WHERE e.commitment IS NULL ORDER BY p.seq
"""
