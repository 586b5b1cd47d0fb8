"""Power: the same labels at every quality, the analysis of real studies, and counts that add up."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, ttest_1samp

from discretion.toy.learner import Learner
from discretion.tuning.power import exact_interval, outcome, power
from discretion.tuning.power_sizes import StudySize
from discretion.tuning.power_trials import held_out, lessons_of, people, told_study, trial

SMALL = StudySize(judgments=80, domains=6, seeds=3, folds=3, cases=10, raters=4)
QUALITIES = (0.0, 0.5, 1.0)
LOUD = Learner(weight=1.0, noise=0.2)


def test_labels_are_the_same_at_every_quality_and_every_text_has_its_control():
    study, told, rng = told_study(SMALL, QUALITIES, (1, 2))
    out = held_out(study, SMALL, 0)
    order = rng.permutation(len(study.case))
    items, given = lessons_of(study, out, told, SMALL.judgments, order, rng)
    # The first of the order that are not held out.
    assert set(items) == set([one for one in order if not out[study.case[one]]][:80])
    scenario = study.domain[study.case]
    # No judgment leaves for want of a control.
    assert len(items) == SMALL.judgments
    assert not out[study.case[items]].any()
    for quality in QUALITIES:
        partner = given[quality]
        assert set(partner) <= set(items)
        assert len(set(partner)) > 0.7 * len(items)
        assert (scenario[partner] != scenario[items]).all()
        assert (study.granted[partner] == study.granted[items]).all()
        real, shuffled = (study.words[told[quality][one]] for one in (items, partner))
        fitting = np.abs(real - shuffled) <= 0.2 * real
        assert fitting.mean() > 0.8


def test_a_study_has_the_same_people_whatever_its_qualities():
    one, other = (trial(SMALL, some, (1, 2), LOUD) for some in ((1.0,), (0.0, 1.0)))
    assert (one.truth == other.truth).all()
    assert (one.rates.h == other.rates.h).all()


def test_folds_hold_every_domain_out_once():
    study, _, _ = told_study(SMALL, (1.0,), (1, 3))
    out = np.array([held_out(study, SMALL, fold) for fold in range(SMALL.folds)])
    assert (out.sum(axis=0) == 1).all()
    together = StudySize(judgments=80, domains=3, others=4, folds=1, cases=10, raters=4)
    study, _, _ = told_study(together, (1.0,), (1, 3))
    assert set(study.domain[held_out(study, together, 0)]) == {0, 1, 2}


def test_an_explanation_without_weight_changes_nothing():
    one = trial(SMALL, QUALITIES, (1, 4), Learner(weight=0.0, noise=0.0))
    for taught in one.by_quality.values():
        assert taught.real == pytest.approx(one.neutral, abs=1e-6)
        assert taught.shuffled == pytest.approx(one.neutral, abs=1e-6)


def test_the_noise_of_training_is_drawn_for_each_target_and_seed():
    one = trial(SMALL, (1.0,), (1, 4), Learner(weight=0.0, noise=0.2))
    taught = one.by_quality[1.0]
    answers = [*taught.real, *taught.shuffled, *one.neutral]
    apart = [np.abs(a - b).max() for i, a in enumerate(answers) for b in answers[:i]]
    assert min(apart) > 0.01


def test_each_seed_draws_its_own_judgments():
    """Without noise and without heed to explanations, only what was taught tells seeds apart."""
    deaf = Learner(weight=0.0, noise=0.0)
    one = trial(SMALL, (1.0,), (1, 4), deaf)
    apart = [np.abs(one.neutral[a] - one.neutral[b]).max() for a, b in ((0, 1), (0, 2), (1, 2))]
    assert min(apart) > 0.01


def test_the_contrast_is_a_paired_t_over_domains():
    one = trial(SMALL, (1.0,), (1, 5), LOUD)
    found = outcome(one, 1.0, 3)
    taught, h = one.by_quality[1.0], one.rates.h
    apart = ((taught.real - h) ** 2 - (taught.shuffled - h) ** 2).mean(axis=0)
    means = np.bincount(one.rates.scenario, apart) / np.bincount(one.rates.scenario)
    assert found.difference == pytest.approx(means.mean())
    # The raters' part, and luck in training, can only widen it.
    assert found.p_value >= ttest_1samp(means, 0).pvalue
    assert found.adjusted >= found.p_value


def test_fewer_seeds_are_the_first_of_more():
    one = trial(SMALL, (0.5,), (1, 6), LOUD)
    assert outcome(one, 0.5, 1) != outcome(one, 0.5, 2)
    alone = one.by_quality[0.5].real[0]
    h = one.rates.h
    shuffled = one.by_quality[0.5].shuffled[0]
    apart = ((alone - h) ** 2 - (shuffled - h) ** 2).mean()
    assert outcome(one, 0.5, 1).difference == pytest.approx(apart)


def test_what_people_decided_is_what_the_study_says():
    study, _, _ = told_study(SMALL, (1.0,), (1, 7))
    rates = people(study, 60)
    first = study.case == 7
    assert rates.h[7] == study.granted[first].mean()
    assert rates.scenario.tolist() == study.domain[:60].tolist()


def test_counts_add_up_and_the_same_seed_gives_the_same():
    seen = []
    found = power(SMALL, 8, 3, qualities=(0.0, 1.0), learner=LOUD, watch=seen.append)
    assert seen == list(range(1, 9))
    assert found == power(SMALL, 8, 3, qualities=(0.0, 1.0), learner=LOUD)
    assert found != power(SMALL, 8, 4, qualities=(0.0, 1.0), learner=LOUD)
    for one in found:
        assert one.studies == sum(one.said.values()) == 8
        assert 0 <= one.told <= one.differ <= 12


def test_a_learner_that_heeds_explanations_a_lot_is_noticed():
    """The machinery can find an effect: honest explanations against misleading ones."""
    size = StudySize(judgments=60, domains=10, seeds=8, folds=2, cases=20, raters=4)
    heeds = Learner(weight=1.0, noise=0.5)
    found = power(size, 30, 5, qualities=(0.0, 1.0), learner=heeds)
    assert found[1].difference < found[0].difference
    assert found[1].helped > 3
    assert found[1].said != found[0].said


def test_shuffled_explanations_that_say_the_same_are_counted():
    one = trial(SMALL, (1.0,), (1, 8), LOUD)
    assert 0.05 < one.by_quality[1.0].same < 0.95


@pytest.mark.parametrize(("count", "among"), [(0, 40), (3, 40), (40, 40), (70, 1000)])
def test_the_exact_interval_is_clopper_and_pearsons(count, among):
    low, high = exact_interval(count, among)
    assert low == pytest.approx(beta.ppf(0.025, count, among - count + 1) if count else 0.0)
    assert high == pytest.approx(beta.ppf(0.975, count + 1, among - count) if count < among else 1)
