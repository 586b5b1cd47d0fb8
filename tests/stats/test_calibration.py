"""Calibration against scikit-learn, statsmodels, and pairs counted one by one."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from discretion.stats.calibration import auc, calibration_curve, wilson
from discretion.stats.rates import Rates

from .people import simulate


@pytest.mark.parametrize(("grants", "n"), [(0, 5), (3, 10), (10, 10), (250, 1000)])
def test_wilson_is_that_of_statsmodels(grants, n):
    assert wilson(grants, n) == pytest.approx(
        proportion_confint(grants, n, method="wilson"), abs=1e-12
    )


def test_bins_hold_about_the_same_number_of_judgments_and_all_of_them():
    rng = np.random.default_rng(0)
    people = simulate(rng, scenarios=20, cases=10)
    curve = calibration_curve(rng.random(200), people.rates)
    assert len(curve) == 10
    assert sum(point.rate.n for point in curve) == len(people.case)
    assert all(abs(point.rate.n - 240) <= 24 for point in curve)
    assert [point.p for point in curve] == sorted(point.p for point in curve)


def test_bins_hold_the_means_of_their_judgments():
    rates = Rates.of_counts(
        np.array([0.0, 0.5, 1.0]), np.array([1.0, 2.0, 3.0]), np.array([0, 0, 0])
    )
    low, high = calibration_curve(np.array([0.1, 0.3, 0.8]), rates, bins=2)
    assert (low.p, low.rate.value) == (pytest.approx(0.7 / 3), pytest.approx(1 / 3))
    assert (high.p, high.rate.value) == (pytest.approx(0.8), 1.0)


def test_cases_of_one_p_stay_in_one_bin():
    rates = simulate(np.random.default_rng(1)).rates
    (point,) = calibration_curve(np.ones(40), rates)
    assert point.rate.value == pytest.approx(rates.h.mean())


def test_no_curve_without_n():
    rates = Rates.of_counts(np.array([0.5]), np.array([np.nan]), np.array([0]))
    assert calibration_curve(np.array([0.5]), rates) == ()


def test_the_truth_lies_on_the_diagonal():
    people = simulate(np.random.default_rng(2), scenarios=50, cases=20)
    for point in calibration_curve(people.true, people.rates):
        assert point.rate.value == pytest.approx(point.p, abs=0.05)


@pytest.mark.parametrize("digits", [1, 9])
def test_auc_is_that_of_single_judgments_ties_counting_half(digits):
    rng = np.random.default_rng(3)
    people = simulate(rng, keep=0.5)
    p = np.round(0.5 * people.true + 0.5 * rng.random(40), digits)
    figure = auc(p, people.rates, rng, weigh="cases")
    assert figure.value == pytest.approx(roc_auc_score(people.granted, p[people.case]))
    assert figure.n == len(people.case)
    assert figure.low < figure.value < figure.high
    weight = 1 / np.bincount(people.scenario[people.case])[people.scenario[people.case]]
    assert auc(p, people.rates, rng).value == pytest.approx(
        roc_auc_score(people.granted, p[people.case], sample_weight=weight)
    )


def test_a_constant_arm_has_auc_one_half_and_no_interval():
    people = simulate(np.random.default_rng(4))
    figure = auc(np.full(40, 0.3), people.rates, np.random.default_rng(0))
    assert figure.value == pytest.approx(0.5)
    assert figure.low is None


def test_no_auc_where_all_was_granted():
    rates = Rates.of_counts(np.ones(8), np.full(8, 5.0), np.arange(8))
    assert auc(np.linspace(0, 1, 8), rates, np.random.default_rng(0)).value is None


def test_few_scenarios_leave_the_raters():
    rng = np.random.default_rng(5)
    people = simulate(rng, scenarios=3, cases=10)
    p = 0.5 * people.true + 0.5 * rng.random(30)
    figure = auc(p, people.rates, rng, weigh="cases")
    left = []
    for rater in range(12):
        kept = people.rater != rater
        left.append(roc_auc_score(people.granted[kept], p[people.case[kept]]))
    left = np.log(left) - np.log1p(-np.array(left))
    error = np.sqrt(11 / 12 * ((left - left.mean()) ** 2).sum())
    value = np.log(figure.value / (1 - figure.value))
    assert np.log(figure.high / (1 - figure.high)) - value == pytest.approx(2.2009852 * error)
    assert "these scenarios only" in figure.note


def test_the_interval_covers_the_true_auc():
    def study(rng, scenarios):
        shift = np.repeat(rng.normal(0, 0.7, scenarios), 6)
        grid = np.tile(np.linspace(-2, 2, 6), scenarios)
        true = 1 / (1 + np.exp(-(grid + shift)))
        scenario = np.repeat(np.arange(scenarios), 6)
        n = np.full(len(grid), 10)
        return grid, Rates.of_counts(rng.binomial(n, true) / n, n.astype(float), scenario)

    rng = np.random.default_rng(6)
    p, rates = study(rng, 50_000)
    granted, refused = rates.grants, rates.n - rates.grants
    twice = np.concatenate([p, p])
    truth = roc_auc_score(
        np.repeat([1, 0], len(p)), twice, sample_weight=np.concatenate([granted, refused])
    )
    hits = 0
    for _ in range(150):
        p, rates = study(rng, 15)
        figure = auc(p, rates, rng, weigh="cases")
        hits += figure.low <= truth <= figure.high
    assert 0.89 <= hits / 150 <= 0.995
