"""Arguments: what a trainer of transformers' kind is told about a job."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.training.jobs import Job


def arguments(kind: Any, job: Job, work: Path, *, cpu: bool, **more: Any) -> Any:
    """A job as arguments of that kind.

    Args:
        kind: transformers' TrainingArguments, or a class that adds to it.
        work: where checkpoints go.
        more: what that class is told beside, where the recipe says nothing else.

    Raises:
        DiscretionError: a setting is none, or other processes joined than were asked for.
    """
    import torch

    recipe = job.recipe
    usual: dict[str, Any] = {
        "warmup_steps": math.ceil(job.steps / 20),
        "lr_scheduler_type": "linear",
        "weight_decay": 0.0,
        "bf16": job.base.dtype == "bfloat16" and (cpu or torch.cuda.is_bf16_supported()),
        "dataloader_pin_memory": False,
    }
    try:
        made = kind(
            **(usual | more | dict(recipe.more)),
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
            f"transformers does not take these settings: {error}", where="--set", fix="correct it"
        ) from error
    joined = max(made.world_size, made.n_gpu)
    if made.n_gpu > 1 or joined != recipe.processes:
        raise DiscretionError(
            f"training would run on {joined} devices or processes at once, and "
            f"{recipe.processes} {'was' if recipe.processes == 1 else 'were'} asked for",
            fix="say how many with --processes, and name as many GPUs in CUDA_VISIBLE_DEVICES",
        )
    return made
