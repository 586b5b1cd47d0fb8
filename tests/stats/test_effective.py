"""The effective number: known cases by hand."""

from __future__ import annotations

import numpy as np
import pytest

from discretion.stats.effective import effective_raters, kish, to_effective
from discretion.stats.rates import Rates


def test_equal_weights_are_as_many_as_they_are_and_one_heavy_one_is_one():
    assert kish(np.full(7, 3.0)) == pytest.approx(7)
    assert kish(np.array([1e9, 1.0, 1.0])) == pytest.approx(1)
    assert kish(np.array([2.0, 1.0, 1.0])) == pytest.approx(16 / 6)
    assert kish(np.zeros(0)) == 0


def test_weights_sum_to_the_effective_number_of_their_case():
    case = np.array([0, 1, 0, 1, 0])
    scaled = to_effective(np.array([2.0, 5, 1, 5, 1]), case)
    assert np.bincount(case, scaled).tolist() == pytest.approx([16 / 6, 2])


def rates(rater, case):
    granted = np.ones(len(rater), dtype=bool)
    return Rates.of_judgments(np.array(case), np.array(rater), granted, np.zeros(4, dtype=int))


def test_a_panel_in_which_one_rater_decides_most_has_fewer_voices():
    figure = effective_raters(rates([0, 0, 0, 0, 1, 2], [0, 1, 2, 3, 0, 1]))
    assert (figure.value, figure.n) == (pytest.approx(36 / 18), 3)


def test_where_raters_are_not_known_there_is_no_figure():
    assert effective_raters(rates([-1, 0], [0, 1])).value is None
