"""A local folder in Hugging Face's layout: checked and hashed before anything in it is loaded."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from discretion.canonical import digest
from discretion.errors import DiscretionError

PICKLED = frozenset({".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"})
"""Files that run code when they are loaded. They are refused, even beside good weights."""
NOTES = "discretion.json"
"""What a tuned folder says of itself: from what it was tuned, and how it is to be asked."""
HEAD = "head.json"
"""What a tuned folder holds that is a head, and no model by itself."""
ADAPTER = "adapter_config.json"
"""In the folder of an adapter, in place of config.json."""
HASHED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
"""Weights, configuration, tokenizer and chat template."""
LEGAL = ("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*")
"""What the maker of a model wants to stand beside it."""
LARGE = 10_000_000
"""Bytes from which on a file is hashed once as long as it does not change: adapters of one base all
ask for the hash of its weights."""
FIXED_DATE = date(2024, 7, 26)
"""The day on which every chat template that asks for one is rendered."""


def check_folder(path: Path) -> None:
    """Refuse what is no complete model, and what could run code.

    Raises:
        DiscretionError: says what is missing or not allowed, and the fix.
    """
    where = str(path)
    files = check_files(path)
    if is_adapter(path):
        raise DiscretionError(
            "the folder is an adapter and not a whole model",
            where=where,
            fix="write a whole model of it with: discretion models merge NAME FOLDER",
        )
    if not (path / "config.json").exists():
        raise DiscretionError(
            "the model folder has no config.json",
            where=where,
            fix="name the folder that save_pretrained wrote",
        )
    if not any(file.suffix == ".safetensors" for file in files):
        raise DiscretionError(
            "the model folder has no *.safetensors weights",
            where=where,
            fix="save the model with safe serialization",
        )
    for name in ("config.json", "tokenizer_config.json"):
        if "auto_map" in read_object(path / name):
            raise DiscretionError(
                "the model wants to run code of its own (auto_map)",
                where=str(path / name),
                fix="use a model that transformers knows by itself",
            )


def check_files(path: Path) -> list[Path]:
    """The files of a model folder.

    Raises:
        DiscretionError: there is no such folder, or a file of it could run code.
    """
    where = str(path)
    if not path.is_dir():
        raise DiscretionError("there is no such model folder", where=where, fix="check the path")
    files = sorted(file for file in path.iterdir() if file.is_file())
    if pickled := [file.name for file in files if file.suffix.lower() in PICKLED]:
        raise DiscretionError(
            f"the model folder holds a pickle, {pickled[0]}, and loading one can run any code",
            where=where,
            fix="convert the weights to safetensors and remove it",
        )
    return files


def is_adapter(path: Path) -> bool:
    """Whether a folder holds only what is added to a base model, which lies elsewhere."""
    return (path / ADAPTER).exists()


def fingerprint_folder(path: Path, settings: Any) -> str:
    """SHA-256 over every file that can change what the model says, and over `settings`; and over
    the fixed date where the chat template asks for one."""
    files = sorted({file for pattern in HASHED for file in path.glob(pattern)})
    hashes = {file.name: _hash(file) for file in files}
    dated = [FIXED_DATE.isoformat()] if _asks_for_date(path) else []
    return digest((hashes, settings, *dated))


def _hash(file: Path) -> str:
    found = file.stat()
    if found.st_size < LARGE:
        return _sha256(file)
    return _sha256_once(file, found.st_size, found.st_mtime_ns, found.st_ino)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=64)
def _sha256_once(file: Path, size: int, modified: int, inode: int) -> str:
    return _sha256(file)


def _asks_for_date(path: Path) -> bool:
    """Whether the chat template reads the clock, or takes a date without one of its own."""
    files = [*path.glob("*.jinja"), *path.glob("tokenizer_config.json")]
    sources = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    return any("strftime_now" in source or takes_date(source) for source in sources)


def takes_date(template: str) -> bool:
    """Whether a chat template needs to be handed a date: one with a date of its own keeps it."""
    return "date_string" in template and not re.search(r"set\s+date_string\b", template)


def is_head(path: Path) -> bool:
    """Whether a folder holds a head beside a base, rather than a model."""
    return (path / HEAD).is_file()


def read_notes(path: Path) -> dict[str, Any]:
    """What a tuned folder says of itself; empty for any other folder."""
    return read_object(path / NOTES)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file of a model folder; empty where there is none.

    Raises:
        DiscretionError: the file is no JSON.
    """
    if not path.exists():
        return {}
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DiscretionError(
            "is no valid JSON", where=str(path), fix="copy the model folder again"
        ) from error
    return read if isinstance(read, dict) else {}
