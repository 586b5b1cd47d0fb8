"""The page of coverage by size: what is held, and what passes a gate that should not."""

from __future__ import annotations

import math
from collections.abc import Sequence

from discretion.tuning.power import exact_interval

Ends = tuple[float, float | None, float | None]
"""What is true, and the ends of an interval."""
Figures = dict[float, dict[str, list[Ends]]]
"""By level and figure, one for each study."""
Cells = Sequence[tuple[dict[str, str], Figures]]
"""The columns that name a cell, and its figures."""

LOW, HIGH, MOST = 88.0, 98.0, 5.0
TWO_SIDED = (
    "signed gap",
    "excess Brier",
    "disagreement",
    "beyond a colleague",
    "people among themselves",
    "grant rate",
    "contrast",
    "wrong refusals",
)
ONE_SIDED = ("disagreement", "beyond a colleague", "excess Brier", "wrong refusals")

_PAGE = """\
# Coverage by size

How often do intervals hold the truth with few judgments a case, few or many scenarios, few or many
raters? Simulated studies, where the truth is known: {studies} a row ({shares} for wrong refusals),
seed {seed}. Cells, figures and bars were fixed before any of these studies was seen.
Two things were changed after the first looks: what is bold (first: beyond the bar by two standard
errors; now: the exact interval lies outside it, which marks fewer rows as too wide), and how many
studies the wrong refusals have (fewer, for want of time).

A case speaks for or against on the logit scale; people differ by their leniency (sd 0.7), and
an arm is somewhat more lenient than they, in some scenarios more than in others. *Case effects*:
what a case says beyond that, seen by people and not by the arm. Raters are the same *everywhere*
(crossed) or others *in each scenario* (nested). On fewer than six scenarios an interval is for
these cases only, and the truth is that of the cases drawn. The rows of 1 x 400 are tickets of one
scenario, each decided once.

## Of 100 intervals that say 95%, how many hold the truth?

The bar is {low:.0f} to {high:.0f}. **Bold** lies outside it by more than chance: its exact 95%
interval does. One row alone varies by {chance:.0f} either way, so read the rows of all together. A
dash: the figure needs two judgments a case; wrong refusals, which are bootstrapped, were left out
beyond 40 scenarios for want of time.

{held}

## Of 100 arms exactly at a margin, how many pass?

One-sided 95% allows {most:.0f}. **Bold** lies above that by more than chance. This is what the
[gate](../guide/gate.md) promises; a population with more skewed errors is in
[gate errors](gate_errors.md).

{passed}

## What misses

{missing}

Where few people judge very many scenarios, the people are most of what a figure varies by. Squared
distances, those of the gap and of "beyond a colleague", are then skewed by the people's leniency,
which an interval cannot see from so few: more people help, more scenarios do not. The report warns
of it from 101 scenarios on where 12 people or fewer judged.
"""


def held(ends: Sequence[Ends]) -> tuple[int, int, int]:
    """How many intervals hold the truth, lie below it, and lie above it; those without both ends
    count nowhere."""
    known = [(true, low, high) for true, low, high in ends if low is not None and high is not None]
    below = sum(high < true for true, _, high in known)
    above = sum(low > true for true, low, _ in known)
    return len(known) - below - above, below, above


def passed(ends: Sequence[Ends]) -> tuple[int, int]:
    """How many upper ends are at most the truth, an arm's margin here, and of how many studies: one
    without an interval passes nothing."""
    return sum(high is not None and high <= true for true, _, high in ends), len(ends)


def outside(count: int, among: int, low: float, high: float) -> bool:
    """Whether the exact 95% interval of a share, in points, lies wholly outside of a range."""
    least, most = exact_interval(count, among)
    return 100 * least > high or 100 * most < low


def page(cells: Cells, *, seed: int) -> str:
    """The whole page in Markdown, from cells and their figures."""
    studies, shares = (
        min((len(ends) for _, found in cells if (ends := found[0.95].get(name))), default=0)
        for name in ("disagreement", "wrong refusals")
    )
    missed: list[str] = []
    rows: list[list[str]] = []
    gates: list[list[str]] = []
    for named, figures in [*cells, *_together(cells)]:
        where = ", ".join(f"{name} {value}" for name, value in named.items() if value)
        two, one = figures[0.95], figures[0.90]
        rows.append([*named.values(), *(_held(name, two, where, missed) for name in TWO_SIDED)])
        gates.append([*named.values(), *(_passed(name, one, where, missed) for name in ONE_SIDED)])
    heads = list(cells[0][0])
    return _PAGE.format(
        studies=studies,
        shares=shares,
        seed=seed,
        low=LOW,
        high=HIGH,
        most=MOST,
        chance=196 * math.sqrt(0.95 * 0.05 / studies),
        held=_table([*heads, *TWO_SIDED], rows),
        passed=_table([*heads, *ONE_SIDED], gates),
        missing="\n".join(f"- {one}" for one in missed) or "Nothing.",
    )


def _together(cells: Cells) -> list[tuple[dict[str, str], Figures]]:
    """The cells that have a value of one of their columns in common, together; and all of them."""
    columns = list(cells[0][0])
    groups: dict[tuple[str, str], list[Figures]] = {("all", ""): [one for _, one in cells]}
    for column in columns:
        for named, figures in cells:
            groups.setdefault((column, named[column]), []).append(figures)
    found = []
    for (column, value), some in groups.items():
        if not 1 < len(some) < len(cells) and column != "all":
            continue
        joined: Figures = {level: {} for level in some[0]}
        for figures in some:
            for level, by_name in figures.items():
                for name, ends in by_name.items():
                    joined[level].setdefault(name, []).extend(ends)
        named = {name: value if name == column else "" for name in columns}
        if column == "all":
            named[columns[0]] = "all"
        found.append((named, joined))
    return found


def _held(name: str, found: dict[str, list[Ends]], where: str, missed: list[str]) -> str:
    inside, below, above = held(found.get(name, []))
    count = inside + below + above
    if not count:
        return "–"
    percent = 100 * inside / count
    if not outside(inside, count, LOW, HIGH):
        return f"{percent:.1f}"
    sides = f"{below} below the truth and {above} above it"
    missed.append(f"{name} ({where}): {percent:.1f} of 100 held, {sides}.")
    return f"**{percent:.1f}**"


def _passed(name: str, found: dict[str, list[Ends]], where: str, missed: list[str]) -> str:
    ends = found.get(name, [])
    if not ends or all(high is None for _, _, high in ends):
        return "–"
    count, among = passed(ends)
    percent = 100 * count / among
    if not outside(count, among, 0.0, MOST):
        return f"{percent:.1f}"
    missed.append(f"{name} at a margin ({where}): {percent:.1f} of 100 pass.")
    return f"**{percent:.1f}**"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["--:"] * len(heads)
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))
