"""Krippendorff's alpha for ordered levels, beside a second implementation from its definition."""

from __future__ import annotations

from itertools import chain, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.stats.ordinal import ordinal_alpha


def alpha(table):
    """From a list of judgments a case; by the value only."""
    cases = [place for place, row in enumerate(table) for _ in row]
    ranks = [rank for row in table for rank in row]
    return ordinal_alpha(cases, ranks, np.random.default_rng(0)).value


def by_pairs(table):
    """Observed and expected disagreement summed pair by pair, as the definition has it."""
    units = [row for row in table if len(row) > 1]
    values = sorted(rank for row in units for rank in row)
    n = len(values)

    def distance(one, other):
        low, high = sorted((one, other))
        ends = (values.count(low) + values.count(high)) / 2
        return (sum(low <= value <= high for value in values) - ends) ** 2 if low != high else 0.0

    observed = sum(
        distance(*pair) / (len(row) - 1) for row in units for pair in permutations(row, 2)
    )
    expected = sum(distance(*pair) for pair in permutations(values, 2)) / (n - 1)
    return 1 - observed / expected if expected else None


KRIPPENDORFF = [
    [1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4],
    [1, 1, 2, 1], [2, 2, 2, 2], [5, 5, 5], [1, 1], [3],
]  # fmt: skip
"""The four observers and twelve units of Krippendorff's own example."""


def test_his_own_example_has_his_own_value():
    assert alpha(KRIPPENDORFF) == pytest.approx(0.815, abs=5e-4)


@given(st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=5), min_size=1, max_size=12))
def test_any_table_has_the_value_of_the_definition(table):
    expected = by_pairs(table)
    found = alpha(table)
    assert found is None if expected is None else found == pytest.approx(expected, abs=1e-9)


def test_only_the_order_of_the_levels_counts():
    stretched = [[10.0**rank for rank in row] for row in KRIPPENDORFF]
    reversed_ = [[-rank for rank in row] for row in KRIPPENDORFF]
    assert alpha(stretched) == pytest.approx(alpha(KRIPPENDORFF))
    assert alpha(reversed_) == pytest.approx(alpha(KRIPPENDORFF))


def test_one_judgment_a_case_and_one_level_say_nothing():
    for table, why in (
        ([[1], [2]], "no case has two judgments"),
        ([[3, 3], [3, 3]], "all answered"),
    ):
        cases = [place for place, row in enumerate(table) for _ in row]
        figure = ordinal_alpha(cases, list(chain.from_iterable(table)), np.random.default_rng(0))
        assert figure.value is None
        assert why in figure.note


def test_the_interval_holds_the_value_of_many_more_cases():
    """Cases with a mean of their own on 1 to 7, and people who scatter around it."""

    def judged(cases, rng):
        means = rng.integers(1, 8, cases)
        return [list(np.clip(mean + rng.integers(-2, 3, 4), 1, 7)) for mean in means]

    truth = alpha(judged(20_000, np.random.default_rng(1)))
    held = 0
    for seed in range(40):
        table = judged(60, np.random.default_rng(100 + seed))
        cases = [place for place, row in enumerate(table) for _ in row]
        figure = ordinal_alpha(cases, list(chain.from_iterable(table)), np.random.default_rng(seed))
        held += figure.low <= truth <= figure.high
    assert held >= 34
