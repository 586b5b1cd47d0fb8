"""Tuned models: folders in a workspace that training left there, found by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.models.folder import NOTES, read_notes

PREFIX = "tuned:"
"""Before the name of a tuned model, where it is asked."""
FOLDER = "models"
"""Of a workspace, where its tuned models are."""
UNFINISHED = ".unfinished"
"""Ends the name of a folder in which a training keeps its checkpoints."""


def tuned_names(workspace: Path) -> list[str]:
    """The tuned models of a workspace, without their prefix."""
    folders = (workspace / FOLDER).glob(f"*/{NOTES}")
    return sorted(f.parent.name for f in folders if not f.parent.name.endswith(UNFINISHED))


def tuned_settings(workspace: Path, name: str) -> dict[str, Any]:
    """The settings by which a tuned model is loaded; what else they are stands in its notes.

    Raises:
        DiscretionError: there is no such model.
    """
    path = workspace / FOLDER / name
    if name not in tuned_names(workspace):
        known = ", ".join(PREFIX + one for one in tuned_names(workspace)) or "none yet"
        raise DiscretionError(
            f"there is no tuned model {PREFIX + name!r}",
            where=str(path.parent),
            mend=f"tuned models here: {known}; make one with: discretion tune",
        )
    return {"path": str(path.resolve())}


def notes_of(workspace: Path) -> dict[str, dict[str, Any]]:
    """What the tuned models of a workspace say of themselves, by name without prefix."""
    return {name: read_notes(workspace / FOLDER / name) for name in tuned_names(workspace)}


def base_of(workspace: Path, name: str) -> str:
    """The name of the model that it was tuned from."""
    return str(read_notes(workspace / FOLDER / name).get("base", {}).get("model", ""))


def seen_by(workspace: Path, name: str) -> frozenset[str]:
    """The ids of the cases on which a model was tuned, or that stood beside those."""
    return frozenset(read_notes(workspace / FOLDER / name).get("seen", ()))


def held_out_from(workspace: Path, name: str) -> tuple[str, frozenset[str]]:
    """By what groups were held out from a model's training, and which."""
    held = read_notes(workspace / FOLDER / name).get("hold_out", {})
    return str(held.get("by", "")), frozenset(held.get("held", ()))
