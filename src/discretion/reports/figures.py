"""Every figure of an arm: what it is called on the page, and what it means in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from discretion.measures.figure import Figure
from discretion.scorecards.amounts import show_money
from discretion.scorecards.cards import ArmCard

Style = Literal["plain", "signed", "percent"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table of every figure."""

    field: str
    """Of the arm's card."""
    name: str
    meaning: str
    style: Style = "plain"
    digits: int = 2


ENTRIES = (
    Entry(
        "disagreement",
        "Differs from one of your people",
        "share of decisions that are not the same",
        "percent",
    ),
    Entry(
        "wrong_grants",
        "Wrongly grants",
        "of all decisions: it grants, the person would refuse",
        "percent",
    ),
    Entry(
        "wrong_refusals",
        "Wrongly refuses",
        "of all decisions: it refuses, the person would grant",
        "percent",
    ),
    Entry(
        "beyond_colleague",
        "Beyond a colleague",
        "how much more often it differs than another of your people would",
        "percent",
    ),
    Entry(
        "excess_brier",
        "Excess Brier score",
        "squared distance to the people's true rates; less is better; ranks arms",
        digits=3,
    ),
    Entry("gap", "Noise-corrected gap", "the root of the excess Brier score"),
    Entry("signed", "Signed gap", "above zero too lax, below zero too strict", "signed"),
    Entry(
        "panel_gap",
        "Plain gap",
        "distance to these people's own rates, their noise included; ranks nobody",
    ),
    Entry("over_grant", "Over-grant", "the part of the plain gap that is too lax"),
    Entry("under_grant", "Under-grant", "the part of the plain gap that is too strict"),
    Entry(
        "beyond_second_panel",
        "Beyond a second panel",
        "plain gap, less what other such people would show; at 0 no farther away than they are",
        "signed",
    ),
    Entry("curve_gap", "Gap between curves", "for few judgments a case: fitted curves compared"),
    Entry("reach", "Reach", "how far beyond limits it goes; the people are 1"),
    Entry("brier", "Brier score", "squared error over single judgments; less is better", digits=3),
    Entry("log_loss", "Log loss", "over single judgments; less is better", digits=3),
    Entry("auc", "AUC", "chance that a granted request has the higher probability"),
    Entry(
        "refused_of_granted",
        "Refuses what they would grant",
        "share, as deployed",
        "percent",
    ),
    Entry(
        "granted_of_refused",
        "Grants what they would refuse",
        "share, as deployed",
        "percent",
    ),
    Entry("true_grant", "Agrees when most grant", "share of such cases, as deployed", "percent"),
    Entry("true_refuse", "Agrees when most refuse", "share of such cases, as deployed", "percent"),
    Entry("matthews", "Matthews correlation", "with the majority, as deployed; 1 is perfect"),
    Entry("deployed_gap", "Gap as deployed", "noise-corrected, of its most likely answer"),
    Entry("deployed_signed", "Signed gap as deployed", "of its most likely answer", "signed"),
    Entry(
        "order_effect",
        "Effect of answer order",
        "rise in probability when grant is named first",
        "signed",
    ),
    Entry("instruction_spread", "Spread between instructions", "of the method's wordings"),
    Entry("case_spread", "Spread between texts", "of the cases' wordings"),
)


def text(figure: Figure, style: Style = "plain", digits: int = 2) -> str:
    """A figure's value; a dash where there is none."""
    return "–" if figure.value is None else _amount(figure.value, style, digits)


def interval(figure: Figure, style: Style = "plain", digits: int = 2) -> str:
    """A figure's interval; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    ends = (_amount(end, style, digits) for end in (figure.low, figure.high))
    return " to ".join(ends)


def money(figure: Figure, currency: str) -> str:
    """A sum of money; a dash where there is none."""
    return "–" if figure.value is None else show_money(currency, figure.value)


def money_interval(figure: Figure, currency: str) -> str:
    """The interval of a sum of money; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    return " to ".join(show_money(currency, end) for end in (figure.low, figure.high))


def points(share: float | None) -> str:
    """A difference of grant rates in points of 100, with its sign; a dash where there is none."""
    return "–" if share is None else _amount(100 * share, "signed", 0)


def about(figure: Figure) -> str:
    """What stands behind a figure, or why it is missing."""
    said = [f"n = {figure.n:,}"] if figure.n else []
    return "; ".join([*said, *filter(None, [figure.note])])


def of(arm: ArmCard, entry: Entry) -> Figure:
    """An arm's figure."""
    found: Figure = getattr(arm, entry.field)
    return found


def told(arms: Sequence[ArmCard]) -> list[Entry]:
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
    zero = f"{0.0:.{digits}f}"
    return zero if shown.lstrip("+-") == zero else shown.replace("-", "−")
