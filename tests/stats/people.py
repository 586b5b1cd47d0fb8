"""Simulated people with a known true rate on every case, for the tests of measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discretion.stats.rates import Rates


@dataclass(frozen=True)
class People:
    true: np.ndarray
    """(C,) the rate that all such people would have."""
    case: np.ndarray
    rater: np.ndarray
    granted: np.ndarray
    scenario: np.ndarray

    @property
    def rates(self) -> Rates:
        return Rates.of_judgments(self.case, self.rater, self.granted, self.scenario)

    @property
    def anonymous(self) -> Rates:
        return Rates.of_judgments(
            self.case, np.full(len(self.case), -1), self.granted, self.scenario
        )


def simulate(
    rng: np.random.Generator, scenarios: int = 8, cases: int = 5, raters: int = 12, keep: float = 1
) -> People:
    """Every rater judges every case, of which a share is kept at random."""
    total = scenarios * cases
    true = rng.beta(1.5, 1.5, total)
    case, rater = np.repeat(np.arange(total), raters), np.tile(np.arange(raters), total)
    kept = rng.random(len(case)) < keep
    case, rater = case[kept], rater[kept]
    return People(
        true, case, rater, rng.random(len(case)) < true[case], np.arange(total) % scenarios
    )
