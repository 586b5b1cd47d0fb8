import numpy as np
import pytest

from discretion.stats.curves import fit_curves
from discretion.stats.shifts import factor_shift, isotonic_shift
from discretion.stats.thresholds import thresholds

from .curve_data import counted, simulate


def test_a_known_shift_comes_back_in_policy_units():
    truth = simulate(np.random.default_rng(1), 8, raters=200, effect=0.6)
    curves = fit_curves(truth.observations)
    for scenario, log in enumerate(truth.log_threshold):
        found = factor_shift(curves, scenario, 0, 1, scale=14.0)
        true = 14 * (np.exp(log + 0.6) - np.exp(log))
        assert found.shift == pytest.approx(true, rel=0.35)
        assert found.low < found.shift < found.high


def test_its_interval_holds_the_truth_about_as_often_as_it_says():
    hits = total = 0
    for seed in range(12):
        truth = simulate(np.random.default_rng(seed), 8, raters=20, effect=0.5, spread=0.4)
        curves = fit_curves(truth.observations)
        for scenario, log in enumerate(truth.log_threshold):
            found = factor_shift(curves, scenario, 0, 1, scale=1.0)
            if found.shift is not None:
                true = np.exp(log + 0.5) - np.exp(log)
                hits, total = hits + (found.low <= true <= found.high), total + 1
    assert total > 80
    assert hits / total > 0.88


def test_it_is_the_difference_of_the_two_thresholds():
    curves = fit_curves(simulate(np.random.default_rng(2), 3, raters=60, effect=0.5).observations)
    found = factor_shift(curves, 1, 0, 1, scale=10.0)
    without = thresholds(curves)[1].deviation
    having = np.exp(curves.theta[1, 4] + curves.theta[1, 5])
    assert curves.probability(1, np.array([having]), np.array([1])) == pytest.approx([0.5])
    assert found.shift == pytest.approx(10 * (having - without))
    assert found.n == 2 * 8 * 60


def test_a_threshold_off_the_values_tried_makes_it_null():
    grid = (0.1, 0.2, 0.4, 0.8)
    rows = [(0, d, 0, y, 50) for d, y in zip(grid, (48, 40, 10, 2), strict=True)]
    always = counted(rows + [(0, d, 1, 50, 50) for d in grid])
    found = factor_shift(fit_curves(always), 0, 0, 1, scale=1.0)
    assert (found.shift, found.low, found.high) == (None, None, None)
    assert (found.without, found.having) == ("crossed", "beyond")


def test_a_level_or_scenario_without_cases_has_no_shift():
    rows = [(0, 0.1, 0, 3, 4), (0, 0.4, 1, 1, 4), (1, 0.1, 0, 4, 4), (2, -0.1, 1, 4, 4)]
    curves = fit_curves(counted(rows))
    assert factor_shift(curves, 0, 0, 1, 1.0) is not None
    assert factor_shift(curves, 1, 0, 1, 1.0) is None
    assert factor_shift(curves, 2, 0, 1, 1.0) is None
    assert factor_shift(curves, 0, 0, 2, 1.0) is None
    assert factor_shift(curves, 0, 1, 1, 1.0) is None


def test_a_single_rater_has_a_shift_without_an_interval():
    rng = np.random.default_rng(3)
    curves = fit_curves(simulate(rng, 4, values=12, raters=1, effect=0.5).observations)
    found = [factor_shift(curves, k, 0, 1, 1.0) for k in range(4)]
    assert any(f.shift is not None for f in found)
    assert all(f.low is None and f.high is None for f in found)


def test_a_scored_arms_shift_lies_between_two_isotonic_thresholds():
    deviation = np.tile([0.1, 0.2, 0.4, 0.8], 3)
    levels = np.array([[0, 0]] * 4 + [[1, 0]] * 4 + [[1, 1]] * 4)
    probability = np.array([1, 0.5, 0, 0, 1, 1, 0.5, 0, 0, 0, 0, 0])
    found = isotonic_shift(deviation, probability, levels, 0, 1, scale=10.0)
    assert found.shift == pytest.approx(10 * (0.4 - 0.2))
    assert (found.low, found.high) == (None, None)
    assert found.n == 8
    off = isotonic_shift(deviation, probability * 0, levels, 0, 1, scale=10.0)
    assert (off.shift, off.without, off.having) == (None, "below", "below")
    assert isotonic_shift(deviation, probability, levels, 1, 1, scale=10.0) is None
