"""The page of trainings: how often a difference is told where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from discretion.stats.contrasts import SURE
from discretion.tuning.power import exact_interval
from discretion.tuning.power_sizes import StudySize

Line = dict[str, Any]

_HEADS = (
    "held-out groups",
    "trainings a seed",
    "cases x people",
    "seeds",
    "luck counted: verdict, exact interval",
    "plain p",
    "groups alone: verdict",
    "plain p",
    "wider, times",
)
_PAGE = """\
# False verdicts on trainings

How often does a study say that real explanations helped or hurt, against shuffled ones, where real
explanations say nothing either? Every such verdict is false. Simulated throughout, as in
[power](power.md): people, explanations, and a learner that stands for the model. {studies} studies
of each kind, seed {seed}. Each seed of a study draws its own {judgments} judgments, and its own
shuffle.

*Luck counted* is what reports do: the interval counts held-out groups and trainings
([the design](../design/teaching.md)). *Groups alone* takes groups that share a training as
independent. *Verdict*: helped or hurt, at .05 after Holm's adjustment over the two contrasts of one
order, and, from six seeds on, with a randomization test below .05. The bar is 5%. *Plain p*: below
.05 without adjustment.

{rows}

{outcome} *Wider*: how much wider the 90% interval is with luck
counted, in the median study.

Where every training is taught all judgments, seeds do not show what another set of judgments would
have taught: a verdict then holds for these judgments.
"""


def page(lines: Sequence[Line], cells: Sequence[tuple[StudySize, bool]], *, seed: int) -> str:
    """The whole page in Markdown, from one line a study."""
    rows, worst, false, among = [], 0.0, 0, 0
    for place, (size, all_taught) in enumerate(cells):
        own = [line["found"] for line in lines if line["cell"] == place]
        row, share = _row(own, size, all_taught=all_taught)
        rows.append(row)
        if not all_taught:
            worst = max(worst, share)
            false, among = false + round(share * len(own)), among + len(own)
    held = "within the bar" if worst <= SURE else "above the bar"
    return _PAGE.format(
        studies=min(sum(line["cell"] == place for line in lines) for place in range(len(cells))),
        seed=seed,
        judgments=cells[0][0].judgments,
        rows="\n".join(_line(row) for row in (_HEADS, ["---", *["--:"] * 8], *rows)),
        outcome=f"**At most {worst:.1%} where judgments are redrawn, {false / among:.1%} over all "
        f"such kinds: {held}.**",
    ).strip()


def _row(
    own: Sequence[dict[str, Any]], size: StudySize, *, all_taught: bool
) -> tuple[list[str], float]:
    told, plain = _told(own, "luck counted"), _plain(own, "luck counted")
    low, high = exact_interval(told, len(own))
    alone, alone_plain = _told(own, "groups alone"), _plain(own, "groups alone")
    groups = f"{size.domains}"
    if size.others:
        groups += f" of {size.domains + size.others}"
    if all_taught:
        groups += ", all judgments taught"
    share = told / len(own)
    cells = [
        groups,
        str(size.folds),
        f"{size.cases} x {size.raters}",
        str(size.seeds),
        f"**{share:.1%}** ({low:.1%} to {high:.1%})",
        f"{plain / len(own):.1%}",
        f"{alone / len(own):.1%}",
        f"{alone_plain / len(own):.1%}",
        f"{_wider(own):.2f}",
    ]
    return cells, share


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _told(own: Sequence[dict[str, Any]], name: str) -> int:
    return sum(found[name][2] in ("helped", "hurt") for found in own)


def _plain(own: Sequence[dict[str, Any]], name: str) -> int:
    return sum(found[name][0] is not None and found[name][0] < SURE for found in own)


def _wider(own: Sequence[dict[str, Any]]) -> float:
    """The median ratio of the lengths of a study's two intervals."""
    both = [(found["luck counted"][3:5], found["groups alone"][3:5]) for found in own]
    return median(
        (one[1] - one[0]) / (other[1] - other[0])
        for one, other in both
        if None not in (*one, *other) and other[1] > other[0]
    )
