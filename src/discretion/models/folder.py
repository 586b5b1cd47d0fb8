"""A local folder in Hugging Face's layout: checked and hashed before anything in it is loaded."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

from discretion.canonical import digest
from discretion.errors import DiscretionError

PICKLED = frozenset({".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"})
"""Files that run code when they are loaded. They are refused, even beside good weights."""
NOTES = "discretion.json"
"""What a tuned folder says of itself: from what it was tuned, and how it is to be asked."""
HASHED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
"""Weights, configuration, tokenizer and chat template."""
FIXED_DATE = date(2024, 7, 26)
"""The day on which every chat template that asks for one is rendered."""


def check_folder(path: Path) -> None:
    """Refuse what is no complete model, and what could run code.

    Raises:
        DiscretionError: says what is missing or not allowed, and the mend.
    """
    where = str(path)
    if not path.is_dir():
        raise DiscretionError("there is no such model folder", where=where, mend="check the path")
    files = sorted(file for file in path.iterdir() if file.is_file())
    if pickled := [file.name for file in files if file.suffix.lower() in PICKLED]:
        raise DiscretionError(
            f"the model folder holds a pickle, {pickled[0]}, and loading one can run any code",
            where=where,
            mend="convert the weights to safetensors and remove it",
        )
    if (path / "adapter_config.json").exists():
        raise DiscretionError(
            "the folder is an adapter and not a whole model",
            where=where,
            mend="merge it into its base model and save that",
        )
    if not (path / "config.json").exists():
        raise DiscretionError(
            "the model folder has no config.json",
            where=where,
            mend="name the folder that save_pretrained wrote",
        )
    if not any(file.suffix == ".safetensors" for file in files):
        raise DiscretionError(
            "the model folder has no *.safetensors weights",
            where=where,
            mend="save the model with safe serialization",
        )
    for name in ("config.json", "tokenizer_config.json"):
        if "auto_map" in _object(path / name):
            raise DiscretionError(
                "the model wants to run code of its own (auto_map)",
                where=str(path / name),
                mend="use a model that transformers knows by itself",
            )


def fingerprint_folder(path: Path, settings: Any) -> str:
    """SHA-256 over every file that can change what the model says, and over `settings`; and over
    the fixed date where the chat template asks for one."""
    files = sorted({file for pattern in HASHED for file in path.glob(pattern)})
    hashes = {}
    for file in files:
        with file.open("rb") as stream:
            hashes[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    dated = [FIXED_DATE.isoformat()] if _asks_for_date(path) else []
    return digest((hashes, settings, *dated))


def _asks_for_date(path: Path) -> bool:
    """Whether the chat template reads the clock, or takes a date without one of its own."""
    files = [*path.glob("*.jinja"), *path.glob("tokenizer_config.json")]
    sources = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    return any("strftime_now" in source or takes_date(source) for source in sources)


def takes_date(template: str) -> bool:
    """Whether a chat template needs to be handed a date: one with a date of its own keeps it."""
    return "date_string" in template and not re.search(r"set\s+date_string\b", template)


def read_notes(path: Path) -> dict[str, Any]:
    """What a tuned folder says of itself; empty for any other folder."""
    return _object(path / NOTES)


def _object(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DiscretionError(
            "is no valid JSON", where=str(path), mend="copy the model folder again"
        ) from error
    return read if isinstance(read, dict) else {}
