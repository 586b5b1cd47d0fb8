"""Loading a folder: what is set on purpose, and what cannot be loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from discretion.core.arms import Choices, Message, Prompt
from discretion.errors import DiscretionError
from discretion.models import folder as folders
from discretion.models import loading
from discretion.models.folder import fingerprint_folder
from discretion.models.loading import Settings, load

from .small import TEMPLATE, build_model, build_tokenizer

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def folder(save: Callable[[Any, Any], Path], tokenizer: Any) -> Path:
    return save(build_model("llama"), tokenizer)


@pytest.mark.parametrize(
    ("asked", "cores", "small", "used"),
    [
        (None, 2, True, 1),
        (None, 2, False, 5),
        (None, 8, True, 5),
        (3, 2, True, 3),
        (3, 8, False, 3),
    ],
)
def test_threads_are_what_was_asked_for_or_one_for_a_small_model_on_a_small_machine(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: int | None,
    cores: int,
    small: bool,
    used: int,
) -> None:
    import torch

    threads: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    monkeypatch.setattr(loading, "_usual_threads", lambda: 5)
    monkeypatch.setattr(loading.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(loading, "SMALL", 50_000_000 if small else 0)
    load("small", Settings(path=folder, threads=asked))
    assert threads == [used]


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


# Weights that are not all there


def altered(
    folder: Path, to: Path, weights: Callable[[dict[str, Any]], Any], **config: Any
) -> Path:
    """The folder again, its weights and its config changed."""
    from safetensors.torch import load_file, save_file

    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    tensors = load_file(to / "model.safetensors")
    weights(tensors)
    save_file(tensors, to / "model.safetensors", metadata={"format": "pt"})
    said = json.loads((to / "config.json").read_text(encoding="utf-8"))
    (to / "config.json").write_text(json.dumps(said | config), encoding="utf-8")
    return to


def without(*names: str) -> Callable[[dict[str, Any]], Any]:
    return lambda tensors: [tensors.pop(name) for name in list(tensors) if name.startswith(names)]


def stopped(path: Path) -> str:
    with pytest.raises(DiscretionError) as caught:
        load("small", Settings(path=path))
    return str(caught.value)


def test_a_folder_without_its_head_stops_with_its_name(folder: Path, tmp_path: Path) -> None:
    told = stopped(altered(folder, tmp_path, without("lm_head")))
    assert told == (
        f"{tmp_path}: the folder lacks the weight lm_head.weight, and loading it would make them "
        "up; copy the whole folder again; all parts of the weights must be there"
    )


def test_a_layer_that_is_missing_stops_with_its_first_names(folder: Path, tmp_path: Path) -> None:
    told = stopped(altered(folder, tmp_path, without("model.layers.1.")))
    assert "the folder lacks the weights model.layers.1.input_layernorm.weight, " in told
    assert " and 6 more, and loading it would make them up" in told


def test_a_layer_that_the_config_leaves_out_stops_too(folder: Path, tmp_path: Path) -> None:
    told = stopped(altered(folder, tmp_path, without(), num_hidden_layers=1))
    assert "the folder holds the weights model.layers.1.input_layernorm.weight, " in told
    assert "for which config.json has no layer" in told


def test_weights_of_another_shape_stop(folder: Path, tmp_path: Path) -> None:
    told = stopped(altered(folder, tmp_path, without(), intermediate_size=48))
    assert "model.layers.0.mlp.down_proj.weight" in told
    assert "have another shape than config.json says" in told


def test_weights_of_no_layer_of_this_kind_are_no_part_of_the_model(
    folder: Path, tmp_path: Path
) -> None:
    import torch

    def tower(tensors: dict[str, Any]) -> None:
        tensors["vision.tower.weight"] = torch.zeros(2, 2)

    assert load("small", Settings(path=altered(folder, tmp_path, tower))).context == 512


def test_a_head_that_is_tied_to_the_embedding_is_not_missing(
    save: Callable[[Any, Any], Path], tokenizer: Any
) -> None:
    tied = save(build_model("llama", tie_word_embeddings=True), tokenizer)
    loaded = load("tied", Settings(path=tied)).model
    assert loaded.lm_head.weight.data_ptr() == loaded.model.embed_tokens.weight.data_ptr()


# The clock


CLOCK = "{{ strftime_now('%d %b %Y') }}\n"
ASKED = "{{ date_string }}\n"
OWN = "{% if not date_string is defined %}{% set date_string = '01 Jan 2020' %}{% endif %}" + ASKED


def rendered(path: Path) -> str:
    prompt = Prompt((Message("user", "A coat."),), Choices("yes grants", ("yes",), ("no",), True))
    return str(load("small", Settings(path=path)).template.render(prompt))


@pytest.mark.parametrize(
    ("begins", "day", "counts"),
    [(CLOCK, "26 Jul 2024", True), (ASKED, "26 Jul 2024", True), (OWN, "01 Jan 2020", False)],
)
def test_a_template_that_asks_for_a_date_is_always_shown_the_same_one(
    save: Callable[[Any, Any], Path],
    monkeypatch: pytest.MonkeyPatch,
    begins: str,
    day: str,
    counts: bool,
) -> None:
    path = save(build_model("llama"), build_tokenizer(begins + TEMPLATE))
    assert rendered(path).startswith(f"{day}\n")
    before = fingerprint_folder(path, ("float32", "system"))
    monkeypatch.setattr(folders, "FIXED_DATE", date(2020, 2, 2))
    assert (fingerprint_folder(path, ("float32", "system")) != before) == counts


def test_the_date_is_no_part_of_a_fingerprint_that_needs_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint_folder(folder, "any")
    monkeypatch.setattr(folders, "FIXED_DATE", date(2020, 2, 2))
    assert fingerprint_folder(folder, "any") == before


def test_nothing_but_the_error_is_said_of_missing_weights(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging

    before = logging.get_verbosity()
    stopped(altered(folder, tmp_path, without("lm_head")))
    assert capfd.readouterr().err == ""
    assert logging.get_verbosity() == before
