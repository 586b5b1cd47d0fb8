import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from discretion.stats.isotonic import isotonic_curve, isotonic_threshold


@pytest.mark.parametrize("seed", range(5))
def test_the_curve_is_sklearns(seed):
    rng = np.random.default_rng(seed)
    deviation = rng.choice(np.geomspace(0.01, 4, 12), 60)
    rate, weight = rng.random(60), rng.integers(1, 9, 60).astype(float)
    values, curve = isotonic_curve(deviation, rate, weight)
    oracle = IsotonicRegression(increasing=False).fit(deviation, rate, sample_weight=weight)
    assert values.tolist() == np.unique(deviation).tolist()
    assert curve == pytest.approx(oracle.predict(values), abs=1e-12)


def test_the_threshold_is_linear_in_log_deviation():
    found = isotonic_threshold(np.array([0.1, 0.2, 0.8]), np.array([0.9, 0.8, 0.2]))
    assert found.state == "crossed"
    assert found.deviation == pytest.approx(0.4)  # halfway between log 0.2 and log 0.8
    assert found.between == (0.2, 0.8)
    assert (found.smallest, found.largest, found.n) == (0.1, 0.8, 3)


def test_a_rise_is_pooled_before_the_crossing_is_sought():
    found = isotonic_threshold(np.array([0.1, 0.2, 0.4, 0.8]), np.array([0.9, 0.3, 0.9, 0.1]))
    # 0.3 and 0.9 pool to 0.6, which falls to 0.1 between 0.4 and 0.8: a fifth of the way to 0.5.
    assert found.deviation == pytest.approx(0.4 * 2**0.2)
    assert found.between == (0.4, 0.8)


@pytest.mark.parametrize(("rate", "state"), [(0.0, "below"), (0.49, "below"), (1.0, "beyond")])
def test_a_curve_on_one_side_of_one_half_has_no_threshold(rate, state):
    found = isotonic_threshold(np.array([0.1, 0.2]), np.full(2, rate))
    assert (found.state, found.deviation, found.between) == (state, None, None)


def test_one_half_over_several_values_is_crossed_in_their_middle():
    found = isotonic_threshold(np.array([0.1, 0.2, 0.8, 0.9]), np.array([1, 0.7, 0.3, 0.0]))
    assert found.between == (0.2, 0.8)
    level = isotonic_threshold(np.array([0.1, 0.2, 0.8, 0.9]), np.array([1, 0.3, 0.7, 0.0]))
    assert level.between == (0.2, 0.8)
    assert level.deviation == pytest.approx(0.4)


def test_a_single_value_at_one_half_is_the_threshold():
    found = isotonic_threshold(np.array([0.3]), np.array([0.5]))
    assert found.deviation == pytest.approx(0.3)
    assert found.between == (0.3, 0.3)


def test_cases_that_keep_the_rule_and_missing_answers_are_left_out():
    deviation = np.array([-0.2, 0.0, np.nan, 0.1, 0.2, 0.4])
    rate = np.array([0.0, 0.0, 0.0, 1.0, np.nan, 0.0])
    found = isotonic_threshold(deviation, rate)
    assert found.between == (0.1, 0.4)
    assert found.n == 2


def test_without_violations_there_is_nothing():
    assert isotonic_threshold(np.array([0.0, -1.0]), np.array([1.0, 1.0])) is None
    assert isotonic_threshold(np.array([]), np.array([])) is None
