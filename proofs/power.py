"""Power: how often studies of several sizes notice explanations of a known quality.

    python proofs/power.py > docs/reference/power.md

The stand-in's two numbers were fixed before by proofs/power_weight.py. Finished studies are kept in
build/, so that a run cut short goes on where it stopped; `--studies` runs fewer of each size.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy; there is a process for each core

from power_cells import CELLS, SEEDS
from power_page import page
from power_unequal import unequal

from discretion.experiments.power import outcome
from discretion.experiments.power_trials import trial
from discretion.simulation.learner import LEARNER

KEPT = Path(__file__).parents[1] / "build" / "power.jsonl"
SEED = 41
Line = dict[str, Any]


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
    KEPT.parent.mkdir(exist_ok=True)
    if not KEPT.exists():
        KEPT.write_text(json.dumps(head) + "\n", encoding="utf-8")
    first, *lines = map(json.loads, KEPT.read_text(encoding="utf-8").splitlines())
    if first != head:
        raise SystemExit(f"{KEPT} was begun by another version: move it away to begin anew")
    lines = [line for line in lines if line["study"] < most]
    done = {(line["cell"], line["study"]) for line in lines}
    tasks = [
        (place, number)
        for number in range(most)
        for place, cell in enumerate(CELLS)
        if number < cell.studies and (place, number) not in done
    ]
    with multiprocessing.get_context("spawn").Pool(2) as pool, KEPT.open("a") as file:
        for count, line in enumerate(pool.imap_unordered(run_study, tasks, chunksize=10), 1):
            lines.append(line)
            file.write(json.dumps(line) + "\n")
            if count % 100 == 0:
                file.flush()
                sys.stderr.write(f"{count:,} of {len(tasks):,} studies\n")
    return sorted(lines, key=lambda line: (line["cell"], line["study"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000, help="of each size, at most")
    lines = run(parser.parse_args().studies)
    sys.stdout.write(page(lines, seed=SEED))


if __name__ == "__main__":
    main()
