"""Power: how often studies of several sizes notice explanations of a known quality.

    python proofs/power.py > docs/reference/power.md

The stand-in's two numbers were fixed before by proofs/power_weight.py. Finished studies are kept in
build/, so that a run cut short goes on where it stopped; `--studies` runs fewer of each size.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy; there is a process for each core

from kept import Line, kept_lines, with_the_rest
from power_cells import CELLS, SEEDS
from power_page import page
from power_unequal import unequal

from discretion.toy.learner import LEARNER
from discretion.tuning.power import outcome
from discretion.tuning.power_trials import trial

KEPT = Path(__file__).parents[1] / "build" / "power.jsonl"
SEED = 41


def run_study(task: tuple[int, int]) -> Line:
    """One study of a cell, as a line of JSON values: what it says, by seeds and quality."""
    place, number = task
    cell = CELLS[place]
    if cell.kind == "unequal":
        found = {"1": unequal((SEED, place, number), cell.learner)}
    else:
        # The first two cells are the same studies, with and without the noise of training.
        one = trial(cell.size, cell.qualities, (SEED, max(place, 1), number), cell.learner)
        found = {
            str(seeds): {str(q): asdict(outcome(one, q, seeds)) for q in cell.qualities}
            for seeds in SEEDS
            if seeds <= cell.size.seeds
        }
    return {"cell": place, "study": number, "found": found}


def run(most: int) -> list[Line]:
    """Every study's line, those already kept included."""
    cells = [str((cell.kind, cell.size, cell.learner, cell.qualities)) for cell in CELLS]
    head = {"seed": SEED, "learner": asdict(LEARNER), "cells": cells}
    lines = kept_lines(KEPT, head, most)
    tasks = [
        (place, number)
        for number in range(most)
        for place, cell in enumerate(CELLS)
        if number < cell.studies
    ]
    return with_the_rest(KEPT, lines, tasks, run_study, processes=2, chunk=10)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000, help="of each size, at most")
    lines = run(parser.parse_args().studies)
    sys.stdout.write(page(lines, seed=SEED))


if __name__ == "__main__":
    main()
