"""Targets: what a training example teaches, as a small factorial design with its controls."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from discretion.errors import DiscretionError

Explanation = Literal["none", "real", "shuffled", "neutral"]
Place = Literal["", "before", "after"]
HeadKind = Literal["", "head", "shuffled-head", "random-head", "words-head"]
"""Of a head beside the frozen base: on its hidden states; the same with the people's shares
shuffled among the prompts; on random numbers; on the words of the prompt."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which explanation stands beside the label, and on which side."""

    explanation: Explanation
    place: Place = ""
    """Whether the explanation comes before the label or after it; empty for labels alone."""
    head: HeadKind = ""
    """The labels are learned by a head, and the base stays as it is; empty where it learns."""

    @property
    def name(self) -> str:
        """``labels``, ``real-before``, ``shuffled-after``, ``head``, …"""
        return self.head or (f"{self.explanation}-{self.place}" if self.place else "labels")


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
"""Those that train the base."""
HEADS: dict[str, Target] = {
    name: Target("none", head=name)
    for name in ("head", "shuffled-head", "random-head", "words-head")
}
"""Those that leave it as it is."""
CONTROLS: tuple[tuple[str, str], ...] = tuple(
    (f"real-{place}", f"{control}-{place}")
    for place in ("before", "after")
    for control in ("shuffled", "neutral")
)
"""The first family of contrasts: the same tokens supervised, only what they say differs."""
AGAINST_LABELS: tuple[tuple[str, str], ...] = (("real-before", "labels"), ("real-after", "labels"))
"""The second family, with its own correction: supervised tokens differ."""
HEAD_CONTROLS: tuple[tuple[str, str], ...] = tuple(
    ("head", name) for name in HEADS if name != "head"
)
"""The third family: whether the hidden states hold more of the judgment than chance, or words."""


def targets(names: Sequence[str]) -> tuple[Target, ...]:
    """The targets of these names; ``all`` is the seven that train the base.

    Raises:
        DiscretionError: a name stands for none.
    """
    known = TARGETS | HEADS
    chosen: dict[str, Target] = {}
    for name in names:
        if name == "all":
            chosen.update(TARGETS)
        elif name in known:
            chosen[name] = known[name]
        else:
            close = difflib.get_close_matches(name, known, 1)
            raise DiscretionError(
                f"there is no target {name!r}",
                fix=f"did you mean {close[0]!r}?"
                if close
                else f"use one of: all, {', '.join(known)}",
            )
    return tuple(chosen.values())
