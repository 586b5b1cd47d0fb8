import dataclasses

import numpy as np
import pytest

from discretion.stats.curves import fit_curves

from .curve_data import simulate

THRESHOLD = np.array([[0.0, 1.0]])


def along_threshold(curves):
    return np.tile(THRESHOLD, (len(curves.theta), 1))


def test_a_rater_for_each_judgment_makes_the_two_sandwiches_one():
    o = simulate(np.random.default_rng(1), 4, raters=15).observations
    apart = dataclasses.replace(o, rater=np.arange(len(o.rater)))
    sandwich = fit_curves(apart).sandwich
    assert sandwich.clustered == pytest.approx(sandwich.independent, rel=1e-9)
    assert sandwich.inflation(along_threshold(fit_curves(apart))) == pytest.approx(1, abs=0.02)


def test_judgments_written_down_twice_have_twice_the_variance_of_as_many_new_ones():
    o = simulate(np.random.default_rng(2), 3, raters=40).observations
    columns = ("scenario", "deviation", "grants", "trials")
    twice = {column: np.tile(getattr(o, column), 2) for column in columns}
    rater = np.tile(np.arange(len(o.rater)), 2)
    sandwich = fit_curves(dataclasses.replace(o, **twice, rater=rater)).sandwich
    assert sandwich.clustered == pytest.approx(2 * sandwich.independent, rel=1e-9)


def test_the_clustered_variance_is_that_of_leaving_raters_out():
    """The oracle refits without each rater: the jackknife, which the sandwich is to first order."""
    o = simulate(np.random.default_rng(3), 3, values=6, raters=30, spread=0.8).observations
    curves = fit_curves(o)
    replicates = []
    for rater in range(30):
        kept = o.rater != rater
        columns = ("scenario", "deviation", "grants", "trials", "rater")
        left = dataclasses.replace(o, **{field: getattr(o, field)[kept] for field in columns})
        replicates.append(fit_curves(left).theta[:, 3:])
    away = np.array(replicates) - np.mean(replicates, axis=0)
    jackknife = 29 / 30 * np.einsum("rsi,rsj->sij", away, away)
    for i in (0, 1):
        ratio = curves.sandwich.clustered[:, i, i] / jackknife[:, i, i]
        assert np.all((ratio > 0.7) & (ratio < 1.3))
    mean = np.zeros((3, 2))
    mean[:, 1] = 1 / 3
    together = 29 / 30 * (away[:, :, 1].mean(axis=1) ** 2).sum()
    assert curves.sandwich.linked.variance_of_sum(mean) == pytest.approx(together, rel=0.3)


def test_raters_who_differ_inflate_and_raters_alike_do_not():
    rng = np.random.default_rng(4)
    differ = fit_curves(simulate(rng, 6, raters=40, spread=1.0).observations)
    alike = fit_curves(simulate(rng, 6, raters=40, spread=0.0).observations)
    assert differ.sandwich.inflation(along_threshold(differ)).mean() > 1.5
    assert alike.sandwich.inflation(along_threshold(alike)).mean() < 1.3


def test_model_covariance_is_the_block_of_the_inverse_hessian():
    o = simulate(np.random.default_rng(5), 1, raters=30).observations
    curves = fit_curves(o)
    from discretion.stats.psychometric import scenario_terms, shared_terms

    hessian = scenario_terms(curves.cells, curves.theta)[2][0]
    hessian[:3, :3] += shared_terms(curves.theta[0, :3])[2]
    free = np.r_[curves.theta[0, :2] > 1e-6, True, True, True]
    whole = np.linalg.inv(hessian[np.ix_(free, free)])
    assert curves.sandwich.model[0] == pytest.approx(whole[-2:, -2:], rel=1e-6)


def test_without_rater_ids_nothing_is_inflated_and_the_quantile_is_the_normals():
    o = dataclasses.replace(simulate(np.random.default_rng(6), 2).observations, rater=None)
    curves = fit_curves(o)
    assert curves.sandwich.clustered is None
    assert curves.sandwich.inflation(along_threshold(curves)).tolist() == [1, 1]
    along = along_threshold(curves)
    assert curves.sandwich.quantile(0.95, along) == pytest.approx(1.959964, abs=1e-6)


def test_a_single_rater_gives_no_quantile():
    curves = fit_curves(simulate(np.random.default_rng(7), 2, raters=1).observations)
    assert np.isnan(curves.sandwich.quantile(0.95, along_threshold(curves))).all()
    assert curves.sandwich.linked.variance_of_sum(along_threshold(curves)) is None
