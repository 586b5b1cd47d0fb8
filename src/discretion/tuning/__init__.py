"""Experiments: tune, evaluate what was held out, and compare; each step by itself and resumable."""

from discretion.tuning.asking import ask_held_out, calibration_run
from discretion.tuning.frozen import Frozen, declared, freeze, frozen_plans, looks
from discretion.tuning.outcome import outcome, pooled
from discretion.tuning.preparation import Preparation, outlook, prepared
from discretion.tuning.settings import choose, grid
from discretion.tuning.training import (
    Ledger,
    Trained,
    Training,
    parts_of,
    prepare,
    recipe_of,
    train,
    trainings,
)

__all__ = [
    "Frozen",
    "Ledger",
    "Preparation",
    "Trained",
    "Training",
    "ask_held_out",
    "calibration_run",
    "choose",
    "declared",
    "freeze",
    "frozen_plans",
    "grid",
    "looks",
    "outcome",
    "outlook",
    "parts_of",
    "pooled",
    "prepare",
    "prepared",
    "recipe_of",
    "train",
    "trainings",
]
