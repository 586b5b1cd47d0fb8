"""Whether people agree as often as they think: values by hand, intervals beside statsmodels."""

import numpy as np
import pytest
from scipy import stats

from discretion.stats.predictions import predictions


def test_the_others_of_a_case_show_how_often_they_agree():
    """Three on one case, of whom two grant; one alone on another, which shows nothing."""
    case, rater = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 0])
    granted = np.array([True, True, False, True])
    found = predictions(np.array([0.9, 0.9, 0.6, 1.0]), granted, case, rater)
    # Each who granted has one of two others alike, who refused has none.
    assert found.agreed == pytest.approx((0.5 + 0.5 + 0.0) / 3)
    assert found.predicted == pytest.approx(0.8)
    assert found.difference.value == pytest.approx(0.8 - 1 / 3)
    assert found.difference.n == 3
    assert [(one.n, one.agreed) for one in found.bins] == [(1, 0.0), (2, 0.5)]


def crossed(rng, cases=40, raters=12, bias=0.1):
    lenient = rng.normal(0, 0.1, raters)
    case, rater = np.repeat(np.arange(cases), raters), np.tile(np.arange(raters), cases)
    rate = rng.uniform(0.1, 0.9, cases)
    granted = rng.random(len(case)) < np.clip(rate[case] + lenient[rater], 0, 1)
    alike = np.where(granted, rate[case], 1 - rate[case])
    said = np.clip(alike + bias + rng.normal(0, 0.1, raters)[rater], 0, 1)
    return said, granted, case, rater


def test_the_interval_is_the_two_way_clustered_one():
    import statsmodels.api as sm

    said, granted, case, rater = crossed(np.random.default_rng(1))
    found = predictions(said, granted, case, rater).difference
    n = np.bincount(case)[case] - 1
    alike = np.where(granted, np.bincount(case, granted)[case], 0)
    alike = np.where(granted, alike, np.bincount(case, ~granted)[case]) - 1
    away = said - alike / n
    fit = sm.OLS(away, np.ones(len(away)))
    errors = [
        float(fit.fit(cov_type="cluster", cov_kwds={"groups": one}).bse[0])
        for one in (case, rater, np.arange(len(away)))
    ]
    # statsmodels corrects by (N - 1) / (N - K) too, which is 1 with one column.
    variance = errors[0] ** 2 + max(0.0, errors[1] ** 2 - errors[2] ** 2)
    reach = stats.t(11).ppf(0.975) * np.sqrt(variance)
    assert found.value == pytest.approx(away.mean())
    assert found.high - found.value == pytest.approx(reach)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """The mean difference that endlessly many such raters and cases would show."""
    truth = np.mean(
        [
            predictions(*crossed(np.random.default_rng(s), 200, 60)).difference.value
            for s in range(60)
        ]
    )
    hits = 0
    for seed in range(200):
        found = predictions(*crossed(np.random.default_rng(1000 + seed))).difference
        hits += found.low <= truth <= found.high
    assert hits >= 178  # 190 expected; 178 or fewer would be rare at 95%


def test_where_nobody_said_or_nobody_else_decided_there_is_no_figure():
    nobody = np.full(3, np.nan)
    for said, case in ((nobody, np.zeros(3, int)), (np.ones(3), np.arange(3))):
        found = predictions(said, np.ones(3, bool), case, np.arange(3))
        assert (found.predicted, found.difference.value, found.bins) == (None, None, ())
        assert found.difference.note
