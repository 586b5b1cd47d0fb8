"""Coverage: how often the intervals hold the truth, in simulated studies whose truth is known.

    python proofs/coverage.py --studies 1000 --kept coverage.jsonl > docs/reference/coverage.md

docs/design/coverage.md is the design; it was written before any coverage was seen. One line
a study goes to the file kept, so that a run cut short goes on where it stopped; progress goes to
stderr, the page to stdout. `--smoke` runs three studies of one cell.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy; there is a process for each core

import numpy as np
from coverage_page import page
from studies import GRID, Population, Strictness, Study, simulate

from discretion.stats.bootstrap import pooled
from discretion.stats.calibration import auc
from discretion.stats.contrasts import contrast
from discretion.stats.curves import Curves, Observations, fit_curves
from discretion.stats.figure import Figure
from discretion.stats.gaps import corrected_gap, panel_rate, signed_gap, signed_root
from discretion.stats.rates import Floats, Rates
from discretion.stats.thresholds import Threshold, rater_variance, thresholds
from discretion.stats.thresholds import pooled as pooled_threshold

SEED = 2
RATERS = 10
DRAWS = 20
"""Answers behind each probability of the sampled model."""
SHORT = 0.3
"""Where the short grid ends."""
PEOPLE = Population()
OTHER: dict[Strictness, Strictness] = {"close": "strict", "strict": "close"}
_BATCHES, _BATCH = 40, 5_000
_CHUNK = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of study."""

    scenarios: int
    same_raters: bool
    model: Strictness


CELLS = [
    Cell(scenarios, same, model)
    for scenarios in (6, 10, 20, 40)
    for same in (True, False)
    for model in OTHER
]


def truths(model: Strictness) -> dict[str, float]:
    """What each figure estimates, by name: means over 200,000 scenarios and all people."""
    rng = np.random.default_rng([SEED, model == "strict"])
    p, other, q, logs = (np.concatenate(some) for some in zip(*_batches(rng, model), strict=True))
    square, other_square = float(((p - q) ** 2).mean()), float(((other - q) ** 2).mean())
    on_grid = (logs >= np.log(GRID[0])) & (logs <= np.log(GRID[-1]))
    return {
        "signed gap": float((p - q).mean()),
        "corrected gap": signed_root(square) or 0.0,
        "corrected gap, sampled": signed_root(square) or 0.0,
        "contrast, alike": 0.0,
        "contrast, other kind": square - other_square,
        "panel's rate": float(q.mean()),
        "refused of granted": float(q[p <= 0.5].sum() / q.sum()),
        "AUC": _auc(p.ravel(), q.ravel()),
        "pooled threshold": float(np.exp(logs[on_grid].mean())),
    }


def _batches(
    rng: np.random.Generator, model: Strictness
) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    """Rates of a model, of one of the other kind and of people, (scenarios, values) each, and the
    tipping points' logarithms; in batches, because people are integrated out at once."""
    for _ in range(_BATCHES):
        logs = PEOPLE.tipping_points(rng, _BATCH)
        p, other = (PEOPLE.model_rates(rng, logs, kind) for kind in (model, OTHER[model]))
        yield p, other, PEOPLE.mean_rate(logs[:, None], np.array(GRID)[None, :]), logs


def _auc(p: Floats, q: Floats) -> float:
    """The chance that p is higher for a decision to grant than for one to refuse."""
    granted = q[np.argsort(p)]
    refused_below = np.cumsum(1 - granted)
    return float(granted @ refused_below / (granted.sum() * (1 - granted).sum()))


def run_study(cell: Cell, number: int) -> dict[str, Any]:
    """One study's intervals, as they are kept: [value, low, high] for each figure, and what became
    of the thresholds."""
    began = time.process_time()
    seed = [SEED, cell.scenarios, cell.same_raters, cell.model == "strict", number]
    rng = np.random.default_rng(seed)
    study = simulate(
        rng,
        cell.scenarios,
        RATERS,
        same_raters=cell.same_raters,
        model=cell.model,
        population=PEOPLE,
    )
    curves = _fit(study, GRID[-1])
    found = _thresholds(curves, cell)
    figures = _figures(study, cell, rng)
    figures["pooled threshold"] = _pooled_threshold(curves, found, rng)
    return {
        "cell": [cell.scenarios, cell.same_raters, cell.model],
        "study": number,
        "figures": figures,
        "thresholds": _tally(found, study.threshold),
        "short grid": _tally(_thresholds(_fit(study, SHORT), cell), study.threshold),
        "seconds": round(time.process_time() - began, 4),
    }


