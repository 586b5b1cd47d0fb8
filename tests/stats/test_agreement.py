"""Agreement against scikit-learn and the krippendorff package."""

import krippendorff
import numpy as np
import pytest
from scipy.stats import beta
from sklearn.metrics import matthews_corrcoef, recall_score

from discretion.stats.agreement import krippendorff_alpha, majority_agreement, split_half
from discretion.stats.rates import Rates

from .people import simulate


def rng():
    return np.random.default_rng(0)


def test_rates_and_correlation_are_those_of_scikit_learn_without_tied_cases():
    people = simulate(np.random.default_rng(1))
    p = np.clip(people.true + np.random.default_rng(2).normal(0, 0.3, 40), 0, 1)
    h = people.rates.h
    clear = h != 0.5
    assert not clear.all()
    most, deployed = h[clear] > 0.5, p[clear] > 0.5
    got = majority_agreement(p, people.rates, rng(), weigh="cases")
    assert got.true_grant_rate.value == pytest.approx(recall_score(most, deployed))
    assert got.true_refuse_rate.value == pytest.approx(recall_score(~most, ~deployed))
    assert got.matthews.value == pytest.approx(matthews_corrcoef(most, deployed))
    assert got.true_grant_rate.n == most.sum()
    assert got.matthews.n == clear.sum()
    assert got.tied == (~clear).sum()
    assert 0 <= got.true_grant_rate.low < got.true_grant_rate.value < got.true_grant_rate.high <= 1


def test_scenarios_weigh_equally_by_default():
    people = simulate(np.random.default_rng(3), scenarios=8, cases=5)
    scenario = np.where(people.scenario == 0, 0, people.scenario // 4 + 1)
    rates = Rates.of_judgments(people.case, people.rater, people.granted, scenario)
    p = np.random.default_rng(4).random(40)
    clear = rates.h != 0.5
    weight = 1 / np.bincount(scenario[clear])[scenario[clear]]
    got = majority_agreement(p, rates, rng()).matthews.value
    assert got == pytest.approx(
        matthews_corrcoef(rates.h[clear] > 0.5, p[clear] > 0.5, sample_weight=weight)
    )


def test_an_arm_at_one_half_is_deployed_as_refuse():
    rates = Rates.of_counts(np.array([1.0, 0.0]), np.full(2, 5.0), np.array([0, 1]))
    got = majority_agreement(np.full(2, 0.5), rates, rng())
    assert got.true_grant_rate.value == 0
    assert got.true_refuse_rate.value == 1


def test_an_arm_that_never_varies_has_no_correlation():
    rates = simulate(np.random.default_rng(5)).rates
    got = majority_agreement(np.ones(40), rates, rng())
    assert got.true_grant_rate.value == 1
    # Clopper and Pearson's end for n of n: of 18 requests, none went wrong.
    assert got.true_grant_rate.low == pytest.approx(beta.ppf(0.025, got.true_grant_rate.n, 1))
    assert got.matthews.value is None


def test_without_a_majority_to_refuse_there_is_no_true_refuse_rate():
    rates = Rates.of_counts(np.full(3, 0.9), np.full(3, 10.0), np.arange(3))
    got = majority_agreement(np.full(3, 0.9), rates, rng())
    assert got.true_refuse_rate.value is None
    assert got.true_refuse_rate.n == 0


@pytest.mark.parametrize("keep", [1.0, 0.5, 0.15])
def test_alpha_is_that_of_krippendorffs_package(keep):
    people = simulate(np.random.default_rng(6), keep=keep)
    table = np.full((12, 40), np.nan)
    table[people.rater, people.case] = people.granted
    expected = krippendorff.alpha(table, level_of_measurement="nominal")
    for rates in (people.rates, people.anonymous):
        figure = krippendorff_alpha(rates, rng())
        assert figure.value == pytest.approx(expected)
        assert figure.low < figure.value < figure.high
        assert figure.n == rates.n[rates.n >= 2].sum()


def test_alpha_of_few_scenarios_leaves_raters_out():
    people = simulate(np.random.default_rng(7), scenarios=2, cases=10)
    figure = krippendorff_alpha(people.rates, rng())
    assert figure.low < figure.value < figure.high
    assert "these scenarios only" in figure.note


def test_alpha_is_none_where_all_say_the_same_or_none_is_judged_twice():
    same = Rates.of_counts(np.ones(3), np.full(3, 4.0), np.arange(3))
    once = Rates.of_counts(np.array([1.0, 0.0]), np.ones(2), np.arange(2))
    assert krippendorff_alpha(same, rng()).value is None
    assert krippendorff_alpha(once, rng()).value is None


@pytest.mark.parametrize("known", [True, False])
def test_split_halves_correlate_as_the_reliability_of_independent_raters_says(known):
    people = simulate(np.random.default_rng(8), scenarios=50, cases=20, raters=10)
    q = people.true
    found = split_half(people.rates if known else people.anonymous, rng(), splits=20)
    reliability = q.var() / (q.var() + (q * (1 - q)).mean() / 10)
    assert found.correlation.value == pytest.approx(reliability, abs=0.02)
    h = np.random.default_rng(9).binomial(5, q, (400, 2, 1000)) / 5
    assert found.difference.value == pytest.approx(np.abs(h[:, 0] - h[:, 1]).mean(), rel=0.05)


def test_raters_are_split_with_all_their_judgments():
    """Half of the raters always grant: halves differ much, though cases do not."""
    case, rater = np.repeat(np.arange(60), 8), np.tile(np.arange(8), 60)
    rates = Rates.of_judgments(case, rater, rater < 4, np.arange(60) % 6)
    anonymous = Rates.of_judgments(case, np.full(480, -1), rater < 4, np.arange(60) % 6)
    found = split_half(rates, rng(), splits=500)
    # |2X/4 - 1| for X granters of the four in one half, hypergeometric
    assert found.difference.value == pytest.approx((2 * 1 * 1 + 2 * 16 * 0.5) / 70, abs=0.03)
    assert found.correlation.value is None
    assert split_half(anonymous, rng()).correlation.value < 0


def test_split_half_is_the_same_for_the_same_seed_and_none_where_nobody_can_be_split():
    people = simulate(np.random.default_rng(10))
    assert split_half(people.rates, rng()) == split_half(people.rates, rng())
    alone = simulate(np.random.default_rng(10), raters=1)
    for rates in (alone.rates, alone.anonymous):
        assert split_half(rates, rng()).difference.value is None
