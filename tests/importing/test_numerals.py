"""How the numbers of a column are written, and what is asked or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.errors import DiscretionError
from discretion.importing.cells import RowError
from discretion.importing.numerals import (
    AmbiguousNumbersError,
    Profile,
    cells_unit,
    forms_of,
    taken_apart,
)
from discretion.importing.rows import Typed
from importing.tables_at_hand import complaint, imported


def form(cells, *, given=None, unit=""):
    profile = Profile("amount")
    for cell in cells:
        profile.add(cell)
    return forms_of({"amount": profile}, given=given, unit=unit, where="a.csv")[0]["amount"]


def read(cells, **options):
    found = form(cells, **options)
    return [found.plain(cell) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "plain"),
    [
        (["1.234,50 €", "20,00 €", "950,00 €"], ["1234.50", "20.00", "950.00"]),
        (["$1,234.50", "$20", "-$3.10"], ["1234.50", "20", "-3.10"]),
        (["USD 1,234", "USD 20"], ["1234", "20"]),
        (["1 234,5 kr", "20 kr"], ["1234.5", "20"]),
        (["1\u00a0234,50 ₽", "20,10 руб."], ["1234.50", "20.10"]),
        (["CHF 1'234.50", "CHF 20.–"], ["1234.50", "20"]),
        (["12k", "1.5m", "900"], ["12000", "1500000", "900"]),
        (["$1.5m", "$3"], ["1500000", "3"]),
        (["(45)", "(1,234.00)", "20"], ["-45", "-1234.00", "20"]),
        (["45-", "+3", "−2.5"], ["-45", "3", "-2.5"]),
        (["14 days", "1 day", "15"], ["14", "1", "15"]),
        (["day 14", "Day 15"], ["14", "15"]),
        (["14 Tage", "1 Tag"], ["14", "1"]),
        (["44,5%", "20 %"], ["44.5%", "20%"]),
        (["0,875", "1,250"], ["0.875", "1.250"]),
        (["12,34,567.50", "3"], ["1234567.50", "3"]),
        (["3.300000000000002", "0.30000000000000004"], ["3.30000000000000", "0.300000000000000"]),
        (["1.2e3", "5"], ["1200", "5"]),
    ],
)
def test_a_column_shows_how_its_numbers_are_written(cells, plain):
    assert [Decimal(one.rstrip("%")) for one in read(cells)] == [
        Decimal(one.rstrip("%")) for one in plain
    ]
    assert [one.endswith("%") for one in read(cells)] == [one.endswith("%") for one in plain]


@pytest.mark.parametrize(
    "cells",
    [["1.234", "2.500"], ["1,234"], ["1.234", "20.5"], ["1,234", "20,5"], ["20.5", "20,5"],
     ["1.234 €", "20.5 €"], ["$1.234", "$1,234"]],
)  # fmt: skip
def test_a_column_that_can_be_read_in_two_ways_is_asked_about(cells):
    with pytest.raises(DiscretionError) as doubt:
        form(cells)
    assert "--decimal ." in doubt.value.fix
    assert "--decimal ," in doubt.value.fix


def test_the_question_holds_both_readings():
    with pytest.raises(AmbiguousNumbersError) as doubt:
        form(["1.500", "2.000"])
    assert doubt.value.column == "amount"
    assert doubt.value.readings == {".": "1.5", ",": "1500"}


def test_many_numbers_of_which_none_ends_in_a_zero_have_decimals():
    cells = [f"{n}.{n:02d}{1 + n % 9}" for n in range(10, 60)]
    assert read([*cells, "20.5"])[0] == cells[0]
    with pytest.raises(DiscretionError):
        form([*cells, "20.5", "1.230"])


def test_a_cell_that_contradicts_its_column_is_refused_and_never_read_otherwise():
    found = form(["10,50", "20,10", "3,99", "7,05", "1,10"])
    for cell in ("20.5", "10,50 USD", "3 days"):
        with pytest.raises(RowError, match="is written differently"):
            found.plain(cell)
    assert found.plain("31.03.2026") == "31.03.2026"  # No number; whoever reads it will say so.
    assert found.plain("n/a") == "n/a"


def test_numbers_that_the_file_types_as_numbers_are_no_question():
    assert read([Typed("1.234"), Typed("2.5")]) == ["1.234", "2.5"]
    assert read([Typed("1.234"), "1.234,50", "3,10"])[:2] == ["1.234", "1234.5"]


@pytest.mark.parametrize(
    ("cells", "unit"),
    [(["1.234,50 €"], "EUR"), (["$20"], "USD"), (["14 days", "15 days"], "days"), (["kr 20"], "kr"),
     (["20 Kč"], "CZK"), (["15", "16"], ""), (["5 m", "7 m"], "m"), (["R$ 20"], "BRL")],
)  # fmt: skip
def test_cells_say_what_they_are_counted_in(cells, unit):
    assert cells_unit("amount", cells) == unit


@given(
    st.text(max_size=20) | st.from_regex(r"[-(]?[$€]?\d{1,4}[.,' ]?\d{0,4}[.,]?\d{0,3} ?[k%€]?\)?")
)
def test_any_cell_is_taken_apart_or_is_no_number(cell):
    taken_apart(cell)
    try:
        Decimal(form([cell]).plain(cell).rstrip("%"))
    except (DiscretionError, RowError):
        return
    except ArithmeticError:
        assert taken_apart(cell) is None


def test_the_unit_comes_from_the_cells_unless_it_is_said(tmp_path):
    rows = "text,price,answer\na,€20,yes\nb,€30,no\n"
    fields = "text=text,value=price,answer=answer"
    found = imported(tmp_path, rows, fields)
    assert {case.unit for case in found.cases} == {"EUR"}
    assert "values and limits are counted in EUR, as their cells say" in found.notes
    assert "the cells are in EUR, and --unit says USD" in complaint(
        tmp_path, rows, fields, unit="USD"
    )


def test_a_bad_row_is_named_with_its_column_and_value(tmp_path):
    rows = 'text,price,answer\na,"20,5",yes\nb,"30,25",no\nc,"1,5",no\nd,"2,5",no\ne,7.25,no\n'
    assert complaint(tmp_path, rows, "text=text,value=price,answer=answer") == (
        "decisions.csv:6, column 'price': '7.25' is written differently: its column has a decimal "
        "comma; write it like the others, or set it aside with --skip-bad FILE"
    )


def test_rates_counts_and_arithmetic_go_by_their_columns_too(tmp_path):
    rows = 'text,share,n,over\na,"44,5%","12","1,5"\nb,"0,25","8","2,25"\n'
    found = imported(tmp_path, rows, "text=text,rate=share,n=n,value=over * 2")
    assert [one.rate for one in found.tallies] == [0.445, 0.25]
    assert [case.value for case in found.cases] == [3, Decimal("4.5")]
