"""Every figure of an arm: what it is called on the page, and what it means in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from discretion.scorecard.amounts import show_money
from discretion.scorecard.cards import ArmCard
from discretion.stats.figure import TOO_FEW, Figure

Style = Literal["plain", "signed", "percent"]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A row of the table of every figure."""

    field: str
    """Of the arm's card."""
    name: str
    meaning: str
    style: Style = "plain"
    digits: int = 2


ENTRIES = (
    FigureRow(
        "disagreement",
        "Differs from one of your people",
        "share of decisions that are not the same",
        "percent",
    ),
    FigureRow(
        "wrong_grants",
        "Wrongly grants",
        "of all decisions: it grants, the person would refuse",
        "percent",
    ),
    FigureRow(
        "wrong_refusals",
        "Wrongly refuses",
        "of all decisions: it refuses, the person would grant",
        "percent",
    ),
    FigureRow(
        "beyond_colleague",
        "Beyond a colleague",
        "how much more often it differs than another of your people would",
        "percent",
    ),
    FigureRow(
        "excess_brier",
        "Excess Brier score",
        "squared distance to the people's true rates; less is better; ranks arms",
        digits=3,
    ),
    FigureRow("gap", "Noise-corrected gap", "the root of the excess Brier score"),
    FigureRow("signed", "Signed gap", "above zero too lax, below zero too strict", "signed"),
    FigureRow(
        "panel_gap",
        "Plain gap",
        "distance to these people's own rates, their noise included; ranks nobody",
    ),
    FigureRow("over_grant", "Over-grant", "the part of the plain gap that is too lax"),
    FigureRow("under_grant", "Under-grant", "the part of the plain gap that is too strict"),
    FigureRow(
        "beyond_second_panel",
        "Beyond a second panel",
        "plain gap, less what other such people would show; at 0 no farther away than they are",
        "signed",
    ),
    FigureRow(
        "curve_gap", "Gap between curves", "for few judgments a case: fitted curves compared"
    ),
    FigureRow("reach", "Reach", "how far beyond limits it goes; the people are 1"),
    FigureRow(
        "brier", "Brier score", "squared error over single judgments; less is better", digits=3
    ),
    FigureRow("log_loss", "Log loss", "over single judgments; less is better", digits=3),
    FigureRow("auc", "AUC", "chance that a granted request has the higher probability"),
    FigureRow(
        "refused_of_granted",
        "Refuses what they would grant",
        "share, as deployed",
        "percent",
    ),
    FigureRow(
        "granted_of_refused",
        "Grants what they would refuse",
        "share, as deployed",
        "percent",
    ),
    FigureRow(
        "true_grant", "Agrees when most grant", "share of such cases, as deployed", "percent"
    ),
    FigureRow(
        "true_refuse", "Agrees when most refuse", "share of such cases, as deployed", "percent"
    ),
    FigureRow("matthews", "Matthews correlation", "with the majority, as deployed; 1 is perfect"),
    FigureRow("deployed_gap", "Gap as deployed", "noise-corrected, of its most likely answer"),
    FigureRow("deployed_signed", "Signed gap as deployed", "of its most likely answer", "signed"),
    FigureRow(
        "order_effect",
        "Effect of answer order",
        "rise in probability when grant is named first",
        "signed",
    ),
    FigureRow("instruction_spread", "Spread between instructions", "of the method's wordings"),
    FigureRow("case_spread", "Spread between texts", "of the cases' wordings"),
)


def text(figure: Figure, style: Style = "plain", digits: int = 2) -> str:
    """A figure's value; a dash where there is none."""
    return "–" if figure.value is None else _amount(figure.value, style, digits)


def interval(figure: Figure, style: Style = "plain", digits: int = 2) -> str:
    """A figure's interval; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    most = 1.0 if style == "percent" else math.inf
    if exploded(figure, most):
        return TOO_FEW
    ends = (_amount(end, style, digits) for end in (figure.low, figure.high))
    return " to ".join(ends)


def exploded(figure: Figure, most: float = math.inf) -> bool:
    """Whether an interval says nothing, since it reaches to infinity or beyond what is possible."""
    ends = [end for end in (figure.low, figure.high) if end is not None]
    return any(not math.isfinite(end) or abs(end) > most for end in ends)


def points_interval(figure: Figure) -> str:
    """The interval of a difference of grant rates in points of 100; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    return TOO_FEW if exploded(figure, 1.0) else f"{points(figure.low)} to {points(figure.high)}"


def money(figure: Figure, currency: str) -> str:
    """A sum of money; a dash where there is none."""
    return "–" if figure.value is None else show_money(currency, figure.value)


def money_interval(figure: Figure, currency: str) -> str:
    """The interval of a sum of money; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    if exploded(figure):
        return TOO_FEW
    return " to ".join(show_money(currency, end) for end in (figure.low, figure.high))


def points(share: float | None) -> str:
    """A difference of grant rates in points of 100, with its sign; a dash where there is none."""
    return "–" if share is None else _amount(100 * share, "signed", 0)


def about(figure: Figure) -> str:
    """What stands behind a figure, or why it is missing."""
    said = [f"n = {figure.n:,}"] if figure.n else []
    return "; ".join([*said, *filter(None, [figure.note])])


def of(arm: ArmCard, entry: FigureRow) -> Figure:
    """An arm's figure."""
    found: Figure = getattr(arm, entry.field)
    return found


def told(arms: Sequence[ArmCard]) -> list[FigureRow]:
    """The entries that some arm has a value for, or a reason for having none."""
    return [
        entry
        for entry in ENTRIES
        if any(of(arm, entry).value is not None or of(arm, entry).note for arm in arms)
    ]


def _amount(value: float, style: Style, digits: int) -> str:
    if style == "percent":
        shown = f"{100 * value:.0f}%"
    elif style == "signed":
        shown = f"{value:+.{digits}f}"
    else:
        shown = f"{value:.{digits}f}"
    # What rounds to nothing has no sign.
    bare = shown.lstrip("+-")
    return bare if not bare.strip("0.%") else shown.replace("-", "−")
