import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.stats.gaps import panel_rate, signed_gap
from discretion.stats.unsure import unsure_sensitivity

GRANTS, REFUSALS, UNSURE = np.array([6.0, 2.0]), np.array([2.0, 2.0]), np.array([2.0, 6.0])
SCENARIO = np.array([0, 1])


def test_the_rate_with_unsure_apart_as_refusals_and_as_grants():
    found = unsure_sensitivity(panel_rate, GRANTS, REFUSALS, UNSURE, SCENARIO, boundary=0.5)
    assert found.apart == pytest.approx((6 / 8 + 2 / 4) / 2)
    assert found.as_refuse == pytest.approx((6 / 10 + 2 / 10) / 2)
    assert found.as_grant == pytest.approx((8 / 10 + 8 / 10) / 2)
    assert found.flips is True


@pytest.mark.parametrize(("p", "flips"), [(0.0, False), (0.6, True), (1.0, False)])
def test_a_conclusion_flips_where_its_sign_depends_on_the_unsure(p, flips):
    arm = np.full(2, p)
    found = unsure_sensitivity(
        lambda rates: signed_gap(arm, rates), GRANTS, REFUSALS, UNSURE, SCENARIO
    )
    assert found.flips is flips


def test_a_case_on_which_all_were_unsure_is_none_apart_and_a_bound_otherwise():
    none, all_ = np.zeros(1), np.full(1, 5.0)
    found = unsure_sensitivity(panel_rate, none, none, all_, np.array([0]))
    assert (found.apart, found.as_refuse, found.as_grant) == (None, 0, 1)
    assert found.flips is None


counts = st.lists(st.integers(0, 9), min_size=4, max_size=4).map(lambda x: np.array(x, float))


@given(counts, counts, counts)
def test_the_two_readings_are_bounds_on_the_rate_of_cases_that_somebody_decided(g, r, u):
    decided = np.where(g + r > 0, u, 0)
    found = unsure_sensitivity(panel_rate, g, r, decided, np.arange(4))
    if found.apart is not None:
        assert found.as_refuse - 1e-12 <= found.apart <= found.as_grant + 1e-12
