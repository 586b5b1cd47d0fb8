"""Supervised fine-tuning on one machine: all weights or LoRA adapters, on a processor or one GPU.

transformers' Trainer does steps, schedules and checkpoints; the loss is this project's own (see
docs/design/tuning.md).
"""

from __future__ import annotations

import math
import random
import shutil
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from discretion.errors import DiscretionError, StoppedError, missing_extra
from discretion.models.loading import load, without_progress_bars
from discretion.tuning.masking import Averaging, Masked
from discretion.tuning.trainers import Job, Progress, Watch

if TYPE_CHECKING:
    from torch import Tensor

STATE = "trainer_state.json"
"""The last file of a checkpoint: without it the checkpoint was cut off."""


class SupervisedTrainer:
    """The built-in trainer. On a processor, the same job gives the same weights."""

    name = "sft"

    def train(self, job: Job, work: Path, watch: Watch) -> Path:
        if find_spec("accelerate") is None or (job.recipe.lora and find_spec("peft") is None):
            raise missing_extra("tune", "training")
        _remove_cut_off(work)
        with _quietly(), _own_randomness(job.seed):
            loaded = load(
                job.name,
                job.base.model_copy(update={} if job.recipe.lora else {"dtype": "float32"}),
            )
            stored = str(loaded.model.config.dtype).removeprefix("torch.")
            model = _with_adapters(loaded.model, job.recipe.rank) if job.recipe.lora else None
            running = _trainer(job, model or loaded.model, work, watch)
            running.train(resume_from_checkpoint=_last_checkpoint(work))
            _check_finite(running.model, running.state.global_step, work)
            tuned = running.model.merge_and_unload() if job.recipe.lora else running.model
            return _saved(tuned, stored, work / "result")


def weighted_loss(logits: Tensor, targets: Tensor, weights: Tensor, shares: Tensor | int) -> Tensor:
    """The sum of weighted cross-entropies over a number of shares.

    Args:
        logits: (B, K, vocabulary), before each of K tokens.
        targets: (B, K), the tokens.
        weights: (B, K), 0 where a token is not supervised.
        shares: examples, or supervised tokens, in the whole step.
    """
    from torch.nn.functional import cross_entropy

    losses = cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
    return (losses * weights.flatten()).sum() / shares


def collate(rows: Sequence[Masked], averaging: Averaging, pad: int) -> dict[str, Tensor]:
    """A batch, padded on the right: ids, attention mask and weights (B, T), and shares (B,)."""
    import torch

    longest = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), longest), pad)
    seen = torch.zeros_like(ids)
    weights = torch.zeros(ids.shape)
    for index, row in enumerate(rows):
        length = len(row.ids)
        ids[index, :length] = torch.tensor(row.ids)
        seen[index, :length] = 1
        weights[index, :length] = torch.tensor(row.weights(averaging))
    shares = torch.tensor([row.shares(averaging) for row in rows])
    return {"input_ids": ids, "attention_mask": seen, "weights": weights, "shares": shares}


def _trainer(job: Job, model: Any, work: Path, watch: Watch) -> Any:
    """transformers' Trainer with this project's loss, progress and checkpoints."""
    import torch
    from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

    recipe = job.recipe
    at_once = min(recipe.batch, recipe.at_once)
    if recipe.batch % at_once:
        raise DiscretionError(
            f"a batch of {recipe.batch} cannot be made of {at_once} examples at once",
            mend="let --at-once divide --batch",
        )
    cpu = model.device.type == "cpu"

    class Weighted(Trainer):  # type: ignore[misc, unused-ignore]
        loss_seen = math.nan
        fresh = True

        def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
            batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
            return batches, sum(int(batch["shares"].sum()) for batch in batches)

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
            if not torch.isfinite(loss):
                raise _not_a_number(self.state.global_step + 1, work)
            seen = float(loss.detach())
            self.loss_seen = seen if self.fresh else self.loss_seen + seen
            self.fresh = False
            return loss

        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            _check_finite(model, self.state.global_step, work)
            super()._save_checkpoint(model, trial)

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
            if now - self.saved >= recipe.checkpoint_seconds and left:
                control.should_save, self.saved = True, now

    arguments = TrainingArguments(
        output_dir=str(work),
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=math.ceil(job.steps / 20),
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=recipe.batch // at_once,
        weight_decay=0.0,
        seed=job.seed,
        data_seed=job.seed,
        save_strategy="epoch",
        save_total_limit=1,
        use_cpu=cpu,
        bf16=not cpu and torch.cuda.is_bf16_supported(),
        remove_unused_columns=False,
        report_to="none",
        logging_strategy="no",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    if arguments.world_size != 1 or arguments.n_gpu > 1:
        raise DiscretionError(
            f"training would run on {max(arguments.world_size, arguments.n_gpu)} devices or "
            "processes at once, and the built-in trainer uses one",
            mend="start it without torchrun, and name one GPU in CUDA_VISIBLE_DEVICES",
        )
    running = Weighted(
        model=model,
        args=arguments,
        train_dataset=list(job.masked),
        data_collator=lambda rows: collate(rows, recipe.averaging, job.ends[0]),
        callbacks=[Watcher()],
    )
    running.remove_callback(PrinterCallback)
    # The loss is divided by the shares of the whole step, not once more by its parts.
    running.model_accepts_loss_kwargs = True
    return running


def _with_adapters(model: Any, rank: int) -> Any:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, config)


def _saved(model: Any, dtype: str, folder: Path) -> Path:
    import torch

    shutil.rmtree(folder, ignore_errors=True)
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    return folder


def _last_checkpoint(work: Path) -> str | None:
    found = sorted(work.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    return str(found[-1]) if found else None


def _remove_cut_off(work: Path) -> None:
    """Checkpoints that were being written when a process died."""
    for checkpoint in work.glob("checkpoint-*"):
        if not (checkpoint / STATE).exists():
            shutil.rmtree(checkpoint)


def _check_finite(model: Any, step: int, work: Path) -> None:
    import torch

    if not all(bool(torch.isfinite(p).all()) for p in model.parameters() if p.requires_grad):
        raise _not_a_number(step, work)


def _not_a_number(step: int, work: Path) -> StoppedError:
    kept = [path.name for path in work.glob("checkpoint-*")]
    last = f"the last good checkpoint, {kept[0]}, is kept" if kept else "there is no checkpoint yet"
    return StoppedError(
        f"the loss or a weight is no longer a number at step {step}; {last}",
        where=str(work),
        mend="lower --learning-rate",
    )


@contextmanager
def _quietly() -> Iterator[None]:
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
