"""Models: what continues or scores text. One file per kind.

Another package adds a kind by an entry point in the group ``discretion.models`` that names a
function ``(name, settings, folder) -> Model``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from discretion.core.arms import Model
from discretion.errors import DiscretionError, missing_extra
from discretion.models.agents import AS_IS
from discretion.models.agents import KINDS as AGENTS

GROUP = "discretion.models"
BUILT_IN = "tiny"
"""The model that ships with the package; it reads only twins."""
BUILT_IN_FOLDER = Path(__file__).parent / BUILT_IN

Kind = Callable[[str, Mapping[str, Any], Path], Model]
"""Makes a model from its name, its settings without ``kind``, and the folder where relative
paths start."""


def load_model(
    name: str, settings: Mapping[str, Any] | None = None, folder: Path = Path()
) -> Model:
    """The model of that name.

    Args:
        settings: what ``[models.NAME]`` says of it; ``kind`` is ``folder`` unless it says more.
            The built-in ``tiny`` needs none.
        folder: where a relative ``path`` starts.

    Raises:
        DiscretionError: the settings are wrong, the folder is not allowed, or an extra is missing.
    """
    settings = dict(settings or {})
    if name == BUILT_IN and "path" not in settings and "kind" not in settings:
        settings |= {"path": str(BUILT_IN_FOLDER), "reads_twin": True}
    kind = str(settings.pop("kind", "folder"))
    kinds = _kinds()
    if kind in AGENTS:
        raise DiscretionError(
            f"{name!r} is an agent, and agents are asked as they run",
            where=f"[models.{name}]",
            fix=f"use it as {name}/{AS_IS}, or name a model",
        )
    if kind not in kinds:
        close = difflib.get_close_matches(kind, kinds, 1)
        raise DiscretionError(
            f"there is no kind of model {kind!r}",
            where=f"[models.{name}] kind",
            fix=f"did you mean {close[0]!r}?" if close else f"use one of: {', '.join(kinds)}",
        )
    return kinds[kind](name, settings, folder)


def _folder(name: str, settings: Mapping[str, Any], folder: Path) -> Model:
    from pydantic import ValidationError

    from discretion.models.adapters import find_base
    from discretion.models.folder import is_adapter, read_notes
    from discretion.models.loading import Settings
    from discretion.models.local import LocalModel

    if find_spec("torch") is None or find_spec("transformers") is None:
        raise missing_extra("local", f"the model {name!r}")
    try:
        checked = Settings.model_validate(dict(settings))
        path = folder / checked.path.expanduser()
        # A tuned folder knows how its base was asked; what is set here goes before it.
        notes = read_notes(path)
        # It was taught complete answers, unless it says otherwise.
        noted = {"form": "end", **notes.get("settings", {})} if notes else {}
        checked = Settings.model_validate({**noted, **settings, "path": path})
        base = None
        if is_adapter(path):
            said = checked.base
            base = find_base(name, path, folder) if said is None else folder / said.expanduser()
        checked = checked.model_copy(update={"base": base})
    except ValidationError as invalid:
        raise _mistake(name, invalid.errors()[0], tuple(Settings.model_fields)) from invalid
    return LocalModel(name, checked)


def _endpoint(sdk: str, module: str, dialect: str) -> Kind:
    """A kind of endpoint: how it is spoken to, and the SDK that this takes, named as its extra."""

    def load(name: str, settings: Mapping[str, Any], folder: Path) -> Model:
        from discretion.models.endpoint import Endpoint
        from discretion.models.endpoint_settings import read_endpoint_settings

        if find_spec(sdk) is None:
            raise missing_extra(sdk, f"the model {name!r}")
        spoken = getattr(import_module(f"discretion.models.{module}"), dialect)
        return Endpoint(name, read_endpoint_settings(name, settings), spoken())

    return load


_BUILT_IN_KINDS: dict[str, Kind] = {
    "folder": _folder,
    "openai": _endpoint("openai", "openai", "OpenAIDialect"),
    "anthropic": _endpoint("anthropic", "anthropic", "AnthropicDialect"),
    "decisions": _endpoint("openai", "decisions", "DecisionsDialect"),
    "systemone": _endpoint("openai", "decisions", "SystemOneDialect"),
}


def _kinds() -> dict[str, Kind]:
    return _BUILT_IN_KINDS | {point.name: point.load() for point in entry_points(group=GROUP)}


def _mistake(name: str, error: Mapping[str, Any], known: tuple[str, ...]) -> DiscretionError:
    key = ".".join(str(step) for step in error["loc"])
    where = f"[models.{name}] {key}"
    if error["type"] == "missing":
        return DiscretionError("is missing", where=where, fix="add it")
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, known, 1)
        fix = f"did you mean {close[0]!r}?" if close else f"use one of: {', '.join(known)}"
        return DiscretionError("is no setting of a model folder", where=where, fix=fix)
    what = str(error["msg"]).replace("Input should", "should", 1)
    return DiscretionError(f"{what}, not {error['input']!r}", where=where)
