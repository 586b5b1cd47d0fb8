"""Shrinkage against statsmodels' Paule and Mandel, a posterior by brute force, and known truths."""

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from discretion.stats.shrinkage import shrunk, spread_of

RNG = np.random.default_rng(0)


def drawn(rng, count, spread, variance):
    true = 0.3 + spread * rng.standard_normal(count)
    return true, true + np.sqrt(variance) * rng.standard_normal(count)


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_spread_is_that_of_statsmodels(spread):
    variance = RNG.uniform(0.05, 0.3, 12)
    _, value = drawn(RNG, 12, spread, variance)
    expected = combine_effects(value, variance, method_re="iterated")
    assert spread_of(value, variance) == pytest.approx(expected.tau2, rel=1e-3)


def test_with_many_values_it_is_the_posterior_under_a_known_prior():
    """Brute force: each posterior mean is an integral over the true prior."""
    variance = np.full(4_000, 0.5)
    _, value = drawn(np.random.default_rng(1), 4_000, 1.0, variance)
    found = shrunk(value, variance)
    grid = np.linspace(-6, 6, 2_001)
    prior = np.exp(-((grid - 0.3) ** 2) / 2)
    for one in (0, 1, 2, 3):
        posterior = prior * np.exp(-((grid - value[one]) ** 2) / (2 * 0.5))
        posterior /= posterior.sum()
        mean = posterior @ grid
        assert found.value[one] == pytest.approx(mean, abs=0.05)
        deviation = np.sqrt(posterior @ (grid - mean) ** 2)
        assert found.high[one] - found.value[one] == pytest.approx(1.96 * deviation, rel=0.05)


def test_it_is_nearer_to_the_truth_than_the_raw_values_and_its_intervals_hold_it():
    rng = np.random.default_rng(2)
    raw, moved, held, total = 0.0, 0.0, 0, 0
    for _ in range(400):
        variance = rng.uniform(0.2, 1.0, 10)
        true, value = drawn(rng, 10, 0.5, variance)
        found = shrunk(value, variance)
        raw += ((value - true) ** 2).sum()
        moved += ((found.value - true) ** 2).sum()
        held += int(((found.low <= true) & (true <= found.high)).sum())
        total += 10
    assert moved < 0.75 * raw
    assert held / total >= 0.93


def test_values_that_chance_explains_come_to_lie_together_and_others_stay():
    together = shrunk(np.array([0.1, -0.1, 0.12, -0.11, 0.0]), np.full(5, 1.0))
    assert together.spread == 0
    assert np.ptp(together.value) < 0.6 * 0.23
    apart = shrunk(np.array([-9.0, -3.0, 0.0, 3.0, 9.0]), np.full(5, 0.01))
    assert apart.value == pytest.approx([-9, -3, 0, 3, 9], abs=0.01)


def test_fewer_than_four_values_are_not_shrunk():
    assert shrunk(np.zeros(3), np.ones(3)) is None
