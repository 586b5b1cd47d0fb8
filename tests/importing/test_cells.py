# ruff: noqa: DTZ001 (dates in files have no time zone)
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.importing.cells import (
    RowError,
    amount,
    as_text,
    check_date_format,
    count,
    moment,
    number,
    quantity,
    rate,
)

DAYS = Unit.named("days")


@pytest.mark.parametrize(
    ("written", "share"),
    [("0", 0.0), ("1", 1.0), ("0.445", 0.445), (".5", 0.5), ("44.5%", 0.445), ("44.5 %", 0.445)],
)
def test_a_rate_is_a_share_or_a_percentage(written, share):
    assert rate(written) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    "written", ["1.2", "120%", "-0.1", "45", "", "half", "nan", "0_1", "1e999"]
)
def test_what_is_no_share_is_no_rate(written):
    with pytest.raises(RowError, match="is no rate between 0 and 1"):
        rate(written)


@pytest.mark.parametrize(("written", "many"), [("0", 0), ("12", 12), ("12.0", 12), ("1,234", 1234)])
def test_a_count_is_a_whole_number(written, many):
    assert count(written) == many


@pytest.mark.parametrize("written", ["-1", "1.5", "", "ten", "1e3", "٣"])
def test_what_is_not_whole_and_positive_is_no_count(written):
    with pytest.raises(RowError, match="is no count"):
        count(written)


def test_amounts_are_read_in_their_unit():
    assert amount("$10.01", Unit.named("USD"), None) == Decimal("10.01")
    assert amount("15 days", DAYS, None) == 15
    assert amount("12:05:00", Unit.named("clock"), None) == 725
    first, second = (
        amount(day, Unit.named("date"), "%d.%m.%Y") for day in ("28.02.2024", "1.3.2024")
    )
    assert second - first == 2
    assert amount("", DAYS, None) is None


def test_a_number_that_would_take_gigabytes_to_write_out_is_refused():
    with pytest.raises(RowError, match="'1e999999' is no number of days"):
        amount("1e999999", DAYS, None)
    with pytest.raises(RowError, match="is too large or too fine a number"):
        amount(f"0.{'1' * 50}", DAYS, None)
    assert number("1e999") is None


def test_a_date_where_an_amount_is_needed_says_what_to_do():
    with pytest.raises(RowError) as error:
        amount(datetime(2026, 3, 1), DAYS, None)
    assert error.value.fix == "subtract another date from it in --map, or give --unit date"


def test_dates_are_iso_unless_a_format_says_otherwise():
    assert moment("2026-03-31", None) == datetime(2026, 3, 31)
    assert moment("3/4/2026", "%m/%d/%Y") == datetime(2026, 3, 4)
    assert moment("2026-03-31", "%m/%d/%Y") == datetime(2026, 3, 31)
    with pytest.raises(RowError) as error:
        moment("3/4/2026", None)
    assert "--date-format" in error.value.fix


def test_eight_digits_are_a_number_unless_a_format_makes_them_a_date():
    assert quantity("20260331", DAYS, None) == Decimal(20260331)
    assert quantity("20260331", DAYS, "%Y%m%d") == datetime(2026, 3, 31)


@pytest.mark.parametrize("date_format", ["%d.%m", "", "yyyy", "%%Y", "%F", "%m/%Y", "%Y%"])
def test_a_date_format_needs_day_month_and_year(date_format):
    with pytest.raises(DiscretionError, match="is no format of a date"):
        check_date_format(date_format)


@pytest.mark.parametrize("date_format", ["%d.%m.%Y", "%m/%d/%y", "%Y-%m-%d %H:%M", "%d %b %Y"])
def test_a_date_format_may_be_any_that_finds_a_day_again(date_format):
    check_date_format(date_format)


def test_midnight_is_the_day_alone():
    assert as_text(datetime(2026, 3, 31)) == "2026-03-31"
    assert as_text(datetime(2026, 3, 31, 12, 5)) == "2026-03-31T12:05:00"


@given(st.text(), st.sampled_from(["", "days", "USD", "%", "clock", "date"]))
def test_any_cell_is_read_or_refused(text, unit):
    measure = Unit.named(unit)
    for read in (
        rate,
        count,
        lambda cell: amount(cell, measure, None),
        lambda cell: moment(cell, "%d.%m.%Y"),
        lambda cell: quantity(cell, measure, None),
    ):
        try:
            read(text)
        except RowError as error:
            assert error.what
            assert error.fix


def test_dates_in_three_formats_are_read_where_all_three_are_named():
    formats = "%d.%m.%Y|%b %d, %Y"
    days = {moment(day, formats) for day in ("2026-03-31", "31.03.2026", "Mar 31, 2026")}
    assert days == {datetime(2026, 3, 31)}
    check_date_format(formats)


def test_a_date_that_two_formats_read_differently_is_not_guessed_at():
    both = "%d/%m/%Y|%m/%d/%Y"
    assert moment("31/03/2026", both) == datetime(2026, 3, 31)
    with pytest.raises(RowError, match="is another date by %d/%m/%Y than by %m/%d/%Y"):
        moment("03/04/2026", both)


@pytest.mark.parametrize(
    ("written", "known", "advice"),
    [
        ("31.03.2026", None, '"%d.%m.%Y"'),
        ("03/31/26", None, '"%m/%d/%y"'),
        ("31-Mar-2026", "%d.%m.%Y", '"%d.%m.%Y|%d-%b-%Y"'),
        ("Mar 31 2026", "%d.%m.%Y", '"%d.%m.%Y|%b %d %Y"'),
    ],
)
def test_a_date_in_another_format_is_met_with_the_format_to_add(written, known, advice):
    with pytest.raises(RowError) as error:
        moment(written, known)
    assert f"--date-format {advice}" in error.value.fix


def test_a_date_that_is_calculated_with_is_met_with_the_format_to_add_too():
    with pytest.raises(RowError) as error:
        quantity("Mar 31 2026", DAYS, "%d.%m.%Y")
    assert '--date-format "%d.%m.%Y|%b %d %Y"' in error.value.fix
