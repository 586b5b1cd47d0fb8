"""Luck in training against a mixed model by REML, a brute-force count, and scipy's permutations."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from discretion.stats.contrasts import contrast, verdict
from discretion.stats.intervals import Mean, mean_of
from discretion.stats.rates import Rates
from discretion.stats.trainings import luck_of, sign_flips, with_luck

UNITS, CASES, DRAWS = 8, 3, 5


def table(rng, *, unit_sd, draw_sd, rest_sd, units=UNITS, draws=DRAWS, cases=CASES):
    """(S, C) differences and (C,) units: effects of units and of draws, crossed, and the rest."""
    unit = np.repeat(np.arange(units), cases)
    cells = rest_sd * rng.standard_normal((draws, units))
    each = unit_sd * rng.standard_normal(units) + draw_sd * rng.standard_normal((draws, 1)) + cells
    return each[:, unit], unit


def estimate_of(each, unit):
    """The mean with its variance between units alone, by its definition."""
    means = np.array([each[:, unit == one].mean() for one in np.unique(unit)])
    return Mean(means.mean(), stats.sem(means), len(means) - 1, each.shape[1])


def test_the_variance_is_that_of_a_mixed_model_with_units_and_draws_crossed():
    each, unit = table(np.random.default_rng(3), unit_sd=0.6, draw_sd=0.5, rest_sd=0.4)
    cells = np.array([[row[unit == one].mean() for one in range(UNITS)] for row in each])
    rows = pd.DataFrame(
        [(cells[s, k], s, k, 1) for s in range(DRAWS) for k in range(UNITS)],
        columns=["y", "draw", "unit", "one"],
    )
    model = smf.mixedlm(
        "y ~ 1",
        rows,
        groups="one",
        vc_formula={"draw": "0 + C(draw)", "unit": "0 + C(unit)"},
    ).fit(reml=True)
    found = with_luck(estimate_of(each, unit), luck_of(each, unit, "scenarios"))
    assert found.value == pytest.approx(model.params["Intercept"], abs=1e-8)
    assert found.error == pytest.approx(model.bse["Intercept"], rel=1e-3)


@pytest.mark.parametrize("weigh", ["scenarios", "cases"])
def test_on_average_the_variance_is_the_true_one_however_units_weigh(weigh):
    rng = np.random.default_rng(4)
    sizes = np.array([1, 2, 3, 6, 1, 2, 3, 6])
    unit = np.repeat(np.arange(8), sizes)
    share = sizes / sizes.sum() if weigh == "cases" else np.full(8, 1 / 8)
    means, between, lucks = [], [], []
    for _ in range(3_000):
        cells = rng.standard_normal((4, 8)) + 2 * rng.standard_normal((4, 1))
        luck = luck_of(cells[:, unit], unit, weigh)
        means.append(luck.means.mean())
        lucks.append(luck.variance - luck.shared)
        between.append(luck.shared)
    assert np.mean(lucks) == pytest.approx(2**2 / 4, rel=0.05)
    assert np.mean(between) == pytest.approx((share**2).sum() / 4, rel=0.05)
    assert np.var(means) == pytest.approx(np.mean(lucks) + (share**2).sum() / 4, rel=0.1)


def test_degrees_of_freedom_are_satterthwaites():
    luck = luck_of(*table(np.random.default_rng(5), unit_sd=1, draw_sd=1, rest_sd=1), "scenarios")
    own = Mean(0.1, 0.6, 30, 24)
    found = with_luck(own, luck)
    whole = 0.36 + luck.variance - luck.shared
    parts = 0.36**2 / 30 + luck.variance**2 / 4 + luck.shared**2 / 28
    assert found.error == pytest.approx(math.sqrt(whole))
    assert found.df == pytest.approx(whole**2 / parts)


def test_luck_never_makes_an_interval_narrower_than_units_or_draws_alone():
    rng = np.random.default_rng(6)
    for _ in range(50):
        each, unit = table(rng, unit_sd=rng.random(), draw_sd=rng.random(), rest_sd=rng.random())
        own, luck = estimate_of(each, unit), luck_of(each, unit, "scenarios")
        found = with_luck(own, luck)
        assert found.error >= own.error
        assert found.error >= math.sqrt(luck.variance)
        assert found.df <= own.df


def test_draws_that_happen_to_agree_leave_their_few_degrees_of_freedom():
    each, unit = table(np.random.default_rng(15), unit_sd=1, draw_sd=0, rest_sd=1, draws=3)
    own, luck = estimate_of(each, unit), luck_of(each, unit, "scenarios")
    assert luck.variance < luck.shared
    found = with_luck(own, luck)
    assert found.error == pytest.approx(own.error)
    assert found.df < own.df


def test_where_draws_do_not_differ_the_interval_is_that_between_units():
    each, unit = table(np.random.default_rng(7), unit_sd=1, draw_sd=0, rest_sd=0)
    own = estimate_of(each, unit)
    found = with_luck(own, luck_of(each, unit, "scenarios"))
    assert (found.error, found.df) == (pytest.approx(own.error), pytest.approx(own.df))


def test_a_case_that_one_draw_lacks_is_left_out_of_how_draws_vary():
    each, unit = table(np.random.default_rng(8), unit_sd=1, draw_sd=1, rest_sd=1)
    gone = each.copy()
    gone[2, 4] = np.nan
    kept = np.arange(each.shape[1]) != 4
    found, expected = (
        luck_of(gone, unit, "scenarios"),
        luck_of(each[:, kept], unit[kept], "scenarios"),
    )
    assert found.variance == pytest.approx(expected.variance)
    assert found.shared == pytest.approx(expected.shared)


def test_sign_flips_are_scipys_permutation_test_by_sample():
    means = np.random.default_rng(9).normal(0.4, 1, 8)
    expected = stats.permutation_test(
        (means, np.zeros(8)), lambda x, y: np.mean(x - y), permutation_type="samples"
    )
    assert sign_flips(means) == pytest.approx(expected.pvalue)


def test_six_draws_that_all_agree_are_the_fewest_that_can_be_rare():
    assert sign_flips(np.ones(5)) is None
    assert sign_flips(np.ones(6)) == pytest.approx(2 / 64)
    assert sign_flips(np.full(30, 0.1)) == pytest.approx(1 / 5_000)


def trained_alike(rng, *, units, draws, luck):
    """Two targets alike in everything but luck: each training shifts all its answers."""
    unit = np.repeat(np.arange(units), 6)
    truth = rng.beta(2, 2, len(unit))
    h = rng.binomial(10, truth) / 10
    rates = Rates.of_counts(h, np.full(len(unit), 10.0), unit)
    both = [np.clip(truth + luck * rng.standard_normal((draws, 1)), 0, 1) for _ in range(2)]
    return both, rates


@pytest.mark.parametrize("draws", [3, 6])
def test_shared_luck_is_no_difference_where_it_is_counted_and_many_where_it_is_not(draws):
    rng = np.random.default_rng(10)
    told = {True: 0, False: 0}
    for _ in range(300):
        (one, other), rates = trained_alike(rng, units=20, draws=draws, luck=0.1)
        none = np.zeros_like(one)
        for counted in told:
            found = contrast(one, none, other, none, rates, beyond=True, trained=counted)
            told[counted] += verdict(found, found.p_value, 1e-9) in ("helped", "hurt")
    assert told[True] <= 300 * 0.05
    assert told[False] > 300 * 0.3


def test_a_true_difference_is_told_from_luck():
    rng = np.random.default_rng(11)
    (one, other), rates = trained_alike(rng, units=20, draws=6, luck=0.02)
    none = np.zeros_like(one)
    found = contrast(np.clip(one + 0.3, 0, 1), none, other, none, rates, beyond=True, trained=True)
    assert found.draws == 6
    assert found.randomized == pytest.approx(2 / 64)
    assert verdict(found, found.p_value) == "hurt"


def test_fewer_than_three_trainings_give_a_difference_and_no_verdict():
    (one, other), rates = trained_alike(np.random.default_rng(12), units=20, draws=2, luck=0.1)
    none = np.zeros_like(one)
    found = contrast(one, none, other, none, rates, beyond=True, trained=True)
    plain = contrast(one, none, other, none, rates, beyond=True)
    assert found.difference.value == pytest.approx(plain.difference.value)
    assert (found.difference.low, found.p_value, found.low_90) == (None, None, None)
    assert "3 trainings" in found.difference.note
    assert verdict(found, found.p_value) == "cannot be told"


def test_trainings_meet_what_was_not_trained_each_and_are_not_shuffled_with_it():
    (one, other), rates = trained_alike(np.random.default_rng(13), units=20, draws=7, luck=0.1)
    none = np.zeros_like(one)
    found = contrast(one, none, other[0], none[0], rates, beyond=True, trained=True)
    assert found.draws == 7
    assert found.randomized is None
    assert found.p_value is not None


def test_the_luck_of_all_draws_is_that_of_the_mean_over_them():
    """Against the plain way: the variance of each draw's own mean, by the same means of cases."""
    each, unit = table(np.random.default_rng(14), unit_sd=1, draw_sd=1, rest_sd=1)
    rates = Rates.of_counts(np.full(len(unit), 0.5), np.full(len(unit), 4.0), unit)
    means = [mean_of(lambda h, n, at, row=row: row[at], rates, beyond=True).value for row in each]
    luck = luck_of(each, unit, "scenarios")
    assert luck.means == pytest.approx(means)
    assert luck.variance == pytest.approx(np.var(means, ddof=1) / DRAWS)
