import numpy as np
import pytest

from discretion.stats.arrowhead import arrow_at, at_bound, minimise, positive_inverse, without
from discretion.stats.psychometric import Cells, scenario_terms, shared_terms


@pytest.fixture
def cells():
    rng = np.random.default_rng(5)
    deviation = np.tile(np.log(np.geomspace(0.05, 2, 6)), 4)
    rate = 1 / (1 + np.exp(2 * (deviation + 1)))
    grants = rng.binomial(30, 0.05 + 0.9 * rate).astype(float)
    return Cells(np.repeat(np.arange(4), 6), deviation, np.zeros((24, 0)), grants, 30 - grants)


def dense(cells, theta):
    """Gradient and Hessian over (g, l, m, log b and threshold of each scenario), assembled."""
    _, gradient, hessian = scenario_terms(cells, theta)
    size = 3 + 2 * len(theta)
    slope, bend = np.zeros(size), np.zeros((size, size))
    _, slope[:3], bend[:3, :3] = shared_terms(theta[0, :3])
    for k in range(len(theta)):
        own = np.r_[0:3, 3 + 2 * k : 5 + 2 * k]
        slope[own] += gradient[k]
        bend[np.ix_(own, own)] += hessian[k]
    return slope, bend


def test_the_optimum_has_no_slope_and_curves_upward(cells):
    start = np.tile([0.02, 0.02, 0.5, 0.5, -1.0], (4, 1))
    _, theta, converged = minimise(cells, start)
    slope, bend = dense(cells, theta)
    free = np.r_[theta[0, :2] > 1e-6, np.ones(len(slope) - 2, bool)]
    assert converged
    assert slope[free] == pytest.approx(0, abs=1e-3)
    assert (slope[~free] > 0).all()
    assert (np.linalg.eigvalsh(bend[np.ix_(free, free)]) > 0).all()


def test_the_pieces_of_the_arrow_invert_the_whole_hessian(cells):
    start = np.tile([0.02, 0.02, 0.5, 0.5, -1.0], (4, 1))
    _, theta, _ = minimise(cells, start)
    theta[:, :2] = 0.03
    arrow = arrow_at(cells, theta)
    whole = np.linalg.inv(dense(cells, theta)[1])
    assert arrow.shared_inverse == pytest.approx(whole[:3, :3], rel=1e-6, abs=1e-9)


def test_negative_curvature_is_turned_round():
    inverse = positive_inverse(np.diag([4.0, -2.0]))
    assert inverse == pytest.approx(np.diag([0.25, 0.5]))


def test_a_lapse_rate_is_held_only_where_the_loss_falls_beyond_its_bound():
    held, step = at_bound(np.array([1e-9, 0.0, -3.0]), np.array([5.0, -5.0, 5.0]))
    assert held.tolist() == [True, False, False]
    assert step == pytest.approx([-1e-9, 0, 0])
    assert without(np.full((3, 3), 2.0), held).tolist() == [[1, 0, 0], [0, 2, 2], [0, 2, 2]]
