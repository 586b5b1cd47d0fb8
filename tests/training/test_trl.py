"""TRL's SFTTrainer ends in the weights of the built-in trainer, and tells nobody of it."""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from discretion.errors import DiscretionError
from discretion.models.adapters import check_model
from discretion.models.loading import Settings
from discretion.training import trl
from discretion.training.settings import PASSED, check_settings
from discretion.training.trainers import Recipe, trainer, trainer_for

from .jobs_at_hand import job, run, same, weights, whole

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytest.importorskip("peft")
pytestmark = pytest.mark.torch
with_trl = pytest.mark.skipif(find_spec("trl") is None, reason="needs the [trl] extra")


def losses(one: Any, work: Path, by: str) -> tuple[list[float], Path]:
    seen: list[float] = []
    return seen, run(one, work, lambda progress: seen.append(progress.loss), by)


@with_trl
@pytest.mark.parametrize(
    ("kind", "lora", "averaging"),
    [
        ("llama", True, "example"),
        ("qwen3", True, "trainer"),
        ("gemma3", False, "trainer"),
    ],
)
def test_both_trainers_end_in_the_same_weights(
    bases: Any, tmp_path: Path, kind: str, lora: bool, averaging: str
) -> None:
    """With TRL's own averaging this compares two losses that have no line in common."""
    rate = 0.01 if lora else 1e-3
    made = job(bases[kind], lora=lora, averaging=averaging, learning_rate=rate, at_once=2)
    our_losses, ours = losses(made, tmp_path / "ours", "sft")
    their_losses, theirs = losses(made, tmp_path / "theirs", "trl")
    assert their_losses == pytest.approx(our_losses, rel=1e-5)
    check_model(theirs)
    mine, other = (whole(result, bases[kind]) for result in (ours, theirs))
    base = weights(bases[kind].path)
    assert mine.keys() == other.keys()
    for key, value in mine.items():
        assert (value - other[key]).abs().max() < 2e-5
    assert any((mine[key] - base[key]).abs().max() > 1e-3 for key in base)
    for file in ("adapter_config.json",) if lora else ("config.json", "generation_config.json"):
        assert (ours / file).read_text() == (theirs / file).read_text()


@with_trl
def test_a_killed_training_goes_on_and_ends_in_the_same_weights(bases: Any, tmp_path: Path) -> None:
    class Killed(BaseException):
        """A process that dies."""

    def dying(progress: Any) -> None:
        if progress.step == 5:
            raise Killed

    made = job(bases["llama"], averaging="trainer", checkpoint_seconds=0)
    uninterrupted = run(made, tmp_path / "a", by="trl")
    with pytest.raises(Killed):
        run(made, tmp_path / "b", dying, "trl")
    steps: list[int] = []
    resumed = run(made, tmp_path / "b", lambda progress: steps.append(progress.step), "trl")
    assert steps == [5, 6]
    assert same(uninterrupted, resumed)


@with_trl
def test_nobody_is_told_of_a_training(
    bases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As TRL does by itself, but where the variable CI is set."""
    import huggingface_hub.constants
    from huggingface_hub.utils import _telemetry

    told: list[Any] = []
    monkeypatch.setattr(_telemetry, "_start_telemetry_thread", lambda: None)
    monkeypatch.setattr(_telemetry._TELEMETRY_QUEUE, "put", told.append)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_TELEMETRY", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    for name in ("CI", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.delenv(name, raising=False)
    made = job(bases["llama"], epochs=1)
    with monkeypatch.context() as patch:
        patch.setattr(trl, "without_reports", lambda: None)
        run(made, tmp_path / "a", by="trl")
    assert len(told) == 1  # So the test would notice.
    run(made, tmp_path / "b", by="trl")
    assert len(told) == 1


@with_trl
def test_what_trl_adds_to_the_settings_is_refused() -> None:
    from transformers import TrainingArguments
    from trl import SFTConfig

    known, added = (
        {field.name for field in dataclasses.fields(kind)}
        for kind in (TrainingArguments, SFTConfig)
    )
    assert known >= PASSED
    for name in added - known:
        with pytest.raises(DiscretionError, match="has no setting"):
            check_settings({name: None})


@with_trl
def test_it_takes_settings_and_processes_as_the_built_in_one_does() -> None:
    base = Settings(path=Path("own"))
    assert trainer_for("trl", Recipe(processes=2), base).name == "trl"
    with pytest.raises(DiscretionError, match="output_dir would change where the result"):
        trainer_for("trl", Recipe(more={"output_dir": "elsewhere"}), base)


def test_labels_are_the_tokens_that_are_supervised(bases: Any) -> None:
    for one in job(bases["llama"], "real-after").masked:
        labels = trl.labels_of(one)
        supervised = {at for start, stop in one.spans for at in range(start, stop)}
        assert {at for at, label in enumerate(labels) if label != -100} == supervised
        assert all(labels[at] == one.ids[at] for at in supervised)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trl, "find_spec", lambda _: None)
    with pytest.raises(DiscretionError, match=r"training by TRL needs the \[trl\] extra"):
        trainer("trl")
