"""Loading a folder: what is set on purpose, and what cannot be loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from discretion.errors import DiscretionError
from discretion.models import loading
from discretion.models.loading import Settings, load

from .small import build_model, build_tokenizer

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def folder(save: Callable[[Any, Any], Path], tokenizer: Any) -> Path:
    return save(build_model("llama"), tokenizer)


@pytest.mark.parametrize(
    ("asked", "cores", "used"), [(None, 2, [1]), (None, 8, []), (3, 2, [3]), (3, 8, [3])]
)
def test_threads_are_what_was_asked_for_or_one_on_a_small_machine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, asked: int | None, cores: int, used: list[int]
) -> None:
    import torch

    threads: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    monkeypatch.setattr(loading.os, "cpu_count", lambda: cores)
    load("small", Settings(path=folder, threads=asked))
    assert threads == used


def test_what_is_loaded(folder: Path) -> None:
    import torch

    loaded = load("small", Settings(path=folder))
    assert loaded.model.dtype == torch.float32
    assert not loaded.model.training
    assert loaded.context == 512
    assert loaded.ends == (1, 5), "the declared end, and the one that the template writes"
    assert loaded.shared


def test_a_model_of_no_known_kind(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    config["model_type"] = "unheard_of"
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(DiscretionError, match=r"the model cannot be loaded: .*check that the fold"):
        load("odd", Settings(path=tmp_path))


def test_a_gpu_that_is_not_there(folder: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(DiscretionError) as caught:
        load("small", Settings(path=folder, device="cuda"))
    assert str(caught.value) == (
        '[models.small] device: there is no GPU that torch can use; set device = "cpu"'
    )


def test_a_model_without_a_chat_template(save: Callable[[Any, Any], Path]) -> None:
    path = save(build_model("llama"), build_tokenizer(None))
    with pytest.raises(DiscretionError, match="the model has no chat template; use an instruct"):
        load("base", Settings(path=path))
