"""Defaults: how a model of a user's own is taught where nothing else is said.

They are what taught a small chat model to decide like people: all weights, one plain prompt that
says how far a case steps past its limit, the share of people as a label, few epochs. The built-in
model keeps its own; what a plan in the log says stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from discretion.core.tuning_plans import TuningPlan
from discretion.models.endpoint import Endpoint
from discretion.models.loading import Settings
from discretion.training.trainers import API, LORA, OURS, Base

PLAIN = "plain"
FULL = 1e-4
"""The learning rate of all weights."""
USUAL: Mapping[str, Any] = {
    "method": PLAIN,
    "batch": 10,
    "epochs": 3,
    "outside": 0.1,
    # Reading six precedents takes as long as reading six cases: on a laptop longer than to teach.
    "beside": (),
}
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
    "beside",
    "averaging",
    "settings",
)
"""What a plan says of one base, and of no other that is named in its place."""


def with_defaults(plan: TuningPlan, said: Collection[str], base: Base) -> TuningPlan:
    """The plan with what was not said as it is best for its base.

    Args:
        said: the fields that somebody set.
    """
    if isinstance(base, Endpoint):
        return plan.model_copy(update=_at_provider(plan, said, base))
    if base.reads_twin:
        return plan
    more = {name: value for name, value in USUAL.items() if name not in said}
    if "learning_rate" not in said:
        more["learning_rate"] = LORA if plan.lora else FULL
    if plan.trainer in OURS:
        more["settings"] = {**DECAY, **_arithmetic(base), **plan.settings}
    return plan.model_copy(update=more)


def _arithmetic(base: Settings) -> dict[str, Any]:
    """The setting by which training multiplies in bfloat16, where the processor does so by itself.

    It takes 0.6 times as long then. What it makes is asked in the base's own arithmetic; see
    ``tuning.fitting.off_the_grid`` for what that needs.
    """
    if base.device.startswith("cuda") or not computes_in_bfloat16():
        return {}
    return {"bf16": True}


def computes_in_bfloat16() -> bool:
    """Whether this processor multiplies in bfloat16 by itself, rather than in many steps."""
    try:
        import torch
    except ImportError:
        return False
    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in asked)


def _at_provider(plan: TuningPlan, said: Collection[str], base: Endpoint) -> dict[str, Any]:
    """What was not said for a model at an endpoint: its rate is the provider's."""
    more = {"trainer": API, **({} if base.reads_twin else {"method": PLAIN})}
    return {name: value for name, value in more.items() if name not in said}
