"""Trainings: how often a study tells explanations that say nothing from shuffled ones.

    python proofs/trainings.py > docs/reference/trainings.md

Real explanations of quality 0 are other judgments' of the same decision, so real and shuffled are
alike and whoever tells them apart is wrong. Each study is judged with luck in training counted, as
reports do it, and between held-out groups alone. Finished studies are kept in build/, so that a run
cut short goes on where it stopped; `--studies` runs fewer of each kind.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy; there is a process for each core

import numpy as np
from kept import Line, kept_lines, with_the_rest
from trainings_page import page

from discretion.stats.contrasts import contrast, holm, verdict
from discretion.toy.learner import LEARNER, fit, predict, seen_through, shaken
from discretion.toy.teaching_studies import TeachingStudy
from discretion.training.shuffled_assignment import shuffled_assignment
from discretion.tuning.power_sizes import StudySize
from discretion.tuning.power_trials import held_out, people, told_study

KEPT = Path(__file__).parents[1] / "build" / "trainings.jsonl"
SEED = 47
QUALITY = 0.0
STUDIES = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of study."""

    size: StudySize
    all_taught: bool = False
    """Every training is taught every open judgment, so that draws differ in the shuffle alone."""


def _sizes(**how: int) -> list[StudySize]:
    return [StudySize(seeds=seeds, **how) for seeds in (3, 6)]


CELLS = [
    *map(Cell, _sizes(domains=12, folds=5)),
    *map(Cell, _sizes(domains=24, folds=5)),
    *map(Cell, _sizes(domains=12, folds=12)),
    *map(Cell, _sizes(domains=4, others=10, folds=1)),
    *map(Cell, _sizes(domains=4, others=10, folds=1, cases=42, raters=23)),
    *map(Cell, _sizes(domains=12, others=12, folds=1)),
    *(Cell(size, all_taught=True) for size in _sizes(domains=12, folds=5, cases=25, raters=2)),
]


def run_study(task: tuple[int, int]) -> Line:
    """One study of a cell: how it is judged, with luck in training counted and without."""
    place, number = task
    cell = CELLS[place]
    size = cell.size
    study, told, rng = told_study(size, (QUALITY,), (SEED, place, number))
    source = told[QUALITY]
    held = size.domains * size.cases
    taught = [np.empty((size.seeds, held)) for _ in range(3)]
    for seed in range(size.seeds):
        # One draw of judgments for all folds of a seed, as in a plan.
        order = rng.permutation(len(study.case))
        for fold in range(size.folds):
            out = held_out(study, size, fold)
            items = order[~out[study.case[order]]]
            if not cell.all_taught:
                items = items[: size.judgments]
            for answers, p in zip(
                taught, trained(study, np.sort(items), source, out, rng), strict=True
            ):
                answers[seed, out[:held]] = p
    real, shuffled, neutral = taught
    rates, none = people(study, held), np.zeros_like(real)
    found = {}
    for name, counted in (("luck counted", True), ("groups alone", False)):
        both = [
            contrast(real, none, other, none, rates, beyond=True, trained=counted)
            for other in (shuffled, neutral)
        ]
        adjusted = holm([one.p_value for one in both])[0]
        said = verdict(both[0], adjusted, margin=1e-9)  # the margin would hide what is told
        found[name] = [both[0].p_value, adjusted, said, both[0].low_90, both[0].high_90]
    return {"cell": place, "study": number, "found": found}


def trained(
    study: TeachingStudy,
    items: np.ndarray,
    source: np.ndarray,
    out: np.ndarray,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """What is answered on the held-out cases after one training each: real explanations, shuffled
    ones, and such as name nothing.

    Args:
        source: (J,) whose explanation each judgment has.
    """
    while True:
        partner = shuffled_assignment(
            study.domain[study.case[items]].tolist(),
            study.granted[items].tolist(),
            study.words[source[items]].tolist(),
            rng,
        )
        alone = [at for at, one in enumerate(partner) if one is None]
        if not alone:
            break
        items = np.delete(items, alone)
    given = items[np.array(partner, dtype=np.int64)]
    named = [study.named[source[one], 0] for one in (items, given)]
    features = study.pool.features[study.source]
    known = features[study.case[items]]
    center = known.mean(axis=0)
    known, asked = known - center, features[out] - center
    granted, once = study.granted[items], np.ones((1, len(items)))
    bare = fit(known, granted, once)
    through = np.stack([np.concatenate([known, seen_through(known, one)]) for one in named])
    counts = np.concatenate([once, LEARNER.weight * once], axis=1)
    told = fit(
        through, np.tile(granted, 2), np.repeat(counts, 2, axis=0), np.repeat(bare, 2, axis=0)
    )
    beta = np.concatenate([told, bare])
    return list(predict(shaken(beta, known.std(axis=0), LEARNER.noise, 1, rng), asked)[:, 0])


def run(most: int, processes: int) -> list[Line]:
    """Every study's line, those already kept included."""
    head = {"seed": SEED, "cells": [str(cell) for cell in CELLS]}
    lines = kept_lines(KEPT, head, most)
    tasks = [(place, number) for number in range(most) for place in range(len(CELLS))]
    return with_the_rest(KEPT, lines, tasks, run_study, processes=processes, chunk=5)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="of each kind, at most")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    lines = run(chosen.studies, chosen.processes)
    sys.stdout.write(page(lines, [(one.size, one.all_taught) for one in CELLS], seed=SEED))


if __name__ == "__main__":
    main()
