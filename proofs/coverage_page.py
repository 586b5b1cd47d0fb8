"""The page of coverage: tables, what misses the aim, and the same for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Line = dict[str, Any]
Truths = Mapping[Any, Mapping[str, float]]
"""Of each model, by figure."""

LOW, HIGH, THRESHOLD_LOW = 92.0, 99.0, 88.0
AIMED = (
    "signed gap",
    "corrected gap",
    "corrected gap, sampled",
    "contrast, alike",
    "contrast, other kind",
)
RATIOS = ("refused of granted", "AUC")
PEOPLE = ("panel's rate", "pooled threshold")
GRIDS = {"thresholds": "threshold", "short grid": "threshold, short grid"}

_PAGE = """\
# Coverage

Of 100 intervals that say 95%, how many hold the truth? Counted in simulated studies, where the
truth is known. The design, with what it leaves out, is in [its note](../design/coverage.md) and was
fixed before any of these figures was seen.

`python proofs/coverage.py --studies {studies}` on commit {commit}: {studies} studies a cell,
{raters} raters, seed {seed}, {minutes} CPU minutes. A percentage varies by {chance:.1f} points
either way by chance. **Bold** lies outside {low:.0f} to {high:.0f}%, or for thresholds below
{threshold_low:.0f}%.

## Gaps and contrasts

The aim, from 10 scenarios on, is {low:.0f} to {high:.0f}%. *Sampled*: the model's probability is
the mean of 20 answers. *Alike*: against a model of the same kind.

{gaps}

## Ratios and AUC

Bootstrap-t over scenarios. No aim was set for these.

{ratios}

## People alone

Over the studies of both models, on which these figures do not depend. A threshold's coverage is
over the scenarios in which the fitted one is finite, with its chance error; the aim, from 10
scenarios on, is {threshold_low:.0f}%. Beside it: over all scenarios, and how many of the fitted
thresholds lie below the smallest and beyond the largest value tried.

{people}

How often thresholds hold where cases of one value differ: [cases that differ](coverage_cases.md).

## What misses

{missing}

For machines, the numbers of scenarios at which a figure's intervals are too narrow or too wide,
with the raters or the model of one cell at least:

