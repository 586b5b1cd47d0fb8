import numpy as np
import pytest
from scipy.stats import betabinom, binom, chi2

from discretion.stats.rates import Rates
from discretion.stats.spread import fit_beta, rater_spread


def panel(grants, n):
    """Each rater decides n[i] cases of their own and grants the first grants[i]."""
    rater = np.repeat(np.arange(len(n)), n)
    granted = np.concatenate([np.arange(size) < some for some, size in zip(grants, n, strict=True)])
    case = np.arange(len(rater))
    return Rates.of_judgments(case, rater, granted, np.zeros(len(rater), dtype=np.int64))


def test_raters_who_lie_apart_are_found_with_how_far():
    rng = np.random.default_rng(1)
    n = np.full(400, 60)
    found = rater_spread(panel(rng.binomial(n, rng.beta(4, 4, 400)), n))
    assert found is not None
    assert found.raters == 400
    # The tenths of Beta(4, 4) are .279 and .721.
    assert found.strict == pytest.approx(0.279, abs=0.03)
    assert found.lax == pytest.approx(0.721, abs=0.03)
    assert found.chance < 1e-6


def test_raters_who_grant_alike_seldom_look_apart():
    rng = np.random.default_rng(2)
    n = np.full(30, 40)
    chances = []
    for _ in range(200):
        found = rater_spread(panel(rng.binomial(n, 0.4), n))
        assert found is not None
        chances.append(found.chance)
    assert sum(chance < 0.05 for chance in chances) <= 20


def test_the_chance_is_half_of_a_chi_squared_of_the_likelihood_ratio():
    grants, n = np.array([3, 12, 7, 15, 2, 9]), np.array([20, 18, 15, 22, 16, 14])
    beta = fit_beta(grants.astype(float), n.astype(float))
    share = grants.sum() / n.sum()
    apart = betabinom.logpmf(grants, n, beta.a, beta.b).sum()
    ratio = 2 * (apart - binom.logpmf(grants, n, share).sum())
    found = rater_spread(panel(grants, n))
    assert found is not None
    assert found.chance == pytest.approx(0.5 * chi2.sf(ratio, 1), rel=1e-6)


@pytest.mark.parametrize("granted", [0, 20])
def test_raters_who_all_say_the_same_are_not_apart(granted):
    found = rater_spread(panel([granted] * 6, [20] * 6))
    assert found is not None
    assert found.chance == 0.5


def test_few_raters_or_few_decisions_or_nobody_known_tell_nothing():
    assert rater_spread(panel([5] * 4, [20] * 4)) is None
    assert rater_spread(panel([5] * 9, [9] * 9)) is None
    assert (
        rater_spread(Rates.of_counts(np.ones(3), np.ones(3), np.zeros(3, dtype=np.int64))) is None
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
        return betabinom.logpmf(grants, n, a, b).sum()

    beta = fit_beta(grants, n)
    best = likelihood(beta.a, beta.b)
    for a, b in [(1.02, 1), (0.98, 1), (1, 1.02), (1, 0.98), (1.02, 1.02), (0.98, 0.98)]:
        assert likelihood(beta.a * a, beta.b * b) <= best + 1e-6


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_people_who_never_differ_can_be_fitted(rate):
    n = np.full(20, 10.0)
    beta = fit_beta(rate * n, n)
    assert beta.a / (beta.a + beta.b) == pytest.approx(rate, abs=0.01)
