from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from discretion import models
from discretion.core.arms import Model
from discretion.errors import DiscretionError, install_command
from discretion.models import load_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "qwen"
    path.mkdir()
    (path / "config.json").write_text("{}", encoding="utf-8")
    (path / "model.safetensors").write_bytes(b"")
    return path


def complaint(name: str, settings: dict[str, Any]) -> str:
    with pytest.raises(DiscretionError) as caught:
        load_model(name, settings)
    return str(caught.value)


@pytest.mark.torch
def test_a_folder_is_a_model_and_is_not_loaded_before_it_is_asked(folder: Path) -> None:
    """The weights here are no weights."""
    model = load_model("qwen", {"path": "qwen"}, folder.parent)
    assert isinstance(model, Model)
    assert (model.name, model.scores, model.reads_twin) == ("qwen", True, False)
    assert len(model.fingerprint) == 64
    assert model.batch == 256


@pytest.mark.torch
@pytest.mark.parametrize(("weights", "batch"), [(3, 256), (4, 64), (6, 64), (7, 32)])
def test_the_larger_the_weights_on_a_processor_the_smaller_the_batch(
    folder: Path, monkeypatch: pytest.MonkeyPatch, weights: int, batch: int
) -> None:
    (folder / "model.safetensors").write_bytes(b"1" * weights)
    monkeypatch.setattr("discretion.models.local.BATCHES", {3: 256, 6: 64})
    assert load_model("qwen", {"path": str(folder)}).batch == batch
    assert load_model("qwen", {"path": str(folder), "device": "cuda"}).batch == 256


@pytest.mark.torch
def test_the_settings_are_checked(folder: Path) -> None:
    assert complaint("qwen", {}) == "[models.qwen] path: is missing; add it"
    assert complaint("qwen", {"path": "x", "thread": 2}) == (
        "[models.qwen] thread: is no setting of a model folder; did you mean 'threads'?"
    )
    assert complaint("qwen", {"path": "x", "dtype": "int4"}) == (
        "[models.qwen] dtype: should be 'float32', 'bfloat16' or 'float16', not 'int4'"
    )
    assert "there is no such model folder" in complaint("qwen", {"path": str(folder / "no")})


def test_an_unknown_kind() -> None:
    assert complaint("qwen", {"kind": "folde"}) == (
        "[models.qwen] kind: there is no kind of model 'folde'; did you mean 'folder'?"
    )


def test_a_missing_extra_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    assert complaint("qwen", {"path": str(folder)}) == (
        "the model 'qwen' needs the [local] extra; install it with: " + install_command("local")
    )


@pytest.mark.torch
def test_the_built_in_model_needs_no_settings_and_reads_twins(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rename(folder.with_name("tiny"))
    monkeypatch.setattr(models, "__file__", str(folder.with_name("__init__.py")))
    assert load_model("tiny").reads_twin


def test_another_package_may_add_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Any, ...]] = []

    class Point:
        name = "echo"

        def load(self) -> Callable[..., Any]:
            return lambda *given: made.append(given) or "a model"

    assert not metadata.entry_points(group=models.GROUP)
    monkeypatch.setattr(models, "entry_points", lambda group: [Point()])
    assert load_model("mine", {"kind": "echo", "volume": 3}, Path("desk")) == "a model"
    assert made == [("mine", {"volume": 3}, Path("desk"))]
