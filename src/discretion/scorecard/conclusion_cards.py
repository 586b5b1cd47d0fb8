"""What stands beside a conclusion: other choices that could be made, and the people one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from discretion.stats.figure import Figure

Conclusion = Literal["stricter", "laxer", "nearer", "farther"]


@dataclass(frozen=True, slots=True)
class AnalysisChoice:
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
    choices: tuple[AnalysisChoice, ...]
    """Those that change a figure at all; of each kind the one that is reported comes first."""

    @property
    def robust(self) -> bool:
        """It holds on every path that was tried."""
        return self.agree == self.paths

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


@dataclass(frozen=True, slots=True)
class RequesterCard:
    """One group of those who ask, and one arm."""

    column: str
    value: str
    arm: str
    cases: int
    """Cases of the group that the people judged and the arm answered."""
    wrong_refusals: Figure
    """Of the requests of the group that the people would grant, the share that the arm refuses."""
    difference: Figure
    """The same less that of all who are not in the group; intervals of an arm's groups in a column
    hold together with 95% (Bonferroni)."""
    together: int
    """How many intervals hold together."""

    @property
    def enough(self) -> bool:
        """Whether the group has enough cases to say anything."""
        return self.wrong_refusals.value is not None
