"""The folder: its manifest, the hash of every file in it, and what else stands beside the rows."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import discretion
from discretion.errors import DiscretionError

MANIFEST = "manifest.json"
CHAIN = "chain.txt"
TABLES = "tables.json"
ENVIRONMENT = "environment.json"
CARD = "card.md"
NOTES = "notes.json"

FORMAT = 1
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder says of itself first."""

    format: int
    version: str
    """Of the program that wrote it."""
    made: str
    run: str
    panel: str
    """The people with whom arms are compared, as a name or an expression."""
    model: str
    """The tuned model that it is about, without its prefix; empty where it is about a run."""
    head: str
    """Hash of the log's last row."""
    entries: int
    """Rows in the log."""
    shown: Mapping[str, bool]
    """Whether texts of cases, explanations and prompts are in it, and every row of the log."""
    files: Mapping[str, str]
    """SHA-256 of every file but this one."""


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder but its manifest.

    Raises:
        DiscretionError: something in it is no plain file.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file():
            raise DiscretionError("is no plain file", where=path.name, fix="take it out")
        if path.name != MANIFEST:
            with path.open("rb") as stream:
                found[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def write_json(path: Path, value: Any) -> None:
    path.write_text(
        json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n",
        encoding="utf-8",
    )


def read_json(path: Path) -> Any:
    """Raises:
    DiscretionError: the file is not there, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DiscretionError("cannot be read", where=path.name) from error


def read_chain(folder: Path) -> list[str]:
    """The hash of every row of the log, in order.

    Raises:
        DiscretionError: the file is not there, or is no list of hashes.
    """
    try:
        return (folder / CHAIN).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DiscretionError("cannot be read", where=CHAIN) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    write_json(folder / MANIFEST, asdict(manifest))


def read_manifest(folder: Path) -> Manifest:
    """Raises:
    DiscretionError: the folder holds no evidence, or of a later version.
    """
    if not (folder / MANIFEST).is_file():
        raise DiscretionError(
            "there is no evidence here",
            where=str(folder),
            fix="name a folder with a manifest.json",
        )
    said = read_json(folder / MANIFEST)
    if isinstance(said, dict) and said.get("format") != FORMAT:
        raise DiscretionError(
            f"is evidence of format {said.get('format')}, and this version reads {FORMAT}",
            where=str(folder),
            fix="verify it with the version of Discretion that wrote it",
        )
    names = {part.name: part.type for part in fields(Manifest)}
    if not isinstance(said, dict) or said.keys() != names.keys():
        raise DiscretionError("is no manifest of evidence", where=MANIFEST)
    for name, value in said.items():
        wanted = {"int": int, "str": str}.get(str(names[name]), dict)
        if not isinstance(value, wanted):
            raise DiscretionError(f"{name!r} is not what it should be", where=MANIFEST)
    return Manifest(**said)


def environment() -> dict[str, str | None]:
    """On what the tables were computed."""
    return {
        "discretion": discretion.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: _version(name) for name in LIBRARIES},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
