"""What intervals cost: 500 raters, 1,000 cases, 100,000 judgments.

The bootstrap-t of a mean and of a ratio, 10,000 resamples each, beside the same written as a plain
loop over resamples with the standard error from residuals: the two intervals must agree up to what
another seed would change. Then the means whose raters are crossed with scenarios (delete-one-rater
jackknife), and the fit of all curves with their thresholds' profile-likelihood intervals.

Run: python benchmarks/intervals.py [--write]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.append(str(Path(__file__).parents[1] / "proofs"))

import numpy as np
from sections import met, publish, table
from studies import Population

from discretion.stats.bootstrap import RESAMPLES, bootstrap_t, scenario_sums
from discretion.stats.curves import Observations, fit_curves
from discretion.stats.gaps import corrected_gap, panel_gap, signed_gap
from discretion.stats.rates import Floats, Rates
from discretion.stats.thresholds import slopes, thresholds

RATERS, CASES, SCENARIOS, EACH = 500, 1_000, 50, 100
BOOTSTRAP_S, OTHER_S = 0.3, 2.0
SEEDS = 5


def share(sums: Floats) -> Floats:
    """The first sum over the second: a mean where that counts cases, a ratio otherwise."""
    return sums[..., 0] / sums[..., 1]


def naive(parts: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """The same interval by a loop: (K, 2) parts of K scenarios."""

    def value_and_error(rows: Floats) -> tuple[float, float]:
        top, bottom = rows.mean(axis=0)
        residual = (rows[:, 0] - top / bottom * rows[:, 1]) / bottom
        return top / bottom, float(residual.std(ddof=1)) / math.sqrt(len(rows))

    value, error = value_and_error(parts)
    ratios = []
    for _ in range(RESAMPLES):
        drawn, spread = value_and_error(parts[rng.integers(0, len(parts), len(parts))])
        ratios.append((drawn - value) / spread)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return value - high * error, value - low * error


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """Median processor seconds."""
    spent = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)
    return median(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    given = parser.parse_args()

    rng = np.random.default_rng(0)
    people = Population()
    scenario = np.repeat(np.arange(SCENARIOS), CASES // SCENARIOS)
    deviation = np.tile(np.geomspace(0.001, 3, CASES // SCENARIOS), SCENARIOS)
    mu = np.log(people.tipping) + people.scenario_sd * rng.standard_normal(SCENARIOS)
    leniency = people.rater_sd * rng.standard_normal(RATERS)
    case = np.repeat(np.arange(CASES), EACH)
    rater = np.concatenate([rng.permutation(RATERS)[:EACH] for _ in range(CASES)])
    chance = people.rate(mu[scenario[case]], deviation[case], leniency[rater])
    granted = rng.random(len(case)) < chance
    p = people.rate(mu[scenario] - 0.5, deviation)
    rates = Rates.of_judgments(case, rater, granted, scenario)

    gap = p - rates.h
    wanted = {
        "mean": ("mean of abs(p-h)", np.stack([np.abs(gap), np.ones(CASES)], axis=1)),
        "ratio": ("over-grant's share of it", np.stack([np.maximum(gap, 0), np.abs(gap)], axis=1)),
    }
    rows, spent = [], {}
    for scenarios in (SCENARIOS, CASES):
        code = scenario if scenarios == SCENARIOS else np.arange(CASES)
        for name, (what, parts) in wanted.items():
            sums = scenario_sums(parts, code)
            ours = [bootstrap_t(share, sums, np.random.default_rng(seed)) for seed in range(SEEDS)]
            theirs = [naive(sums, np.random.default_rng(100 + seed)) for seed in range(SEEDS)]
            fast = seconds(lambda: bootstrap_t(share, sums, np.random.default_rng(1)))  # noqa: B023
            slow = seconds(lambda: naive(sums, np.random.default_rng(1)), 1)  # noqa: B023
            spent[scenarios, name] = fast
            apart = np.abs(np.mean(ours, axis=0) - np.mean(theirs, axis=0)).max()
            error = np.sqrt(np.var(ours, axis=0, ddof=1) + np.var(theirs, axis=0, ddof=1)).max()
            rows.append(
                [
                    f"{what}, {scenarios:,} scenarios",
                    "{:.5f} to {:.5f}".format(*np.mean(ours, axis=0)),
                    "{:.5f} to {:.5f}".format(*np.mean(theirs, axis=0)),
                    f"{apart:.5f}",
                    f"{error:.5f}",
                    f"{fast:.2f} s",
                    f"{slow:.2f} s",
                    f"{slow / fast:.0f}",
                ]
            )
    heads = [
        "95% interval",
        "ours",
        "naive",
        "apart",
        "Monte Carlo error",
        "ours",
        "naive",
        "times faster",
    ]
    text = table(heads, rows)
    for scenarios in (SCENARIOS, CASES):
        both = spent[scenarios, "mean"] + spent[scenarios, "ratio"]
        text += (
            f"\n\nMean and ratio with {scenarios:,} scenarios: {both:.2f} s "
            f"(aim {BOOTSTRAP_S}: {met(both, BOOTSTRAP_S)})."
        )
    text += (
        f" Ends are means of {SEEDS} seeds; the Monte Carlo error is one standard deviation of the "
        f"difference between two single runs."
    )

    zero = np.zeros(CASES)
    crossed = {
        "judgments to rates": lambda: Rates.of_judgments(case, rater, granted, scenario),
        "signed gap": lambda: signed_gap(p, rates),
        "noise-corrected gap": lambda: corrected_gap(p, zero, rates),
        "gap to a panel of n, over, under": lambda: panel_gap(p, rates),
    }
    observations = Observations(
        scenario=scenario[case],
        deviation=deviation[case],
        grants=granted.astype(float),
        trials=np.ones(len(case)),
        scenarios=SCENARIOS,
        rater=rater,
    )
    curves = fit_curves(observations)
    assert curves is not None
    fits = {
        "curves of 50 scenarios, raters linked": lambda: fit_curves(observations),
        "thresholds with intervals": lambda: thresholds(curves),
        "slopes with intervals": lambda: slopes(curves),
    }
    rows = []
    for name, group in (("crossed raters", crossed), ("threshold fits", fits)):
        costs = {what: seconds(work) for what, work in group.items()}
        total = sum(costs.values())
        rows += [[what, f"{cost:.3f} s", ""] for what, cost in costs.items()]
        rows.append(
            [f"**{name}, all of it**", f"{total:.2f} s", f"{OTHER_S} s: {met(total, OTHER_S)}"]
        )
    text += f"\n\n{table(['', 'CPU', 'aim'], rows)}"
    publish("intervals", text, write=given.write)


if __name__ == "__main__":
    main()
