"""Scores against scikit-learn's, judgment by judgment."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from discretion.stats.rates import Rates
from discretion.stats.scores import brier, log_loss

from .people import simulate


@pytest.fixture
def people():
    return simulate(np.random.default_rng(0), keep=0.5)


P = np.random.default_rng(1).random(40)


def test_weighing_cases_they_are_the_means_over_all_single_judgments(people):
    each = P[people.case]
    assert brier(P, 0 * P, people.rates, weigh="cases").value == pytest.approx(
        brier_score_loss(people.granted, each)
    )
    figure = log_loss(P, people.rates, weigh="cases").loss
    assert figure.value == pytest.approx(sklearn_log_loss(people.granted, each))
    assert figure.n == len(people.case)


def test_weighing_scenarios_they_are_the_means_of_each_scenarios_judgments(people):
    at = people.scenario[people.case]
    means = [brier_score_loss(people.granted[at == k], P[people.case][at == k]) for k in range(8)]
    assert brier(P, 0 * P, people.rates).value == pytest.approx(np.mean(means))


def test_counts_and_single_judgments_score_the_same(people):
    rates = people.rates
    counted = Rates.of_counts(rates.h, rates.n, rates.scenario)
    assert brier(P, 0 * P, counted).value == pytest.approx(brier(P, 0 * P, rates).value)
    assert log_loss(P, counted).loss.value == pytest.approx(log_loss(P, rates).loss.value)


def test_sampling_variance_leaves_the_brier_score_unbiased():
    rng = np.random.default_rng(2)
    rates = Rates.of_counts(np.array([0.7]), np.array([10.0]), np.array([0]))
    scores = []
    for _ in range(4_000):
        p = rng.binomial(5, 0.4, 1) / 5
        scores.append(brier(p, p * (1 - p) / 4, rates).value)
    assert np.mean(scores) == pytest.approx(0.3**2 + 0.21, abs=4 * np.std(scores) / 4_000**0.5)


def test_probabilities_are_clipped_in_logarithms_and_counted():
    rates = Rates.of_counts(np.array([1.0, 0.0]), np.array([3.0, 1.0]), np.array([0, 1]))
    result = log_loss(np.array([0.0, 0.5]), rates, weigh="cases")
    assert result.loss.value == pytest.approx((3 * np.log(1000) + np.log(2)) / 4)
    assert result.clipped == pytest.approx(0.75)
    sure = log_loss(np.array([0.5, 1.0]), rates, weigh="cases")
    assert sure.loss.value == pytest.approx((3 * np.log(2) + np.log(1000)) / 4)


def test_without_single_judgments_there_is_no_score():
    rates = Rates.of_counts(np.array([0.5]), np.array([np.nan]), np.array([0]))
    assert brier(np.array([0.5]), np.zeros(1), rates).value is None
    result = log_loss(np.array([0.5]), rates)
    assert (result.loss.value, result.clipped) == (None, None)


def test_each_has_an_interval(people):
    for figure in (brier(P, 0 * P, people.rates), log_loss(P, people.rates).loss):
        assert figure.low < figure.value < figure.high
