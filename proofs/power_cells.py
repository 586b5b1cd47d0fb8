"""The kinds of study whose power is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from discretion.toy.learner import LEARNER, Learner
from discretion.tuning.power import QUALITIES
from discretion.tuning.power_sizes import StudySize

SEEDS = (1, 2, 5)
Kind = Literal["ordinary", "without noise", "one fold", "unequal", "table"]


@dataclass(frozen=True, slots=True)
class Cell:
    """Studies of one size, by one learner."""

    kind: Kind
    size: StudySize
    learner: Learner
    studies: int
    qualities: tuple[float, ...] = QUALITIES


ORDINARY = StudySize()
CELLS = (
    Cell("ordinary", ORDINARY, LEARNER, 1000, (0.0,)),
    Cell("without noise", ORDINARY, Learner(LEARNER.weight, 0.0), 1000, (0.0,)),
    Cell("one fold", StudySize(domains=4, others=10, folds=1), LEARNER, 1000, (0.0,)),
    Cell("unequal", ORDINARY, LEARNER, 1000),
    *(
        Cell("table", StudySize(judgments, domains, max(SEEDS)), LEARNER, 100)
        for judgments in (300, 100, 600)
        for domains in (12, 6, 24)
    ),
)
