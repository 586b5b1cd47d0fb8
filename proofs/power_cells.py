"""The kinds of study whose power is published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from discretion.experiments.power_sizes import Size
from discretion.simulation.learner import LEARNER, Learner

SEEDS = (1, 2, 5)
Kind = Literal["ordinary", "without noise", "one fold", "unequal", "table"]


@dataclass(frozen=True, slots=True)
class Cell:
    """Studies of one size, by one learner."""

    kind: Kind
    size: Size
    learner: Learner
    studies: int


ORDINARY = Size(seeds=max(SEEDS))
"""The defaults; its first two seeds are the ordinary study."""
CELLS = (
    Cell("ordinary", ORDINARY, LEARNER, 1000),
    Cell("without noise", Size(), Learner(LEARNER.weight, 0.0), 1000),
    Cell("one fold", Size(domains=4, others=10, folds=1), LEARNER, 1000),
    Cell("unequal", Size(), LEARNER, 1000),
    *(
        Cell("table", replace(ORDINARY, judgments=judgments, domains=domains), LEARNER, 100)
        for judgments in (100, 300, 600)
        for domains in (6, 12, 24)
        if (judgments, domains) != (ORDINARY.judgments, ORDINARY.domains)
    ),
)
