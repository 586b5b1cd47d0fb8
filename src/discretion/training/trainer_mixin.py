"""Stepping: a job's order, checkpoints and progress, mixed into a trainer of transformers' kind."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from discretion.training import processes
from discretion.training.checkpoints import check_finite, not_a_number, writing
from discretion.training.jobs import Job
from discretion.training.trainers import Progress, Watch

_Trainer: Any = object
"""What follows `Stepping` among the classes that a trainer is made of: transformers' Trainer, or
one that adds to it."""


class PaddedSampler:
    """One process's order, filled up so that every process has equally many forwards."""

    epoch = 0

    def __init__(self, job: Job) -> None:
        self._job = job

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        whole = self._job.recipe.forward * self._job.recipe.processes
        return -(-len(self._job.masked) // whole) * whole

    def __iter__(self) -> Iterator[int]:
        count = len(self._job.masked)
        yield from self._job.order(self.epoch)
        yield from [count] * (len(self) - count)


class Stepping(_Trainer):  # type: ignore[misc, valid-type, unused-ignore]
    """What is kept and seen of a training, whatever its loss."""

    job: Job
    work: Path
    loss_seen = math.nan
    """Of the step that is being made, as far as it was computed, in all processes together."""
    fresh = True
    """Whether the next forward begins a step."""

    def set_out(self, job: Job, work: Path, watch: Watch) -> None:
        """Say what is trained, where checkpoints go, and who is told of each step."""
        from transformers import PrinterCallback

        self.job, self.work = job, work
        self.remove_callback(PrinterCallback)
        self.add_callback(_watcher(self, watch))
        # A loss is divided by what the whole step holds, and not once more by its parts.
        self.model_accepts_loss_kwargs = True

    def saw(self, loss: Any) -> None:
        """Take note of a forward's part of its step's loss.

        Raises:
            DivergedError: it is no number, in some process.
        """
        import torch

        whole = processes.summed(loss) if self.job.recipe.processes > 1 else loss.detach()
        if not torch.isfinite(whole):
            raise not_a_number(self.state.global_step + 1, self.work)
        self.loss_seen = float(whole) + (0 if self.fresh else self.loss_seen)
        self.fresh = False

    def _get_train_sampler(self, *given: Any) -> Any:
        several = self.job.recipe.processes > 1
        return PaddedSampler(self.job) if several else super()._get_train_sampler(*given)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        check_finite(model, self.state.global_step, self.work)
        with writing("a checkpoint", self.work):
            super()._save_checkpoint(model, trial)

    def _save_rng_state(self, output_dir: Any) -> None:
        super()._save_rng_state(output_dir)
        if self.job.recipe.processes > 1:
            # What marks a checkpoint as whole is written next.
            processes.wait_for_all()


def _watcher(running: Stepping, watch: Watch) -> Any:
    """A callback of transformers that tells of each step, and says when a checkpoint is due."""
    from transformers import TrainerCallback

    job = running.job

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
            due = now - self.saved >= job.recipe.checkpoint_seconds and bool(left)
            if processes.agreed(due) if job.recipe.processes > 1 else due:
                control.should_save, self.saved = True, now

    return Watcher()
