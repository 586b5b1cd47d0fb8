"""Rows: how rows of the log stand in an evidence folder, a line of JSON each, and are read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.storage.extract import Placed

FILES: Mapping[str, tuple[str, ...]] = {
    "plans.jsonl": ("tuning plan",),
    "runs.jsonl": ("run", "run end", "case list"),
    "policies.jsonl": ("policy", "scenario"),
    "cases.jsonl": ("case",),
    "judgments.jsonl": ("judgment", "tally"),
    "answers.jsonl": ("answer", "used", "failure"),
    "trainings.jsonl": ("tuned", "settings tried", "measured"),
}
"""Which kinds of rows stand in which file."""
OTHERS = "others.jsonl"
"""Rows of other kinds: erasures, and the last row of the log, whose hash is the head."""
ROWS = (*FILES, OTHERS)

ERASED = " "
"""A personal part that was erased, as the log has it."""

# As the log writes it, so that what is read back has the hash that it had.
encode = json.JSONEncoder(sort_keys=True, allow_nan=False, separators=(",", ":")).encode

_FILE = {kind: file for file, kinds in FILES.items() for kind in kinds}


def write_rows(folder: Path, rows: Iterable[Placed]) -> None:
    """Write each row into the file of its kind."""
    streams = {name: (folder / name).open("w", encoding="utf-8") for name in ROWS}
    try:
        for row in rows:
            streams[_FILE.get(row.kind, OTHERS)].write(_line(row) + "\n")
    finally:
        for stream in streams.values():
            stream.close()


def read_rows(folder: Path) -> Iterator[tuple[str, Placed]]:
    """(where it stands, row) of all files.

    Raises:
        DiscretionError: a file is not there, or a line is no row.
    """
    for name in ROWS:
        try:
            with (folder / name).open(encoding="utf-8") as stream:
                for number, line in enumerate(stream, 1):
                    yield f"{name}:{number}", _row(line, f"{name}:{number}")
        except (OSError, UnicodeDecodeError) as error:
            raise DiscretionError("cannot be read", where=name) from error


def _line(row: Placed) -> str:
    said: dict[str, Any] = {
        "seq": row.seq,
        "kind": row.kind,
        "grouping": row.grouping,
        "key": row.key,
        "body": json.loads(row.body),
        "hash": row.hash,
    }
    if row.commitment is not None:
        said["commitment"] = row.commitment
        said["erased"] = row.payload == ERASED
        said["personal"] = None if row.payload in (None, ERASED) else json.loads(row.payload or "")
    if row.salt is not None:
        said["salt"] = row.salt.hex()
    return encode(said)


def _row(line: str, where: str) -> Placed:
    try:
        said = json.loads(line, parse_constant=_no_number)
        personal, salt = said.get("personal"), said.get("salt")
        row = Placed(
            seq=_place(said["seq"]),
            kind=_text(said["kind"]),
            grouping=_text(said["grouping"]),
            key=_text(said["key"]),
            body=encode(said["body"]),
            commitment=None if said.get("commitment") is None else _text(said["commitment"]),
            hash=_text(said["hash"]),
            salt=None if salt is None else bytes.fromhex(salt),
            payload=_payload(personal, erased=bool(said.get("erased"))),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DiscretionError("is no row of a log", where=where) from error
    return row


def _payload(personal: Any, *, erased: bool) -> str | None:
    if erased:
        return ERASED
    return None if personal is None else encode(personal)


def _place(said: Any) -> int:
    if not isinstance(said, int):
        raise TypeError(f"{said!r} is no place in a log")
    return said


def _text(said: Any) -> str:
    if not isinstance(said, str):
        raise TypeError(f"{said!r} is no text")
    said.encode()  # Half a surrogate pair is no text either.
    return said


def _no_number(said: str) -> Any:
    raise ValueError(f"{said} is no number")
