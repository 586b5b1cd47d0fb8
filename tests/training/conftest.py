"""Base folders that many tests of trainings share."""

from __future__ import annotations

import pytest

from .templates_at_hand import save


@pytest.fixture(scope="session")
def bases(tmp_path_factory):
    """Base folders by family."""
    kinds = ("llama", "qwen3", "gemma3")
    return {kind: save(tmp_path_factory.mktemp(kind), kind) for kind in kinds}
