import dataclasses
import math

import numpy as np
import pytest

from discretion.stats.curves import Observations, fit_curves

from .curve_data import counted, simulate
from .curve_oracle import negative_log_posterior, search, threshold_of


def rows_of(rng, scenarios, values, trials, levels=2):
    rows = []
    for scenario in range(scenarios):
        middle = rng.normal(-1, 0.7)
        for deviation in np.geomspace(0.05, 2, values):
            for level in range(levels):
                rate = 0.05 + 0.9 / (1 + math.exp(2 * (math.log(deviation) - middle - level)))
                rows.append((scenario, deviation, level, rng.binomial(trials, rate), trials))
    return rows


@pytest.mark.parametrize(
    ("scenarios", "values", "trials", "levels"),
    [(3, 5, 8, 1), (2, 4, 10, 2), (1, 6, 20, 1), (3, 1, 7, 2), (4, 2, 1, 1)],
)
def test_the_fit_is_the_optimum_that_a_slow_search_finds(scenarios, values, trials, levels):
    rows = rows_of(np.random.default_rng(6), scenarios, values, trials, levels)
    curves = fit_curves(counted(rows))
    theta = curves.theta
    effects = levels - 1
    plain = [(k, d, [0] if level else [], y, n) for k, d, level, y, n in rows]
    g, l, m = theta[0, :3]  # noqa: E741
    mu = [row[4] - threshold_of(g, l, row[3], 0.0) for row in theta]
    mine = negative_log_posterior(g, l, m, theta[:, 3], mu, theta[:, 5:], plain)
    best, vector = search(plain, scenarios, effects)
    assert mine <= best + 1e-6
    if mine > best - 1e-6:  # the same optimum, not a better one
        assert theta[0, :3] == pytest.approx(vector[:3], abs=2e-3)


@pytest.mark.parametrize("grants", [[3, 3, 0, 0, 0, 2], [0, 0, 0, 3, 2, 3]])
def test_the_better_of_two_optima_is_taken(grants):
    """So few judgments can be told by a gentle curve or by a steep one with lapses."""
    grid = np.repeat(np.geomspace(0.05, 2, 3), 2)
    rows = [(0, d, j % 2, y, 3) for j, (d, y) in enumerate(zip(grid, grants, strict=True))]
    plain = [(k, d, [0] if level else [], y, n) for k, d, level, y, n in rows]
    starts = [np.array([0.03, 0.03, m, m, -1.0, 0.5]) for m in (0.0, 2.0)]
    losses = [search(plain, 1, 1, start=start)[0] for start in starts]
    assert abs(losses[0] - losses[1]) > 0.5  # there are two
    theta = fit_curves(counted(rows)).theta[0]
    mu = [theta[4] - threshold_of(theta[0], theta[1], theta[3], 0.0)]
    mine = negative_log_posterior(*theta[:3], theta[[3]], mu, theta[None, 5:], plain)
    assert mine <= min(losses) + 1e-6


def test_known_thresholds_slopes_and_effects_come_back():
    truth = simulate(np.random.default_rng(7), scenarios=12, raters=300, effect=0.5)
    curves = fit_curves(truth.observations)
    errors = np.sqrt(curves.sandwich.model[:, [1, 2, 0], [1, 2, 0]])
    away = np.c_[
        curves.theta[:, 4] - truth.log_threshold,
        curves.theta[:, 5] - 0.5,
        curves.theta[:, 3] - np.log(truth.slope),
    ]
    assert (np.abs(away) < 4 * errors).all()
    assert np.abs(away[:, :2]).max() < 0.2
    assert curves.guess == pytest.approx(0.03, abs=0.015)
    assert curves.lapse == pytest.approx(0.03, abs=0.015)


def test_single_judgments_and_counts_give_the_same_fit():
    truth = simulate(np.random.default_rng(8), scenarios=3, raters=6, effect=0.4)
    o = truth.observations
    keys = np.stack([o.scenario, o.deviation, o.levels[:, 0]], axis=1)
    cells, where = np.unique(keys, axis=0, return_inverse=True)
    counts = Observations(
        scenario=cells[:, 0].astype(int),
        deviation=cells[:, 1],
        grants=np.bincount(where, o.grants),
        trials=np.bincount(where).astype(float),
        scenarios=3,
        levels=cells[:, [2]].astype(int),
    )
    assert fit_curves(counts).theta == pytest.approx(fit_curves(o).theta, abs=1e-9)


def test_cases_that_keep_the_rule_and_empty_rows_change_nothing():
    truth = simulate(np.random.default_rng(9), scenarios=3, raters=6)
    o = truth.observations
    extra = np.array([0.0, -0.5, np.nan, 0.7])
    more = Observations(
        scenario=np.r_[o.scenario, 0, 1, 2, 1],
        deviation=np.r_[o.deviation, extra],
        grants=np.r_[o.grants, 1, 1, 1, 0],
        trials=np.r_[o.trials, 1, 1, 1, 0],
        scenarios=3,
    )
    expected = fit_curves(dataclasses.replace(o, rater=None))
    assert np.array_equal(fit_curves(more).theta, expected.theta)


def test_nothing_breaks_the_rule_nothing_is_fitted():
    nothing = Observations(np.zeros(2, int), np.array([0.0, -1]), np.ones(2), np.ones(2), 1)
    assert fit_curves(nothing) is None


@pytest.mark.parametrize("grants", [0, 1, 5])
@pytest.mark.parametrize("deviations", [[1e-6], [0.3], [0.1, 0.2, 0.4], [1e-6, 400.0]])
def test_everything_granted_or_refused_or_a_single_value_is_fitted(grants, deviations):
    rows = [(0, d, 0, min(grants, 5), 5) for d in deviations]
    curves = fit_curves(counted(rows))
    assert np.isfinite(curves.theta).all()
    assert np.isfinite(curves.sandwich.model).all()


def test_probability_follows_deviation_and_level():
    curves = fit_curves(simulate(np.random.default_rng(10), 3, raters=50, effect=0.8).observations)
    at = np.exp(curves.theta[[1], 4])
    shifted = np.exp(curves.theta[[1], 4] + curves.theta[[1], 5])
    assert curves.probability(1, at) == pytest.approx([0.5])
    assert curves.probability(1, shifted, np.array([1])) == pytest.approx([0.5])
    line = curves.probability(1, np.geomspace(0.01, 10, 50))
    assert (np.diff(line) < 0).all()
    assert line[0] < 1 - curves.lapse + 1e-12
    assert line[-1] > curves.guess


def test_a_scenario_without_violations_has_no_curve():
    curves = fit_curves(counted([(0, 0.2, 0, 3, 5), (2, 0.4, 0, 1, 5), (1, -1.0, 0, 5, 5)]))
    assert curves.scenario.tolist() == [0, 2]
    assert curves.probability(1, np.array([0.1])) is None
