"""Supervised fine-tuning: all weights or LoRA adapters, on processors or GPUs of one machine.

transformers' Trainer does steps, schedules and checkpoints; the loss is this project's own (see
docs/design/tuning.md).
"""

from __future__ import annotations

import math
import random
import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from discretion.errors import DiscretionError, missing_extra
from discretion.models.loading import load, without_progress_bars
from discretion.tuning import processes
from discretion.tuning.checkpoints import (
    check_finite,
    last_checkpoint,
    not_a_number,
    remove_cut_off,
    writing,
)
from discretion.tuning.jobs import Job, job_to_json, masked_to_json
from discretion.tuning.losses import collate, filler, weighted_loss
from discretion.tuning.settings import check_settings
from discretion.tuning.trainers import Progress, Watch


class SupervisedTrainer:
    """The built-in trainer. On a processor, the same job gives the same weights."""

    name = "sft"

    def train(self, job: Job, work: Path, watch: Watch) -> Path:
        recipe, several = job.recipe, job.recipe.processes > 1
        if find_spec("accelerate") is None or (recipe.lora and find_spec("peft") is None):
            raise missing_extra("tune", "training")
        check_settings(recipe.more)
        leads = processes.rank() == 0
        if leads:
            remove_cut_off(work)
            if several:
                masked = [masked_to_json(one) for one in job.masked]
                processes.tell({"job": job_to_json(job), "masked": masked, "work": str(work)})
        processes.take_gpu(recipe.processes, job.base.device)
        with quietly(), _own_randomness(job.seed):
            loaded = load(
                job.name,
                job.base.model_copy(update={} if recipe.lora else {"dtype": "float32"}),
            )
            stored = str(loaded.model.config.dtype).removeprefix("torch.")
            model = with_adapters(loaded.model, recipe.rank) if recipe.lora else None
            running = _trainer(job, model or loaded.model, work, watch)
            try:
                running.train(resume_from_checkpoint=last_checkpoint(work))
            except ImportError as error:
                raise DiscretionError(
                    f"training needs what is not installed: {error}",
                    mend="install it, or leave out the --set that asks for it",
                ) from error
            check_finite(running.model, running.state.global_step, work)
            if not leads:
                return work
            tuned = running.model.merge_and_unload() if recipe.lora else running.model
            return _saved(tuned, stored, work / "result")


