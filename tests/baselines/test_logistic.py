import logging
import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit, log1p

from discretion import baselines
from discretion.baselines.judged_cases import judged_cases
from discretion.baselines.logistic import PRIOR_SD, fit_predict
from discretion.core.holdouts import default_holdout

from .study import cases, counted, panel, truth, without_limits

CASES = cases()
SPLITS = default_holdout(CASES).splits(CASES)


def design(some):
    """Intercept, broken, deviation, log10 of it, loyal yes: written out again for the oracles."""
    rows = []
    for case in some:
        d = min(case.deviation, 4.0)
        rows.append([1, d > 0, d, math.log10(d) if d > 0 else 0, case.factors["loyal"] == "yes"])
    return np.array(rows, dtype=float)


def test_it_maximizes_the_penalized_binomial_likelihood():
    people = panel(CASES)
    x = np.column_stack([design(CASES), 1 - design(CASES)[:, 4]])
    grants = people.rate * people.n

    def loss(w):
        z = x @ w
        fit = np.sum(people.n * (np.maximum(z, 0) + log1p(np.exp(-abs(z)))) - grants * z)
        return fit + 0.5 * np.sum(w[1:] ** 2) / PRIOR_SD**2

    def slope(w):
        return x.T @ (people.n * expit(x @ w) - grants) + np.r_[0, w[1:]] / PRIOR_SD**2

    best = minimize(loss, np.zeros(6), jac=slope, method="BFGS", options={"gtol": 1e-6})
    fitted = fit_predict(judged_cases(CASES, people), CASES)
    assert fitted == pytest.approx(expit(x @ best.x), abs=1e-5)


def test_with_many_judgments_the_prior_vanishes_and_it_is_the_binomial_glm():
    people = panel(CASES, n=20_000)
    grants = people.rate * people.n
    both = np.column_stack([grants, people.n - grants])
    glm = sm.GLM(both, design(CASES), family=sm.families.Binomial()).fit()
    fitted = fit_predict(judged_cases(CASES, people), CASES)
    assert fitted == pytest.approx(glm.predict(design(CASES)), abs=2e-4)


def test_it_finds_the_truth_of_scenarios_that_it_never_saw():
    arm = baselines.fit("logistic", CASES, panel(CASES, n=500), SPLITS)
    assert [arm.table[case.id] for case in CASES] == pytest.approx(
        [truth(case) for case in CASES], abs=0.04
    )


def test_a_case_counts_as_often_as_it_was_judged_and_once_where_that_is_unknown():
    once, twice = CASES[4], CASES[5]
    known = counted({once.id: (1.0, 1), twice.id: (0.0, 3)})
    unknown = counted({once.id: (1.0, None), twice.id: (0.0, 3)})
    alike = [
        fit_predict(judged_cases(CASES, people), CASES).tolist() for people in (known, unknown)
    ]
    assert alike[0] == alike[1]


def test_cases_without_a_limit_are_told_apart_by_their_factors():
    bare = without_limits(CASES)
    rates = {case.id: (0.8 if case.factors["loyal"] == "yes" else 0.3, 1000) for case in bare}
    arm = baselines.fit("logistic", bare, counted(rates), SPLITS)
    assert {round(p, 2) for p in arm.table.values()} == {0.8, 0.3}


def test_a_level_that_was_never_learned_from_counts_as_none():
    some = without_limits(CASES[:2])
    judged = judged_cases(some, counted({case.id: (0.5, 100) for case in some}))
    stranger = [type(some[0])(id="x", policy="p", scenario="s", factors={"mood": "glad"})]
    assert fit_predict(judged, stranger) == pytest.approx([0.5], abs=1e-6)


@pytest.mark.parametrize(("rate", "smoothed"), [(1.0, 60.5 / 61), (0.0, 0.5 / 61)])
def test_lessons_that_all_agree_give_a_smoothed_rate_and_a_warning(caplog, rate, smoothed):
    some = CASES[:20]
    judged = judged_cases(some, counted({case.id: (rate, 3) for case in some}))
    with caplog.at_level(logging.WARNING):
        fitted = fit_predict(judged, CASES[20:23])
    assert fitted == pytest.approx([smoothed] * 3)
    assert "all decided alike" in caplog.text


def test_separated_answers_stay_finite():
    some = [case for case in CASES if case.factors["loyal"] == "no"]
    people = counted({case.id: (float(case.deviation <= 0), 5) for case in some})
    fitted = fit_predict(judged_cases(some, people), some)
    assert ((fitted > 0) & (fitted < 1)).all()
    assert [p > 0.5 for p in fitted] == [case.deviation <= 0 for case in some]
