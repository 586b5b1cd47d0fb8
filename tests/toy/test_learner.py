"""The stand-in learner, held against scikit-learn and against what explanations are to do."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from discretion.toy.learner import PRIOR_SD, fit, predict, seen_through, shaken


def data(seed=0, rows=120, columns=4):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, columns))
    granted = rng.random(rows) < 1 / (1 + np.exp(-x @ [2.0, -1.0, 0.5, 0.0] - 0.3))
    return x, granted, rng.exponential(size=(3, rows))


def test_it_is_ridge_logistic_regression_with_weights():
    x, granted, weight = data()
    found = fit(x, granted, weight)
    for row, own in zip(found, weight, strict=True):
        oracle = LogisticRegression(C=PRIOR_SD**2, tol=1e-12, max_iter=10_000)
        oracle.fit(x, granted, own)
        assert row[0] == pytest.approx(oracle.intercept_[0], abs=1e-5)
        assert row[1:] == pytest.approx(oracle.coef_[0], abs=1e-5)
        assert predict(row, x) == pytest.approx(oracle.predict_proba(x)[:, 1], abs=1e-6)


def test_each_of_several_fits_has_its_own_rows():
    x, granted, weight = data()
    other = x[:, ::-1]
    both = fit(np.stack([x, other]), granted, weight[:2])
    assert both[0] == pytest.approx(fit(x, granted, weight[:1])[0])
    assert both[1] == pytest.approx(fit(other, granted, weight[1:2])[0])


def test_it_ends_at_the_same_place_wherever_it_begins_even_where_data_separate():
    x, _, weight = data()
    granted = x[:, 0] > 0
    far = np.full((3, 5), 40.0)
    assert fit(x, granted, weight, far) == pytest.approx(fit(x, granted, weight), abs=1e-6)


def test_where_all_decided_alike_the_answer_is_sure_and_finite():
    x, _, weight = data()
    p = predict(fit(x, np.ones(len(x), bool), weight), x)
    assert (p > 0.999).all()
    assert np.isfinite(p).all()


def test_a_case_seen_through_a_factor_shows_that_factor_alone():
    features = np.arange(12.0).reshape(3, 4)
    shown = seen_through(features, np.array([1, 0, 3]))
    assert shown.tolist() == [[0, 1, 0, 0], [4, 0, 0, 0], [0, 0, 0, 11]]


def test_explanations_draw_attention_to_what_they_name():
    """Two features that always go together: only explanations can say which one decides."""
    rng = np.random.default_rng(1)
    one = rng.choice([-1.0, 1.0], 80)
    x, granted = np.stack([one, one], axis=1), one > 0
    rows = np.concatenate([x, seen_through(x, np.zeros(80, int))])
    blind = fit(x, granted, np.ones((1, 80)))[0]
    told = fit(rows, np.tile(granted, 2), np.ones((1, 160)))[0]
    assert blind[1] == pytest.approx(blind[2])
    assert told[1] > told[2] + 0.5


def test_trainings_move_each_weight_by_the_noise_over_its_features_spread():
    beta = np.tile([0.5, 1.0, -1.0, 2.0], (2, 1))
    moved = (
        shaken(beta, np.array([1.0, 4.0, 0.0]), 0.3, 4000, np.random.default_rng(0))
        - 1 * (beta[:, None])
    )
    assert moved.std(axis=(0, 1)) == pytest.approx([0.3, 0.3, 0.075, 0.0], rel=0.05)
    assert np.abs(moved.mean(axis=(0, 1))).max() < 0.02
    assert (shaken(beta, np.ones(3), 0.0, 2, np.random.default_rng(0)) == beta[:, None]).all()
