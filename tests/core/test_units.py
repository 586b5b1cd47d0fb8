"""Units: what people write is read exactly, and shown as they would write it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.units import Unit
from discretion.errors import DiscretionError

CENTS = st.decimals(min_value=-(10**7), max_value=10**7, places=2)
COUNTS = st.decimals(min_value=-(10**6), max_value=10**6, places=3)


@pytest.mark.parametrize(
    ("name", "kind", "counted"),
    [
        ("USD", "money", "USD"),
        ("$", "money", "USD"),
        ("€", "money", "EUR"),
        ("CHF", "money", "CHF"),
        ("%", "percent", "percent"),
        ("percent", "percent", "percent"),
        ("clock", "clock", "minutes"),
        ("date", "date", "days"),
        (" days ", "number", "days"),
        ("", "number", ""),
    ],
)
def test_a_unit_is_known_by_its_name(name: str, kind: str, counted: str) -> None:
    unit = Unit.named(name)
    assert (unit.kind, unit.name) == (kind, counted)


@given(CENTS, st.sampled_from(["USD", "EUR", "GBP"]))
def test_money_that_is_shown_is_read_back(amount: Decimal, name: str) -> None:
    unit = Unit.named(name)
    shown = unit.show(amount)
    # A minus stands before the sign; people write refunds so, and no policy value is negative.
    assert unit.read(shown.lstrip("-")) == abs(amount)


@given(COUNTS, st.sampled_from(["days", "points", "km", "%", "parties", ""]))
def test_counts_that_are_shown_are_read_back(amount: Decimal, name: str) -> None:
    unit = Unit.named(name)
    assert unit.read(unit.show(amount)) == amount


@given(st.integers(0, 1439))
def test_times_of_day_that_are_shown_are_read_back(minutes: int) -> None:
    unit = Unit.named("clock")
    assert unit.read(unit.show(Decimal(minutes))) == minutes


@given(st.dates())
def test_dates_that_are_shown_are_read_back_as_days(day: date) -> None:
    unit = Unit.named("date")
    assert unit.show(unit.read(day.isoformat())) == day.isoformat()
    assert unit.read(day.isoformat()) == day.toordinal()


@pytest.mark.parametrize(
    ("unit", "amount", "shown"),
    [
        ("USD", "10.01", "$10.01"),
        ("USD", "10", "$10"),
        ("USD", "1234567.5", "$1,234,567.50"),
        ("CHF", "30", "30 CHF"),
        ("days", "1", "1 day"),
        ("days", "15", "15 days"),
        ("companies", "1", "1 company"),
        ("clock", "725", "12:05"),
        ("%", "20", "20%"),
        ("", "3.50", "3.5"),
    ],
)
def test_amounts_are_shown_as_people_write_them(unit: str, amount: str, shown: str) -> None:
    assert Unit.named(unit).show(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("unit", "written", "amount"),
    [
        ("USD", "$1,234.50", "1234.5"),
        ("USD", "10.10 USD", "10.10"),
        ("days", "15 days", "15"),
        ("days", "1 day", "1"),
        ("%", "44.5%", "44.5"),
        ("clock", "9:05", "545"),
    ],
)
def test_amounts_are_read_with_sign_code_or_noun(unit: str, written: str, amount: str) -> None:
    assert Unit.named(unit).read(written) == Decimal(amount)


def test_a_distance_between_times_is_in_minutes() -> None:
    assert Unit.named("clock").show_distance(Decimal(5)) == "5 minutes"
    assert Unit.named("clock").show_distance(Decimal(1)) == "1 minute"
    assert Unit.named("date").show_distance(Decimal(3)) == "3 days"


@pytest.mark.parametrize(
    ("unit", "written", "sentence"),
    [
        ("days", "soon", "'soon' is no number of days; write it like 15"),
        ("USD", "ten", "'ten' is no amount of USD; write it like 10.01"),
        ("clock", "25:00", "'25:00' is no time of day; write it like 12:05"),
        ("date", "31.03.2026", "'31.03.2026' is no date; write it like 2026-03-31"),
        ("%", "", "'' is no number of percent; write it like 20"),
        ("", "NaN", "'NaN' is no number; write it like 15"),
        ("days", "1,5", "'1,5' is no number of days; write it like 15"),
    ],
)
def test_what_is_no_amount_is_said_with_an_example(unit: str, written: str, sentence: str) -> None:
    with pytest.raises(DiscretionError) as caught:
        Unit.named(unit).read(written)
    assert str(caught.value) == sentence


@given(st.text(), st.sampled_from(["days", "USD", "%", "clock", "date", ""]))
def test_any_text_is_an_amount_or_a_sentence(written: str, name: str) -> None:
    try:
        assert Unit.named(name).read(written).is_finite()
    except DiscretionError as error:
        assert error.fix
