"""Tuned models: folders in a workspace that training left there, found by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from discretion.errors import DiscretionError
from discretion.models import BUILT_IN, BUILT_IN_FOLDER
from discretion.models.adapters import base_name
from discretion.models.folder import NOTES, is_adapter, is_head, read_notes
from discretion.models.served import served, served_settings

Kind = Literal["folder", "adapter", "head"]
"""A whole model, or what is nothing without its base."""

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


def tuned_folder(workspace: Path, name: str) -> Path:
    """Where a tuned model is described, whether its weights are there or not.

    Raises:
        DiscretionError: there is no such model.
    """
    path = workspace / FOLDER / name
    if name not in tuned_names(workspace):
        known = ", ".join(PREFIX + one for one in tuned_names(workspace)) or "none yet"
        raise DiscretionError(
            f"there is no tuned model {PREFIX + name!r}",
            where=str(path.parent),
            fix=f"tuned models here: {known}; make one with: discretion tune",
        )
    return path


def kind_of(path: Path) -> Kind:
    """What lies in the folder of a tuned model whose weights are here."""
    if is_head(path):
        return "head"
    return "adapter" if is_adapter(path) else "folder"


def tuned_settings(
    workspace: Path, name: str, models: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """The settings by which a tuned model is asked; what else they are stands in its notes.

    A model at a provider is asked within the limits of the one that it was tuned from, a head names
    that one, and a folder is loaded where that one is, an adapter on top of it.

    Args:
        models: the settings of the workspace's models.

    Raises:
        DiscretionError: there is no such model.
    """
    path, models = tuned_folder(workspace, name), models or {}
    base = base_of(workspace, name)
    said = models.get(base, {})
    if (found := served(path)) is not None:
        return served_settings(found, said)
    if is_head(path):
        return {"head": str(path.resolve()), "base": base}
    asked = {key: said[key] for key in ("device", "threads") if key in said}
    return with_base(workspace, asked | {"path": str(path.resolve())}, models)


def with_base(
    workspace: Path, settings: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """A model's settings, which for an adapter of a known model name the folder of that.

    Args:
        settings: of any model.
        models: settings of the models that the workspace names.
    """
    found = dict(settings)
    if "path" not in found or not is_adapter(path := workspace / Path(found["path"]).expanduser()):
        return found
    name = str(found.get("base") or base_name(path))
    known = {BUILT_IN: {"path": str(BUILT_IN_FOLDER)}, **models}.get(name, {})
    return found | ({"base": known["path"]} if "path" in known else {})


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
