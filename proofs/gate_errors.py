"""Gate errors: how often a gate passes an arm that is exactly at its margin.

    python proofs/gate_errors.py > docs/reference/gate_errors.md

In each simulated study raters who differ judge cases, every rater some of them; an arm decides, and
errs more often in some scenarios than in others. Its margin is set to what is true of it, so that
every pass is an error: one-sided 95% promises 5 of 100. What is drawn shares no code with the
measures that judge it. Cells and seed stand here. With seed 10 errors were up to 13 of 100 at ten
scenarios and fewer, as many as the skew of scenarios explains (Edgeworth's first term). Intervals
of means then came to count that skew (Hall 1983), chosen on other draws; seed 11 was run once,
after that.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy

import numpy as np
from kept import Line, Task, kept_lines, one_by_one
from refusals import wrong_refusals
from scipy.special import expit, logit

from discretion.stats.disagreement import disagreement
from discretion.stats.gaps import corrected_gap
from discretion.stats.rates import Rates

KEPT = Path(__file__).parents[1] / "build" / "gate_errors.jsonl"
SEED = 11
SCENARIOS = (6, 10, 20, 40)
EACH = 15
"""Cases of a scenario."""
PEOPLE = (1, 3, 5)
CELLS = [(scenarios, people) for scenarios in SCENARIOS for people in PEOPLE]
RATERS = 12
A, B = 0.7, 0.7
"""Of the Beta of true grant rates: people are of one mind on most cases."""
ERRS, APART = 0.15, 8.0
"""How often the arm decides against most people; the size of the Beta by which scenarios differ."""
SPREAD = 0.4
"""Standard deviation of raters' leanings, on the logit scale."""
RATIOS = 60
"""Studies in which the share is bootstrapped, which is slow."""
DEMANDS = ("disagreement", "beyond_colleague", "gap", "wrong_refusals")
LEVEL = 0.90


@cache
def truths() -> dict[str, float]:
    """What is true of the arm over all scenarios and raters, from a million cases."""
    rng = np.random.default_rng(0)
    typical = rng.beta(A, B, 1_000_000)
    # A case's rate over all raters: leanings integrated out, by Gauss and Hermite.
    places, weights = np.polynomial.hermite_e.hermegauss(9)
    q = sum(
        weight * expit(logit(typical) + SPREAD * place)
        for place, weight in zip(places, weights / weights.sum(), strict=True)
    )
    wrong = np.minimum(q, 1 - q)
    apart = (1 - ERRS) * wrong + ERRS * (1 - wrong)  # Of q > .5 and of the typical rate alike.
    # The chance that it grants a case: most would grant, and it goes with them or not.
    grants = np.where(q > 0.5, 1 - ERRS, ERRS)
    square = grants * (1 - q) ** 2 + (1 - grants) * q**2
    return {
        "disagreement": float(apart.mean()),
        "beyond_colleague": float((apart - 2 * q * (1 - q)).mean()),
        "gap": float(np.sqrt(square.mean())),
        "wrong_refusals": float(((1 - grants) * q).sum() / q.sum()),
    }


def study(rng: np.random.Generator, scenarios: int, people: int) -> tuple[Rates, np.ndarray]:
    """The people's rates and the arm's decisions."""
    cases = scenarios * EACH
    scenario = np.repeat(np.arange(scenarios), EACH)
    q = rng.beta(A, B, cases)
    errs = rng.beta(ERRS * APART, (1 - ERRS) * APART, scenarios)[scenario]
    decided = (q > 0.5) != (rng.random(cases) < errs)
    who = np.argsort(rng.random((cases, RATERS)), axis=1)[:, :people]
    leaning = rng.normal(0, SPREAD, RATERS)
    granted = rng.random(who.shape) < expit(logit(q)[:, None] + leaning[who])
    case = np.repeat(np.arange(cases), people)
    return Rates.of_judgments(case, who.ravel(), granted.ravel(), scenario), decided.astype(float)


