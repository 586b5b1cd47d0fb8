"""Coverage of thresholds where cases differ beyond their value and factors.

    python proofs/coverage_cases.py > docs/reference/coverage_cases.md

Each study is fitted as reports do it, with cases counted, and without. Finished studies are kept in
build/, so that a run cut short goes on where it stopped; `--studies` runs fewer of each kind.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy

import numpy as np
from kept import Line, kept_lines, left
from studies import Population, Study, simulate

from discretion.stats.curves import Curves, Observations, fit_curves
from discretion.stats.thresholds import Drawn, Threshold, drawn_together, thresholds

KEPT = Path(__file__).parents[1] / "build" / "coverage_cases.jsonl"
SEED, RATERS, STUDIES = 3, 10, 60
AIM = 92.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of study."""

    scenarios: int
    same_raters: bool
    case_sd: float


CELLS = [
    Cell(scenarios, same, case_sd)
    for case_sd in (0.8, 1.5)
    for scenarios in (6, 20)
    for same in (True, False)
]


def run_study(cell: Cell, number: int) -> dict[str, list[int]]:
    """[held, below, above] of the thresholds that are on the values tried, by how they are made."""
    rng = np.random.default_rng(
        [SEED, cell.scenarios, cell.same_raters, round(10 * cell.case_sd), number]
    )
    study = simulate(
        rng,
        cell.scenarios,
        RATERS,
        same_raters=cell.same_raters,
        model="close",
        population=Population(case_sd=cell.case_sd),
    )
    counted, alone = (_fit(study, by_case=by_case) for by_case in (True, False))
    found: dict[str, Sequence[Threshold | Drawn | None]] = {
        "cases counted": [] if counted is None else thresholds(counted),
        "pooled": [] if counted is None else drawn_together(counted, [""] * cell.scenarios),
        "not counted": [] if alone is None else thresholds(alone),
    }
    return {name: _tally(some, study.threshold) for name, some in found.items()}


def _fit(study: Study, *, by_case: bool) -> Curves | None:
    return fit_curves(
        Observations(
            scenario=study.scenario[study.case],
            deviation=study.deviation[study.case],
            grants=study.granted.astype(float),
            trials=np.ones(len(study.case)),
            scenarios=len(study.threshold),
            rater=study.rater,
            case=study.case if by_case else None,
        )
    )


def _tally(found: Sequence[Threshold | Drawn | None], truth: np.ndarray) -> list[int]:
    held = below = above = 0
    for one, true in zip(found, truth, strict=False):
        if one is None or one.state != "crossed":
            continue
        short = one.high is not None and one.high < true
        far = one.low is not None and one.low > true
        below, above, held = below + int(short), above + int(far), held + int(not (short or far))
    return [held, below, above]


def run(most: int) -> list[Line]:
    """Every study's line, those already kept included."""
    head = {"seed": SEED, "raters": RATERS, "cells": [str(cell) for cell in CELLS]}
    lines = kept_lines(KEPT, head, most)
    rest = set(left([(place, n) for n in range(most) for place in range(len(CELLS))], lines))
    with KEPT.open("a", encoding="utf-8") as file:
        for number in range(most):
            for place, cell in enumerate(CELLS):
                if (place, number) in rest:
                    line = {"cell": place, "study": number, "found": run_study(cell, number)}
                    lines.append(line)
                    file.write(json.dumps(line) + "\n")
                    file.flush()
            sys.stderr.write(f"{number + 1} of {most}\n")
    return lines


_PAGE = """\
# Coverage of thresholds where cases differ

Two cases with the same value are still two texts. Here each case has an effect of its own on its
logit, the same for all who judge it; everything else is as in [coverage](coverage.md).
{studies} studies a cell, {raters} raters, seed {seed}, and the thresholds that are on the values
tried. Of 100 intervals that say 95%, how many hold the truth? The aim is {aim:.0f}%; **bold** lies
below.

*Cases counted* is what reports do: the interval is widened by the spread of cases, estimated over
all scenarios. *Pooled*: drawn towards the other scenarios of a policy. *Not counted*: by raters
alone, as before.

{table}

{outcome}
"""


def page(lines: Sequence[Line]) -> str:
    """The whole page in Markdown."""
    heads = ["case effects, sd", "scenarios", "raters", "cases counted", "pooled", "not counted"]
    rows, missed = [], []
    for place, cell in enumerate(CELLS):
        own = [line["found"] for line in lines if line["cell"] == place]
        raters = "same" if cell.same_raters else "different"
        row = [f"{cell.case_sd:g}", str(cell.scenarios), raters]
        for name in heads[3:]:
            held, below, above = (sum(found[name][at] for found in own) for at in range(3))
            percent = 100 * held / max(held + below + above, 1)
            row.append(f"**{percent:.1f}**" if percent < AIM else f"{percent:.1f}")
            if percent < AIM and name != "not counted":
                missed.append(f"{name} at sd {row[0]}, {row[1]} scenarios, {raters} raters")
        rows.append(row)
    rule = ["--:", "--:", "---", "--:", "--:", "--:"]
    table = "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))
    outcome = f"Below the aim: {'; '.join(missed)}." if missed else "Nothing misses the aim."
    return _PAGE.format(
        studies=min(sum(line["cell"] == place for line in lines) for place in range(len(CELLS))),
        raters=RATERS,
        seed=SEED,
        aim=AIM,
        table=table,
        outcome=outcome,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="studies a cell")
    chosen = parser.parse_args()
    sys.stdout.write(page(run(chosen.studies)))


if __name__ == "__main__":
    main()
