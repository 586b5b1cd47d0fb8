"""Entries: what goes into the log, what comes back, and the row in between."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from discretion.canonical import plain_decimal
from discretion.errors import DiscretionError
from discretion.storage.chain import commitment_to


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to be kept for good, under a name that is its own in the log."""

    kind: str
    key: str
    """With kind and grouping, the entry's name. It stays in the chain: never put a person in it."""
    body: Mapping[str, Any]
    """The fields that stay: JSON values, and amounts, which come back as decimal strings."""
    personal: Mapping[str, Any] | None = None
    """The fields that can be erased; None where there are none."""
    grouping: str = ""
    """What the entry belongs to, such as a run's id; empty where it stands alone."""


@dataclass(frozen=True, slots=True)
class StoredEntry(Entry):
    """An entry as it is read back."""

    seq: int = 0
    """Its place in the log, from 1."""
    erased: bool | None = False
    """Whether its personal part was erased; None where that part was not asked for."""


class PreparedRow(NamedTuple):
    """An entry made ready: all that is left is its place in the chain."""

    kind: str
    grouping: str
    key: str
    body: str
    commitment: str | None
    salt: bytes | None
    payload: str | None

    @property
    def name(self) -> tuple[str, str, str]:
        return self.kind, self.grouping, self.key


def row_of(entry: Entry) -> PreparedRow:
    """The row of an entry; ValueError or TypeError where a value has no JSON form."""
    if not _is_text(entry.kind + entry.grouping + entry.key):
        raise DiscretionError(
            f"{entry.kind} {entry.key!r} is not a name that can be stored",
            fix="leave out NUL characters and halves of surrogate pairs",
        )
    body = _encode(entry.body)
    if entry.personal is None:
        return PreparedRow(entry.kind, entry.grouping, entry.key, body, None, None, None)
    salt = os.urandom(16)
    payload = _encode(entry.personal)
    commitment = commitment_to(salt, payload.encode())
    return PreparedRow(entry.kind, entry.grouping, entry.key, body, commitment, salt, payload)


def entries_of(rows: Iterable[Sequence[Any]]) -> list[StoredEntry]:
    """The entries of rows of the log: seq, kind, grouping, key, body, whether it has a personal
    part, and that part, left out where it was not asked for."""
    found = list(rows)
    bodies = _decoded([row[4] for row in found])
    kept = [_kept(*row[5:]) for row in found]
    personal = iter(_decoded([text for text, _ in kept if text is not None]))
    return [
        StoredEntry(
            row[1], row[3], body, None if text is None else next(personal), row[2], row[0], erased
        )
        for row, body, (text, erased) in zip(found, bodies, kept, strict=True)
    ]


def _kept(committed: int, *payload: str | None) -> tuple[str | None, bool | None]:
    """The personal part as text, None where there is none, and whether it was erased; None where
    it was not asked for."""
    if not committed:
        return None, False
    if not payload:
        return None, None
    text = payload[0]
    return (None, True) if text is None or text.isspace() else (text, False)


def _decoded(texts: Sequence[str]) -> list[Any]:
    """What each text holds. All are decoded at once, in half the time; one by one where one is
    damaged, so that its own error comes up."""
    with suppress(ValueError):
        values: list[Any] = json.loads(f"[{','.join(texts)}]")
        if len(values) == len(texts):
            return values
    return [json.loads(text) for text in texts]


def _is_text(name: str) -> bool:
    try:
        return b"\0" not in name.encode()
    except UnicodeEncodeError:
        return False


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


# Canonical like canonical_json, twice as fast, and in ASCII: whatever text a model writes, half
# a surrogate pair too, can be hashed and kept.
_encode = json.JSONEncoder(
    sort_keys=True, allow_nan=False, separators=(",", ":"), default=_plain
).encode
