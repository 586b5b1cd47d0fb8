"""The explained share is 1 for people's own rates and 0 for the mean that was taught."""

from __future__ import annotations

import numpy as np
import pytest

from discretion.stats.explained import ALIKE, explained_share
from discretion.stats.rates import Rates


def people(seed=0, scenarios=12, cases=10, raters=20, spread=0.25):
    """Rates of people, and the true ones."""
    rng = np.random.default_rng(seed)
    truth = np.clip(0.5 + spread * rng.standard_normal((scenarios, cases)), 0.02, 0.98).ravel()
    granted = rng.random((len(truth), raters)) < truth[:, None]
    case, rater = (one.ravel() for one in np.indices(granted.shape))
    scenario = np.repeat(np.arange(scenarios), cases)
    rates = Rates.of_judgments(
        case, rater, granted.ravel().astype(float), scenario, np.ones(case.size)
    )
    return rates, truth


def test_the_truth_explains_everything_and_the_mean_nothing():
    rates, truth = people(raters=200)
    mean = np.full((1, len(truth)), truth.mean())
    whole = explained_share(truth[None], mean, rates)
    assert whole.value == pytest.approx(1, abs=0.03)
    assert explained_share(mean, mean, rates).value == pytest.approx(0, abs=1e-9)
    half = explained_share((truth + truth.mean())[None] / 2, mean, rates)
    assert half.value == pytest.approx(0.75, abs=0.03)
    assert half.low < half.value < half.high


def test_the_interval_covers_the_share_that_all_such_people_would_give():
    inside = 0
    for seed in range(100):
        rates, truth = people(seed, scenarios=15, raters=8)
        mean = np.full((1, len(truth)), 0.5)
        p = 0.5 + 0.5 * (truth - 0.5)[None]
        found = explained_share(p, mean, rates)
        inside += found.low <= 0.75 <= found.high
    assert inside >= 88


def test_what_is_worse_than_the_mean_is_below_zero():
    rates, truth = people()
    mean = np.full((1, len(truth)), truth.mean())
    assert explained_share(1 - truth[None], mean, rates).value < 0


def test_where_people_hardly_differ_there_is_no_share():
    rates, truth = people(spread=0.0)
    mean = np.full((1, len(truth)), 0.5)
    found = explained_share(mean, mean, rates)
    assert found.value is None and found.note == ALIKE


def test_each_training_counts_against_the_mean_of_its_own_fold():
    rates, truth = people()
    mean = np.full((2, len(truth)), truth.mean())
    p = np.stack([truth, np.full(len(truth), np.nan)])
    assert explained_share(p, mean, rates).value == pytest.approx(
        explained_share(p[:1], mean[:1], rates).value
    )
