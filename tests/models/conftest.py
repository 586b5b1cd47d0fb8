"""Small models and a tokenizer, built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .small import FAMILIES, build_model, build_tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return build_tokenizer()


@pytest.fixture(scope="session")
def models() -> dict[str, Any]:
    return {family: build_model(family) for family in (*FAMILIES, "bloom")}


@pytest.fixture(scope="session")
def save(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any, Any], Path]:
    """Writes a model and a tokenizer as a folder."""

    def save_folder(model: Any, tokenizer: Any) -> Path:
        folder: Path = tmp_path_factory.mktemp("model")
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return save_folder
