"""Settings that are passed on to the built-in trainer: `--set weight_decay=0.1`.

They are fields of transformers' TrainingArguments. Those that decide what is taught, where it is
kept or who hears of it are refused, since the program promises these; so is what is not known here.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from discretion.errors import DiscretionError

_PASSED = """
    activation_checkpointing activation_checkpointing_kwargs adam_beta1 adam_beta2 adam_epsilon
    bf16 dataloader_num_workers dataloader_persistent_workers dataloader_pin_memory
    dataloader_prefetch_factor ddp_broadcast_buffers ddp_bucket_cap_mb fp16 full_determinism
    gradient_checkpointing gradient_checkpointing_kwargs lr_scheduler_kwargs lr_scheduler_type
    max_grad_norm neftune_noise_alpha optim optim_args optim_target_modules tf32
    torch_compile torch_compile_backend torch_compile_mode torch_empty_cache_steps
    warmup_steps weight_decay
    """
PASSED = frozenset(_PASSED.split())
"""How steps are computed, and how large they are."""

_REFUSED = {
    "is said by an option of its own: --epochs, --learning-rate, --batch, --at-once, --seeds or "
    "--processes": """
    auto_find_batch_size data_seed gradient_accumulation_steps learning_rate local_rank max_steps
    num_train_epochs per_device_train_batch_size seed
    """,
    "would have the model learn something else than the marked words, in one order for every "
    "target": """
    average_tokens_across_devices dataloader_drop_last dataloader_in_order
    dataloader_multiprocessing_context include_num_input_tokens_seen label_names
    label_smoothing_factor length_column_name liger_kernel_config remove_unused_columns
    train_sampling_strategy use_cache use_liger_kernel
    """,
    "would change where the result and its checkpoints are, or how a stopped training goes on": """
    enable_jit_checkpoint ignore_data_skip load_best_model_at_end output_dir resume_from_checkpoint
    restore_callback_states_from_checkpoint save_on_each_node save_only_model save_steps
    save_strategy save_total_limit
    """,
    "would send something to another machine, or show it elsewhere than here": """
    disable_tqdm hub_always_push hub_model_id hub_private_repo hub_revision hub_strategy hub_token
    log_level log_level_replica log_on_each_node logging_first_step logging_nan_inf_filter
    logging_steps logging_strategy project push_to_hub report_to run_name trackio_bucket_id
    trackio_space_id trackio_static_space_id
    """,
    "is about an evaluation, and what is held out is not seen while training": """
    batch_eval_metrics bf16_full_eval do_eval do_predict do_train eval_accumulation_steps eval_delay
    eval_do_concat_batches eval_on_start eval_steps eval_strategy eval_use_gather_object
    fp16_full_eval greater_is_better include_for_metrics metric_for_best_model
    per_device_eval_batch_size prediction_loss_only
    """,
    "would part the model over devices or processes in another way than --processes does": """
    accelerator_config ddp_backend ddp_find_unused_parameters ddp_static_graph ddp_timeout deepspeed
    fsdp fsdp_config parallelism_config use_cpu
    """,
    "is for finding faults in the trainer itself": "debug skip_memory_metrics",
}
REFUSED = {name: why for why, names in _REFUSED.items() for name in names.split()}
"""Why each of the others is not taken."""

NEED_AN_EVALUATION = ("reduce_lr_on_plateau", "greedy")
"""Schedules of transformers that ask how the model does on data of its own."""


def read_settings(said: Sequence[str]) -> dict[str, Any]:
    """What ``NAME=VALUE`` says, each value as JSON where it is JSON, else as text.

    Raises:
        DiscretionError: one has no value, or is said twice.
    """
    settings: dict[str, Any] = {}
    for one in said:
        name, found, value = one.partition("=")
        name = name.strip()
        if not (found and name) or name in settings:
            raise DiscretionError(
                f"{name} is set twice" if name in settings else f"{one!r} sets nothing",
                where="--set",
                fix="write each setting once, like --set weight_decay=0.1",
            )
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = {"True": True, "False": False, "None": None}.get(value, value)
    return settings


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse what the built-in trainer does not take, or must not.

    Raises:
        DiscretionError: says why, or which name is meant.
    """
    for name, value in settings.items():
        if name in REFUSED:
            raise DiscretionError(
                f"{name} {REFUSED[name]}", where=f"--set {name}", fix="leave it out"
            )
        if name not in PASSED:
            close = difflib.get_close_matches(name, PASSED, 1)
            raise DiscretionError(
                f"the built-in trainer has no setting {name!r}",
                where="--set",
                fix=f"did you mean {close[0]!r}?" if close else "see docs/guide/trainers.md",
            )
        if value in NEED_AN_EVALUATION:
            raise DiscretionError(
                f"{value} needs an evaluation while training",
                where=f"--set {name}",
                fix="choose another schedule",
            )
        _check_kind(name, value)


def _check_kind(name: str, value: Any) -> None:
    """A number where transformers has one: a text in its place is found only after long."""
    import dataclasses

    from transformers import TrainingArguments

    kinds = {one.name: one.type for one in dataclasses.fields(TrainingArguments)}
    number = isinstance(value, int | float) and not isinstance(value, bool)
    wrong = {
        int: not (number and value == int(value)),
        float: not number,
        bool: not isinstance(value, bool),
    }
    kind = kinds.get(name)
    if isinstance(kind, type) and wrong.get(kind, False):
        wanted = "true or false" if kind is bool else "a number"
        raise DiscretionError(
            f"{name} must be {wanted}, not {value!r}", where=f"--set {name}", fix="correct it"
        )
