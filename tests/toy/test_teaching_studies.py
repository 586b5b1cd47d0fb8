"""Simulated studies of teaching: drawn as the judges decide, by another road."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from discretion.toy.judges import PANELS
from discretion.toy.phrases import DOMAINS
from discretion.toy.teaching_studies import FACTORS, MOST_CASES, pool, teaching_study


def study_of(seed, panel="purposeful", **size):
    size = {"domains": 6, "cases": 20, "raters": 8} | size
    return teaching_study(np.random.default_rng(seed), pool(panel), **size)


@pytest.mark.parametrize("panel", list(PANELS))
def test_the_chances_are_those_of_the_judges(panel, monkeypatch):
    """Without what is drawn anew, the arrays and the judges must say the same."""
    plain = dataclasses.replace(PANELS[panel], rater_sd=0.0, scenario_sd=0.0)
    cases = dataclasses.replace(pool(panel), judges=plain)
    study = teaching_study(np.random.default_rng(0), cases, domains=14, cases=8, raters=2)
    expected = [plain.truth(cases.cases[source]) for source in study.source]
    assert study.truth == pytest.approx(expected)


def test_people_decide_as_often_as_the_truth_says():
    apart = []
    for seed in range(30):
        study = study_of(seed, raters=24)
        rate = np.bincount(study.case, study.granted) / 24
        apart.append((rate - study.truth).mean())
    assert np.mean(apart) == pytest.approx(0, abs=4 * np.std(apart) / np.sqrt(30))


def test_tipping_points_are_drawn_anew_for_each_domain():
    judges = PANELS["purposeful"]
    wide = dataclasses.replace(
        pool("purposeful"), judges=dataclasses.replace(judges, scenario_sd=3)
    )
    study = teaching_study(np.random.default_rng(0), wide, domains=28, cases=40, raters=2)
    means = np.bincount(study.domain, study.truth) / 40
    assert np.std(means) > 0.2
    # Domains beyond the dialect's number use its words again, and their own tipping points.
    assert abs(np.corrcoef(means[:14], means[14:])[0, 1]) < 0.6


def test_every_case_is_judged_by_so_many_different_people():
    study = study_of(3)
    assert np.bincount(study.case).tolist() == [8] * 120
    pairs = set(zip(study.case.tolist(), study.rater.tolist(), strict=True))
    assert len(pairs) == len(study.case)
    assert set(study.rater) == set(range(24))


def test_the_same_seed_gives_the_same_study_and_another_one_another():
    one, same, other = study_of(4), study_of(4), study_of(5)
    for name in ("source", "granted", "named", "variant"):
        assert (getattr(one, name) == getattr(same, name)).all()
    assert (one.source != other.source).any()


def test_the_pool_holds_as_many_cases_of_each_domain_and_names_nothing_twice():
    cases = pool("strict")
    assert [case.domain for case in cases.cases[::MOST_CASES]] == [one.name for one in DOMAINS]
    assert len({case.id for case in cases.cases}) == len(cases.cases) == 14 * MOST_CASES
    assert set(np.unique(cases.features[:, 1:])) == {0.0, 1.0}


def test_pulls_are_the_judges_weights_and_features_do_not_depend_on_the_panel():
    strict, lenient = pool("strict"), pool("lenient")
    assert (strict.features == lenient.features).all()
    for cases in (strict, lenient):
        loyal = FACTORS.index("loyal")
        there = cases.features[:, loyal] == 1
        assert set(cases.pulls[there, loyal]) == {cases.judges.weights["loyal"]}
        assert not cases.pulls[~there, loyal].any()
