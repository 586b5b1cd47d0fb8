"""Recipes: how is trained, the same for every target of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from discretion.errors import DiscretionError
from discretion.training.masking import Averaging

FULL, LORA, TINY = 1e-5, 2e-4, 1e-3
"""Learning rates where none is given: of all weights, of adapters, of the built-in model."""
RANK = 16
"""Of adapters, where none is given."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How is trained: the same for every target of a comparison."""

    epochs: int = 3
    learning_rate: float = FULL
    """The highest; it rises over a twentieth of the steps and falls to zero in a straight line."""
    batch: int = 8
    """Examples in a step, of all processes together."""
    at_once: int = 8
    """Examples in one forward of one process, at most; where all processes together hold fewer than
    `batch`, gradients are added up."""
    lora: bool = False
    """Train adapters, which stay apart from the base's weights."""
    rank: int = RANK
    """Of the adapters."""
    averaging: Averaging = "example"
    processes: int = 1
    """How many train together; a step is the same, but for rounding, however many they are."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the trainer beside these, passed on as they are; see `tuning.settings`."""
    outside: float = 1.0
    """Where decisions are learned as shares: how much the mass on neither answer counts beside the
    cross-entropy of the two. 1 is the plain cross-entropy of their tokens."""
    checkpoint_seconds: float = 300.0
    """After so long, and after each epoch, it is saved from where a stopped training goes on."""
    wait_seconds: float = 86_400.0
    """How long a job at a provider is followed before the command stops; the job does not."""

    def __post_init__(self) -> None:
        for name in ("epochs", "learning_rate", "batch", "at_once", "rank", "processes"):
            if getattr(self, name) <= 0:
                raise DiscretionError(
                    f"{name.replace('_', ' ')} must be above zero, not {getattr(self, name)}"
                )

    @property
    def settings(self) -> dict[str, Any]:
        """What can change the weights."""
        # Written out: by these a training that was stopped, or tried, is found again.
        return {
            "epochs": self.epochs,
            "learning_rate": self.learning_rate,
            "batch": self.batch,
            "at_once": self.at_once,
            "lora": self.lora,
            "rank": self.rank,
            "averaging": self.averaging,
            "processes": self.processes,
            "more": dict(self.more),
            **({} if self.outside == 1.0 else {"outside": self.outside}),
        }

    @property
    def forward(self) -> int:
        """Examples in one forward of one process.

        Raises:
            DiscretionError: a batch cannot be made of equal parts.
        """
        size = min(self.at_once, max(1, self.batch // self.processes))
        if self.batch % (size * self.processes):
            several = f" in each of {self.processes} processes" if self.processes > 1 else ""
            raise DiscretionError(
                f"a batch of {self.batch} cannot be made of {size} examples at once{several}",
                fix="let --at-once divide --batch"
                + (", and the number of processes too" if several else ""),
            )
        return size
