"""Defaults: how a model of a user's own is taught where nothing else is said.

They are what taught a small chat model to decide like people: all weights, one plain prompt, the
share of people as a label, few epochs. The built-in model keeps its own; what a plan in the log
says stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from discretion.models.loading import Settings
from discretion.tuning.trainers import LORA, OURS
from discretion.tuning_plans import TuningPlan

PLAIN = "plain"
FULL = 5e-5
"""The learning rate of all weights."""
USUAL: Mapping[str, Any] = {"method": PLAIN, "batch": 10, "epochs": 3, "outside": 0.1}
DECAY = {"weight_decay": 0.01}
OF_A_BASE = (
    "name",
    "epochs",
    "learning_rate",
    "try_rates",
    "try_epochs",
    "batch",
    "at_once",
    "lora",
    "rank",
    "method",
    "outside",
    "averaging",
    "settings",
)
"""What a plan says of one base, and of no other that is named in its place."""


def with_defaults(plan: TuningPlan, said: Collection[str], base: Settings) -> TuningPlan:
    """The plan with what was not said as it is best for its base.

    Args:
        said: the fields that somebody set.
    """
    if base.reads_twin:
        return plan
    more = {name: value for name, value in USUAL.items() if name not in said}
    if "learning_rate" not in said:
        more["learning_rate"] = LORA if plan.lora else FULL
    if plan.trainer in OURS:
        more["settings"] = {**DECAY, **plan.settings}
    return plan.model_copy(update=more)


def autocast(plan: TuningPlan, base: Settings) -> dict[str, Any]:
    """The setting by which forwards are computed in bfloat16, on processors that have it."""
    usual = plan.trainer in OURS and plan.method and not base.reads_twin
    return {"bf16": True} if usual and base.device == "cpu" and _has_bfloat16() else {}


def _has_bfloat16() -> bool:
    """Whether this processor computes in bfloat16 by itself, rather than in many steps."""
    import torch

    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in asked)
