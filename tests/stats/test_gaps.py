"""Gaps against their formulas written out, and against truths known by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.stats.gaps import (
    corrected_gap,
    panel_gap,
    panel_rate,
    signed_gap,
    signed_root,
    squared_terms,
)
from discretion.stats.rates import Rates

from .people import simulate

NONE = np.zeros


def one_case_each(h, n):
    return Rates.of_counts(np.array(h), np.array(n, float), np.arange(len(h)))


def test_squared_terms_by_hand():
    terms = squared_terms(np.array([0.5]), np.array([0.01]), np.array([0.8]), np.array([5.0]))
    assert terms == pytest.approx([0.09 - 0.16 / 4 - 0.01])


def test_squared_terms_need_two_judgments_and_a_known_n():
    half = np.full(3, 0.5)
    assert np.isnan(squared_terms(half, NONE(3), half, np.array([1, np.nan, 0]))).all()


@pytest.mark.parametrize("judgments", [2, 3, 10])
def test_the_corrected_square_is_unbiased_where_people_and_samples_are_noisy(judgments):
    rng = np.random.default_rng(judgments)
    true, arm, draws, samples = np.array([0.9, 0.5, 0.2]), np.array([0.4, 0.6, 0.2]), 60_000, 8
    h = rng.binomial(judgments, true, (draws, 3)) / judgments
    sampled = rng.binomial(samples, arm, (draws, 3)) / samples
    variance = sampled * (1 - sampled) / (samples - 1)
    each = squared_terms(sampled, variance, h, np.full((draws, 3), float(judgments)))
    error = each.std(axis=0) / np.sqrt(draws)
    assert (np.abs(each.mean(axis=0) - (arm - true) ** 2) < 4 * error).all()


def test_with_one_judgment_a_case_the_plain_gap_prefers_granting_always_and_is_not_printed():
    rng = np.random.default_rng(1)
    granted = (rng.random(4_000) < 0.9).astype(float)
    rates = Rates.of_counts(granted, np.ones(4_000), np.arange(4_000) % 20)
    always, truth = np.ones(4_000), np.full(4_000, 0.9)
    assert np.abs(always - granted).mean() == pytest.approx(0.10, abs=0.02)
    assert np.abs(truth - granted).mean() == pytest.approx(0.18, abs=0.02)
    for p in (always, truth):
        assert corrected_gap(p, NONE(4_000), rates).value is None
        assert panel_gap(p, rates).gap.value is None
    assert abs(signed_gap(truth, rates).value) < 0.02 < signed_gap(always, rates).value


def test_the_corrected_gap_prefers_the_truth_to_granting_always():
    rng = np.random.default_rng(2)
    rates = Rates.of_counts(
        rng.binomial(2, 0.9, 4_000) / 2, np.full(4_000, 2.0), np.arange(4_000) % 20
    )
    truth = corrected_gap(np.full(4_000, 0.9), NONE(4_000), rates)
    always = corrected_gap(np.ones(4_000), NONE(4_000), rates)
    assert always.value == pytest.approx(0.1, abs=0.02)
    assert abs(truth.value) < 0.05
    assert truth.low < 0 < truth.high


def test_a_gap_smaller_than_chance_is_negative_and_not_clipped():
    rates = one_case_each([0.5] * 8, [4] * 8)
    figure = corrected_gap(np.full(8, 0.5), NONE(8), rates)
    assert figure.value == pytest.approx(-np.sqrt(0.25 / 3))


@given(st.floats(-1, 1))
def test_a_signed_root_squares_back(x):
    root = signed_root(x)
    assert np.sign(root) == np.sign(x)
    assert abs(root) * root == pytest.approx(x, rel=1e-9, abs=1e-300)


probabilities = st.lists(st.floats(0, 1), min_size=40, max_size=40).map(np.array)


@given(probabilities, probabilities, st.floats(0, 1), st.sampled_from(["scenarios", "cases"]))
def test_the_signed_gap_is_linear(p, other, share, weigh):
    rates = simulate(np.random.default_rng(3)).rates
    mixed = signed_gap(share * p + (1 - share) * other, rates, weigh=weigh).value
    apart = [signed_gap(x, rates, weigh=weigh).value for x in (p, other)]
    assert mixed == pytest.approx(share * apart[0] + (1 - share) * apart[1], abs=1e-12)


@given(probabilities, st.sampled_from(["scenarios", "cases"]))
def test_granting_too_much_and_too_little_add_up_to_the_gap_and_differ_by_its_sign(p, weigh):
    rates = simulate(np.random.default_rng(4)).rates
    parts = panel_gap(p, rates, weigh=weigh)
    assert parts.over_grant.value + parts.under_grant.value == pytest.approx(parts.gap.value)
    assert parts.over_grant.value - parts.under_grant.value == pytest.approx(
        signed_gap(p, rates, weigh=weigh).value, abs=1e-12
    )


def test_scenarios_weigh_equally_unless_cases_are_asked_to():
    rates = Rates.of_counts(
        np.array([0.0, 0.0, 0.0, 1.0]), np.full(4, 10.0), np.array([0, 0, 0, 1])
    )
    p = np.array([1.0, 1.0, 1.0, 1.0])
    assert signed_gap(p, rates).value == pytest.approx(0.5)
    assert signed_gap(p, rates, weigh="cases").value == pytest.approx(0.75)
    assert panel_rate(rates).value == pytest.approx(0.5)


def test_the_gap_to_a_panel_is_over_cases_with_ten_judgments():
    rates = one_case_each([0.5, 0.5, 0.5], [9, 10, 11])
    gap = panel_gap(np.array([1.0, 0.7, 0.9]), rates).gap
    assert gap.n == 2
    assert gap.value == pytest.approx((0.2 + 0.4) / 2)


def test_where_n_is_not_known_the_gap_is_printed_and_marked():
    rates = one_case_each([0.5, 0.5], [np.nan, 20])
    gap = panel_gap(np.array([1.0, 0.7]), rates).gap
    assert gap.value == pytest.approx(0.35)
    assert "n unknown for 1 of 2 cases" in gap.note
    assert corrected_gap(np.array([1.0, 0.7]), NONE(2), rates).n == 1


def test_leaving_out_one_of_ten_raters_does_not_drop_the_case():
    rng = np.random.default_rng(5)
    people = simulate(rng, raters=10)
    p = rng.random(40)
    figure = panel_gap(p, people.rates).gap
    means = [np.abs(p - people.rates.h)[people.scenario == k].mean() for k in range(8)]
    plain = np.std(means, ddof=1) / np.sqrt(8)
    left = []
    for rater in range(10):
        kept = people.rater != rater
        h = np.bincount(people.case[kept], people.granted[kept]) / 9
        left.append(np.mean(np.abs(p - h)))
    within = 0.0
    for k in range(8):
        here = people.scenario == k
        each = []
        for rater in range(10):
            kept = people.rater != rater
            h = np.bincount(people.case[kept], people.granted[kept]) / 9
            each.append(np.mean(np.abs(p - h)[here]) / 8)
        within += 0.9 * ((each - np.mean(each)) ** 2).sum()
    added = 0.9 * ((left - np.mean(left)) ** 2).sum() - within
    error = np.sqrt(plain**2 + max(0.0, added))
    assert figure.high - figure.value == pytest.approx(2.3646243 * error, rel=1e-6)


def test_the_interval_of_the_corrected_gap_is_rooted_with_its_sign():
    rng = np.random.default_rng(6)
    people = simulate(rng)
    figure = corrected_gap(people.true, NONE(40), people.rates)
    assert figure.low < figure.value < figure.high
    assert figure.low < 0
