"""Case effects: known ones are found, by moments written out in full, and widen intervals."""

import dataclasses

import numpy as np
import pytest

from discretion.stats.curves import Observations, fit_curves
from discretion.stats.dispersion import by_case, dispersion
from discretion.stats.psychometric import respond
from discretion.stats.thresholds import thresholds
from proofs.studies import Population, simulate


def study(seed, case_sd, *, scenarios=10, raters=10):
    people = Population(case_sd=case_sd, rater_sd=0.0)
    return simulate(
        np.random.default_rng([3, seed]),
        scenarios,
        raters,
        same_raters=True,
        model="close",
        population=people,
    )


def observed(one, *, by_case):
    return Observations(
        scenario=one.scenario[one.case],
        deviation=one.deviation[one.case],
        grants=one.granted.astype(float),
        trials=np.ones(len(one.case)),
        scenarios=len(one.threshold),
        rater=one.rater,
        case=one.case if by_case else None,
    )


def test_a_known_spread_of_cases_is_found_and_none_where_there_is_none():
    found = [
        fit_curves(observed(study(n, sd, raters=40), by_case=True)).sandwich.dispersion.square
        for sd in (0.0, 0.5)
        for n in range(4)
    ]
    assert np.mean(found[:4]) < 0.06
    assert np.mean(found[4:]) == pytest.approx(0.25, rel=0.25)


def test_it_is_the_moment_estimate_with_every_matrix_written_out():
    curves = fit_curves(observed(study(5, 1.0, scenarios=3), by_case=True))
    cells, theta, model = curves.cells, curves.theta, curves.sandwich.model
    n = cells.grants + cells.refusals
    cell = np.arange(len(n))
    p = respond(cells, theta).grant

    def moved(column, by):
        other = theta.copy()
        other[:, column] += by
        return respond(cells, other).grant

    jacobian = np.stack(
        [(moved(c, 1e-6) - moved(c, -1e-6)) / 2e-6 for c in range(3, theta.shape[1])], axis=1
    )
    rise = jacobian[:, 1] / np.exp(theta[cells.scenario, 3])
    hat = np.zeros((len(n), len(n)))
    for i in cell:
        for j in cell:
            if cells.scenario[i] == cells.scenario[j]:
                v = model[cells.scenario[i]]
                hat[i, j] = n[i] * jacobian[i] @ v @ jacobian[j] / (p[j] * (1 - p[j]))
    left = np.eye(len(n)) - hat
    residual = cells.grants - n * p
    expected = (residual @ residual - (left**2 @ (n * p * (1 - p))).sum()) / (
        (left**2 @ (n * (n - 1) * rise**2)).sum()
    )
    found = dispersion(cells, theta, model, cell, cells.grants, n)
    assert expected > 0
    assert found.square == pytest.approx(expected, rel=1e-4)
    assert found.extra == pytest.approx(n * (n - 1) * rise**2 * expected, rel=1e-4)


def test_one_judgment_a_case_says_nothing_of_cases():
    one = observed(study(6, 1.5), by_case=True)
    apart = dataclasses.replace(one, case=np.arange(len(one.case)))
    found = fit_curves(apart).sandwich
    assert found.dispersion.square == 0
    assert found.inflation(np.tile([0.0, 1.0], (10, 1))) == pytest.approx(
        fit_curves(observed(study(6, 1.5), by_case=False)).sandwich.inflation(
            np.tile([0.0, 1.0], (10, 1))
        )
    )


def test_rows_become_cases_and_a_case_in_two_cells_is_two():
    cell, grants, trials = by_case(
        np.array([4, 4, 2, 4]), np.array([0, 0, 0, 1]), np.ones(4), np.array([1.0, 2, 1, 1])
    )
    assert list(zip(cell.tolist(), grants.tolist(), trials.tolist(), strict=True)) == [
        (0, 1.0, 1.0),
        (0, 2.0, 3.0),
        (1, 1.0, 1.0),
    ]


def test_where_cases_differ_thresholds_are_held_only_with_them_counted():
    held = {True: 0, False: 0}
    crossed = 0
    for n in range(12):
        one = study(n + 20, 1.5)
        for counted in held:
            found = thresholds(fit_curves(observed(one, by_case=counted)))
            for each, true in zip(found, one.threshold, strict=True):
                if each.state == "crossed":
                    crossed += counted
                    held[counted] += (each.low or 0) <= true <= (each.high or np.inf)
    assert held[True] >= 0.92 * crossed
    assert held[False] < 0.85 * crossed
