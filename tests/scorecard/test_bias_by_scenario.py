"""Leans by scenario: raw ones, and drawn towards their mean as far as chance explains them."""

import numpy as np
import pytest
from scipy import stats

from discretion.stats.shrinkage import shrunk

from .hand_made import RATERS, card, case_set, strict


@pytest.fixture(scope="module")
def leans():
    return [lean for row in card(case_set(6)).leans for lean in row.arms if lean.arm == "strict"]


def test_each_lean_is_shrunk_by_its_own_interval(leans):
    value = np.array([lean.signed.value for lean in leans])
    quantile = stats.t.ppf(0.975, RATERS - 1)
    half = np.array(
        [
            max(lean.signed.high - lean.signed.value, lean.signed.value - lean.signed.low)
            for lean in leans
        ]
    )
    expected = shrunk(value, (half / quantile) ** 2, quantile)
    assert [lean.shrunk.value for lean in leans] == pytest.approx(expected.value)
    assert [lean.shrunk.low for lean in leans] == pytest.approx(expected.low)
    assert all(lean.shown == lean.shrunk for lean in leans)


def test_shrunk_leans_lie_closer_together_and_on_average_where_they_were(leans):
    raw, moved = (
        np.array([getattr(lean, name).value for lean in leans]) for name in ("signed", "shrunk")
    )
    assert np.ptp(moved) <= np.ptp(raw)
    assert moved.mean() == pytest.approx(raw.mean(), abs=0.02)


def test_with_fewer_than_four_scenarios_the_raw_ones_are_shown():
    few = [lean for row in card(case_set(3), arms={"strict": strict}).leans for lean in row.arms]
    assert {lean.shrunk for lean in few} == {None}
    assert all(lean.shown == lean.signed for lean in few)