def _figures(study: Study, cell: Cell, rng: np.random.Generator) -> dict[str, list[float | None]]:
    rates = Rates.of_judgments(study.case, study.rater, study.granted, study.scenario)
    logs, none = np.log(study.threshold), np.zeros_like(study.p)
    alike = PEOPLE.model_rates(rng, logs, cell.model).ravel()
    other = PEOPLE.model_rates(rng, logs, OTHER[cell.model]).ravel()
    sampled = rng.binomial(DRAWS, study.p) / DRAWS
    noise = sampled * (1 - sampled) / (DRAWS - 1)
    refused = (study.p <= 0.5).astype(float)
    figures: dict[str, Figure] = {
        "signed gap": signed_gap(study.p, rates),
        "corrected gap": corrected_gap(study.p, none, rates),
        "corrected gap, sampled": corrected_gap(sampled, noise, rates),
        "contrast, alike": contrast(study.p, none, alike, none, rates).difference,
        "contrast, other kind": contrast(study.p, none, other, none, rates).difference,
        "panel's rate": panel_rate(rates),
        "refused of granted": pooled(
            lambda sums: sums[..., 0] / sums[..., 1],
            lambda h, n: np.stack([h * refused, h], axis=1) / len(GRID),
            rates,
            rng,
            n=len(refused),
            bounds=(0.0, 1.0),
        ),
        "AUC": auc(study.p, rates, rng),
    }
    return {name: [one.value, one.low, one.high] for name, one in figures.items()}


def _fit(study: Study, reach: float) -> Curves | None:
    """The people's curves from the judgments of deviations up to `reach`."""
    deviation = study.deviation[study.case]
    kept = deviation <= reach
    return fit_curves(
        Observations(
            scenario=study.scenario[study.case][kept],
            deviation=deviation[kept],
            grants=study.granted[kept].astype(float),
            trials=np.ones(int(kept.sum())),
            scenarios=len(study.threshold),
            rater=study.rater[kept],
            case=study.case[kept],
        )
    )


def _thresholds(curves: Curves | None, cell: Cell) -> list[Threshold | None]:
    return [None] * cell.scenarios if curves is None else thresholds(curves)


def _pooled_threshold(
    curves: Curves | None, found: list[Threshold | None], rng: np.random.Generator
) -> list[float | None]:
    if curves is None:
        return [None, None, None]
    values = [one.deviation if one else None for one in found]
    crossed = [scenario for scenario, value in enumerate(values) if value is not None]
    one = pooled_threshold(values, rng, rater_variance=rater_variance(curves, crossed))
    return [one.value, one.low, one.high]


def _tally(found: list[Threshold | None], truth: Floats) -> dict[str, list[int]]:
    """For each state: intervals that hold the truth, that lie below it, that lie above it."""
    tally = {state: [0, 0, 0] for state in ("crossed", "below", "beyond", "none")}
    for one, true in zip(found, truth, strict=True):
        if one is None or not one.bounded:
            tally["none"][0] += 1
        elif one.high is not None and one.high < true:
            tally[one.state][1] += 1
        elif one.low is not None and one.low > true:
            tally[one.state][2] += 1
        else:
            tally[one.state][0] += 1
    return tally


def _run_chunk(chunk: list[tuple[Cell, int]]) -> list[dict[str, Any]]:
    return [run_study(cell, number) for cell, number in chunk]


def run(cells: list[Cell], studies: int, kept: Path | None, processes: int) -> list[dict[str, Any]]:
    """Every study's line, those already kept included; each new one is added to `kept`."""
    head = {"seed": SEED, "raters": RATERS, "commit": _commit()}
    lines = []
    if kept and kept.exists():
        first, *lines = map(json.loads, kept.read_text(encoding="utf-8").splitlines())
        if first["head"] != head:
            raise SystemExit(f"{kept} was begun by another version: move it away to begin anew")
    elif kept:
        truth = {model: truths(model) for model in OTHER}
        kept.write_text(json.dumps({"head": head, "truths": truth}) + "\n", encoding="utf-8")
    done = {(Cell(*line["cell"]), line["study"]) for line in lines}
    left = [(cell, number) for number in range(studies) for cell in cells]
    left = [one for one in left if one not in done]
    chunks = [left[start : start + _CHUNK] for start in range(0, len(left), _CHUNK)]
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for count, new in enumerate(pool.imap_unordered(_run_chunk, chunks), 1):
            lines += new
            if kept:
                with kept.open("a", encoding="utf-8") as file:
                    file.writelines(json.dumps(line) + "\n" for line in new)
            if count % 20 == 0 or count == len(chunks):
                rate = (time.monotonic() - began) / count
                rest = rate * (len(chunks) - count) / 60
                sys.stderr.write(f"{len(lines)} studies, {rest:.0f} min to go\n")
    return lines


def _commit() -> str:
    """The commit that runs, and whether what runs differs from it."""
    here = Path(__file__).parent.parent
    watched = ["src/discretion/measures", "proofs"]

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, check=False
        ).stdout.strip()

    changed = git("status", "--porcelain", "--", *watched)
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000, help="studies a cell")
    parser.add_argument("--kept", type=Path, help="file of one line a study, to go on from")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--smoke", action="store_true", help="three studies of one cell")
    chosen = parser.parse_args()
    cells, studies = ([CELLS[4]], 3) if chosen.smoke else (CELLS, chosen.studies)
    processes = 1 if chosen.smoke else chosen.processes
    lines = run(cells, studies, chosen.kept, processes)
    truth = {model: truths(model) for model in OTHER}
    sys.stdout.write(page(lines, truth, commit=_commit(), seed=SEED, raters=RATERS))


if __name__ == "__main__":
    main()
