"""Experiments: tune, evaluate what was held out, and compare; each step by itself and resumable."""

from discretion.experiments.asking import ask_held_out, rehearse
from discretion.experiments.frozen import Frozen, declared, freeze, frozen_plans, looks
from discretion.experiments.outcome import outcome, pooled
from discretion.experiments.preparation import Preparation, outlook, prepared
from discretion.experiments.settings import choose, grid
from discretion.experiments.training import (
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
    "rehearse",
    "train",
    "trainings",
]
