import numpy as np
import pytest
from scipy.optimize import approx_fprime

from discretion.stats.psychometric import Cells, respond, scenario_terms, shared_terms


@pytest.fixture
def cells():
    rng = np.random.default_rng(4)
    return Cells(
        scenario=np.repeat([0, 1], [5, 7]),
        log_deviation=rng.normal(-1, 1, 12),
        design=rng.integers(0, 2, (12, 2)).astype(float),
        grants=rng.integers(0, 6, 12).astype(float),
        refusals=rng.integers(0, 6, 12).astype(float),
    )


THETA = np.array([[0.04, 0.09, 0.5, 0.8, -1.2, 0.3, -0.6], [0.04, 0.09, 0.5, -0.2, 0.4, -1.0, 0.2]])


def test_the_curve_is_the_formula_of_the_design(cells):
    g, l = THETA[:, 0][cells.scenario], THETA[:, 1][cells.scenario]  # noqa: E741
    b = np.exp(THETA[:, 3])[cells.scenario]
    inner = (0.5 - g) / (1 - g - l)
    mu = THETA[:, 4][cells.scenario] + np.log(inner / (1 - inner)) / b
    mu = mu + (cells.design * THETA[cells.scenario, 5:]).sum(1)
    expected = g + (1 - g - l) / (1 + np.exp(b * (cells.log_deviation - mu)))
    response = respond(cells, THETA)
    assert response.grant == pytest.approx(expected, abs=1e-14)
    assert response.refuse == pytest.approx(1 - expected, abs=1e-14)


def test_p_is_one_half_at_the_threshold(cells):
    row = THETA[:1]
    at = Cells(np.zeros(1, int), row[:, 4], np.zeros((1, 2)), np.ones(1), np.ones(1))
    assert respond(at, row).grant == pytest.approx([0.5])


@pytest.mark.parametrize("row", [0, 1])
def test_gradient_and_hessian_agree_with_finite_differences(cells, row):
    def at(own):
        theta = THETA.copy()
        theta[row] = own
        return scenario_terms(cells, theta)

    loss, gradient, hessian = at(THETA[row])
    slope = approx_fprime(THETA[row], lambda own: at(own)[0][row], 1e-7)
    assert gradient[row] == pytest.approx(slope, abs=1e-4)
    bend = approx_fprime(THETA[row], lambda own: at(own)[1][row], 1e-7)
    assert hessian[row] == pytest.approx(bend, rel=1e-4, abs=1e-4)
    assert np.array_equal(at(THETA[row] + 0.1)[0][1 - row], loss[1 - row])


def test_shared_priors_agree_with_their_densities():
    from scipy.stats import beta, norm

    def log_prior(shared):
        return -beta(1, 19).logpdf(shared[:2]).sum() - norm(0, 2).logpdf(shared[2])

    low, high = np.array([0.02, 0.07, 0.3]), np.array([0.2, 0.01, -1.4])
    difference = shared_terms(high)[0] - shared_terms(low)[0]
    assert difference == pytest.approx(log_prior(high) - log_prior(low))
    assert shared_terms(low)[1] == pytest.approx(approx_fprime(low, log_prior, 1e-7), abs=1e-4)
    bend = approx_fprime(low, lambda s: shared_terms(s)[1], 1e-7)
    assert shared_terms(low)[2] == pytest.approx(bend, abs=1e-3)


def test_values_far_off_the_curve_stay_finite():
    far = Cells(
        scenario=np.zeros(2, int),
        log_deviation=np.array([-700.0, 700.0]),
        design=np.zeros((2, 0)),
        grants=np.array([0.0, 5.0]),
        refusals=np.array([5.0, 0.0]),
    )
    terms = scenario_terms(far, np.array([[0.0, 0.0, 0.0, 3.0, 0.0]]))
    assert all(np.isfinite(term).all() for term in terms)
