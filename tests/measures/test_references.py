"""References against scipy's distributions and draws from the same posterior."""

import numpy as np
import pytest
from scipy import stats

from discretion.measures.gaps import panel_gap
from discretion.measures.rates import Rates
from discretion.measures.references import (
    Beta,
    fit_beta,
    perfect_distance,
    references,
    second_distance,
)


def test_the_fit_finds_the_beta_that_made_the_rates():
    rng = np.random.default_rng(0)
    n = rng.integers(5, 60, 6_000).astype(float)
    grants = rng.binomial(n.astype(int), rng.beta(3.0, 1.2, 6_000)).astype(float)
    beta = fit_beta(grants, n)
    assert beta.a == pytest.approx(3.0, rel=0.06)
    assert beta.b == pytest.approx(1.2, rel=0.06)


def test_no_nearby_beta_is_more_likely():
    rng = np.random.default_rng(1)
    n = np.full(60, 12.0)
    grants = rng.binomial(12, rng.beta(0.4, 0.9, 60)).astype(float)

    def likelihood(a, b):
        return stats.betabinom.logpmf(grants, n, a, b).sum()

    beta = fit_beta(grants, n)
    best = likelihood(beta.a, beta.b)
    for a, b in [(1.02, 1), (0.98, 1), (1, 1.02), (1, 0.98), (1.02, 1.02), (0.98, 0.98)]:
        assert likelihood(beta.a * a, beta.b * b) <= best + 1e-6


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_people_who_never_differ_can_be_fitted(rate):
    n = np.full(20, 10.0)
    beta = fit_beta(rate * n, n)
    assert beta.a / (beta.a + beta.b) == pytest.approx(rate, abs=0.01)
    assert np.isfinite(perfect_distance(beta, rate * n, n)).all()
    assert np.isfinite(second_distance(beta, rate * n, n)).all()


GRANTS, N = np.array([0.0, 3.0, 10.0, 37.0, 12.0]), np.array([10.0, 10.0, 10.0, 40.0, 25.0])


def test_distances_are_the_means_of_draws():
    rng = np.random.default_rng(2)
    beta = Beta(1.7, 0.8)
    q = rng.beta(beta.a + GRANTS, beta.b + N - GRANTS, (200_000, 5))
    again = rng.binomial(N.astype(int), q) / N
    np.testing.assert_allclose(
        perfect_distance(beta, GRANTS, N), np.abs(q - GRANTS / N).mean(axis=0), rtol=0.01
    )
    np.testing.assert_allclose(
        second_distance(beta, GRANTS, N), np.abs(again - GRANTS / N).mean(axis=0), rtol=0.01
    )


def test_the_second_panel_is_the_sum_over_all_its_outcomes():
    beta = Beta(0.6, 2.3)
    for grants, n, got in zip(GRANTS, N, second_distance(beta, GRANTS, N), strict=True):
        k = np.arange(n + 1)
        chance = stats.betabinom.pmf(k, n, beta.a + grants, beta.b + n - grants)
        assert got == pytest.approx((chance * np.abs(k - grants)).sum() / n)


def test_references_are_what_truth_and_a_second_panel_really_show():
    rng = np.random.default_rng(3)
    q = rng.beta(1.5, 1.0, 20_000)
    h, again = rng.binomial(15, q) / 15, rng.binomial(15, q) / 15
    found = references(Rates.of_counts(h, np.full(20_000, 15.0), np.arange(20_000) % 50))
    assert found.perfect_model.value == pytest.approx(np.abs(q - h).mean(), rel=0.03)
    assert found.second_panel.value == pytest.approx(np.abs(again - h).mean(), rel=0.03)
    assert found.perfect_model.value < found.second_panel.value


def test_only_cases_with_ten_judgments_have_references():
    rates = Rates.of_counts(
        np.array([0.4, 0.3, 0.5]), np.array([10.0, 5.0, np.nan]), np.array([0, 1, 2])
    )
    assert references(rates).perfect_model.n == 1
    few = Rates.of_counts(np.array([0.4]), np.array([5.0]), np.array([0]))
    assert references(few).second_panel.value is None


def judged_by(raters, lean, q, scenario, rng):
    """Rates of raters who each judge every case, each with a leaning of their own."""
    granted = rng.random((len(q), raters)) < np.clip(q[:, None] + lean, 0, 1)
    case, rater = np.indices(granted.shape)
    return Rates.of_judgments(case.ravel(), rater.ravel(), granted.ravel(), scenario)


def test_beyond_a_second_panel_is_the_plain_gap_less_that_reference_with_an_interval():
    rng = np.random.default_rng(4)
    scenario = np.arange(60) % 10
    rates = judged_by(12, rng.normal(0, 0.1, 12), rng.random(60), scenario, rng)
    found, p = references(rates), rng.random(60)
    beyond = found.beyond(p, rates)
    assert beyond.value == pytest.approx(panel_gap(p, rates).gap.value - found.second_panel.value)
    for figure in (beyond, found.second_panel, found.perfect_model):
        assert figure.low < figure.value < figure.high
        assert figure.n == 60


def test_another_panel_of_the_same_people_is_seldom_told_from_a_second_panel():
    """Of 60 studies; 3 wrong ones are expected of an exact interval."""
    rng = np.random.default_rng(5)
    scenario, wrong = np.arange(96) % 12, 0
    for _ in range(60):
        q = rng.beta(1.2, 1.2, 96)
        rates = judged_by(15, np.zeros(15), q, scenario, rng)
        beyond = references(rates).beyond(judged_by(15, np.zeros(15), q, scenario, rng).h, rates)
        wrong += not beyond.low <= 0 <= beyond.high
    assert wrong <= 7


def test_without_references_nothing_lies_beyond_them():
    few = Rates.of_counts(np.array([0.4]), np.array([5.0]), np.array([0]))
    assert references(few).beyond(np.array([0.9]), few).value is None
