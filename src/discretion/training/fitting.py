"""Fitting: a trainer of transformers' kind, from the base or the last checkpoint to a result."""

from __future__ import annotations

import json
import random
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from discretion.errors import DiscretionError, missing_extra
from discretion.models.adapters import WEIGHTS, takes_additions
from discretion.models.folder import ADAPTER
from discretion.models.loading import Loaded, load, without_progress_bars, without_remarks
from discretion.models.memory import give_back
from discretion.training import processes
from discretion.training.checkpoints import check_finite, last_checkpoint, remove_cut_off, writing
from discretion.training.jobs import Job, job_to_json, masked_to_json
from discretion.training.settings import check_settings

Make = Callable[[Loaded, Any], Any]
"""Makes the trainer from the base as it was loaded and the model that is to be trained: the base's
own, or the same with adapters."""


def fit(name: str, job: Job, work: Path, make: Make) -> Path:
    """Train a job, in all its processes, and write what came of it.

    Args:
        name: of the trainer, by which other processes find it.
        make: the trainer, once for each process.

    Returns:
        The result's folder; in other processes than the first, the folder of the work.

    Raises:
        DiscretionError: it cannot be trained.
        StoppedError: it had to stop, and the same job goes on from the last checkpoint.
    """
    recipe = job.recipe
    if find_spec("accelerate") is None or (recipe.lora and find_spec("peft") is None):
        raise missing_extra("tune", "training")
    check_settings(recipe.more)
    leads = processes.rank() == 0
    if leads:
        remove_cut_off(work)
        if recipe.processes > 1:
            masked = [masked_to_json(one) for one in job.masked]
            said = {"trainer": name, "job": job_to_json(job), "masked": masked, "work": str(work)}
            processes.tell(said)
    processes.take_gpu(recipe.processes, job.base.device)
    with quietly(), _own_randomness(job.seed):
        try:
            return _fitted(job, work, make, leads=leads)
        finally:
            give_back()


def _fitted(job: Job, work: Path, make: Make, *, leads: bool) -> Path:
    import torch

    recipe = job.recipe
    loaded = load(job.name, job.base.model_copy(update={} if recipe.lora else {"dtype": "float32"}))
    stored = str(loaded.model.config.dtype).removeprefix("torch.")
    adapted = with_adapters(loaded.model, recipe.rank) if recipe.lora else loaded.model
    running = make(loaded, adapted)
    if running.args.bf16 and not recipe.lora:
        off_the_grid(adapted, job.seed)
    try:
        running.train(resume_from_checkpoint=last_checkpoint(work))
    except ImportError as error:
        raise DiscretionError(
            f"training needs what is not installed: {error}",
            fix="install it, or leave out the --set that asks for it",
        ) from error
    check_finite(running.model, running.state.global_step, work)
    if not leads:
        return work
    result = work / "result"
    if recipe.lora and _stays_apart(running.model):
        return _saved(lambda: _save_adapter(running.model, result), result)
    tuned = running.model.merge_and_unload() if recipe.lora else running.model
    return _saved(lambda: tuned.to(getattr(torch, stored)).save_pretrained(result), result)


def off_the_grid(model: Any, seed: int) -> None:
    """Move weights that were stored in bfloat16 at random, by less than half of its spacing.

    A forward in bfloat16 rounds the weights. Where each lies on a value of bfloat16, it is rounded
    back to it until training has moved it half way to the next: the first steps change nothing that
    is computed, and those that follow go too far. A small chat model so learned half of what it
    learns otherwise, and granted more often in float32 than it was taught to (docs/experiments.md).
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            if not torch.equal(weight, weight.bfloat16().to(weight.dtype)):
                continue
            _, exponent = torch.frexp(weight)
            spacing = torch.ldexp(torch.ones_like(weight), exponent - 8)
            noise = torch.rand(weight.shape, generator=generator).to(weight.device) - 0.5
            weight += noise * spacing * (weight != 0)


def with_adapters(model: Any, rank: int) -> Any:
    """A model with LoRA adapters on every linear layer; nothing else of it is trained.

    Raises:
        DiscretionError: the model has layers that adapters cannot serve.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    try:
        return get_peft_model(model, config)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        # The library's own tag, and advice on settings that nobody here has made.
        reason = re.sub(r"^\[\S*\]\s*|\s*Please .*", "", reason)
        raise DiscretionError(
            f"LoRA adapters cannot serve this model's layers: {reason.rstrip('.')}",
            fix="train all weights with --full, or use another model",
        ) from error


def adapted_share(base: Path, rank: int) -> float:
    """The share of a base's weights that adapters reach; its weights are not loaded.

    Raises:
        DiscretionError: the model has layers that adapters cannot serve.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(base, local_files_only=True, trust_remote_code=False)
    kinds: Any = AutoModelForCausalLM
    with quietly(), torch.device("meta"):
        model = kinds.from_config(config)
        weights: int = sum(value.numel() for value in model.parameters())
        adapted = with_adapters(model, rank)
    reached: dict[int, int] = {
        value.data_ptr() or id(value): value.numel()
        for layer in adapted.modules()
        if hasattr(layer, "lora_A")
        for name, value in layer.get_base_layer().named_parameters(recurse=False)
        if name == getattr(layer, "parameter_name", "weight")
    }
    return sum(reached.values()) / weights


def _stays_apart(model: Any) -> bool:
    """Whether all that was trained can be added to a base as it is asked. What peft adds to fused
    experts cannot, and is merged."""
    layers = [layer for layer in model.modules() if hasattr(layer, "lora_A")]
    return all(
        takes_additions(layer.get_base_layer()) and not hasattr(layer, "parameter_name")
        for layer in layers
    )


def _save_adapter(model: Any, folder: Path) -> None:
    """Write what was trained, and no more of how than it takes to add it to the base."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    config = model.peft_config["default"]
    # Whether words were added would be looked up where the base is from.
    weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    folder.mkdir()
    save_file(
        {name: value.detach().cpu().contiguous() for name, value in weights.items()},
        folder / WEIGHTS,
        {"format": "pt"},
    )
    said = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": config.r,
        "lora_alpha": config.lora_alpha,
        "target_modules": sorted(config.target_modules),
        "fan_in_fan_out": config.fan_in_fan_out,
        "inference_mode": True,
    }
    (folder / ADAPTER).write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", "utf-8")


def _saved(save: Callable[[], None], folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    with writing("the result", folder.parent):
        save()
    return folder


@contextmanager
def quietly() -> Iterator[None]:
    """Without bars, and without remarks that a user of this program can do nothing about."""
    with without_progress_bars(), without_remarks(), warnings.catch_warnings():
        # peft and TRL say it in words that transformers is about to retire.
        warnings.filterwarnings("ignore", "`(is_)?gradient_checkpointing`", FutureWarning)
        yield


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
