"""A job ends in a complete folder or leaves what it takes to go on; nobody else interferes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from discretion import models
from discretion.errors import DiscretionError, StoppedError
from discretion.models.folder import PICKLED, read_notes
from discretion.models.loading import Settings
from discretion.models.tuned import base_of, seen_by, tuned_names, tuned_settings
from discretion.training.cards import bytes_needed, memory_needed
from discretion.training.masking import Masked
from discretion.training.teaching import finished, teach
from discretion.training.trainers import Job, Progress, Recipe, Trainer

from .templates_at_hand import save

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

NOTES = {"base": {"model": "small"}, "seen": ["a", "b"], "settings": {"reads_twin": True}}


class Remote:
    """A trainer of another package: its result comes from elsewhere."""

    name = "remote"

    def __init__(self, result: Path, before: BaseException | None = None):
        self.result, self.before = result, before
        self.trained = 0

    def train(self, job, work, watch):
        if self.before:
            (work / "checkpoint-1").mkdir()
            raise self.before
        self.trained += 1
        self.checkpoints = [path.name for path in work.glob("checkpoint-*")]
        watch(Progress(job.name, 1, 1, 0.5, 1.0, 0.0))
        return self.result


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    settings = save(folder, "llama")
    (folder / "LICENSE").write_text("Free.", encoding="utf-8")
    return settings


@pytest.fixture
def result(base, tmp_path):
    """Weights and configuration as a trainer leaves them."""
    from transformers import AutoModelForCausalLM

    folder = tmp_path / "elsewhere"
    AutoModelForCausalLM.from_pretrained(base.path).save_pretrained(folder)
    return folder


def job(base: Settings) -> Job:
    return Job("small-labels-0", base, (Masked("a", (1, 2), (1, 2)),), Recipe(), 0, (1,))


def test_the_result_is_an_ordinary_folder_that_transformers_loads_alone(base, result, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    trainer = Remote(result)
    assert isinstance(trainer, Trainer)
    place = teach(job(base), trainer, tmp_path / "models", NOTES, "# Card\n")
    AutoModelForCausalLM.from_pretrained(place)
    tokenizer, before = (AutoTokenizer.from_pretrained(path) for path in (place, base.path))
    assert tokenizer.chat_template == before.chat_template
    assert not [path for path in place.rglob("*") if path.suffix in PICKLED]
    assert (place / "README.md").read_text(encoding="utf-8") == "# Card\n"
    assert (place / "LICENSE").exists()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["small-labels-0"]


def test_a_tuned_folder_is_found_by_name_and_asked_as_its_base_was(base, result, tmp_path):
    teach(job(base), Remote(result), tmp_path / "models", NOTES, "")
    (tmp_path / "models" / "other.unfinished").mkdir()
    assert tuned_names(tmp_path) == ["small-labels-0"]
    assert seen_by(tmp_path, "small-labels-0") == {"a", "b"}
    assert base_of(tmp_path, "small-labels-0") == "small"
    settings = tuned_settings(tmp_path, "small-labels-0")
    assert models.load_model("tuned:small-labels-0", settings).reads_twin
    assert not models.load_model("x", {**settings, "reads_twin": False}).reads_twin
    with pytest.raises(DiscretionError, match="there is no tuned model 'tuned:small'"):
        tuned_settings(tmp_path, "small")


def test_what_is_done_is_known_and_another_job_is_not_taken_for_it(base, result, tmp_path):
    folder = tmp_path / "models"
    assert not finished(folder, job(base), NOTES)
    teach(job(base), Remote(result), folder, NOTES, "")
    assert finished(folder, job(base), NOTES)
    with pytest.raises(DiscretionError, match="another model is there already"):
        finished(folder, job(base), NOTES | {"seen": ["a"]})


def test_a_stopped_job_keeps_its_checkpoints_and_goes_on(base, result, tmp_path):
    folder = tmp_path / "models"
    with pytest.raises(StoppedError, match="stopped while training small-labels-0"):
        teach(job(base), Remote(result, KeyboardInterrupt()), folder, NOTES, "")
    assert not (folder / "small-labels-0").exists()
    trainer = Remote(result)
    teach(job(base), trainer, folder, NOTES, "")
    assert trainer.checkpoints == ["checkpoint-1"]


def test_checkpoints_of_another_job_are_not_gone_on_from(base, result, tmp_path):
    folder = tmp_path / "models"
    with pytest.raises(OSError, match="full"):
        teach(job(base), Remote(result, OSError("the disk is full")), folder, NOTES, "")
    trainer = Remote(result)
    teach(job(base), trainer, folder, NOTES | {"seed": 1}, "")
    assert trainer.checkpoints == []


def test_two_trainings_of_one_job_do_not_meet(base, result, tmp_path):
    folder = tmp_path / "models"

    class Second(Remote):
        def train(self, one, work, watch):
            with pytest.raises(DiscretionError, match="another process is training this"):
                teach(job(base), Remote(result), folder, NOTES, "")
            return super().train(one, work, watch)

    teach(job(base), Second(result), folder, NOTES, "")
    assert read_notes(folder / "small-labels-0") == NOTES


def test_what_another_process_finished_in_the_meantime_is_left_as_it_is(base, result, tmp_path):
    folder = tmp_path / "models"
    place = teach(job(base), Remote(result), folder, NOTES, "the first")
    assert teach(job(base), Remote(result), folder, NOTES, "the second") is None
    assert (place / "README.md").read_text() == "the first"
    assert list(folder.iterdir()) == [place]


def test_a_result_with_a_pickle_is_refused(base, result, tmp_path):
    (result / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(DiscretionError, match="holds a pickle"):
        teach(job(base), Remote(result), tmp_path / "models", NOTES, "")
    assert not (tmp_path / "models" / "small-labels-0").exists()


def test_the_disk_is_counted_from_the_weights(base):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base.path)
    parameters = sum(value.numel() for value in model.parameters())
    size = (base.path / "model.safetensors").stat().st_size
    assert bytes_needed(base.path, 3, lora=False) == 3 * size + 24 * parameters
    assert memory_needed(base.path, lora=False) == 16 * parameters
    assert memory_needed(base.path, lora=True, rank=1) - size < 16 * parameters


def test_adapters_need_room_for_themselves_and_their_checkpoints_alone(base, tmp_path):
    pytest.importorskip("peft")
    from .jobs_at_hand import job as job_of
    from .jobs_at_hand import run

    made = job_of(base, lora=True, rank=4)
    size = (run(made, tmp_path / "work") / "adapter_model.safetensors").stat().st_size
    found = [bytes_needed(base.path, jobs, lora=True, rank=4) for jobs in (0, 1)]
    assert 0.8 * size < found[1] - found[0] < 2 * size
    assert found[1] < bytes_needed(base.path, 1, lora=False) / 2


def test_notes_are_json_that_can_be_compared(base, result, tmp_path):
    place = teach(job(base), Remote(result), tmp_path / "models", NOTES, "")
    assert json.loads((place / "discretion.json").read_text(encoding="utf-8")) == NOTES
