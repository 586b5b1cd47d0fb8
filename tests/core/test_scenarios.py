"""Scenarios: a family is complete, or the mistake is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from discretion.core.scenarios import Scenario

WRITTEN: dict[str, Any] = {
    "id": "flour",
    "policy": "groceries",
    "unit": "USD",
    "limit": "10",
    "values": ["9.50", "10.01", "12.50"],
    "wordings": ["Flour costs {value}, the limit is {limit}. {cause}"],
    "factors": {"cause": {"levels": {"none": "", "cake": "It is for a cake."}}},
}


def scenario(**changed: Any) -> Scenario:
    return Scenario.model_validate({**WRITTEN, **changed})


def mistake(**changed: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        scenario(**changed)
    (error,) = caught.value.errors()
    return str(error["msg"]).removeprefix("Value error, ")


def test_deviation_is_the_distance_beyond_the_limit_in_sizes_of_it() -> None:
    assert scenario().deviation(Decimal("10.01")) == pytest.approx(0.001)
    assert scenario().deviation(Decimal("9.50")) == pytest.approx(-0.05)


def test_a_floor_turns_the_sign() -> None:
    low = scenario(direction="at least", values=["9.50", "10", "12"])
    assert low.deviation(Decimal("9.50")) == pytest.approx(0.05)


def test_a_time_of_day_is_counted_in_its_scale() -> None:
    clock = scenario(unit="clock", limit="12:00", scale=60, values=["11:50", "12:05"])
    assert clock.deviation(clock.measure.read("12:05")) == pytest.approx(5 / 60)


def test_a_scenario_without_a_limit_has_no_deviation() -> None:
    free = scenario(limit=None, values=[], wordings=["May they? {cause}"])
    assert (free.limit_amount, free.scale_amount, free.deviation(Decimal(3))) == (None, None, None)


def test_full_crossing_tries_every_combination() -> None:
    factors = {
        name: {"levels": {str(level): f"{name}{level}" for level in range(count)}}
        for name, count in (("cause", 3), ("loyalty", 2))
    }
    both = scenario(factors=factors, wordings=["{value} {limit} {cause} {loyalty}"])
    combinations = [tuple(one.values()) for one in both.combinations()]
    assert combinations == [(a, b) for a in "012" for b in "01"]


def test_one_at_a_time_varies_one_factor_beside_first_levels() -> None:
    factors = {
        name: {"levels": {"first": "x", "second": "y", "third": "z"}} for name in ("cause", "risk")
    }
    some = scenario(
        factors=factors, wordings=["{value} {cause} {risk}"], crossing="one at a time"
    ).combinations()
    assert len(some) == 1 + 2 + 2
    assert all(list(one.values()).count("first") >= 1 for one in some)


def test_a_level_may_be_a_sentence_or_nothing() -> None:
    levels = scenario().factors["cause"].levels
    assert (levels["none"].text, levels["cake"].text) == ("", "It is for a cake.")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"values": ["9", "10"]},
            "no value crosses the limit 10; add values above it",
        ),
        (
            {"direction": "at least", "values": ["10", "11"]},
            "no value crosses the limit 10; add values below it",
        ),
        ({"values": ["10.5", "10.50"]}, "a value stands twice in the grid; remove one"),
        ({"values": []}, "there is a limit but no grid of values; add values"),
        ({"limit": None}, "there are values but no limit; add limit, or remove values"),
        (
            {"limit": "0", "values": ["1"]},
            "scale is missing: a limit of 0, a date or a time of day does not say what a large "
            "deviation is; add scale, in minutes for a clock and in days for a date",
        ),
        (
            {"wordings": ["It costs {value}. {cause} {freind}"]},
            "a wording has a slot {freind} without a factor of that name; add the factor or write "
            "{{freind}} for literal braces",
        ),
        (
            {"wordings": ["It costs {value}."]},
            "a wording has no slot {cause} for that factor: 'It costs {value}.'",
        ),
        (
            {"wordings": ["It costs {value. {cause}"]},
            "a wording has an unbalanced brace: 'It costs {value. {cause}'",
        ),
        (
            {"twin": "groceries. {limit}. {cause}"},
            "the twin does not show the {value}: 'groceries. {limit}. {cause}'",
        ),
    ],
)
def test_a_scenario_that_measures_nothing_is_refused(
    changed: dict[str, Any], sentence: str
) -> None:
    assert mistake(**changed) == sentence


def test_a_value_that_the_unit_cannot_read_is_refused() -> None:
    with pytest.raises(ValidationError, match="'ten' is no amount of USD"):
        scenario(limit="ten")


def test_a_factor_needs_two_levels() -> None:
    with pytest.raises(ValidationError, match="at least 2 items"):
        scenario(factors={"cause": {"levels": {"only": "x"}}})
