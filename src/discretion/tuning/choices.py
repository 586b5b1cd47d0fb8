"""Choices: the settings that a target got, and those that were tried."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from discretion.training.trainers import Recipe


@dataclass(frozen=True, slots=True)
class TriedSetting:
    """What one setting came to for a target."""

    epochs: int
    learning_rate: float
    brier: float | None
    """On the inner held-out judgments; None where the training came to no numbers, or the model
    answered nothing."""
    judgments: int
    """Those it was scored on."""


def tried_to_json(tried: TriedSetting) -> dict[str, Any]:
    """As the log keeps it, and what a tuned model says of itself."""
    return {
        "epochs": tried.epochs,
        "learning_rate": tried.learning_rate,
        "brier": tried.brier,
        "judgments": tried.judgments,
    }


@dataclass(frozen=True, slots=True)
class ChosenSettings:
    """The settings of one target on one fold, and what they were chosen from."""

    target: str
    fold: int
    inner: tuple[str, ...]
    """The groups that were held out inside the fold."""
    tried: tuple[TriedSetting, ...]
    """In the order of the grid: the shorter first, then the smaller rate."""

    @property
    def best(self) -> TriedSetting:
        """The lowest Brier score of those scored on the most judgments; the first where several
        are alike."""
        scored = [one for one in self.tried if one.brier is not None]
        most = max(one.judgments for one in scored)
        return min(
            (one for one in scored if one.judgments == most), key=lambda one: one.brier or 0.0
        )

    def applied_to(self, recipe: Recipe) -> Recipe:
        """The recipe with the best settings."""
        return replace(recipe, epochs=self.best.epochs, learning_rate=self.best.learning_rate)

    @property
    def notes(self) -> dict[str, Any]:
        """For what a tuned model says of itself."""
        return {"inner": list(self.inner), "tried": [tried_to_json(one) for one in self.tried]}
