"""`discretion.toml`: what a workspace is called, which models it knows, who is simulated."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from discretion.core.policies import Described
from discretion.errors import DiscretionError


class Simulated(Described):
    """Simulated people who judge an example's cases; they are called simulated everywhere."""

    panel: str
    """Name of the panel they make."""
    judges: str
    """Which of the simulation's panels they are drawn from."""
    raters: int = Field(default=24, ge=1)
    """How many of them there are; each judges every case."""
    seed: int = 0


class About(Described):
    """What the workspace is called."""

    name: str = ""
    """The heading of its reports; by default the folder's name."""


class WorkspaceSettings(Described):
    """`discretion.toml`."""

    workspace: About = About()
    models: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Models by name: ``[models.qwen]`` with ``path = "…"`` and what that kind of model takes."""
    simulated: Simulated | None = None
    """Who judges the cases of an example when it is made."""


def read_settings(path: Path) -> WorkspaceSettings:
    """The settings in a TOML file.

    Raises:
        DiscretionError: the file cannot be read, is no TOML, or sets what there is not.
    """
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DiscretionError(
            "cannot be read", where=str(path), fix="check that it is there and is UTF-8"
        ) from error
    try:
        return WorkspaceSettings.model_validate(tomllib.loads(written))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise DiscretionError(
            f"no valid TOML: {str(error).split(' (at')[0]}",
            where=f"{path}:{line[1]}" if line else str(path),
            fix="correct that line",
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        named = ".".join(str(step) for step in first["loc"])
        unknown = first["type"] == "extra_forbidden"
        raise DiscretionError(
            f"unknown setting {named!r}" if unknown else f"{named}: {first['msg']}",
            where=f"{path}:{_line_of(written, str(first['loc'][-1]))}",
            fix="remove it or correct its name" if unknown else "correct it",
        ) from error


def _line_of(written: str, key: str) -> int:
    """The first line that names a key; TOML readers do not keep lines."""
    for number, line in enumerate(written.splitlines(), 1):
        if re.match(rf"\s*\[?.*\b{re.escape(key)}\b", line.split("#")[0]):
            return number
    return 1
