"""Claims about an arm's standing among raters and the alternative annotator test."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from discretion.measures.annotators import (
    FEWEST_CASES,
    FEWEST_TESTED,
    alternative_test,
    benjamini_yekutieli,
    standing,
)
from discretion.measures.rates import Rates


def panel(rng, cases=40, leniency=(0.1, 0.3, 0.5, 0.7, 0.9)):
    """Raters who each judge every case, granting with their own probability."""
    case = np.tile(np.arange(cases), len(leniency))
    rater = np.repeat(np.arange(len(leniency)), cases)
    granted = rng.random(len(case)) < np.repeat(leniency, cases)
    return Rates.of_judgments(case, rater, granted, np.arange(cases) % 8), case, rater, granted


def test_an_arm_that_grants_nothing_is_stricter_than_everybody_who_granted_something():
    rates, *_ = panel(np.random.default_rng(1))
    found = standing(np.zeros(40), rates)
    assert found.stricter_than == 1.0
    assert found.raters == 5


def test_standing_counts_the_raters_who_granted_more_on_their_own_cases():
    rates, _, rater, granted = panel(np.random.default_rng(2))
    p = np.full(40, 0.5)
    more = [granted[rater == one].sum() > 20 for one in range(5)]
    even = [granted[rater == one].sum() == 20 for one in range(5)]
    assert standing(p, rates).stricter_than == pytest.approx(np.mean(more) + np.mean(even) / 2)


def test_raters_with_few_cases_and_cases_without_an_answer_do_not_count():
    rates, *_ = panel(np.random.default_rng(3), cases=FEWEST_CASES)
    p = np.full(FEWEST_CASES, 0.5)
    assert standing(p, rates).raters == 5
    p[0] = np.nan
    assert standing(p, rates).raters == 0
    assert standing(p, rates).stricter_than is None


def test_without_raters_nothing_can_be_said():
    rates = Rates.of_counts(np.full(20, 0.5), np.full(20, 10.0), np.arange(20))
    assert standing(np.full(20, 0.5), rates).stricter_than is None
    assert alternative_test(np.ones(20), rates).passes is None


@pytest.mark.parametrize(("cases", "tested"), [(FEWEST_TESTED - 1, 0), (FEWEST_TESTED, 5)])
def test_raters_with_too_few_cases_are_not_tested_even_where_nobody_differs(cases, tested):
    rates, *_ = panel(np.random.default_rng(5), cases=cases, leniency=(1.0,) * 5)
    found = alternative_test(np.ones(cases), rates)
    assert found.raters == tested
    assert found.passes is (True if tested else None)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_adjustment_is_that_of_statsmodels(count):
    p = np.random.default_rng(count).random(count) ** 2
    assert benjamini_yekutieli(list(p)) == pytest.approx(multipletests(p, method="fdr_by")[1])


def brute_force(deployed, case, rater, granted, margin):
    """The test as its paper writes it, one loop for every sum."""
    wins, p_values = [], []
    for one in np.unique(rater):
        d = []
        w = []
        for i in np.unique(case[rater == one]):
            others = granted[(case == i) & (rater != one)]
            if not len(others) or np.isnan(deployed[i]):
                continue
            mine = np.mean(others == bool(deployed[i]))
            theirs = np.mean(others == granted[(case == i) & (rater == one)][0])
            w.append(mine >= theirs)
            d.append(float(theirs >= mine) - float(mine >= theirs))
        wins.append(np.mean(w))
        p_values.append(stats.ttest_1samp(d, margin, alternative="less").pvalue)
    rejected = multipletests(p_values, alpha=0.05, method="fdr_by")[0]
    return np.mean(rejected), np.mean(wins)


@pytest.mark.parametrize("seed", range(5))
def test_the_alternative_test_is_that_of_its_paper(seed):
    rng = np.random.default_rng(seed)
    rates, case, rater, granted = panel(rng, leniency=(0.2, 0.3, 0.3, 0.6))
    deployed = (rng.random(40) < 0.2).astype(float)
    deployed[:2] = np.nan
    found = alternative_test(deployed, rates, margin=0.2)
    winning, advantage = brute_force(deployed, case, rater, granted, 0.2)
    assert found.winning_rate == pytest.approx(winning)
    assert found.advantage == pytest.approx(advantage)


def test_who_decides_as_most_do_passes_and_who_decides_the_contrary_does_not():
    rng = np.random.default_rng(4)
    truth = rng.random(60) < 0.5
    case = np.tile(np.arange(60), 6)
    rater = np.repeat(np.arange(6), 60)
    granted = np.where(rng.random(360) < 0.85, truth[case], ~truth[case])
    rates = Rates.of_judgments(case, rater, granted, np.arange(60) % 10)
    assert alternative_test(truth.astype(float), rates).passes
    assert not alternative_test((~truth).astype(float), rates).passes
