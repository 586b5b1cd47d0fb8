"""A trained adapter as it is kept, checked when it comes from elsewhere, and written out whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from discretion.errors import DiscretionError
from discretion.models.adapters import WEIGHTS
from discretion.models.folder import check_folder
from discretion.models.loading import Settings, load
from discretion.training import merging
from discretion.training.masking import Masked
from discretion.training.merging import merge
from discretion.training.results import check_result
from discretion.training.teaching import asked_after, teach
from discretion.training.trainers import Job, Recipe
from models.adapters_at_hand import merged, write_adapter
from models.small import build_model

from .templates_at_hand import save

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

NOTES = {"base": {"model": "qwen"}, "seen": ["a"], "settings": {"form": "end"}}
CARD = "# small\n\n- **Seed** 0\n- **Environment**: torch\n"


class Elsewhere:
    """A trainer that gives back a folder as it is."""

    name = "elsewhere"

    def __init__(self, result: Path) -> None:
        self.result = result

    def train(self, job: Any, work: Path, watch: Any) -> Path:
        return self.result


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("base")
    settings = save(folder, "llama")
    (folder / "LICENSE").write_text("Free.", encoding="utf-8")
    return settings


@pytest.fixture
def adapter(base: Settings, tmp_path: Path) -> Path:
    """As another program leaves one: with a tokenizer, and the place where its base lay."""
    folder = tmp_path / "elsewhere"
    write_adapter(folder, build_model("llama"), 1, base_model_name_or_path="/far/away")
    shutil.copyfile(base.path / "tokenizer.json", folder / "tokenizer.json")
    return folder


@pytest.fixture
def tuned(base: Settings, adapter: Path, tmp_path: Path) -> Path:
    job = Job("small-labels-0", base, (Masked("a", (1, 2), (1, 2)),), Recipe(lora=True), 0, (1,))
    place = teach(job, Elsewhere(adapter), tmp_path / "models", NOTES, CARD)
    assert place is not None
    return place


def test_an_adapter_is_kept_without_its_base_and_says_what_that_is_called(tuned: Path) -> None:
    names = {path.name for path in tuned.iterdir()}
    assert names == {"adapter_config.json", WEIGHTS, "discretion.json", "README.md", "LICENSE"}
    said = json.loads((tuned / "adapter_config.json").read_text(encoding="utf-8"))
    assert said["base_model_name_or_path"] == "qwen"
    card = (tuned / "README.md").read_text(encoding="utf-8")
    assert "- **Adapter**: small matrices on top of the base" in card
    assert (
        "`discretion models merge tuned:small-labels-0 FOLDER`\n- **Environment**: torch\n" in card
    )


def test_what_is_written_whole_answers_as_the_adapter_and_needs_no_base(
    base: Settings, tuned: Path, tmp_path: Path
) -> None:
    settings = asked_after(base, tuned)
    place = tmp_path / "new" / "whole"
    merge("tuned:small-labels-0", settings, place)
    check_folder(place)
    ids = torch.arange(6, 60)[None]
    ours, theirs = load("a", settings).model, load("b", Settings(path=place)).model
    by_hand = merged(load("c", base).model, tuned)
    with torch.no_grad():
        logits = [model(ids).logits for model in (ours, theirs, by_hand)]
    assert (logits[0] - logits[1]).abs().max() < 1e-4
    assert (logits[1] - logits[2]).abs().max() < 1e-4
    assert (place / "discretion.json").read_bytes() == (tuned / "discretion.json").read_bytes()
    card = (place / "README.md").read_text(encoding="utf-8")
    assert card == CARD.replace("- **Env", "- **Merged** into its base\n- **Env")
    assert (place / "tokenizer.json").exists() and (place / "LICENSE").exists()
    assert [path.name for path in place.parent.iterdir()] == ["whole"]


def test_nothing_is_written_over_and_nothing_half_is_left(
    base: Settings, tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = asked_after(base, tuned)
    with pytest.raises(DiscretionError, match="something is there already; name a new folder"):
        merge("tuned:small-labels-0", settings, tuned)
    with pytest.raises(DiscretionError, match="qwen is a whole model already; copy its folder"):
        merge("qwen", base, tmp_path / "whole")

    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(merging, "complete", full)
    with pytest.raises(OSError, match="no space left"):
        merge("tuned:small-labels-0", settings, tmp_path / "out" / "whole")
    assert list((tmp_path / "out").iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(DiscretionError, match="the disk cannot hold the result"):
        merge("tuned:small-labels-0", settings, tmp_path / "out" / "whole")


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("another shape", "the adapter does not fit its base at model.layers.0.mlp.down_proj"),
        ("no number", "the weights hold something that is no number, in model.layers.0.mlp"),
    ],
)
def test_a_trained_adapter_that_does_not_fit_is_refused(
    base: Settings, adapter: Path, what: str, sentence: str
) -> None:
    from safetensors.torch import load_file, save_file

    if what == "another shape":
        write_adapter(adapter, build_model("llama", intermediate_size=48), 1)
    else:
        tensors = load_file(adapter / WEIGHTS)
        tensors["base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"][0, 0] = float("nan")
        save_file(tensors, adapter / WEIGHTS)
    with pytest.raises(DiscretionError) as caught:
        check_result(adapter, base.path)
    assert sentence in str(caught.value)
