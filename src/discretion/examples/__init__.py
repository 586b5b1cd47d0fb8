"""Example workspaces: complete folders that `discretion init` copies."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from discretion.errors import DiscretionError

TEMPLATE = "template"
"""The workspace that starts empty: each folder holds one file to copy, none is in force."""


def names() -> tuple[str, ...]:
    """The examples that `copy` knows, beside `TEMPLATE`, in alphabetical order."""
    return tuple(name for name in _folders() if name != TEMPLATE)


def copy(name: str, target: Path) -> None:
    """Copy an example, or `TEMPLATE`, into `target`, which is made where it is missing.

    Raises:
        DiscretionError: there is no such example, `target` is not an empty folder, or it cannot be
            written.
    """
    source = _folders().get(name)
    if source is None:
        raise DiscretionError(
            f"there is no example {name!r}", fix=f"choose one of: {', '.join(names())}"
        )
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise DiscretionError(
                "is not an empty folder", where=str(target), fix="choose a new name"
            )
        _copy(source, target)
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(target), fix="choose another place"
        ) from error


def _folders() -> dict[str, Traversable]:
    found = {item.name: item for item in files(__name__).iterdir()}
    return {name: found[name] for name in sorted(found) if _is_workspace(found[name])}


def _is_workspace(item: Traversable) -> bool:
    return item.is_dir() and item.joinpath("discretion.toml").is_file()


def _copy(source: Traversable, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for item in source.iterdir():
        if item.is_dir():
            _copy(item, target / item.name)
        else:
            (target / item.name).write_bytes(item.read_bytes())
