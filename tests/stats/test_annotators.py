"""Claims about an arm's standing among raters."""

import numpy as np
import pytest

from discretion.stats.annotators import FEWEST_CASES, standing
from discretion.stats.rates import Rates


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
