"""A shuffled explanation is another scenario's, of the same decision and about as long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.methods.filler import fits, words
from discretion.training import shuffled_assignment as assignment
from discretion.training.shuffled_assignment import shuffled_assignment

ONE = st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 30))


def paired(judged, seed=0):
    scenario, granted, length = zip(*judged, strict=True) if judged else ((), (), ())
    names = [f"scenario-{number}" for number in scenario]
    return shuffled_assignment(names, granted, length, np.random.default_rng(seed))


@pytest.mark.parametrize("together", [3, 2000])
@given(st.lists(ONE, max_size=24), st.integers(0, 3))
def test_partners_rearrange_explanations_among_other_scenarios(together, judged, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "TOGETHER", together)
        partner = paired(judged, seed)
    for index, other in enumerate(partner):
        scenario, granted, length = judged[index]
        able = [one for one in judged if one[0] != scenario and one[1] == granted]
        if other is None:
            assert not able
            continue
        assert judged[other] in able
        apart = abs(judged[other][2] - length)
        assert apart <= max(0.2 * length, min(abs(one[2] - length) for one in able))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9)), max_size=12), st.integers(0, 3))
def test_where_another_scenario_says_the_same_every_explanation_is_used_once(said, seed):
    judged = [(scenario, *one) for scenario in (0, 1) for one in said]
    assert sorted(paired(judged, seed)) == list(range(len(judged)))


def test_only_a_decision_that_no_other_scenario_has_finds_no_partner():
    judged = [(0, True, 10), (1, True, 10), (0, False, 10), (1, True, 30), (0, True, 5)]
    assert paired(judged) == [1, 0, None, 0, 1]


def test_no_explanations_have_no_partners():
    assert paired([]) == []


def test_other_seeds_give_other_partners():
    judged = [(number % 4, True, 10) for number in range(40)]
    assert paired(judged, 1) == paired(judged, 1)
    assert paired(judged, 1) != paired(judged, 2)


def test_lengths_are_in_words_and_fit_within_a_fifth():
    assert words("  it is\nonly a day ") == 5
    assert [other for other in range(1, 20) if fits(10, other)] == [8, 9, 10, 11, 12]
