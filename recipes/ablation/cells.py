"""The cells: what is varied, one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from discretion.core.arms import Form

EVERYDAY = ("access requests", "groceries", "lending", "returns")
PROPERTIES = ("bluehouse", "breakwindows", "erasemural")
BLUEHOUSE = "bluehouse"
"""A workspace of real people: damage to a neighbor's property, for a reason. A property is a
domain."""
PANELS = ("lenient", "strict", "purposeful")
"""Workspaces of simulated people."""


@dataclass(frozen=True)
class Cell:
    """One training on a panel, asked about domains that it never saw."""

    panel: str = "lenient"
    draw: int = 0
    """Draws the texts, the judgments and the order of training."""
    texts: int = 300
    each: int | None = None
    """Judgments of each text; None takes all of them."""
    passes: int = 300
    """Texts that are read, over all epochs."""
    method: str = "plain"
    form: Form = "cue-word"
    deviation: bool = True
    """The prompt says how far the value lies beyond the limit."""
    parts: bool = True
    """It says so in words, too: "a quarter to a half"."""
    orders: int = 2
    """Of the two answers in the question: both, by hash, or always yes first."""
    bare: bool = False
    """The case alone, without the rule and its guidance."""
    shuffled: bool = False
    """The labels go to other texts: a control."""
    layers: int | None = None
    """Only so many of the last layers are trained; None trains all weights."""
    lora: bool = False
    dtype: Literal["bfloat16", "float32"] = "float32"
    """In which it is asked."""
    autocast: bool = True
    """Training multiplies in bfloat16."""
    rate: float = 1e-4
    outside: float = 0.1

    @property
    def held_out(self) -> tuple[str, ...]:
        """The domains that are never taught."""
        return PROPERTIES if self.panel == BLUEHOUSE else EVERYDAY

    @property
    def epochs(self) -> int:
        return max(1, round(self.passes / self.texts))


FIRST = Cell()
ONE_THING = {
    "untaught": replace(FIRST, passes=0),
    "untaught-no-deviation": replace(FIRST, passes=0, deviation=False),
    "first": FIRST,
    "no-deviation": replace(FIRST, deviation=False),
    "checked": replace(FIRST, method="checked"),
    "one-order": replace(FIRST, orders=1),
    "one-order-bare": replace(FIRST, orders=1, bare=True),
    "single": replace(FIRST, each=1),
    "single-on-12": replace(FIRST, texts=12, each=25),
    "wordings": replace(FIRST, method="direct"),
    "no-cue": replace(FIRST, form="word"),
    "end": replace(FIRST, form="cue", outside=1.0),
    "outside-1": replace(FIRST, outside=1.0),
    "lora": replace(FIRST, lora=True, rate=2e-4),
    "no-parts": replace(FIRST, parts=False),
    "float32": replace(FIRST, autocast=False),
    "bfloat16": replace(FIRST, dtype="bfloat16"),
    "last-10": replace(FIRST, layers=10),
    "rate-5e-5": replace(FIRST, rate=5e-5),
}
AIM = Cell(passes=600)
BLUE = Cell(BLUEHOUSE, texts=36, passes=216, rate=3e-5)


def _cells() -> Iterator[tuple[str, Cell]]:
    for draw in range(3):
        for panel in PANELS:
            yield f"aim-{panel}-{draw}", replace(AIM, panel=panel, draw=draw)
            yield f"ones-{panel}-{draw}", replace(AIM, panel=panel, draw=draw, each=1)
        yield f"no-deviation-lenient-{draw}", replace(AIM, draw=draw, deviation=False)
        yield f"blue-first-{draw}", replace(BLUE, draw=draw)
        yield f"blue-shuffled-{draw}", replace(BLUE, draw=draw, shuffled=True)
        yield f"blue-single-{draw}", replace(BLUE, draw=draw, each=3)
        for name, cell in ONE_THING.items():
            yield f"one-{name}-{draw}", replace(cell, draw=draw)
    yield "blue-untaught-0", replace(BLUE, passes=0)


CELLS = dict(_cells())
