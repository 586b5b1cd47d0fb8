"""References by squares: beside draws of a second panel, and of the truth itself."""

import numpy as np
import pytest

from discretion.stats.gaps import corrected_gap
from discretion.stats.rates import Rates
from discretion.stats.references import beyond_second_panel, references


def panel(rng, q, each):
    case = np.repeat(np.arange(len(q)), each)
    rater = np.tile(np.arange(each), len(q))
    granted = rng.random(len(case)) < q[case]
    return Rates.of_judgments(case, rater, granted, np.arange(len(q)) // 5)


@pytest.mark.parametrize("each", [2, 3, 12])
@pytest.mark.parametrize("unanimous", [False, True])
def test_squares_are_what_a_perfect_model_and_a_second_panel_show(each, unanimous):
    """Also where most cases are unanimous, of which a fitted distribution made 14 to 24% less."""
    rng = np.random.default_rng(each)
    q = rng.uniform(0, 1, 200)
    if unanimous:
        q = np.where(np.arange(200) < 140, (q > 0.5).astype(float), q)
    perfect, second, ours = [], [], []
    for _ in range(150):
        rates, other = panel(rng, q, each), panel(rng, q, each)
        found = references(rates)
        ours.append((found.perfect_model.value**2, found.second_panel.value**2))
        perfect.append(np.mean((q - rates.h) ** 2))
        second.append(np.mean((other.h - rates.h) ** 2))
    for truth, mine in zip((perfect, second), np.array(ours).T, strict=True):
        error = np.hypot(np.std(truth), np.std(mine)) / np.sqrt(150)
        assert np.mean(mine) == pytest.approx(np.mean(truth), abs=4 * error)


def test_beyond_a_second_panel_is_zero_for_somebody_as_noisy_as_they():
    rng = np.random.default_rng(5)
    q = rng.uniform(0.1, 0.9, 300)
    squares = []
    for _ in range(100):
        rates, other = panel(rng, q, 6), panel(rng, q, 6)
        value = beyond_second_panel(other.h, rates).value
        squares.append(np.sign(value) * value**2)
    assert np.mean(squares) == pytest.approx(0, abs=4 * np.std(squares) / 10)


def test_a_perfect_model_has_a_plain_square_of_the_reference_and_no_corrected_gap():
    rng = np.random.default_rng(6)
    q = rng.uniform(0.1, 0.9, 400)
    rates = panel(rng, q, 8)
    found = references(rates)
    gap = corrected_gap(q, np.zeros(400), rates)
    square = np.sign(gap.value) * gap.value**2
    assert np.mean((q - rates.h) ** 2) - found.perfect_model.value**2 == pytest.approx(square)


def test_below_two_judgments_there_is_no_reference():
    rates = Rates.of_counts(np.array([1.0, 0.0]), np.ones(2), np.zeros(2, int))
    found = references(rates)
    assert (found.perfect_model.value, found.second_panel.value) == (None, None)
    assert "two judgments" in found.perfect_model.note
