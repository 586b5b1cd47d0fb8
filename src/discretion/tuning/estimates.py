"""Estimates: what a training would take, from one timed step on the first examples."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from discretion.models.loading import Loaded, Settings
from discretion.tuning.cards import bytes_needed
from discretion.tuning.courses import Course
from discretion.tuning.fitting import quietly, with_adapters
from discretion.tuning.jobs import Recipe
from discretion.tuning.losses import collate, step_loss
from discretion.tuning.masking import Masked


@dataclass(frozen=True, slots=True)
class Estimate:
    """What all runs together would take on this machine."""

    runs: int
    """Trainings: targets times seeds times folds."""
    tokens: int
    """Read in all of them together."""
    tokens_per_second: float
    """Of one process, forward and backward, as measured."""
    hours: float
    """Where several processes were as fast as one each."""
    memory: int
    """Bytes that one process holds for weights, gradients, the optimizer and a step, at the most;
    the program itself and its libraries come on top."""
    disk: int
    """Bytes of the results and of the checkpoints on the way."""


def estimate(
    made: Sequence[Course], seeds: int, loaded: Loaded, base: Settings, recipe: Recipe
) -> Estimate:
    """Time a step on the first examples, and reckon from it.

    Args:
        loaded: the base; its weights are changed in kind and not in value, and it is not to be
            used for anything else afterwards.
        base: the settings by which it is loaded.
    """
    tokens = seeds * recipe.epochs * sum(course.tokens for course in made)
    rows = made[0].masked[: recipe.forward]
    with quietly():
        model = with_adapters(loaded.model, recipe.rank) if recipe.lora else loaded.model.float()
        seconds, kept = _timed(model.train(), rows, recipe, loaded.ends[0])
    padded = len(rows) * max(len(row.ids) for row in rows)
    longest = max(len(row.ids) for course in made for row in course.masked)
    speed = sum(len(row.ids) for row in rows) / seconds
    runs = seeds * len(made)
    return Estimate(
        runs=runs,
        tokens=tokens,
        tokens_per_second=speed,
        hours=tokens / (speed * recipe.processes) / 3600,
        memory=_held(model) + kept * recipe.forward * longest // padded,
        disk=bytes_needed(base.path, runs, lora=recipe.lora),
    )


def _held(model: Any) -> int:
    """Bytes of the weights and, of those that are trained, a gradient and two moments as well."""
    return sum(
        value.numel() * (value.element_size() + (12 if value.requires_grad else 0))
        for value in model.parameters()
    )


def _timed(model: Any, rows: Sequence[Masked], recipe: Recipe, pad: int) -> tuple[float, int]:
    """Seconds of a forward and its backward, and bytes kept from one for the other."""
    import torch

    batch = {
        key: value.to(model.device) for key, value in collate(rows, recipe.averaging, pad).items()
    }
    own = {value.untyped_storage().data_ptr() for value in model.parameters()}
    kept: dict[int, int] = {}

    def keep(value: Any) -> Any:
        storage = value.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return value

    seconds = 0.0
    for _ in range(2):  # The first time is slower than all that follow.
        kept.clear()
        _finish(model)
        begun = time.perf_counter()
        halved = torch.autocast(
            model.device.type, torch.bfloat16, enabled=bool(recipe.more.get("bf16"))
        )
        with halved, torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
            loss: Any = step_loss(model, batch, len(rows), recipe.outside)
        loss.backward()
        _finish(model)
        seconds = time.perf_counter() - begun
        model.zero_grad()
    return seconds, sum(kept.values())


def _finish(model: Any) -> None:
    """Wait until a GPU has done what it was told."""
    import torch

    if model.device.type == "cuda":
        torch.cuda.synchronize()
