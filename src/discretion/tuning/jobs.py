"""Jobs: one training each, and how it is handed to another process or program as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.models.loading import Settings
from discretion.tuning.masking import Averaging, Masked

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
    """Train adapters, which are merged into the weights at the end."""
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
                mend="let --at-once divide --batch"
                + (", and the number of processes too" if several else ""),
            )
        return size


@dataclass(frozen=True, slots=True)
class Job:
    """One training: a target, a fold and a seed."""

    name: str
    """Of the folder that it ends in."""
    base: Settings
    """The base model's folder, and how it is loaded."""
    masked: Sequence[Masked]
    """In the order in which examples are numbered, the same in every target."""
    recipe: Recipe
    seed: int
    """Draws the order of the examples in each epoch, and the adapters' first weights."""
    ends: tuple[int, ...]
    """The tokens that end a turn."""

    @property
    def steps(self) -> int:
        return self.recipe.epochs * -(-len(self.masked) // self.recipe.batch)

    def order(self, epoch: int) -> list[int]:
        """Which examples are read one after the other in an epoch, counted from 0."""
        import torch

        generator = torch.Generator().manual_seed(self.seed + epoch)
        order: list[int] = torch.randperm(len(self.masked), generator=generator).tolist()
        return order


def masked_to_json(one: Masked) -> dict[str, Any]:
    """An example as JSON values: ids, and the spans that are supervised."""
    span = one.explanation
    return {
        "judgment": one.judgment,
        "ids": list(one.ids),
        "decision": list(one.decision),
        "explanation": None if span is None else list(span),
        "answers": [list(tokens) for tokens in one.answers],
        "parts": one.parts,
        "weight": one.weight,
        "share": one.share,
    }


def masked_from_json(read: Mapping[str, Any]) -> Masked:
    start, stop = read["decision"]
    span = read["explanation"]
    explanation = None if span is None else (span[0], span[1])
    granting, refusing = read.get("answers", ((), ()))
    return Masked(
        read["judgment"],
        tuple(read["ids"]),
        (start, stop),
        explanation,
        (tuple(granting), tuple(refusing)),
        read.get("parts", 0),
        read.get("weight", 1),
        read.get("share"),
    )


def job_to_json(job: Job) -> dict[str, Any]:
    """A job without its examples as JSON values."""
    return {
        "name": job.name,
        "base": job.base.model_dump(mode="json"),
        "recipe": asdict(job.recipe),
        "seed": job.seed,
        "ends": list(job.ends),
    }


def job_from_json(read: Mapping[str, Any], masked: Sequence[Masked]) -> Job:
    base = Settings.model_validate({**read["base"], "path": Path(read["base"]["path"])})
    recipe = Recipe(**read["recipe"])
    return Job(read["name"], base, masked, recipe, read["seed"], tuple(read["ends"]))
