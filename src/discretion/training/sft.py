"""Supervised fine-tuning: all weights or LoRA adapters, on processors or GPUs of one machine.

transformers' Trainer does steps, schedules and checkpoints; the loss is this project's own (see
docs/design/tuning.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from discretion.models.loading import Loaded
from discretion.training.arguments import arguments
from discretion.training.fitting import fit
from discretion.training.jobs import Job
from discretion.training.losses import LossMixin, collate, filler
from discretion.training.trainer_mixin import Stepping
from discretion.training.trainers import Watch


class SupervisedTrainer:
    """The built-in trainer. On a processor, the same job gives the same weights."""

    name = "sft"

    def train(self, job: Job, work: Path, watch: Watch) -> Path:
        def make(loaded: Loaded, model: Any) -> Any:
            return weighted_trainer(job, model, work, watch)

        return fit(self.name, job, work, make)


def weighted_trainer(job: Job, model: Any, work: Path, watch: Watch) -> Any:
    """transformers' Trainer with this project's loss, progress and checkpoints."""
    from transformers import Trainer, TrainingArguments

    class Weighted(LossMixin, Stepping, Trainer):  # type: ignore[misc, unused-ignore]
        pass

    fillers = [filler(job.masked[0])] if job.recipe.processes > 1 else []
    running = Weighted(
        model=model,
        args=arguments(TrainingArguments, job, work, cpu=model.device.type == "cpu"),
        train_dataset=[*job.masked, *fillers],
        data_collator=lambda rows: collate(rows, job.recipe.averaging, job.ends[0]),
    )
    running.set_out(job, work, watch)
    return running
