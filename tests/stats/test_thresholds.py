import dataclasses
import math

import numpy as np
import pytest

from discretion.stats.curves import fit_curves
from discretion.stats.shrinkage import shrunk
from discretion.stats.thresholds import (
    drawn_together,
    pooled,
    rater_variance,
    slopes,
    thresholds,
    value_at,
)

from .curve_data import counted, simulate


def only(found):
    (threshold,) = found
    return threshold


def test_the_threshold_is_where_p_is_one_half_not_where_the_logistic_is():
    # Lapses of refusal only: P is one half nearer to the limit than mu.
    grid = np.geomspace(0.02, 2, 12)
    rates = 0.85 / (1 + np.exp(3 * (np.log(grid) + 1)))
    rows = [(0, d, 0, round(4000 * p), 4000) for d, p in zip(grid, rates, strict=True)]
    found = only(thresholds(fit_curves(counted(rows))))
    true = math.exp(-1 + math.log((0.85 - 0.5) / 0.5) / 3)
    assert true < math.exp(-1) * 0.95
    assert found.deviation == pytest.approx(true, rel=0.02)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """120 thresholds of panels whose raters differ: 95% would be 114, 104 is its 1 in 2,000."""
    hits = 0
    for seed in range(12):
        truth = simulate(np.random.default_rng(seed), 10, raters=15, spread=0.5)
        for found, log in zip(
            thresholds(fit_curves(truth.observations)), truth.log_threshold, strict=True
        ):
            true = math.exp(log)
            hits += (found.low is None or found.low <= true) and (
                found.high is None or true <= found.high
            )
    assert hits >= 104


def test_raters_who_differ_widen_the_interval():
    o = simulate(np.random.default_rng(1), 6, raters=30, spread=1.2).observations
    linked = thresholds(fit_curves(o))
    unlinked = thresholds(fit_curves(dataclasses.replace(o, rater=None)))
    width = [np.mean([math.log(t.high / t.low) for t in found]) for found in (linked, unlinked)]
    assert width[0] > 1.2 * width[1]
    assert [t.deviation for t in linked] == [t.deviation for t in unlinked]


def test_a_single_rater_has_a_threshold_and_no_interval():
    found = thresholds(fit_curves(simulate(np.random.default_rng(2), 2, raters=1).observations))
    assert all(t.low is None and t.high is None and not t.bounded for t in found)
    assert all(s.low is None and s.high is None and s.slope > 0 for s in slopes(
        fit_curves(simulate(np.random.default_rng(2), 2, raters=1).observations)))  # fmt: skip


@pytest.mark.parametrize(("grants", "state"), [(0, "below"), (40, "beyond")])
def test_a_threshold_off_the_values_tried_is_a_state_and_no_number(grants, state):
    found = only(thresholds(fit_curves(counted([(0, d, 0, grants, 40) for d in (0.1, 0.2, 0.4)]))))
    assert (found.state, found.deviation) == (state, None)
    assert found.bounded
    open_end, closed_end = (found.low, found.high) if state == "below" else (found.high, found.low)
    assert open_end is None
    assert found.smallest <= closed_end <= found.largest
    assert found.isotonic.state == state
    assert not found.disagrees


def test_scenarios_without_violations_have_none_and_keep_the_order():
    rows = [(0, 0.1, 0, 3, 4), (0, 0.4, 0, 1, 4), (1, -0.5, 0, 4, 4), (2, 0.2, 0, 2, 4)]
    found = thresholds(fit_curves(counted(rows)))
    assert [t is None for t in found] == [False, True, False]
    assert [s is None for s in slopes(fit_curves(counted(rows)))] == [False, True, False]
    assert [t.n for t in found if t] == [8, 4]


def test_one_judgment_is_enough_for_a_state_and_too_little_for_an_end():
    found = only(thresholds(fit_curves(counted([(0, 1e-6, 0, 1, 1)]))))
    assert found.state in ("beyond", "crossed")
    assert (found.low, found.high, found.n) == (None, None, 1)


def test_fitted_and_isotonic_far_apart_are_flagged():
    grid = np.geomspace(0.01, 3, 8)
    # Scenario 0 stays just above one half up to the last value, which no curve of this kind does;
    # scenario 1 is such a curve, and leaves no room for lapses.
    plateau = [0.75, 0.55, 0.51, 0.51, 0.51, 0.51, 0.51, 0.02]
    smooth = 1 / (1 + np.exp(3 * (np.log(grid) + 2)))
    rows = [(0, d, 0, round(100 * p), 100) for d, p in zip(grid, plateau, strict=True)]
    rows += [(1, d, 0, round(9000 * p), 9000) for d, p in zip(grid, smooth, strict=True)]
    odd, even = thresholds(fit_curves(counted(rows)))
    assert odd.isotonic.between == (pytest.approx(grid[6]), pytest.approx(grid[7]))
    assert odd.deviation < grid[5]
    assert odd.disagrees
    assert even.deviation == pytest.approx(math.exp(-2), rel=0.02)
    assert not even.disagrees


