"""What stands beside a conclusion: other choices that could be made, and the people one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from discretion.measures.figure import Figure

Conclusion = Literal["stricter", "laxer", "nearer", "farther"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to choose: ``as deployed``, ``grant named first``."""

    about: str
    """What the choice is about: ``reading``, ``order of the answers``."""
    name: str
    agree: int
    """Paths with this choice on which the conclusion holds."""
    paths: int
    turns: bool
    """It turns the conclusion by itself, all else as it is reported."""


@dataclass(frozen=True, slots=True)
class PathCard:
    """A conclusion, and on how many of the defensible paths through the same answers it holds.

    Conclusions are the signs of point values: a small one that chance could explain may turn
    easily, and one that holds on every path may still be chance.
    """

    arm: str
    against: str
    """The arm that it is compared with; empty where it is the people."""
    conclusion: Conclusion
    """Stricter or laxer than the people; nearer to them or farther than the other arm."""
    agree: int
    paths: int
    together: tuple[str, ...]
    """Where no choice turns it by itself: those that all turned paths share."""
    choices: tuple[Choice, ...]
    """Those that change a figure at all; of each kind the one that is reported comes first."""

    @property
    def turned_by(self) -> tuple[str, ...]:
        """The choices that turn it by themselves."""
        return tuple(choice.name for choice in self.choices if choice.turns)


@dataclass(frozen=True, slots=True)
class RaterCard:
    """An arm as one of the people."""

    arm: str
    stricter: Figure
    """Share of the raters than whom it is stricter, ties counting half; n counts raters."""
    winning_rate: Figure
    """Alternative annotator test: share of the raters in whose place the arm could stand."""
    advantage: Figure
    """How often it agrees with the others at least as well as the rater left out, on average."""
    margin: float
    """How much less often than the rater it may agree."""
    passes: bool | None
    """Whether it could stand in for at least half of the raters tested; None where nobody was."""


@dataclass(frozen=True, slots=True)
class GroupGap:
    """How far an arm is from one group of raters, on the cases that they judged."""

    arm: str
    gap: Figure
    signed: Figure


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A group of raters: those in whose column stands a value."""

    column: str
    value: str
    raters: int | None
    """None where it is not known who they were."""
    judgments: int
    cases: int
    rate: Figure
    """Their grant rate on the cases that they judged."""
    arms: tuple[GroupGap, ...]
