"""Estimates: what a training would take, from one timed step on the first examples."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from discretion.models.loading import Loaded, Settings
from discretion.models.states import TOKENS, places, read_states
from discretion.training.cards import bytes_needed
from discretion.training.fitting import quietly, with_adapters
from discretion.training.losses import collate, of_like_length, step_loss
from discretion.training.masking import Masked
from discretion.training.recipes import Recipe
from discretion.training.training_sets import TrainingSet

AT_ONCE = 8
"""Prompts by whose reading heads are estimated."""


@dataclass(frozen=True, slots=True)
class TrainingEffort:
    """What all runs together would take on this machine."""

    runs: int
    """Trainings: targets times seeds times folds."""
    tokens: int
    """Read in all of them together."""
    tokens_per_second: float
    """Of one process, forward and backward, as measured; of heads, forward."""
    hours: float
    """Where several processes were as fast as one each."""
    memory: int
    """Bytes that one process holds for weights, gradients, the optimizer and a step, at the most;
    the program itself and its libraries come on top."""
    disk: int
    """Bytes of the results and of the checkpoints on the way."""


def estimate(
    made: Sequence[TrainingSet], seeds: int, loaded: Loaded, base: Settings, recipe: Recipe
) -> TrainingEffort:
    """Time a step on the first examples, and reckon from it.

    Args:
        seeds: how many each course is trained with, where it is not drawn for one.
        loaded: the base; its weights are changed in kind and not in value, and it is not to be
            used for anything else afterwards.
        base: the settings by which it is loaded.
    """

    def runs_of(courses: Sequence[TrainingSet]) -> int:
        return sum(seeds if course.draw is None else 1 for course in courses)

    trained = [course for course in made if not course.target.head]
    # Heads read the prompts of a fold and a draw once, whatever their kind and seed.
    heads = {
        (c.fold.number, c.draw): c.tokens
        for c in made
        if c.target.head in ("head", "shuffled-head")
    }
    read = sum(heads.values())
    if not trained:
        return _of_heads(made, runs_of(made), read, loaded)
    tokens = read + recipe.epochs * sum(runs_of([course]) * course.tokens for course in trained)
    rows = trained[0].masked[: recipe.forward]
    with quietly():
        model = with_adapters(loaded.model, recipe.rank) if recipe.lora else loaded.model.float()
        halved = bool(recipe.more.get("bf16", base.dtype == "bfloat16"))
        seconds, kept = _timed(model.train(), rows, recipe, loaded.ends[0], halved=halved)
    padded = len(rows) * max(len(row.ids) for row in rows)
    longest = max(len(row.ids) for course in made for row in course.masked)
    speed = sum(len(row.ids) for row in rows) / seconds
    return TrainingEffort(
        runs=runs_of(made),
        tokens=tokens,
        tokens_per_second=speed,
        hours=tokens / (speed * recipe.processes) / 3600,
        memory=_held(model) + kept * recipe.forward * longest // padded,
        disk=bytes_needed(base.path, runs_of(trained), lora=recipe.lora, rank=recipe.rank),
    )


def _of_heads(
    made: Sequence[TrainingSet], runs: int, tokens: int, loaded: Loaded
) -> TrainingEffort:
    """What heads alone take: nothing but reading, which one forward times."""
    rows = [row.ids[: row.parts] for row in made[0].masked[:AT_ONCE]]
    model, count = loaded.model, sum(map(len, rows))
    deep = model.config.get_text_config().num_hidden_layers
    seconds = 0.0
    for _ in range(2):  # The first time is slower than all that follow.
        _finish(model)
        begun = time.perf_counter()
        list(read_states(model, rows, places(deep)))
        _finish(model)
        seconds = time.perf_counter() - begun
    speed = count / seconds
    width = model.config.get_text_config().hidden_size
    longest = max(row.parts for course in made for row in course.masked)
    states = (deep + 1) * width * max(TOKENS, longest) * model.dtype.itemsize
    prompts = max(len(course.masked) for course in made)
    kept = prompts * len(places(deep)) * width * 4
    return TrainingEffort(
        runs=runs,
        tokens=tokens,
        tokens_per_second=speed,
        hours=tokens / speed / 3600,
        memory=sum(value.nbytes for value in model.parameters()) + states,
        disk=kept if tokens else 0,
    )


def _held(model: Any) -> int:
    """Bytes of the weights and, of those that are trained, a gradient and two moments as well."""
    return sum(
        value.numel() * (value.element_size() + (12 if value.requires_grad else 0))
        for value in model.parameters()
    )


def _timed(
    model: Any, rows: Sequence[Masked], recipe: Recipe, pad: int, *, halved: bool
) -> tuple[float, int]:
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
        cast = torch.autocast(model.device.type, torch.bfloat16, enabled=halved)
        with cast, torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
            parts = of_like_length(batch) if recipe.processes == 1 else [batch]
            loss: Any = sum(step_loss(model, one, len(rows), recipe.outside) for one in parts)
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
