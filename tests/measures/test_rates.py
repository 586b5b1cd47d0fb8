import numpy as np
import pytest

from discretion.measures.rates import Rates, sums_by


def judged(rater):
    return Rates.of_judgments(
        np.array([0, 0, 0, 2]),
        np.array(rater),
        np.array([True, True, False, False]),
        np.array([0, 0, 1]),
    )


def test_rates_are_grants_over_decisions_and_nan_where_nobody_decided():
    rates = judged([4, 5, 6, 4])
    np.testing.assert_allclose(rates.h, [2 / 3, np.nan, 0])
    np.testing.assert_array_equal(rates.n, [3, 0, 1])
    np.testing.assert_array_equal(rates.grants, [2, np.nan, 0])


def test_a_rater_who_judged_a_case_twice_has_one_ballot_of_two():
    ballots = judged([4, 4, 6, 4]).ballots
    np.testing.assert_array_equal(ballots.case, [0, 0, 2])
    np.testing.assert_array_equal(ballots.rater, [4, 6, 4])
    np.testing.assert_array_equal(ballots.n, [2, 1, 1])
    np.testing.assert_array_equal(ballots.grants, [2, 0, 0])


def test_one_anonymous_judgment_leaves_nobody_to_be_linked():
    assert judged([4, -1, 6, 4]).ballots is None


def test_counts_without_decisions_have_no_rate():
    rates = Rates.of_counts(np.array([0.5, 0.0]), np.array([np.nan, 0.0]), np.array([0, 1]))
    np.testing.assert_array_equal(rates.h, [0.5, np.nan])
    assert np.isnan(rates.grants).all()


def test_a_rate_that_was_rounded_still_counts_whole_people():
    rates = Rates.of_counts(np.array([0.33]), np.array([12.0]), np.array([0]))
    assert rates.grants == pytest.approx([4])


def test_sums_by_code():
    np.testing.assert_array_equal(
        sums_by(np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0]), 4), [1, 0, 5, 0]
    )
