"""Jobs: one training each, and how it is handed to another process or program as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from discretion.models.loading import Settings
from discretion.training.head_tasks import HeadTask
from discretion.training.masking import Masked
from discretion.training.recipes import Recipe


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
    head: HeadTask | None = None
    """What a head is fitted on; None where the base is trained."""

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
        "base": job.base.model_dump(mode="json", exclude={"base"}),
        "recipe": asdict(job.recipe),
        "seed": job.seed,
        "ends": list(job.ends),
    }


def job_from_json(read: Mapping[str, Any], masked: Sequence[Masked]) -> Job:
    base = Settings.model_validate({**read["base"], "path": Path(read["base"]["path"])})
    recipe = Recipe(**read["recipe"])
    return Job(read["name"], base, masked, recipe, read["seed"], tuple(read["ends"]))
