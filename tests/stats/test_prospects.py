"""Prospects against the contrasts that they speak of, on units whose differences are chosen."""

import numpy as np
import pytest

from discretion.stats.contrasts import contrast, holm, verdict
from discretion.stats.prospects import LARGEST, prospect
from discretion.stats.rates import Rates


def judged(differences):
    """The contrast of two arms whose squared errors differ by just so much, unit by unit.

    Nobody refuses; the second arm is one half off, the first a little less or more.
    """
    units = len(differences)
    rates = Rates.of_counts(np.ones(units), np.full(units, 50.0), np.arange(units))
    nothing = np.zeros(units)
    first = 1 - np.sqrt(0.25 + np.asarray(differences))
    return contrast(first, nothing, np.full(units, 0.5), nothing, rates, beyond=True)


def spaced(units, mean, sd):
    """So many numbers of just this mean and standard deviation."""
    away = np.linspace(-1, 1, units)
    return mean + sd * away / away.std(ddof=1)


@pytest.mark.parametrize("units", [2, 3, 5, 9, 14])
@pytest.mark.parametrize("family", [1, 4])
def test_a_difference_is_told_from_the_ratio_on_and_not_before(units, family):
    sd = 0.002
    ratio = prospect(units, family=family).ratio
    others = [1.0] * (family - 1)
    for times, expected in ((1.001, "helped"), (0.999, "cannot be told")):
        found = judged(spaced(units, -times * ratio * sd, sd))
        assert verdict(found, holm([found.p_value, *others])[0], margin=0.0) == expected


@pytest.mark.parametrize("units", [2, 3, 5, 9, 14])
def test_arms_that_do_not_differ_are_told_alike_up_to_the_widest_spread(units):
    widest = prospect(units, margin=0.02).widest
    for times, expected in ((0.999, "no relevant difference"), (1.001, "cannot be told")):
        found = judged(spaced(units, 0.0, times * widest))
        assert verdict(found, found.p_value, margin=0.02) == expected


def test_one_unit_or_one_rater_tells_nothing():
    for none in (prospect(1), prospect(0), prospect(12, raters=1)):
        assert none.ratio is none.smallest is none.widest is None
        assert not none.possible


def test_more_units_or_raters_never_tell_less_and_a_larger_family_never_more():
    smallest = [prospect(units).smallest for units in range(2, 20)]
    assert smallest == sorted(smallest, reverse=True)
    assert prospect(8, family=4).smallest > prospect(8, family=2).smallest
    assert prospect(8, raters=3).smallest > prospect(8, raters=30).smallest


def test_three_units_tell_nothing_that_would_not_surprise_unless_they_agree():
    assert not prospect(3, family=4).possible
    assert prospect(3, family=4).smallest > LARGEST
    assert prospect(3, family=4, spread=0.005).possible
    assert prospect(10, family=4).possible
