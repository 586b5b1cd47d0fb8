"""Models that a provider made: what a tuned folder says of how they are asked, and where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError

SERVED = "endpoint.json"
"""In the folder of a tuned model that is not here, but at a provider."""
VERSION = 1
ADDRESS = (
    "base_url",
    "model",
    "key_env",
    "headers",
    "query",
    "system",
    "reasoning",
    "max_tokens",
    "top_logprobs",
    "body",
    "reads_twin",
    "price_in",
    "price_out",
    "currency",
)
"""What is written down of how it is asked. A key is none of it: its variable is named."""
LIMITS = ("key_env", "timeout_s", "attempts", "max_in_flight", "requests_per_minute", "currency")
"""What its base may say anew in discretion.toml, as long as it is at the same address."""


def served(folder: Path) -> dict[str, Any] | None:
    """What a folder says of a model at a provider; None where its weights are here.

    Raises:
        DiscretionError: it cannot be read.
    """
    path = folder / SERVED
    if not path.exists():
        return None
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if read["version"] != VERSION:
            raise ValueError(
                f"it is of version {read['version']}, and this program reads {VERSION}"
            )
        settings = read["settings"]
        if not (isinstance(settings, dict) and settings["base_url"] and settings["model"]):
            raise ValueError("it names no model")
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise DiscretionError(
            f"cannot be read: {error}", where=str(path), fix="tune again, or restore the file"
        ) from error
    found: dict[str, Any] = read
    return found


def served_settings(found: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The settings by which a model at a provider is asked, as ``[models.NAME]`` would have them.

    Args:
        found: what its folder says.
        base: what ``[models.NAME]`` says of the model that it was tuned from; empty where there is
            none any more.
    """
    settings = {"kind": found["kind"], **found["settings"]}
    if base.get("base_url") != settings["base_url"]:
        return settings
    settings |= {name: base[name] for name in LIMITS if name in base}
    for name in ("price_in", "price_out"):
        price = base.get(name.replace("price_", "price_tuned_"), base.get(name))
        settings |= {} if price is None else {name: price}
    return settings
