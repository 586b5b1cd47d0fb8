"""Contrasts against the difference of corrected squares, t tests, and statsmodels' Holm."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from discretion.measures.contrasts import contrast, holm
from discretion.measures.gaps import squared_terms
from discretion.measures.rates import Rates

from .people import simulate

RNG = np.random.default_rng(0)
P, OTHER, V, W = RNG.random(40), RNG.random(40), RNG.random(40) / 50, RNG.random(40) / 50


def test_it_is_the_difference_of_the_corrected_squares():
    rates = simulate(np.random.default_rng(1)).rates
    apart = squared_terms(P, V, rates.h, rates.n) - squared_terms(OTHER, W, rates.h, rates.n)
    assert contrast(P, V, OTHER, W, rates).difference.value == pytest.approx(apart.mean())


def test_one_judgment_a_case_is_enough_and_the_nearer_arm_wins():
    people = simulate(np.random.default_rng(2), scenarios=40, cases=50, raters=1)
    zero = np.zeros(2_000)
    found = contrast(people.true, zero, np.ones(2_000), zero, people.anonymous)
    truth = -((1 - people.true) ** 2).mean()
    assert found.difference.low < truth < found.difference.high < 0
    assert found.p_value < 1e-6


def test_turning_the_arms_round_turns_the_sign():
    rates = simulate(np.random.default_rng(3)).rates
    one, other = contrast(P, V, OTHER, W, rates), contrast(OTHER, W, P, V, rates)
    assert one.difference.value == pytest.approx(-other.difference.value)
    assert one.difference.low == pytest.approx(-other.difference.high)
    assert one.p_value == pytest.approx(other.p_value)


def test_without_raters_it_is_the_paired_t_test_of_scenario_means():
    rates = simulate(np.random.default_rng(4)).anonymous
    each = (P - rates.h) ** 2 - V - (OTHER - rates.h) ** 2 + W
    means = [each[rates.scenario == k].mean() for k in range(8)]
    found = contrast(P, V, OTHER, W, rates)
    expected = stats.ttest_1samp(means, 0)
    assert found.p_value == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval()
    assert (found.difference.low, found.difference.high) == pytest.approx(tuple(interval))


def test_an_arm_against_itself_differs_by_nothing_and_has_no_p_value():
    found = contrast(P, V, P, V, simulate(np.random.default_rng(5)).rates)
    assert found.difference.value == 0
    assert found.p_value is None


def test_only_cases_that_both_answered_count():
    rates = simulate(np.random.default_rng(6)).rates
    gone = P.copy()
    gone[:4] = np.nan
    assert contrast(gone, V, OTHER, W, rates).difference.n == 36


def test_no_case_is_no_contrast():
    rates = Rates.of_counts(np.array([np.nan]), np.zeros(1), np.array([0]))
    one = np.ones(1)
    assert contrast(one, one, one, one, rates).difference.value is None


@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_holm_is_that_of_statsmodels(size):
    rng = np.random.default_rng(size)
    for p_values in np.round(rng.random((2, size)) ** 3, 2):
        expected = multipletests(p_values, method="holm")[1]
        np.testing.assert_allclose(holm(list(p_values)), expected)


def test_a_declared_contrast_that_failed_still_counts_in_the_family():
    assert holm([0.01, None, 0.02]) == [pytest.approx(0.03), None, pytest.approx(0.04)]