def ends(
    rates: Rates, decided: np.ndarray, rng: np.random.Generator, *, ratio: bool
) -> dict[str, float | None]:
    """The upper end of each figure's interval."""
    found = disagreement(decided, rates, level=LEVEL)
    gap = corrected_gap(decided, np.zeros_like(decided), rates, level=LEVEL)
    upper = {
        "disagreement": found.whole.high,
        "beyond_colleague": found.beyond_colleague.high,
        "gap": gap.high,
    }
    if not ratio:
        return upper
    return {**upper, "wrong_refusals": wrong_refusals(decided, rates, rng, LEVEL).high}


def run_study(task: Task) -> Line:
    """One study as a line of JSON values: the upper ends of its intervals."""
    place, number = task
    scenarios, people = CELLS[place]
    rng = np.random.default_rng([SEED, scenarios, people, number])
    rates, decided = study(rng, scenarios, people)
    upper = ends(rates, decided, rng, ratio=number < RATIOS)
    return {"cell": place, "study": number, "upper": upper}


def run(most: int) -> list[Line]:
    """Every study's line, those already kept included; the first of all cells come first."""
    head = {"seed": SEED, "cells": [list(cell) for cell in CELLS]}
    tasks = [(place, number) for number in range(most) for place in range(len(CELLS))]
    return one_by_one(KEPT, kept_lines(KEPT, head, most), tasks, run_study)


def passes(lines: Sequence[Line], place: int) -> dict[str, tuple[int, int]]:
    """Of each figure that could be computed in a cell, how many of its studies pass, and of how
    many."""
    true, found = truths(), dict[str, tuple[int, int]]()
    for name in DEMANDS:
        own = [line["upper"] for line in lines if line["cell"] == place]
        upper = [one[name] for one in own if name in one]
        if any(high is not None for high in upper):
            passed = sum(high is not None and high <= true[name] for high in upper)
            found[name] = passed, len(upper)
    return found


def cell_of(passed: int, among: int) -> str:
    """Passes in 100 studies; bold where they are more than 5 beyond two standard errors."""
    share = 100 * passed / among
    most = 5 + 200 * np.sqrt(0.05 * 0.95 / among)
    return f"**{share:.1f}**" if share > most else f"{share:.1f}"


_PAGE = """\
# Gate errors

Of 100 studies, how many pass an arm that is exactly at its margin? One-sided 95% allows
5. Counted in simulated studies, where the truth is known; `proofs/gate_errors.py` says
how they are drawn. A dash: the figure needs two judgments a case.

{studies} studies a cell, {each} cases a scenario, {raters} raters who judge everywhere, seed
{seed}. A count varies by {chance:.1f} either way by chance, that of `wrong_refusals` (the first
{ratios} studies) by {ratio_chance:.1f}. **Bold** lies above that.

{table}

Why more than 5 with few scenarios: the arm errs in 1 of 100 cases of some scenarios and in 40 of
others. Where a study misses the bad ones, its figure is too low, and its scenarios look alike, so
the interval is too short as well. Intervals allow for the skew that a study shows
([the design](../design/coverage.md)). Few scenarios do not show all of it, so a line of the gate
that passes on ten or fewer says what was measured here. Where scenarios are less skewed there
are fewer: [coverage by size](coverage_sizes.md).
"""


def page(lines: Sequence[Line]) -> str:
    """The whole page in Markdown."""
    heads = ["scenarios", "judgments a case", *(f"`{name}`" for name in DEMANDS)]
    rows = [heads, ["--:"] * len(heads)]
    for place, (scenarios, people) in enumerate(CELLS):
        found = passes(lines, place)
        shown = [cell_of(*found[name]) if name in found else "–" for name in DEMANDS]
        rows.append([str(scenarios), str(people), *shown])
    studies = min(sum(line["cell"] == place for line in lines) for place in range(len(CELLS)))
    ratios = min(studies, RATIOS)
    chance, ratio_chance = (200 * float(np.sqrt(0.05 * 0.95 / n)) for n in (studies, ratios))
    return _PAGE.format(
        studies=studies,
        each=EACH,
        raters=RATERS,
        seed=SEED,
        ratios=ratios,
        chance=chance,
        ratio_chance=ratio_chance,
        table="\n".join("| " + " | ".join(row) + " |" for row in rows),
    )


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=1000)
    sys.stdout.write(page(run(parser.parse_args().studies)))


if __name__ == "__main__":
    main()
