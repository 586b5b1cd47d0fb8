"""Entries: what goes into the log, what comes back, and the row in between."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
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


class Row(NamedTuple):
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


def row_of(entry: Entry) -> Row:
    """The row of an entry; ValueError or TypeError where a value has no JSON form."""
    if not _is_text(entry.kind + entry.grouping + entry.key):
        raise DiscretionError(
            f"{entry.kind} {entry.key!r} is not a name that can be stored",
            mend="leave out NUL characters and halves of surrogate pairs",
        )
    body = _encode(entry.body)
    if entry.personal is None:
        return Row(entry.kind, entry.grouping, entry.key, body, None, None, None)
    salt = os.urandom(16)
    payload = _encode(entry.personal)
    commitment = commitment_to(salt, payload.encode())
    return Row(entry.kind, entry.grouping, entry.key, body, commitment, salt, payload)


def entry_of(
    seq: int, kind: str, grouping: str, key: str, body: str, committed: int, *payload: str | None
) -> StoredEntry:
    """The entry of a row of the log; `payload` is left out where it was not asked for."""
    personal = None
    erased: bool | None = False
    if committed and not payload:
        erased = None
    elif committed:
        text = payload[0]
        erased = text is None or text.isspace()
        personal = None if text is None or erased else json.loads(text)
    return StoredEntry(kind, key, json.loads(body), personal, grouping, seq, erased)


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
