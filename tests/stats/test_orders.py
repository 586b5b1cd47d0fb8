import numpy as np
import pytest
from scipy import stats

from discretion.stats.orders import order_effect


def test_it_is_the_mean_of_scenario_means_with_their_t_interval():
    rng = np.random.default_rng(0)
    first, second, scenario = rng.random(50), rng.random(50), np.arange(50) % 10
    means = [(first - second)[scenario == k].mean() for k in range(10)]
    expected = stats.ttest_1samp(means, 0).confidence_interval()
    found = order_effect(first, second, scenario)
    assert found.value == pytest.approx(np.mean(means))
    assert (found.low, found.high) == pytest.approx(tuple(expected))
    assert found.n == 50


def test_few_scenarios_have_a_value_and_no_interval():
    found = order_effect(np.array([0.6, 0.9]), np.array([0.5, 0.5]), np.array([0, 1]))
    assert found.value == pytest.approx(0.25)
    assert found.low is None
    assert "too few scenarios" in found.note


def test_cases_asked_in_one_order_leave():
    nan = np.nan
    found = order_effect(np.array([0.6, nan]), np.array([0.5, 0.5]), np.array([0, 1]))
    assert (found.value, found.n) == (pytest.approx(0.1), 1)
    assert order_effect(np.array([nan]), np.array([0.5]), np.array([0])).value is None
