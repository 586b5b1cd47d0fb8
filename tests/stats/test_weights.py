import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.stats.weights import case_weights


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0.5, 20)), min_size=1, max_size=30),
)
def test_every_scenario_that_has_a_case_weighs_one(rows):
    scenario, mass = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    weight = case_weights(mass, scenario, "scenarios")
    for code in np.unique(scenario):
        assert weight[scenario == code].sum() == pytest.approx(1)


def test_a_case_left_out_weighs_nothing_and_an_emptied_scenario_neither():
    weight = case_weights(np.array([1.0, 0.0, 0.0]), np.array([0, 0, 1]), "scenarios")
    np.testing.assert_array_equal(weight, [1, 0, 0])


def test_by_cases_the_masses_stay():
    mass = np.array([1.0, 3.0])
    np.testing.assert_array_equal(case_weights(mass, np.array([0, 0]), "cases"), mass)
