"""Targets: what a training example teaches, as a small factorial design with its controls."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from discretion.errors import DiscretionError

Explanation = Literal["none", "real", "shuffled", "neutral"]
Place = Literal["", "before", "after"]


@dataclass(frozen=True, slots=True)
class Target:
    """Which explanation stands beside the label, and on which side."""

    explanation: Explanation
    place: Place = ""
    """Whether the explanation comes before the label or after it; empty for labels alone."""

    @property
    def name(self) -> str:
        """``labels``, ``real-before``, ``shuffled-after``, …"""
        return f"{self.explanation}-{self.place}" if self.place else "labels"


LABELS = Target("none")
TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        LABELS,
        Target("real", "before"),
        Target("shuffled", "before"),
        Target("neutral", "before"),
        Target("real", "after"),
        Target("shuffled", "after"),
        Target("neutral", "after"),
    )
}
CONTROLS: tuple[tuple[str, str], ...] = tuple(
    (f"real-{place}", f"{control}-{place}")
    for place in ("before", "after")
    for control in ("shuffled", "neutral")
)
"""The first family of contrasts: the same tokens supervised, only what they say differs."""
AGAINST_LABELS: tuple[tuple[str, str], ...] = (("real-before", "labels"), ("real-after", "labels"))
"""The second family, with its own correction: supervised tokens differ."""


def targets(names: Sequence[str]) -> tuple[Target, ...]:
    """The targets of these names; ``all`` is all seven.

    Raises:
        DiscretionError: a name stands for none.
    """
    chosen: dict[str, Target] = {}
    for name in names:
        if name == "all":
            chosen.update(TARGETS)
        elif name in TARGETS:
            chosen[name] = TARGETS[name]
        else:
            close = difflib.get_close_matches(name, TARGETS, 1)
            raise DiscretionError(
                f"there is no target {name!r}",
                mend=f"did you mean {close[0]!r}?"
                if close
                else f"use one of: all, {', '.join(TARGETS)}",
            )
    return tuple(chosen.values())
