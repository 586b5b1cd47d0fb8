"""Seeds: errors are averaged, and an average of probabilities is not what is measured."""

import numpy as np
import pytest

from discretion.stats.contrasts import contrast
from discretion.stats.figure import Figure, missing
from discretion.stats.gaps import corrected_gap, signed_gap
from discretion.stats.scores import brier, log_loss
from discretion.stats.seeds import mean_figure, over_seeds, spread

from .people import simulate

RATES = simulate(np.random.default_rng(0)).rates
SEEDS = np.random.default_rng(1).random((3, 40))
NOISE = np.random.default_rng(2).random((3, 40)) / 50


def alone(figure, *arrays):
    return [figure(*(part[row] for part in arrays), RATES).value for row in range(3)]


def test_scores_of_seeds_are_the_means_of_their_scores():
    assert brier(SEEDS, NOISE, RATES).value == pytest.approx(np.mean(alone(brier, SEEDS, NOISE)))
    assert signed_gap(SEEDS, RATES).value == pytest.approx(np.mean(alone(signed_gap, SEEDS)))
    losses = [log_loss(one, RATES).loss.value for one in SEEDS]
    assert log_loss(SEEDS, RATES).loss.value == pytest.approx(np.mean(losses))


def test_gaps_are_averaged_in_the_square_before_the_root():
    gaps = np.array(alone(corrected_gap, SEEDS, NOISE))
    found = corrected_gap(SEEDS, NOISE, RATES).value
    assert found == pytest.approx(np.sqrt(np.mean(gaps**2)))
    assert found != pytest.approx(np.mean(gaps), abs=1e-6)


def test_probabilities_are_never_averaged():
    zero = np.zeros((3, 40))
    together = brier(SEEDS.mean(axis=0), zero[0], RATES).value
    assert brier(SEEDS, zero, RATES).value > together + 0.01


def test_one_seed_is_that_seed():
    one = brier(SEEDS[:1], NOISE[:1], RATES)
    assert one == brier(SEEDS[0], NOISE[0], RATES)
    assert log_loss(SEEDS[:1], RATES) == log_loss(SEEDS[0], RATES)


def test_a_case_that_one_seed_did_not_answer_is_told_by_the_others():
    gone = SEEDS.copy()
    gone[0, 3] = np.nan
    assert over_seeds(gone)[3] == pytest.approx(SEEDS[1:, 3].mean())
    gone[:, 3] = np.nan
    assert np.isnan(over_seeds(gone)[3])
    assert signed_gap(gone, RATES).n == 39


def test_the_clipped_share_counts_every_seed():
    p = np.full((2, 40), 0.5)
    p[0] = 0.0
    assert log_loss(p, RATES).clipped == pytest.approx(0.5)


def test_arms_may_have_different_numbers_of_seeds():
    base, none = np.full(40, 0.3), np.zeros(40)
    found = contrast(SEEDS, NOISE, base, none, RATES)
    each = [
        contrast(SEEDS[row], NOISE[row], base, none, RATES).difference.value for row in range(3)
    ]
    assert found.difference.value == pytest.approx(np.mean(each))


def test_figures_that_are_no_means_over_cases_are_averaged_with_their_ends():
    found = mean_figure([Figure(0.6, 0.5, 0.8, 9), Figure(0.8, 0.6, 0.9, 9)])
    assert (found.value, found.low, found.high) == pytest.approx((0.7, 0.55, 0.85))
    assert mean_figure([Figure(0.6, None, None, 9), Figure(0.8, 0.6, 0.9, 9)]).low is None
    assert mean_figure([Figure(0.6, 0.5, 0.8, 9), missing("no case")]).value is None


def test_one_value_has_no_spread():
    assert spread([0.2, None]) is None
    assert spread([0.1, 0.3]) == pytest.approx(np.sqrt(0.02))
