"""Simulated studies have the shape of the measures' arrays, and the truth they state."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proofs.studies import GRID, Population, simulate, truth_of

KINDS = [("close", True), ("close", False), ("strict", True), ("strict", False)]


def study(model="close", same_raters=True, scenarios=6, raters=10, seed=0, **more):
    rng = np.random.default_rng(seed)
    return simulate(rng, scenarios, raters, same_raters=same_raters, model=model, **more)


@pytest.mark.parametrize(("model", "same"), KINDS)
def test_rates_are_those_of_the_judgments(model, same):
    one = study(model, same)
    assert len(one.p) == 6 * len(GRID)
    assert len(one.case) == len(one.p) * 10
    for case in range(len(one.p)):
        granted = one.granted[one.case == case]
        assert one.h[case] == granted.mean()
        assert one.n[case] == len(granted)


def test_raters_are_the_same_over_scenarios_or_others_in_each():
    for same, people in ((True, 10), (False, 60)):
        one = study(same_raters=same)
        assert len(np.unique(one.rater)) == people
        for scenario in range(6):
            cases = np.flatnonzero(one.scenario == scenario)
            assert len(np.unique(one.rater[np.isin(one.case, cases)])) == 10


def test_the_same_generator_gives_the_same_study():
    first, second = study(seed=5), study(seed=5)
    assert (first.granted == second.granted).all()
    assert (first.p == second.p).all()


def test_many_raters_come_to_the_true_rate():
    one = study(scenarios=4, raters=20_000)
    error = np.sqrt(one.truth * (1 - one.truth) / one.n)
    assert np.abs((one.h - one.truth) / error).max() < 4.5


@pytest.mark.parametrize("model", ["close", "strict"])
def test_many_studies_come_to_the_population_truth(model):
    truth = truth_of(np.random.default_rng(0), model)
    rng = np.random.default_rng(1)
    studies = [simulate(rng, 20, 10, same_raters=False, model=model) for _ in range(150)]
    signed = [np.mean(one.p - one.h) for one in studies]
    square = [np.mean((one.p - one.h) ** 2 - one.h * (1 - one.h) / (one.n - 1)) for one in studies]
    for figures, wanted in ((signed, truth.signed), (square, truth.square)):
        error = np.std(figures, ddof=1) / math.sqrt(len(figures))
        assert np.mean(figures) == pytest.approx(wanted, abs=4 * error)


def test_the_strict_model_is_too_strict_and_the_close_one_is_not():
    close = truth_of(np.random.default_rng(0), "close")
    strict = truth_of(np.random.default_rng(0), "strict")
    assert abs(close.signed) < 0.02
    assert strict.signed < -0.15
    assert strict.square > 3 * close.square


def test_half_would_grant_at_the_threshold():
    people = Population()
    mu = np.array([-1.0, -2.5])
    assert people.mean_rate(mu, np.exp(mu)) == pytest.approx([0.5, 0.5])


def test_the_mean_rate_agrees_with_drawing_people():
    people = Population()
    rng = np.random.default_rng(0)
    drawn = people.rate(
        np.array(-1.9), np.array(0.4), people.rater_sd * rng.standard_normal(400_000)
    )
    assert people.mean_rate(np.array(-1.9), np.array(0.4)) == pytest.approx(drawn.mean(), abs=2e-3)
