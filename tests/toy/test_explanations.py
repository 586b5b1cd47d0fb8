"""Explanations of a known quality: what they say, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from discretion.toy.explanations import deciding, givers, sources
from discretion.toy.judges import PANELS
from discretion.toy.teaching_studies import FACTORS, pool, teaching_study


@pytest.fixture(scope="module")
def study():
    return teaching_study(
        np.random.default_rng(5), pool("purposeful"), domains=8, cases=60, raters=6
    )


def told(study, qualities=(0.0, 0.25, 0.5, 1.0), seed=6):
    rng = np.random.default_rng(seed)
    return sources(study.granted, study.domain[study.case], qualities, rng)


def test_a_giver_decided_the_same_in_another_scenario(study):
    scenario = study.domain[study.case]
    found = givers(study.granted, scenario, np.random.default_rng(0))
    assert (study.granted[found] == study.granted).all()
    assert (scenario[found] != scenario).all()


def test_every_giver_is_as_likely_as_any_other():
    granted, scenario = np.ones(6, bool), np.array([0, 0, 0, 1, 1, 2])
    rng = np.random.default_rng(0)
    drawn = np.array([givers(granted, scenario, rng)[0] for _ in range(3000)])
    counts = np.bincount(drawn, minlength=6)
    assert counts[:3].sum() == 0
    assert counts[3:] == pytest.approx([1000] * 3, abs=4 * np.sqrt(3000 * 2 / 9))


def test_who_agrees_with_no_other_scenario_keeps_the_own_explanation():
    granted, scenario = np.array([True, True, False, False]), np.array([0, 0, 0, 1])
    found = givers(granted, scenario, np.random.default_rng(0))
    assert found.tolist() == [0, 1, 3, 2]


def test_quality_is_the_share_of_own_explanations_and_grows_by_adding_to_them(study):
    own = {quality: source == np.arange(len(source)) for quality, source in told(study).items()}
    assert own[1.0].all()
    assert not own[0.0].any()
    for quality in (0.25, 0.5):
        error = np.sqrt(quality * (1 - quality) / len(own[quality]))
        assert own[quality].mean() == pytest.approx(quality, abs=4 * error)
    assert (own[0.5] >= own[0.25]).all()


def test_only_explanations_depend_on_the_quality(study):
    one = told(study, (0.0, 0.5))
    other = told(study, (0.5, 0.75))
    assert (one[0.5] == other[0.5]).all()


def dependence(study, source):
    """The p-value of a chi-square test: does what is named depend on whether it is in the case?"""
    loudest = []
    for factor in range(1, len(FACTORS)):
        there = study.pool.pulls[study.source[study.case], factor] != 0
        named = study.named[source, 0] == factor
        for side in (True, False):
            among = study.granted == side
            counts = [
                [int((among & (named == a) & (there == b)).sum()) for a in (True, False)]
                for b in (True, False)
            ]
            if min(map(sum, counts)) > 0 and min(map(sum, zip(*counts, strict=True))) > 20:
                loudest.append(chi2_contingency(counts).pvalue)
    return min(loudest) * len(loudest)


def test_at_quality_0_nothing_named_depends_on_the_case_but_its_decision(study):
    assert dependence(study, told(study)[0.0]) > 0.01


def test_the_check_of_independence_can_fail(study):
    assert dependence(study, told(study, (0.25,))[0.25]) < 1e-6


def test_at_quality_0_the_length_tells_nothing_of_the_own_explanation(study):
    source = told(study)[0.0]
    for side in (True, False):
        among = study.granted == side
        r = np.corrcoef(study.words[source[among]], study.words[among])[0, 1]
        assert abs(r) < 4 / np.sqrt(among.sum())


def test_the_heaviest_factor_that_speaks_for_the_decision_is_named_first():
    pulls = np.array([[-1.0, 2.0, 0.0, -3.0], [-1.0, 2.0, 0.0, -3.0], [0.5, 0.0, 0.0, 0.0]])
    named = deciding(pulls, np.array([True, False, False]))
    assert named.tolist() == [[1, -1], [3, 0], [0, -1]]


@pytest.mark.parametrize("panel", list(PANELS))
def test_an_honest_explanation_says_what_a_judge_would_say(panel):
    study = teaching_study(np.random.default_rng(1), pool(panel), domains=14, cases=10, raters=3)
    rng, compared = np.random.default_rng(2), 0
    for judgment, case in enumerate(study.case):
        one = study.pool.cases[study.source[case]]
        text = study.text(judgment)
        assert len(text.split()) == study.words[judgment]
        weights = [pull for _, pull in PANELS[panel].pulls(one)]
        if len(set(weights)) == len(weights):  # of equals, either may be named
            granted = bool(study.granted[judgment])
            assert text in {PANELS[panel]._explain(one, granted, rng) for _ in range(60)}
            compared += 1
    assert compared > len(study.case) / 2