```json
{numbers}
```
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often the intervals of one figure held the truth in one cell."""

    figure: str
    scenarios: int
    raters: str
    model: str
    held: int
    under: int
    """Intervals that lie below the truth."""
    over: int
    absent: int
    """Studies (for thresholds: scenarios) without an interval; not in the coverage."""
    margin: float
    """In points: 1.96 standard errors, studies being independent."""

    @property
    def percent(self) -> float:
        return 100 * self.held / max(self.held + self.under + self.over, 1)

    @property
    def misses(self) -> bool:
        if self.figure.startswith("threshold"):
            return self.percent < THRESHOLD_LOW
        return not LOW <= self.percent <= HIGH

    @property
    def shown(self) -> str:
        share = f"**{self.percent:.1f}**" if self.misses else f"{self.percent:.1f}"
        return share + (f" ({self.absent} none)" if self.absent else "")


def page(
    lines: Sequence[Line],
    truths: Truths,
    *,
    commit: str,
    seed: int,
    raters: int,
) -> str:
    """The whole page in Markdown, from one line a study."""
    counts = {tuple(line["cell"]): 0 for line in _sorted(lines)}
    for line in lines:
        counts[tuple(line["cell"])] += 1
    studies = min(counts.values())
    cells = [_of_cell(lines, truths, cell) for cell in counts]
    kinds = [_of_people(lines, truths, kind) for kind in dict.fromkeys(cell[:2] for cell in counts)]
    found = [one for group in (*cells, *kinds) for one in group.values()]
    return _PAGE.format(
        studies=studies,
        commit=commit,
        raters=raters,
        seed=seed,
        minutes=round(sum(line["seconds"] for line in lines) / 60),
        chance=196 * math.sqrt(0.95 * 0.05 / studies),
        low=LOW,
        high=HIGH,
        threshold_low=THRESHOLD_LOW,
        gaps=_table(cells, AIMED),
        ratios=_table(cells, RATIOS),
        people=_people_table(lines, kinds),
        missing=_missing(found),
        numbers=_compact(_numbers(found)),
    )


def _sorted(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line["cell"][0], not line["cell"][1], line["cell"][2]))


def _of_cell(lines: Sequence[Line], truths: Truths, cell: tuple[Any, ...]) -> dict[str, Coverage]:
    own = [line for line in lines if tuple(line["cell"]) == cell]
    return {name: _scalar(name, own, truths, str(cell[2])) for name in (*AIMED, *RATIOS)}


def _of_people(lines: Sequence[Line], truths: Truths, kind: tuple[Any, ...]) -> dict[str, Coverage]:
    own = [line for line in lines if tuple(line["cell"][:2]) == kind]
    some = {name: _scalar(name, own, truths, "both") for name in PEOPLE}
    for key, name in GRIDS.items():
        some[name] = _threshold(name, own, lambda tally: [tally["crossed"]], key)
        some[f"{name}, all"] = _threshold(
            name, own, lambda tally: [tally[s] for s in ("crossed", "below", "beyond")], key
        )
    return some


def _scalar(name: str, lines: Sequence[Line], truths: Truths, model: str) -> Coverage:
    under = over = absent = 0
    for line in lines:
        _, low, high = line["figures"][name]
        truth = truths[line["cell"][2]][name]
        absent += low is None and high is None
        under += high is not None and high < truth
        over += low is not None and low > truth
    held = len(lines) - under - over - absent
    rate = held / max(len(lines) - absent, 1)
    margin = 196 * math.sqrt(rate * (1 - rate) / max(len(lines) - absent, 1))
    return Coverage(name, *_where(lines), model, held, under, over, absent, margin)


def _threshold(
    name: str, lines: Sequence[Line], chosen: Callable[[Line], list[list[int]]], key: str
) -> Coverage:
    pairs = []
    sums = [0, 0, 0]
    for line in lines:
        counts = [sum(column) for column in zip(*chosen(line[key]), strict=True)]
        sums = [whole + part for whole, part in zip(sums, counts, strict=True)]
        pairs.append((counts[0], sum(counts)))
    total = max(sum(sums), 1)
    rate = sums[0] / total
    # Scenarios of a study may share raters, so a study is one draw: the error of a ratio.
    spread = sum((held - rate * count) ** 2 for held, count in pairs)
    absent = sum(line[key]["none"][0] for line in lines)
    margin = 196 * math.sqrt(spread) / total
    held, under, over = sums
    return Coverage(name, *_where(lines), "both", held, under, over, absent, margin)


def _where(lines: Sequence[Line]) -> tuple[int, str]:
    scenarios, same, _ = lines[0]["cell"]
    return scenarios, "same" if same else "different"


def _table(groups: Sequence[dict[str, Coverage]], names: Sequence[str]) -> str:
    rows = [
        [str(one.scenarios), one.raters, one.model, *(group[name].shown for name in names)]
        for group in groups
        for one in [group[names[0]]]
    ]
    return _markdown(["scenarios", "raters", "model", *names], rows, left=3)


def _people_table(lines: Sequence[Line], groups: Sequence[dict[str, Coverage]]) -> str:
    heads = ["scenarios", "raters", *PEOPLE]
    for name in GRIDS.values():
        heads += [name, "over all", "below / beyond"]
    rows = []
    for group in groups:
        first = group[PEOPLE[0]]
        row = [str(first.scenarios), first.raters, *(group[name].shown for name in PEOPLE)]
        own = [line for line in lines if _where([line]) == (first.scenarios, first.raters)]
        for key, name in GRIDS.items():
            row += [f"{group[name].shown} ± {group[name].margin:.1f}", group[f"{name}, all"].shown]
            row.append(_off_grid(line[key] for line in own))
        rows.append(row)
    return _markdown(heads, rows, left=2)


def _off_grid(tallies: Iterable[dict[str, list[int]]]) -> str:
    sums = {"crossed": 0, "below": 0, "beyond": 0, "none": 0}
    for tally in tallies:
        for state, counts in tally.items():
            sums[state] += sum(counts)
    total = sum(sums.values())
    return " / ".join(f"{100 * sums[state] / total:.1f}%" for state in ("below", "beyond"))


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int) -> str:
    rule = ["---"] * left + ["--:"] * (len(heads) - left)
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))


def _missing(found: Sequence[Coverage]) -> str:
    missed = [one for one in found if one.misses]
    if not missed:
        return "Nothing."
    rows = [
        [
            one.figure,
            str(one.scenarios),
            one.raters,
            one.model,
            f"{one.percent:.1f}",
            str(one.under),
            str(one.over),
            "yes" if _aimed(one) else "no",
        ]
        for one in sorted(missed, key=lambda one: (one.figure, one.scenarios))
    ]
    heads = ["figure", "scenarios", "raters", "model", "held", "below", "above", "an aim was set"]
    return "*Below* and *above*: how many intervals lie below or above the truth.\n\n" + _markdown(
        heads, rows, left=4
    )


def _aimed(one: Coverage) -> bool:
    return one.scenarios >= 10 and one.figure in (*AIMED, *GRIDS.values())


def _compact(numbers: dict[str, dict[str, list[int]]]) -> str:
    """JSON with a line for each figure."""
    parts = []
    for verdict, figures in numbers.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(some)}" for name, some in figures.items()]
        parts.append(f' "{verdict}": {{\n' + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}"


def _numbers(found: Sequence[Coverage]) -> dict[str, dict[str, list[int]]]:
    numbers: dict[str, dict[str, list[int]]] = {}
    for verdict, narrow in (("too narrow", True), ("too wide", False)):
        missed = [one for one in found if one.misses and (one.percent < LOW) == narrow]
        numbers[verdict] = {
            name: sorted({one.scenarios for one in missed if one.figure == name})
            for name in dict.fromkeys(one.figure for one in missed)
        }
    return numbers
