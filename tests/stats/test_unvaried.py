"""What a figure without any variation leaves open: never an interval of no width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest

from discretion.stats.disagreement import disagreement
from discretion.stats.gaps import corrected_gap, signed_gap
from discretion.stats.intervals import ONLY_THESE
from discretion.stats.rates import Rates
from discretion.stats.unvaried import INDEPENDENT, left_open, units_needed, unvaried


def unanimous(granted, scenarios, raters=3):
    """Everybody decides each case alike; (C,) whether it is granted."""
    cases = len(granted)
    case, rater = np.repeat(np.arange(cases), raters), np.tile(np.arange(raters), cases)
    scenario = np.arange(cases) % scenarios
    return Rates.of_judgments(case, rater, np.asarray(granted, bool)[case], scenario)


@given(n=st.integers(1, 5000), tail=st.sampled_from([0.025, 0.05, 0.1]))
def test_none_of_n_leaves_open_what_clopper_and_pearson_say(n, tail):
    assert left_open(n, tail) == pytest.approx(beta.ppf(1 - tail, 1, n))
    exact = binomtest(0, n).proportion_ci(1 - 2 * tail, method="exact").high
    assert left_open(n, tail) == pytest.approx(exact)
    assert units_needed(left_open(n, tail), tail) == pytest.approx(n)


def test_the_rule_of_three():
    assert 100 * left_open(100, 0.05) == pytest.approx(3, abs=0.05)
    assert units_needed(0.05, 0.05) == pytest.approx(58.4, abs=0.01)


@given(
    values=st.lists(st.floats(-1, 1), min_size=2, max_size=30),
    changed=st.floats(0, 1),
    data=st.data(),
)
def test_no_choice_of_so_many_units_takes_the_mean_beyond_the_ends(values, changed, data):
    """Brute force: any share of the units up to what is left open, put at any value."""
    n = len(values)
    low, high = unvaried(float(np.mean(values)), (min(values), max(values)), n, 0.05, (-1, 1))
    most = int(np.floor(left_open(n, 0.05) * n * changed))
    others = data.draw(st.lists(st.floats(-1, 1), min_size=most, max_size=most))
    assert low - 1e-9 <= np.mean([*others, *values[most:]]) <= high + 1e-9


def test_an_arm_that_never_differs_from_people_of_one_mind_has_an_upper_end():
    granted = np.arange(120) % 3 == 0
    found = disagreement(granted.astype(float), unanimous(granted, 8))
    end = left_open(120, 0.025)
    assert (found.whole.low, found.whole.high) == (0, pytest.approx(end))
    assert INDEPENDENT in found.whole.note
    beyond = found.beyond_colleague
    assert (beyond.low, beyond.high) == (pytest.approx(-end), pytest.approx(end))
    gap = corrected_gap(granted.astype(float), np.zeros(120), unanimous(granted, 8))
    assert gap.high == pytest.approx(np.sqrt(end))
    assert disagreement(1.0 - granted, unanimous(granted, 8)).whole.low == pytest.approx(1 - end)


def test_scenarios_that_come_out_alike_are_so_many_units_and_not_their_cases():
    """Wrong on every fourth case of each of eight scenarios: nothing varies between them."""
    granted = np.zeros(64)
    wrong = (np.arange(64) // 8) % 4 == 0
    found = disagreement(wrong.astype(float), unanimous(granted, 8)).whole
    assert found.value == 0.25
    assert found.high == pytest.approx(0.25 + left_open(8, 0.025))


def test_on_few_scenarios_the_bound_is_for_these_only_and_by_cases():
    granted = np.zeros(40)
    found = signed_gap(granted, unanimous(granted, 2))
    assert ONLY_THESE in found.note
    assert found.high == pytest.approx(left_open(40, 0.025))


def test_one_person_alone_shows_no_variation_and_no_lack_of_it():
    granted = np.zeros(40)
    found = disagreement(granted, unanimous(granted, 8, raters=1)).whole
    assert (found.low, found.high) == (None, None)
