"""Contrasts against the difference of corrected squares, t tests, and statsmodels' Holm."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from discretion.stats.contrasts import ContrastResult, contrast, holm, verdict
from discretion.stats.figure import Figure
from discretion.stats.gaps import squared_terms
from discretion.stats.rates import Rates

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


def test_the_90_percent_interval_is_that_of_the_t_test():
    rates = simulate(np.random.default_rng(4)).anonymous
    each = (P - rates.h) ** 2 - V - (OTHER - rates.h) ** 2 + W
    means = [each[rates.scenario == k].mean() for k in range(8)]
    found = contrast(P, V, OTHER, W, rates)
    interval = stats.ttest_1samp(means, 0).confidence_interval(0.90)
    assert (found.low_90, found.high_90) == pytest.approx(tuple(interval))


def domains(rng, units, difference, cases=6, raters=10):
    """A study whose arms' mean squares differ by `difference` over domains like these, and by
    more or less in each of them."""
    code = np.repeat(np.arange(units), cases)
    true = rng.uniform(0.35, 0.65, units * cases)
    case = np.repeat(np.arange(len(true)), raters)
    granted = rng.random(len(case)) < true[case]
    rates = Rates.of_judgments(case, np.tile(np.arange(raters), len(true)), granted, code)
    squares = rng.gamma(2.0, 0.01, (2, units)) + np.array([[difference], [0.0]])
    side = rng.choice([-1, 1], (2, len(true)))
    one, other = true + side * np.sqrt(squares[:, code])
    return contrast(one, np.zeros(len(true)), other, np.zeros(len(true)), rates, beyond=True)


@pytest.mark.parametrize("units", [3, 5, 9])
def test_the_interval_between_domains_holds_the_truth_as_often_as_it_says(units):
    rng = np.random.default_rng(units)
    found = [domains(rng, units, difference=0.02).difference for _ in range(400)]
    assert np.mean([one.low < 0.02 < one.high for one in found]) > 0.93


def test_arms_that_are_alike_are_rarely_told_apart_and_others_often():
    rng = np.random.default_rng(0)
    alike = [domains(rng, 10, difference=0.0).p_value < 0.05 for _ in range(400)]
    apart = [domains(rng, 10, difference=0.04).p_value < 0.05 for _ in range(100)]
    assert np.mean(alike) < 0.07
    assert np.mean(apart) > 0.6


def test_for_few_domains_the_interval_beyond_them_is_wider_and_one_has_none():
    rates = simulate(np.random.default_rng(7), scenarios=4, cases=10).rates
    here = contrast(P, V, OTHER, W, rates).difference
    beyond = contrast(P, V, OTHER, W, rates, beyond=True).difference
    assert here.note == "for these scenarios only"
    assert beyond.value == here.value
    assert beyond.low < here.low < here.high < beyond.high
    one = simulate(np.random.default_rng(8), scenarios=1, cases=40).rates
    assert contrast(P, V, OTHER, W, one).p_value is not None
    assert contrast(P, V, OTHER, W, one, beyond=True).p_value is None


def found(value, low_90, high_90):
    return ContrastResult(Figure(value, None, None, 9), None, low_90, high_90)


@pytest.mark.parametrize(
    ("contrast", "adjusted", "expected"),
    [
        (found(-0.03, -0.05, -0.012), 0.01, "helped"),
        (found(0.03, 0.012, 0.05), 0.01, "hurt"),
        (found(-0.03, -0.07, 0.01), 0.05, "cannot be told"),
        (found(-0.001, -0.009, 0.007), 0.8, "no relevant difference"),
        # Sure, and too small to matter: the margin was declared before.
        (found(-0.005, -0.008, -0.002), 0.001, "no relevant difference"),
        (found(-0.005, -0.010, 0.0), 0.04, "helped"),
        (found(-0.005, None, None), None, "cannot be told"),
        (found(None, None, None), None, "cannot be told"),
        # Declared beside contrasts that adjusted its p away.
        (found(-0.03, -0.05, -0.012), None, "cannot be told"),
    ],
)
def test_the_verdict_is_by_the_margin_first_and_then_by_p(contrast, adjusted, expected):
    assert verdict(contrast, adjusted, margin=0.01) == expected
