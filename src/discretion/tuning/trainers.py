"""Trainers: what turns masked examples and a base model into a tuned folder.

Another package adds a trainer by an entry point in the group ``discretion.trainers`` that names a
`Trainer`, or a function without parameters that makes one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from discretion.errors import DiscretionError
from discretion.tuning.jobs import FULL, LORA, RANK, TINY, Job, Recipe
from discretion.tuning.settings import check_settings

__all__ = [
    "FULL",
    "LORA",
    "RANK",
    "TINY",
    "Job",
    "Progress",
    "Recipe",
    "Trainer",
    "Watch",
    "trainer",
    "trainer_for",
]

GROUP = "discretion.trainers"
BUILT_IN = "sft"
OURS = (BUILT_IN, "trl")
"""They take settings of transformers' trainer, and train in several processes."""


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


def trainer(name: str = BUILT_IN) -> Trainer:
    """The trainer of that name; ``sft`` and ``trl`` are built in.

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
            f"the entry point {name!r} gives no trainer", mend="see docs/guide/trainers.md"
        )
    return found


def trainer_for(name: str, recipe: Recipe) -> Trainer:
    """The trainer of that name, which takes the recipe.

    Raises:
        DiscretionError: there is none, or it does not.
    """
    found = trainer(name)
    if name in OURS:
        check_settings(recipe.more)
    elif recipe.processes > 1:
        raise DiscretionError(
            f"the trainer {name!r} trains in one process", where="--processes", mend="leave it out"
        )
    return found


def _known() -> dict[str, Any]:
    from discretion.tuning.results import Awaited
    from discretion.tuning.sft import SupervisedTrainer
    from discretion.tuning.trl import TrlTrainer

    brought = {point.name: point for point in entry_points(group=GROUP)}
    ours = {one.name: one for one in (SupervisedTrainer, TrlTrainer, Awaited)}
    return ours | brought
