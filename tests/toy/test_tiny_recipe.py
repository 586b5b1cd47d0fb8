"""The recipe of the built-in model: one command makes a folder that loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.torch


def test_the_smoke_run_leaves_a_complete_folder_and_its_results(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    command = [sys.executable, "-m", "recipes.tiny", "--smoke", "--output", str(tmp_path / "made")]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "made")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "made")
    assert len(tokenizer) == model.config.vocab_size
    made = {path.name for path in (tmp_path / "made").iterdir()}
    shipped = {path.name for path in (ROOT / "src/discretion/models/tiny").iterdir()}
    assert made == shipped | {"RESULTS.md"}
    results = (tmp_path / "made" / "RESULTS.md").read_text(encoding="utf-8")
    assert "refuses violations" in results
    assert "Taught by" in results


def test_the_shipped_weights_have_the_shape_that_the_recipe_makes():
    config = json.loads((ROOT / "src/discretion/models/tiny/config.json").read_text("utf-8"))
    sys.path.insert(0, str(ROOT))
    try:
        from recipes.tiny.training import Settings
    finally:
        sys.path.remove(str(ROOT))
    settings = Settings()
    assert config["hidden_size"] == settings.width
    assert config["num_hidden_layers"] == settings.layers
    assert config["intermediate_size"] == settings.inner
