"""Lineage: whose judgments a model was taught, and what had been declared before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """Where judgments came from."""

    name: str
    """A file's name, or a simulation's."""
    judgments: int
    hash: str
    """Hash of the judgments' ids, which are hashes of where each of them stood."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where what was taught came from."""

    panel: str
    simulated: bool
    """Whether any of it was made by simulated people."""
    judgments: int
    """Of the panel; a fold teaches those of the cases that it leaves open."""
    raters: int | None
    """How many people; None where it is not known who judged."""
    sources: tuple[Source, ...]
    head: str
    """Head of the log when the training began."""
    plan: str
    """Hash of the tuning plan."""
    frozen: str
    """When the plan was written into the log."""
    by_hand: bool
    """By a person beforehand, rather than by the training itself."""
    exploratory: str
    """Why nothing that comes of it is confirmed by having been declared; empty where it is."""


def lineage_to_json(lineage: Lineage) -> dict[str, Any]:
    """As the log keeps it, beside what was tuned."""
    return {
        "panel": lineage.panel,
        "simulated": lineage.simulated,
        "judgments": lineage.judgments,
        "raters": lineage.raters,
        "sources": [
            {"name": one.name, "judgments": one.judgments, "hash": one.hash}
            for one in lineage.sources
        ],
        "head": lineage.head,
        "plan": lineage.plan,
        "frozen": lineage.frozen,
        "by_hand": lineage.by_hand,
        "exploratory": lineage.exploratory,
    }
