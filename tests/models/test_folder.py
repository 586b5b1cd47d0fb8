from __future__ import annotations

import json
from pathlib import Path

import pytest

from discretion.errors import DiscretionError
from discretion.models.folder import check_folder, fingerprint_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    return tmp_path


def complaint(folder: Path) -> str:
    with pytest.raises(DiscretionError) as caught:
        check_folder(folder)
    return str(caught.value)


def test_a_whole_folder_passes(folder: Path) -> None:
    check_folder(folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert complaint(tmp_path / "no") == (
        f"{tmp_path / 'no'}: there is no such model folder; check the path"
    )


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.PT", "x.pth", "x.pkl", "x.ckpt", "training_args.bin"]
)
def test_a_pickle_is_refused_even_beside_good_weights(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    assert complaint(folder) == (
        f"{folder}: the model folder holds a pickle, {name}, and loading one can run any code; "
        "convert the weights to safetensors and remove it"
    )


def test_no_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert "has no config.json; name the folder that save_pretrained wrote" in complaint(folder)


def test_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "has no *.safetensors weights; save the model with safe" in complaint(folder)


def test_an_adapter_alone(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    said = complaint(folder)
    assert "is an adapter and not a whole model; write a whole model of it with: discretion" in said


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_remote_code_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text(json.dumps({"auto_map": {"AutoModel": "x.Y"}}), encoding="utf-8")
    assert complaint(folder) == (
        f"{folder / name}: the model wants to run code of its own (auto_map); "
        "use a model that transformers knows by itself"
    )


def test_a_broken_config(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")
    assert complaint(folder) == (
        f"{folder / 'config.json'}: is no valid JSON; copy the model folder again"
    )


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"]
)
def test_the_fingerprint_changes_with_each_part(folder: Path, name: str) -> None:
    before = fingerprint_folder(folder, "float32")
    assert fingerprint_folder(folder, "float32") == before
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    assert fingerprint_folder(folder, "float32") != before


def test_the_fingerprint_changes_with_the_dtype_and_not_with_the_place(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = fingerprint_folder(folder, "float32")
    assert fingerprint_folder(folder, "bfloat16") != before
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "model"
    folder.rename(elsewhere)
    assert fingerprint_folder(elsewhere, "float32") == before
