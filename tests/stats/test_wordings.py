"""The spread between wordings against spreads that were put in."""

import numpy as np
import pytest

from discretion.stats.figure import Figure, missing
from discretion.stats.wordings import within_spread, wording_spread


def draw(rng, nested, spread, noise=0.3, blocks=20, wordings=4):
    block = np.repeat(np.arange(blocks), rng.integers(6, 14, blocks))
    wording = rng.integers(0, wordings, len(block)) + (wordings * block if nested else 0)
    effect = rng.normal(0, spread, wordings * blocks)
    value = rng.normal(0, 1, blocks)[block] + effect[wording] + rng.normal(0, noise, len(block))
    return value, block, wording


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("spread", [0.0, 0.4])
def test_its_square_is_unbiased(nested, spread):
    rng = np.random.default_rng(0)
    squares = []
    for _ in range(400):
        found = wording_spread(*draw(rng, nested, spread)).value
        squares.append(found * abs(found))
    error = np.std(squares) / 20
    assert np.mean(squares) == pytest.approx(spread**2, abs=4 * error)


def test_in_a_balanced_layout_it_is_the_classic_estimate():
    rng = np.random.default_rng(1)
    value = rng.normal(size=(6, 3)) + np.array([0.0, 1.0, 3.0])
    block, wording = np.indices((6, 3))
    rest = value - value.mean(axis=1, keepdims=True) - value.mean(axis=0) + value.mean()
    error = (rest**2).sum() / (5 * 2)
    between = 6 * value.mean(axis=0).var(ddof=1)
    found = wording_spread(value.ravel(), block.ravel(), wording.ravel())
    assert found.value == pytest.approx(np.sqrt((between - error) / 6))
    assert found.n == 3


def test_one_wording_has_no_spread():
    assert wording_spread(np.arange(6.0), np.arange(6) % 2, np.zeros(6, int)).value is None


def test_wordings_never_tried_on_the_same_thing_have_none():
    assert wording_spread(np.arange(6.0), np.arange(6) % 2, np.arange(6) % 2).value is None


def test_one_case_a_wording_cannot_tell_it_from_chance():
    found = wording_spread(np.arange(6.0), np.arange(6) // 3, np.arange(6))
    assert found.value is None
    assert "chance" in found.note


def test_cases_without_a_value_leave():
    value, block, wording = draw(np.random.default_rng(2), False, 0.5)
    value[::3] = np.nan
    kept = np.isfinite(value)
    expected = wording_spread(value[kept], block[kept], wording[kept]).value
    assert wording_spread(value, block, wording).value == pytest.approx(expected)
    assert wording_spread(np.full(3, np.nan), np.arange(3), np.arange(3)).value is None


def test_a_difference_is_marked_where_it_is_smaller_than_the_spread():
    spread = Figure(0.1, None, None, 3)
    assert within_spread(-0.05, spread) is True
    assert within_spread(0.2, spread) is False
    assert within_spread(0.0, Figure(-0.1, None, None, 3)) is False
    assert within_spread(None, spread) is None
    assert within_spread(0.2, missing("one wording")) is None
