"""Trainers: what turns masked examples and a base model into a tuned folder.

Another package adds a trainer by an entry point in the group ``discretion.trainers`` that names a
`Trainer`, or a function without parameters that makes one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from discretion.errors import DiscretionError
from discretion.models.loading import Settings
from discretion.tuning.masking import Averaging, Masked

GROUP = "discretion.trainers"
FULL, LORA, TINY = 1e-5, 2e-4, 1e-3
"""Learning rates where none is given: of all weights, of adapters, of the built-in model."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How is trained: the same for every target of a comparison."""

    epochs: int = 3
    learning_rate: float = FULL
    """The highest; it rises over a twentieth of the steps and falls to zero in a straight line."""
    batch: int = 8
    """Examples in a step."""
    at_once: int = 8
    """Examples in one forward; where they are fewer than `batch`, gradients are added up."""
    lora: bool = False
    """Train adapters, which are merged into the weights at the end."""
    rank: int = 16
    """Of the adapters."""
    averaging: Averaging = "example"
    checkpoint_seconds: float = 300.0
    """After so long, and after each epoch, it is saved from where a stopped training goes on."""

    def __post_init__(self) -> None:
        for name in ("epochs", "learning_rate", "batch", "at_once", "rank"):
            if getattr(self, name) <= 0:
                raise DiscretionError(
                    f"{name.replace('_', ' ')} must be above zero, not {getattr(self, name)}"
                )

    @property
    def settings(self) -> dict[str, Any]:
        """What can change the weights."""
        settings = asdict(self)
        del settings["checkpoint_seconds"]
        return settings


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


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is."""

    name: str
    step: int
    steps: int
    loss: float
    """Of the last step."""
    seconds: float
    """Since it began, or went on."""
    seconds_left: float | None


Watch = Callable[[Progress], None]


@runtime_checkable
class Trainer(Protocol):
    """Trains one job."""

    @property
    def name(self) -> str: ...

    def train(self, job: Job, work: Path, watch: Watch) -> Path:
        """Train, and give back a folder in Hugging Face's layout with the weights in safetensors.

        Args:
            work: a folder of the job's own. It is there again after a training that was stopped, so
                checkpoints belong in it; the result may lie in it. It is removed in the end.

        Raises:
            DiscretionError: it cannot be trained.
            StoppedError: it had to stop, and the same job goes on from the last checkpoint.
        """
        ...


def trainer(name: str = "sft") -> Trainer:
    """The trainer of that name; ``sft`` is built in.

    Raises:
        DiscretionError: there is none.
    """
    known = _known()
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        raise DiscretionError(
            f"there is no trainer {name!r}",
            mend=f"did you mean {close[0]!r}?" if close else f"use one of: {', '.join(known)}",
        )
    made = known[name]
    if isinstance(made, EntryPoint):
        made = made.load()
    found = made() if isinstance(made, type) or not isinstance(made, Trainer) else made
    if not isinstance(found, Trainer):
        raise DiscretionError(
            f"the entry point {name!r} gives no trainer", mend="see docs/guide/tuning.md"
        )
    return found


def _known() -> dict[str, Any]:
    from discretion.tuning.sft import SupervisedTrainer

    return {"sft": SupervisedTrainer} | {point.name: point for point in entry_points(group=GROUP)}
