import numpy as np
import pytest

from discretion.stats import rates as rates_module
from discretion.stats.rates import Rates, sums_by, without_gaps


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


def drawn(seed, raters):
    rng = np.random.default_rng(seed)
    case, rater = rng.integers(0, 30, 400), rng.integers(0, raters, 400) * 3 + 2
    return Rates.of_judgments(case, rater, rng.random(400) < 0.6, rng.integers(0, 5, 30))


@pytest.mark.parametrize("size", [0, 12])
def test_codes_without_gaps_are_those_of_unique(size):
    code = np.array([7, 2, 2, 9, 7])
    codes, place = np.unique(code, return_inverse=True)
    found, there = without_gaps(code, size)
    np.testing.assert_array_equal(found, place)
    np.testing.assert_array_equal(there, codes)


def test_a_place_is_a_rater_in_a_scenario():
    rates = drawn(0, 6)
    places, ballots = rates.places, rates.ballots
    np.testing.assert_array_equal(places.scenario[places.place], rates.scenario[ballots.case])
    np.testing.assert_array_equal(places.rater[places.place] * 3 + 2, ballots.rater)
    pairs = list(zip(places.scenario.tolist(), places.rater.tolist(), strict=True))
    assert pairs == sorted(set(pairs))


@pytest.mark.parametrize("kept", [0, 10**9])
@pytest.mark.parametrize("raters", [6, 130])
def test_rates_without_somebody_are_those_of_the_ballots_that_are_left(raters, kept, monkeypatch):
    monkeypatch.setattr(rates_module, "_KEPT", kept)
    rates = drawn(1, raters)
    ballots = rates.ballots
    number = np.unique(ballots.rater, return_inverse=True)[1] % 100
    found = list(rates.without_raters())
    assert len(found) == min(raters, 100)
    for who, (h, n) in enumerate(found):
        for case in range(30):
            here = (ballots.case == case) & (number != who)
            assert n[case] == ballots.n[here].sum()
            share = ballots.grants[here].sum() / n[case] if n[case] else np.nan
            np.testing.assert_allclose(h[case], share)


@pytest.mark.parametrize("kept", [0, 10**9])
def test_every_ballot_is_left_out_in_one_turn_and_no_case_twice(kept, monkeypatch):
    monkeypatch.setattr(rates_module, "_KEPT", kept)
    rates = drawn(2, 6)
    rows, seen = rates.ballots, []
    for turn, case, h, n in rates.without_turns():
        assert len(set(case.tolist())) == len(case)
        np.testing.assert_array_equal(rows.case[turn], case)
        left = rates.n[case] - rows.n[turn]
        np.testing.assert_array_equal(n[case], left)
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(h[case], (rates.grants[case] - rows.grants[turn]) / left)
        others = np.setdiff1d(np.arange(30), case)
        np.testing.assert_array_equal(n[others], rates.n[others])
        seen += turn.tolist()
    assert sorted(seen) == list(range(len(rows.case)))
