"""Amounts are worded as people say them, and no finer than they are known."""

from decimal import Decimal

import pytest

from discretion.core.cases import Case
from discretion.scorecard.amounts import show, show_at, show_range, show_shift, value_of


def case(unit, limit, direction="at most", scale=None):
    amount = Decimal(limit)
    return Case(
        id="1",
        policy="p",
        scenario="s",
        unit=unit,
        limit=amount,
        direction=direction,
        scale=Decimal(scale) if scale else amount,
    )


@pytest.mark.parametrize(
    ("unit", "limit", "value", "shown"),
    [
        ("days", "14", 19.234, "19.2 days"),
        ("days", "14", 33.9, "34 days"),
        ("USD", "10", 10.0123, "$10.01"),
        ("clock", "720", 724.6, "12:05"),
        ("%", "36", 38.44, "38.4%"),
        ("days", "14", 14.0, "14 days"),
    ],
)
def test_a_value_has_the_digits_its_distance_to_the_limit_deserves(unit, limit, value, shown):
    assert show(case(unit, limit), value) == shown


def test_an_at_least_limit_is_passed_downward():
    floor = case("points", "600", "at least")
    assert value_of(floor, 0.1) == pytest.approx(540)
    assert show_at(floor, 0.1) == "540 points"


@pytest.mark.parametrize(
    ("shift", "step", "shown"),
    [(2.34, 1, "+2.3 days"), (0.055, 1, "+0.1 days"), (0.01, 1, "0 days"), (-18.6, 1, "−19 days")],
)
def test_a_shift_is_no_finer_than_the_grid(shift, step, shown):
    assert show_shift(case("days", "14"), shift, step) == shown


def test_a_range_says_the_noun_once():
    assert show_range(case("days", "14"), "15 days", "16 days") == "15 to 16 days"
    assert show_range(case("USD", "10"), "$10", "$11") == "$10 to $11"
