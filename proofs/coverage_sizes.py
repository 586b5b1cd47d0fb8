"""Coverage by size: intervals with few judgments a case, few or many scenarios and raters.

    python proofs/coverage_sizes.py > docs/reference/coverage_sizes.md

People, cases and arms are drawn here, by code that the measures do not share. Cells, figures and
bars stood here before any coverage of these cells was seen; the page says what changed. Finished
studies are kept in build/, so that a run cut short goes on where it stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy

import numpy as np
from coverage_sizes_page import Figures, page
from kept import Line, Task, kept_lines, one_by_one
from numpy.typing import NDArray
from refusals import wrong_refusals
from scipy.special import expit

from discretion.stats.contrasts import contrast
from discretion.stats.disagreement import among_people, disagreement
from discretion.stats.figure import Figure
from discretion.stats.gaps import excess_brier, panel_rate, signed_gap
from discretion.stats.intervals import FEW
from discretion.stats.rates import Rates

Floats = NDArray[np.float64]

KEPT = Path(__file__).parents[1] / "build" / "coverage_sizes.jsonl"
SEED, STUDIES = 53, 500
SHARES = 33
"""Studies of a cell whose share of wrong refusals is bootstrapped, which is slow."""
MOST_SHARED = 40
"""Scenarios beyond which it is not, for want of time."""
MEAN, SCENARIOS_SD, CASES_SD, RATERS_SD = 0.3, 0.8, 2.0, 0.7
"""Of what a case speaks for on the logit scale: its scenario, itself, and a rater's leniency."""
ARM, ARM_SD = 0.4, 0.6
"""How much more lenient an arm is than people, and how much that differs by scenario."""
TRUE_CASES = 1_000_000
LEVELS = (0.95, 0.90)


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of study."""

    scenarios: int
    judgments: int
    """Of a case, each by another rater."""
    raters: int
    """In all where they are the same everywhere, else in each scenario."""
    same: bool = True
    case_sd: float = 0.0
    """Of what a case speaks for beyond what an arm can see."""
    cases: int = 12
    """In a scenario."""


CELLS = (
    *(Cell(scenarios, judgments, 12) for scenarios in (6, 20) for judgments in (1, 3, 5, 10)),
    *(Cell(scenarios, 3, 12) for scenarios in (5, 10, 40, 100, 300)),
    *(Cell(scenarios, 3, 5) for scenarios in (6, 20, 100)),
    *(Cell(scenarios, 3, 30) for scenarios in (6, 20)),
    *(Cell(scenarios, 3, 5, same=False) for scenarios in (6, 20, 100)),
    Cell(20, 1, 5, same=False),
    Cell(300, 1, 30),
    *(Cell(scenarios, 3, 12, case_sd=1.5) for scenarios in (6, 20)),
    Cell(20, 10, 12, case_sd=1.5),
    Cell(20, 3, 5, same=False, case_sd=1.5),
    *(Cell(1, 1, raters, cases=400) for raters in (5, 12, 30)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Cases with what people and two arms of one kind make of them, (C,) each."""

    scenario: NDArray[np.int64]
    leaning: Floats
    """Logit of the chance that a rater of no leniency grants."""
    arm: Floats
    """The grant probability of an arm."""
    other: Floats


def drawn(rng: np.random.Generator, scenarios: int, cases: int, case_sd: float) -> Drawn:
    """Cases of scenarios drawn at random."""
    scenario = np.repeat(np.arange(scenarios), cases)
    center = rng.normal(MEAN, SCENARIOS_SD, scenarios)[scenario]
    seen = center + rng.normal(0, CASES_SD, len(scenario))
    arm, other = (expit(seen + rng.normal(ARM, ARM_SD, scenarios)[scenario]) for _ in range(2))
    return Drawn(scenario, seen + rng.normal(0, case_sd, len(seen)), arm, other)


def true_rate(leaning: Floats) -> Floats:
    """The chance that a rater drawn at random grants: leniency integrated out, by quadrature."""
    places, weights = np.polynomial.hermite_e.hermegauss(15)
    share = weights / weights.sum()
    total = np.zeros_like(leaning)
    for weight, place in zip(share, places, strict=True):
        total += weight * expit(leaning + RATERS_SD * place)
    return total


def truths_of(cases: Drawn) -> dict[str, float]:
    """The figures over these cases and all raters, scenarios having equally many cases."""
    q, p = true_rate(cases.leaning), cases.arm
    decided = (p > 0.5).astype(float)
    apart, among = decided * (1 - q) + (1 - decided) * q, 2 * q * (1 - q)
    return {
        "signed gap": float((p - q).mean()),
        "excess Brier": float(((p - q) ** 2).mean()),
        "disagreement": float(apart.mean()),
        "beyond a colleague": float((apart - among).mean()),
        "people among themselves": float(among.mean()),
        "grant rate": float(q.mean()),
        "contrast": float(((p - q) ** 2 - (cases.other - q) ** 2).mean()),
        "wrong refusals": float(((1 - decided) * q).sum() / q.sum()),
    }


