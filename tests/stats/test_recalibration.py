"""Recalibration against a general optimizer, scikit-learn, simulation, and one-sided judgments."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from discretion.stats.recalibration import PRIOR, Recalibration, fit


def drawn(rng, cases=60, each=12, a=0.8, b=0.5):
    """Answers, and grants and refusals of people who are an a and b away from them."""
    p = rng.uniform(0.01, 0.99, cases)
    grants = rng.binomial(each, expit(a + b * logit(p))).astype(float)
    return p, grants, each - grants


def penalized(now, p, grants, refusals):
    x = logit(np.clip(p, 0.001, 0.999))
    eta = now[0] + now[1] * x
    loss = (grants * np.logaddexp(0, -eta) + refusals * np.logaddexp(0, eta)).sum()
    return loss + (now[0] ** 2 + (now[1] - 1) ** 2) / (2 * PRIOR**2)


@pytest.mark.parametrize("seed", range(4))
def test_a_and_b_are_where_a_general_optimizer_finds_the_top(seed):
    data = drawn(np.random.default_rng(seed))
    found = fit(*data, slope=True)
    best = minimize(penalized, [0.0, 1.0], args=data, method="BFGS")
    assert (found.a, found.b) == pytest.approx(tuple(best.x), abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_a_alone_leaves_b_at_one(seed):
    data = drawn(np.random.default_rng(seed))
    found = fit(*data, slope=False)
    best = minimize(lambda a: penalized([a[0], 1.0], *data), [0.0], method="BFGS")
    assert found.a == pytest.approx(best.x[0], abs=1e-4)
    assert found.b == 1.0


def test_with_many_judgments_it_is_the_logistic_regression_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    p, grants, refusals = drawn(np.random.default_rng(0), cases=100, each=4_000)
    x = np.tile(logit(p), 2)[:, None]
    answer, weight = np.repeat([1, 0], len(p)), np.concatenate([grants, refusals])
    model = LogisticRegression(C=1e12, tol=1e-10, max_iter=10_000).fit(x, answer, weight)
    found = fit(p, grants, refusals, slope=True)
    assert found.a == pytest.approx(model.intercept_[0], abs=1e-3)
    assert found.b == pytest.approx(model.coef_[0, 0], abs=1e-3)


def test_it_finds_what_the_people_were_made_with():
    found = fit(*drawn(np.random.default_rng(1), cases=4_000), slope=True)
    assert (found.a, found.b) == pytest.approx((0.8, 0.5), abs=0.05)


def test_a_shift_makes_the_mean_right_where_a_model_is_only_too_strict():
    p, grants, refusals = drawn(np.random.default_rng(2), cases=3_000, each=20, a=2.0, b=1.0)
    moved = fit(p, grants, refusals, slope=False).apply(p)
    assert moved.mean() == pytest.approx(grants.sum() / (grants + refusals).sum(), abs=1e-3)
    assert abs(moved - expit(2.0 + logit(p))).max() < 0.02


@pytest.mark.parametrize("slope", [True, False])
@pytest.mark.parametrize(
    ("p", "granted"),
    [
        ([0.2, 0.4, 0.6, 0.8], [0, 0, 9, 9]),  # separable by p
        ([0.2, 0.4, 0.6, 0.8], [9, 9, 9, 9]),  # nobody refused
        ([0.0, 0.0, 1.0, 1.0], [9, 9, 0, 0]),  # as wrong as can be
        ([0.5, 0.5, 0.5, 0.5], [9, 0, 9, 9]),  # p never varies
    ],
)
def test_one_sided_and_separable_judgments_give_finite_numbers(slope, p, granted):
    p, grants = np.array(p), np.array(granted, dtype=float) * 1e6
    found = fit(p, grants, 9e6 - grants, slope=slope)
    assert np.isfinite([found.a, found.b]).all()
    assert abs(found.a) < 100
    assert ((found.apply(p) >= 0) & (found.apply(p) <= 1)).all()


def test_where_nothing_is_answered_or_judged_there_is_nothing_to_fit():
    nan, some = np.array([np.nan, 0.5]), np.array([3.0, 0.0])
    assert fit(nan, some, np.zeros(2), slope=True) is None
    assert fit(np.zeros(0), np.zeros(0), np.zeros(0), slope=True) is None


def test_cases_without_an_answer_or_a_judgment_change_nothing():
    p, grants, refusals = drawn(np.random.default_rng(3))
    more = [
        np.concatenate([values, extra])
        for values, extra in ((p, [np.nan, 0.9]), (grants, [5, 0]), (refusals, [5, 0]))
    ]
    assert fit(*more, slope=True) == fit(p, grants, refusals, slope=True)


def test_nothing_to_mend_changes_nothing_but_what_is_clipped():
    p = np.array([0.0, 0.001, 0.3, 0.999, 1.0, np.nan])
    moved = Recalibration(0.0, 1.0).apply(p)
    np.testing.assert_allclose(moved, [0.001, 0.001, 0.3, 0.999, 0.999, np.nan])


def test_the_variance_of_a_mean_of_samples_is_carried_along():
    rng = np.random.default_rng(4)
    one, p = Recalibration(0.7, 0.6), np.array([0.2, 0.5, 0.8])
    samples = rng.binomial(400, p, size=(20_000, 3)) / 400
    carried = one.variance(p, p * (1 - p) / 400)
    np.testing.assert_allclose(carried, one.apply(samples).var(axis=0), rtol=0.05)
    assert (one.variance(p, np.zeros(3)) == 0).all()