def with_adapters(model: Any, rank: int) -> Any:
    """A model with LoRA adapters on every linear layer; nothing else of it is trained."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, config)


def _trainer(job: Job, model: Any, work: Path, watch: Watch) -> Any:
    """transformers' Trainer with this project's loss, progress and checkpoints."""
    import torch
    from torch.utils.data import Sampler
    from transformers import PrinterCallback, Trainer, TrainerCallback

    recipe, count = job.recipe, len(job.masked)
    several = recipe.processes > 1

    class Evened(Sampler[int]):
        """One process's order, filled up so that every process has equally many forwards."""

        epoch = 0

        def set_epoch(self, epoch: int) -> None:
            self.epoch = epoch

        def __len__(self) -> int:
            whole = recipe.forward * recipe.processes
            return -(-count // whole) * whole

        def __iter__(self) -> Iterator[int]:
            yield from job.order(self.epoch)
            yield from [count] * (len(self) - count)

    class Weighted(Trainer):  # type: ignore[misc, unused-ignore]
        loss_seen = math.nan
        fresh = True

        def _get_train_sampler(self, *given: Any) -> Any:
            return Evened() if several else super()._get_train_sampler(*given)

        def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
            batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
            shares = sum(int(batch["shares"].sum()) for batch in batches)
            return batches, int(processes.summed(torch.tensor(shares))) if several else shares

        def compute_loss(
            self,
            model: Any,
            inputs: Any,
            return_outputs: bool = False,
            num_items_in_batch: Any = None,
        ) -> Any:
            weights = inputs["weights"][:, 1:]
            # Only what is supervised somewhere in the batch needs logits.
            kept = weights.any(0).nonzero()[:, 0]
            logits = model(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                logits_to_keep=kept,
                use_cache=False,
            ).logits
            loss = weighted_loss(
                logits, inputs["input_ids"][:, kept + 1], weights[:, kept], num_items_in_batch
            )
            whole = processes.summed(loss) if several else loss
            if not torch.isfinite(whole):
                raise not_a_number(self.state.global_step + 1, work)
            seen = float(whole.detach())
            self.loss_seen = seen if self.fresh else self.loss_seen + seen
            self.fresh = False
            # Gradients are averaged over processes, and are to be added up.
            return loss * recipe.processes if several else loss

        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            check_finite(model, self.state.global_step, work)
            with writing("a checkpoint", work):
                super()._save_checkpoint(model, trial)

        def _save_rng_state(self, output_dir: Any) -> None:
            super()._save_rng_state(output_dir)
            if several:
                # What marks a checkpoint as whole is written next.
                processes.wait_for_all()

    class Watcher(TrainerCallback):  # type: ignore[misc, unused-ignore]
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.begun = self.saved = time.perf_counter()
            self.first = state.global_step
            running.fresh = True

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            now = time.perf_counter()
            done, left = state.global_step - self.first, state.max_steps - state.global_step
            seconds = now - self.begun
            watch(
                Progress(
                    job.name,
                    state.global_step,
                    state.max_steps,
                    running.loss_seen,
                    seconds,
                    seconds / done * left if done else None,
                )
            )
            running.fresh = True
            due = now - self.saved >= recipe.checkpoint_seconds and bool(left)
            if processes.agreed(due) if several else due:
                control.should_save, self.saved = True, now

    fillers = [filler(job.masked[0])] if several else []
    running = Weighted(
        model=model,
        args=_arguments(job, work, cpu=model.device.type == "cpu"),
        train_dataset=[*job.masked, *fillers],
        data_collator=lambda rows: collate(rows, recipe.averaging, job.ends[0]),
        callbacks=[Watcher()],
    )
    running.remove_callback(PrinterCallback)
    # The loss is divided by the shares of the whole step, not once more by its parts.
    running.model_accepts_loss_kwargs = True
    return running


def _arguments(job: Job, work: Path, *, cpu: bool) -> Any:
    """What transformers' Trainer is told.

    Raises:
        DiscretionError: a setting is none, or other processes joined than were asked for.
    """
    import torch
    from transformers import TrainingArguments

    recipe = job.recipe
    usual: dict[str, Any] = {
        "warmup_steps": math.ceil(job.steps / 20),
        "lr_scheduler_type": "linear",
        "weight_decay": 0.0,
        "bf16": not cpu and torch.cuda.is_bf16_supported(),
        "dataloader_pin_memory": False,
    }
    try:
        arguments = TrainingArguments(
            **(usual | dict(recipe.more)),
            output_dir=str(work),
            num_train_epochs=recipe.epochs,
            learning_rate=recipe.learning_rate,
            per_device_train_batch_size=recipe.forward,
            gradient_accumulation_steps=recipe.batch // (recipe.forward * recipe.processes),
            seed=job.seed,
            data_seed=job.seed,
            save_strategy="epoch",
            save_total_limit=1,
            use_cpu=cpu,
            remove_unused_columns=False,
            report_to="none",
            logging_strategy="no",
            disable_tqdm=True,
            ddp_find_unused_parameters=False,
        )
    except (TypeError, ValueError) as error:
        if not recipe.more:
            raise
        raise DiscretionError(
            f"transformers does not take these settings: {error}", where="--set", mend="correct it"
        ) from error
    joined = max(arguments.world_size, arguments.n_gpu)
    if arguments.n_gpu > 1 or joined != recipe.processes:
        raise DiscretionError(
            f"training would run on {joined} devices or processes at once, and "
            f"{recipe.processes} {'was' if recipe.processes == 1 else 'were'} asked for",
            mend="say how many with --processes, and name as many GPUs in CUDA_VISIBLE_DEVICES",
        )
    return arguments


def _saved(model: Any, dtype: str, folder: Path) -> Path:
    import torch

    shutil.rmtree(folder, ignore_errors=True)
    with writing("the result", folder.parent):
        model.to(getattr(torch, dtype)).save_pretrained(folder)
    return folder


@contextmanager
def quietly() -> Iterator[None]:
    """Without bars, and without remarks that a user of this program can do nothing about."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with without_progress_bars(), warnings.catch_warnings():
            # peft asks a model in words that transformers is about to retire.
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
            yield
    finally:
        logging.set_verbosity(before)


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    """Seed every generator that trainers draw from, and leave them as they were."""
    import torch
    from transformers import set_seed

    python, arrays = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        set_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(arrays)