def truths(case_sd: float) -> dict[str, float]:
    """The figures over all scenarios, cases and raters, from a million cases; 0 for the contrast of
    two arms of one kind."""
    rng = np.random.default_rng([SEED, round(10 * case_sd)])
    return {**truths_of(drawn(rng, TRUE_CASES, 1, case_sd)), "contrast": 0.0}


def judged(rng: np.random.Generator, cell: Cell, cases: Drawn) -> Rates:
    """What people say of the cases: to each some of the raters, drawn at random."""
    count = len(cases.leaning)
    who = np.argsort(rng.random((count, cell.raters)), axis=1)[:, : cell.judgments]
    if not cell.same:
        who = who + cell.raters * cases.scenario[:, None]
    leniency = rng.normal(0, RATERS_SD, cell.raters * (1 if cell.same else cell.scenarios))
    granted = rng.random(who.shape) < expit(cases.leaning[:, None] + leniency[who])
    case = np.repeat(np.arange(count), cell.judgments)
    return Rates.of_judgments(case, who.ravel(), granted.ravel(), cases.scenario)


def figures_at(
    cases: Drawn, rates: Rates, level: float, rng: np.random.Generator, *, share: bool
) -> dict[str, Figure]:
    """The figures with their intervals of one level; those that are made at 95% alone only then."""
    none, decided = np.zeros_like(cases.arm), (cases.arm > 0.5).astype(float)
    found = disagreement(decided, rates, level=level)
    figures = {
        "excess Brier": excess_brier(cases.arm, none, rates, level=level),
        "disagreement": found.whole,
        "beyond a colleague": found.beyond_colleague,
    }
    if level == LEVELS[0]:
        figures["signed gap"] = signed_gap(cases.arm, rates)
        figures["people among themselves"] = among_people(rates).whole
        figures["grant rate"] = panel_rate(rates)
        figures["contrast"] = contrast(cases.arm, none, cases.other, none, rates).difference
    if share:
        figures["wrong refusals"] = wrong_refusals(decided, rates, rng, level)
    return figures


def run_study(task: Task) -> Line:
    """One study as a line of JSON values: by level and figure, [low, high], and what is true of
    these very scenarios where the intervals speak of no others."""
    place, number = task
    cell = CELLS[place]
    rng = np.random.default_rng([SEED, place, number])
    cases = drawn(rng, cell.scenarios, cell.cases, cell.case_sd)
    rates = judged(rng, cell, cases)
    share = number < SHARES and cell.scenarios <= MOST_SHARED
    ends = {
        str(level): {
            name: [one.low, one.high]
            for name, one in figures_at(cases, rates, level, rng, share=share).items()
        }
        for level in LEVELS
    }
    line: Line = {"cell": place, "study": number, "ends": ends}
    if cell.scenarios < FEW:
        line["true"] = truths_of(cases)
    return line


def run(most: int) -> list[Line]:
    """Every study's line, those already kept included; the first of all cells come first."""
    head = {"seed": SEED, "cells": [str(cell) for cell in CELLS]}
    tasks = [(place, number) for number in range(most) for place in range(len(CELLS))]
    return one_by_one(KEPT, kept_lines(KEPT, head, most), tasks, run_study)


def described(cell: Cell) -> dict[str, str]:
    """A cell as the first columns of a row."""
    where = "everywhere" if cell.same else "in each scenario"
    return {
        "scenarios x cases": f"{cell.scenarios} x {cell.cases}",
        "judgments a case": str(cell.judgments),
        "raters": f"{cell.raters} {where}" if cell.scenarios > 1 else str(cell.raters),
        "case effects, sd": f"{cell.case_sd:g}",
    }


def figures_of(lines: list[Line], place: int, true: Mapping[str, float]) -> Figures:
    """The lines of a cell beside what is true of each: [truth, low, high] by level and figure."""
    own = [line for line in lines if line["cell"] == place]
    shared = CELLS[place].scenarios <= MOST_SHARED
    found: Figures = {level: {} for level in LEVELS}
    for line in own:
        truth = line.get("true", true)
        for level in LEVELS:
            for name, (low, high) in line["ends"][str(level)].items():
                if name == "wrong refusals" and not shared:
                    continue
                found[level].setdefault(name, []).append((truth[name], low, high))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="of each cell")
    lines = run(parser.parse_args().studies)
    true = {case_sd: truths(case_sd) for case_sd in {cell.case_sd for cell in CELLS}}
    cells = [
        (described(cell), figures_of(lines, place, true[cell.case_sd]))
        for place, cell in enumerate(CELLS)
    ]
    sys.stdout.write(page(cells, seed=SEED))


if __name__ == "__main__":
    main()
