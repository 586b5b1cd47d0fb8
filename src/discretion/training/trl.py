"""TRL's SFTTrainer as a second trainer: the same examples, order, schedule and checkpoints.

It reads the examples as they were masked; nothing is rendered again. By default its loss is this
project's own; with ``averaging: trainer`` it is TRL's, a mean over all supervised tokens (see
docs/design/trainers.md).
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from discretion.errors import missing_extra
from discretion.models.loading import Loaded
from discretion.training.arguments import arguments
from discretion.training.fitting import fit
from discretion.training.jobs import Job
from discretion.training.losses import LossMixin, collate, filler
from discretion.training.masking import Masked
from discretion.training.trainer_mixin import Stepping
from discretion.training.trainers import Watch

IGNORED = -100
"""The label of a token that is not learned, everywhere in these libraries."""


class TrlTrainer:
    """Trains by TRL's SFTTrainer. On a processor, the same job gives the same weights."""

    name = "trl"

    def __init__(self) -> None:
        if find_spec("trl") is None:
            raise missing_extra("trl", "training by TRL")

    def train(self, job: Job, work: Path, watch: Watch) -> Path:
        without_reports()

        def make(loaded: Loaded, model: Any) -> Any:
            return _trainer(job, loaded, model, work, watch)

        return fit(self.name, job, work, make)


def without_reports() -> None:
    """Before TRL is imported: it tells a server of every trainer that is made, unless forbidden."""
    from huggingface_hub import constants

    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    # Whoever imported the library before us has had the variable read already.
    constants.HF_HUB_DISABLE_TELEMETRY = True


def labels_of(one: Masked) -> list[int]:
    """(T,) its tokens where they are supervised."""
    weights = one.weights("trainer")
    return [token if weight else IGNORED for token, weight in zip(one.ids, weights, strict=True)]


def _trainer(job: Job, loaded: Loaded, model: Any, work: Path, watch: Watch) -> Any:
    """TRL's SFTTrainer with this project's progress and checkpoints, and one of two losses."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    class Own(Stepping, SFTTrainer):  # type: ignore[misc, unused-ignore]
        """With TRL's loss, which is seen by us."""

        def compute_loss(self, *given: Any, **named: Any) -> Any:
            loss = super().compute_loss(*given, **named)
            # It is multiplied already, since gradients are averaged over processes.
            self.saw(loss / job.recipe.processes)
            return loss

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """Nothing: the result gets a card of this program's."""

    class WeightedTrl(LossMixin, Own):
        pass

    theirs = job.recipe.averaging == "trainer"
    masked = [*job.masked, *([filler(job.masked[0])] if job.recipe.processes > 1 else [])]

    def weighed(rows: Any) -> Any:
        return collate([masked[row["number"]] for row in rows], "example", job.ends[0])

    running = (Own if theirs else WeightedTrl)(
        model=model,
        args=arguments(
            SFTConfig,
            job,
            work,
            cpu=model.device.type == "cpu",
            gradient_checkpointing=False,
            max_length=None,
            dataset_kwargs={"skip_prepare_dataset": True},
        ),
        train_dataset=Dataset.from_list(
            [
                {"input_ids": list(one.ids), "labels": labels_of(one), "number": number}
                for number, one in enumerate(masked)
            ]
        ),
        data_collator=DataCollatorForLanguageModeling(job.ends[0]) if theirs else weighed,
        processing_class=loaded.template.tokenizer,
    )
    # With it, the special tokens of the result would become the tokenizer's.
    running.processing_class = None
    running.set_out(job, work, watch)
    return running
