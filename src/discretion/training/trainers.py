"""Trainers: what turns examples and a base model into a tuned one.

A `Trainer` makes a folder of weights from masked examples, here; a `ChatTrainer` has a provider
make a model from conversations, there. Another package adds either by an entry point in the group
``discretion.trainers`` that names one, or a function without parameters that makes one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from discretion.errors import DiscretionError
from discretion.models.endpoint import Endpoint
from discretion.models.loading import Settings
from discretion.training.chats import ChatJob
from discretion.training.jobs import Job
from discretion.training.recipes import FULL, LORA, RANK, TINY, Recipe
from discretion.training.settings import check_settings

__all__ = [
    "FULL",
    "LORA",
    "RANK",
    "TINY",
    "AnyTrainer",
    "Base",
    "ChatJob",
    "ChatTrainer",
    "Job",
    "Progress",
    "Recipe",
    "Served",
    "Trainer",
    "Watch",
    "trainer",
    "trainer_for",
    "trains_here",
    "trains_there",
]

GROUP = "discretion.trainers"
BUILT_IN = "sft"
API = "openai"
"""The trainer of OpenAI's files and jobs, and of all that speak as they do."""
OURS = (BUILT_IN, "trl")
"""They take settings of transformers' trainer, and train in several processes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is."""

    name: str
    step: int
    steps: int
    loss: float | None
    """Of the last step; None before there is one: while a head's prompts are read, a step each, and
    until a provider says it."""
    seconds: float
    """Since it began, or went on."""
    seconds_left: float | None
    said: str = ""
    """What a provider says of it, where it is trained there."""


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


@dataclass(frozen=True, slots=True)
class Served:
    """A model that a provider made, and serves."""

    model: str
    """Its name there."""
    job: str
    """The id of the job that made it."""
    trained_tokens: int | None = None
    """That are paid for, as the provider counts them."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """In what it is asked otherwise than its base, as ``[models.NAME]`` says it."""


@runtime_checkable
class ChatTrainer(Protocol):
    """Has one job trained at a provider."""

    @property
    def name(self) -> str: ...

    def check(self, recipe: Recipe, base: Endpoint) -> None:
        """Refuse what cannot be trained there, before anything is prepared.

        Raises:
            DiscretionError: says what, and what to do instead.
        """
        ...

    def tune(self, job: ChatJob, work: Path, watch: Watch) -> Served:
        """Have a job trained, or go on following it.

        Args:
            work: a folder of the job's own, which is there again after a stop: what tells the
                provider's job from another belongs in it before anything else is done, so that no
                work is paid for twice. It is removed once there is a model.

        Raises:
            DiscretionError: it cannot be trained.
            StoppedError: it had to stop, and the same job goes on where it is.
        """
        ...


AnyTrainer = Trainer | ChatTrainer
Base = Settings | Endpoint
"""What is tuned: a folder, or a model at a provider."""


def trainer(name: str = BUILT_IN) -> AnyTrainer:
    """The trainer of that name; ``sft``, ``trl`` and ``openai`` are built in.

    Raises:
        DiscretionError: there is none.
    """
    known = _known()
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        raise DiscretionError(
            f"there is no trainer {name!r}",
            fix=f"did you mean {close[0]!r}?" if close else f"use one of: {', '.join(known)}",
        )
    made = known[name]
    if isinstance(made, EntryPoint):
        made = made.load()
    found = made() if isinstance(made, type) or not isinstance(made, AnyTrainer) else made
    if not isinstance(found, AnyTrainer):
        raise DiscretionError(
            f"the entry point {name!r} gives no trainer", fix="see docs/guide/write-a-trainer.md"
        )
    return found


def trainer_for(name: str, recipe: Recipe, base: Base) -> AnyTrainer:
    """The trainer of that name, which takes the recipe and the base.

    Raises:
        DiscretionError: there is none, or it does not.
    """
    found = trainer(name)
    if isinstance(base, Endpoint) != isinstance(found, ChatTrainer):
        raise _other_kind(name, base)
    if isinstance(base, Endpoint) and isinstance(found, ChatTrainer):
        found.check(recipe, base)
    if name in OURS:
        check_settings(recipe.more)
    elif recipe.processes > 1:
        raise DiscretionError(
            f"the trainer {name!r} trains in one process",
            where="--processes",
            fix="leave it out, and start the command without torchrun",
        )
    return found


def trains_here(found: AnyTrainer) -> Trainer:
    """The trainer, where it makes folders.

    Raises:
        DiscretionError: it has a provider make models.
    """
    if not isinstance(found, Trainer):
        raise DiscretionError(f"the trainer {found.name!r} trains models at a provider")
    return found


def trains_there(found: AnyTrainer) -> ChatTrainer:
    """The trainer, where it has a provider make models.

    Raises:
        DiscretionError: it makes folders.
    """
    if not isinstance(found, ChatTrainer):
        raise DiscretionError(f"the trainer {found.name!r} trains models in folders")
    return found


def _other_kind(name: str, base: Base) -> DiscretionError:
    if isinstance(base, Endpoint):
        return DiscretionError(
            f"the trainer {name!r} trains models in folders, and {base.name!r} is at an endpoint",
            where="--trainer",
            fix=f"use --trainer {API}, or tune a local model",
        )
    return DiscretionError(
        f"the trainer {name!r} trains models at a provider, and this one is in a folder",
        where="--trainer",
        fix="name a model with base_url and model in discretion.toml, or leave --trainer out",
    )


def _known() -> dict[str, Any]:
    from discretion.training.openai_jobs import OpenAITrainer
    from discretion.training.results import Awaited
    from discretion.training.sft import SupervisedTrainer
    from discretion.training.trl import TrlTrainer

    brought = {point.name: point for point in entry_points(group=GROUP)}
    ours = {one.name: one for one in (SupervisedTrainer, TrlTrainer, Awaited, OpenAITrainer)}
    return ours | brought