def test_slopes_come_back_within_their_intervals():
    truth = simulate(np.random.default_rng(3), 20, raters=100)
    found = slopes(fit_curves(truth.observations))
    inside = [s.low <= b <= s.high for s, b in zip(found, truth.slope, strict=True)]
    assert sum(inside) >= 17
    assert all(s.low < s.slope < s.high for s in found)


def test_values_lie_above_an_at_most_and_below_an_at_least():
    assert value_at(0.5, 14, 14) == 21
    assert value_at(0.1, 650, 650, at_most=False) == 585


def test_pooled_is_the_geometric_mean_and_counts_what_it_leaves_out():
    found = pooled([0.1, None, 0.4, 0.2, None], np.random.default_rng(0))
    assert found.value == pytest.approx(0.2)
    assert (found.n, found.left_out) == (3, 2)
    assert found.low < 0.2 < found.high


def test_pooled_intervals_hold_the_mean_about_as_often_as_they_say():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(150):
        found = pooled(list(np.exp(rng.normal(-1, 0.7, 12))), rng)
        hits += found.low <= math.exp(-1) <= found.high
    assert 133 <= hits <= 149


@pytest.mark.parametrize("values", [[], [None], [0.2], [0.2, 0.3], [0.2, 0.2, 0.2]])
def test_too_few_or_equal_values_have_no_interval(values):
    found = pooled(values, np.random.default_rng(0))
    assert (found.low, found.high) == (None, None)
    assert (found.value is None) == (not [v for v in values if v])


def test_raters_shared_by_scenarios_widen_a_pooled_interval():
    truth = simulate(np.random.default_rng(5), 12, raters=10, spread=1.0)
    curves = fit_curves(truth.observations)
    logs = [t.deviation for t in thresholds(curves)]
    crossed = [k for k, value in enumerate(logs) if value is not None]
    variance = rater_variance(curves, crossed)
    # Ten raters with standard deviation 1 have a mean with variance about 0.1.
    assert 0.03 < variance < 0.3
    plain = pooled(logs, np.random.default_rng(0))
    wide = pooled(logs, np.random.default_rng(0), rater_variance=variance)
    assert wide.value == plain.value
    assert wide.high / wide.low > plain.high / plain.low
    unlinked = fit_curves(dataclasses.replace(truth.observations, rater=None))
    assert rater_variance(unlinked, crossed) == 0


def test_thresholds_are_drawn_towards_those_of_their_group_alone():
    """Each group is Morris's shrinkage of its own log thresholds, by the variances of the fit."""
    curves = fit_curves(simulate(np.random.default_rng(31), 10, raters=8).observations)
    group = ["a"] * 5 + ["b"] * 5
    found = drawn_together(curves, group)
    direction = np.zeros(curves.sandwich.model.shape[:2])
    direction[:, 1] = 1
    variance = curves.sandwich.variance(direction)
    quantile = curves.sandwich.quantile(0.95, direction)
    for rows in (slice(0, 5), slice(5, 10)):
        expected = shrunk(curves.theta[rows, 4], variance[rows], quantile[rows])
        for one, value, low in zip(found[rows], expected.value, expected.low, strict=True):
            if one.deviation is not None:
                assert np.log(one.deviation) == pytest.approx(value)
            if one.low is not None:
                assert np.log(one.low) == pytest.approx(low)
    assert sum(one.deviation is not None for one in found) >= 8
    assert drawn_together(curves, list("aaabbbcccd")) == [None] * 10


def test_drawn_thresholds_are_nearer_to_the_truth_than_raw_ones_with_few_judgments():
    raw, drawn = [], []
    for seed in range(6):
        truth = simulate(np.random.default_rng([32, seed]), 10, raters=4)
        curves = fit_curves(truth.observations)
        for one, other, log in zip(
            thresholds(curves), drawn_together(curves, [""] * 10), truth.log_threshold, strict=True
        ):
            if one.deviation is not None and other.deviation is not None:
                raw.append(np.log(one.deviation) - log)
                drawn.append(np.log(other.deviation) - log)
    assert np.mean(np.square(drawn)) < 0.95 * np.mean(np.square(raw))
