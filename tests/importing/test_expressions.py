from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.importing.cells import RowError, as_text
from discretion.importing.expressions import bind


def value(written, date_format=None, unit="days", **cells):
    header = {name: index for index, name in enumerate(cells)}
    expression = bind(
        written, header, where="--map value", unit=Unit.named(unit), date_format=date_format
    )
    return as_text(expression.of(list(cells.values())))


def test_a_column_gives_its_cell_as_it_is_written():
    assert value("note", note="0010.50") == "0010.50"


@pytest.mark.parametrize("written", ["`Agent note`", '"Agent note"', "Agent note", "  Agent note "])
def test_names_with_spaces_may_be_quoted_and_need_not_where_they_stand_alone(written):
    assert value(written, **{"Agent note": "late"}) == "late"


def test_names_with_dots_need_no_quotes():
    assert value("human.response * 100", **{"human.response": "0.25"}) == "25"


def test_a_column_called_like_a_sum_wins_over_the_sum():
    assert value("a-b", **{"a-b": "7", "a": "1", "b": "2"}) == "7"
    assert value("a - b", **{"a-b": "7", "a": "1", "b": "2"}) == "-1"


def test_numbers_and_texts_stand_for_themselves():
    assert value("14") == "14"
    assert value("'12:00'") == "12:00"
    assert value("-3") == "-3"


@pytest.mark.parametrize(
    ("written", "result"),
    [
        ("a + b * c", "14"),
        ("(a + b) * c", "20"),
        ("a - b - c", "-5"),
        ("c / a / 2", "1"),
        ("-a + b", "1"),
        ("2 * -(a - c)", "4"),
    ],
)
def test_arithmetic_binds_as_in_school(written, result):
    assert value(written, a="2", b="3", c="4") == result


def test_decimals_are_exact():
    assert value("a + b", a="0.1", b="0.2") == "0.3"


def test_the_difference_of_dates_is_in_days():
    assert value("back - out", back="2024-03-01", out="2024-02-28") == "2"
    assert value("back - out", "%d.%m.%Y", back="01.03.2024", out="28.02.2024") == "2"


def test_the_difference_of_times_is_exact_again_in_hours():
    assert value("(b - a) * 24", a="2026-03-01T10:00", b="2026-03-01 17:00") == "7"


def test_days_can_be_added_to_a_date():
    assert value("out + 14", out="2024-02-20") == "2024-03-05"


def test_amounts_of_the_unit_can_be_computed_with():
    assert value("price - rebate", unit="USD", price="$1,200.50", rebate="$0.50") == "1200"


def test_an_empty_cell_makes_an_empty_result():
    assert value("back - out", back="", out="2024-02-28") == ""


@pytest.mark.parametrize(
    ("written", "cells"),
    [
        ("a / b", {"a": "1", "b": "0"}),
        ("a + b", {"a": "2026-01-01", "b": "2026-01-01"}),
        ("b - a", {"a": "2026-01-01", "b": "1"}),
        ("a - b", {"a": "2026-01-01", "b": "2026-01-01T00:00Z"}),
        ("a + 9999999999", {"a": "2026-01-01"}),
    ],
)
def test_impossible_arithmetic_is_the_row_s_fault(written, cells):
    with pytest.raises(RowError, match="cannot be computed") as error:
        value(written, **cells)
    assert error.value.column == written


def test_a_cell_that_is_no_number_is_named_with_its_column():
    with pytest.raises(RowError, match="'soon' is neither a number nor a date") as error:
        value("back - out", back="soon", out="2024-02-28")
    assert error.value.column == "back"


def test_a_missing_column_is_guessed_at():
    with pytest.raises(DiscretionError) as error:
        value("retruned_on - delivered_on", returned_on="", delivered_on="")
    assert str(error.value) == (
        "--map value: there is no column 'retruned_on'; did you mean 'returned_on'?"
    )


@pytest.mark.parametrize(
    "written",
    ["a +", "(a", "a)", "a b", "12:00", "a ** b", "3rd", "", "''''", "(" * 500, "1" * 2000],
)
def test_what_is_no_expression_says_how_to_write_one(written):
    with pytest.raises(DiscretionError, match="cannot be read; write a column, a number"):
        value(written, a="1", b="2")


@given(
    st.text(alphabet="ab 1.-+*/()'\"`,=é", max_size=40) | st.text(max_size=40),
    st.text(max_size=10),
    st.sampled_from(["2026-01-01", "3", "", "1e25", "x", "9999-12-31", "0.0000000001"]),
)
def test_any_expression_is_computed_or_refused(written, a, b):
    try:
        value(written, a=a, b=b)
    except (DiscretionError, RowError) as error:
        assert str(error)


@given(
    st.decimals(-(10**6), 10**6, places=3),
    st.decimals(-(10**6), 10**6, places=3),
    st.sampled_from("+-*"),
)
def test_arithmetic_agrees_with_decimal(a, b, sign):
    expected = {"+": a + b, "-": a - b, "*": a * b}[sign]
    assert Decimal(value(f"a {sign} b", a=str(a), b=str(b))) == expected


TICKETS = {"subject": 0, "body": 1, "Agent note": 2, "decision.outcome": 3}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"{subject}\n{body}", "Late\nIt is late"),
        (r'"{subject}\n{body}"', "Late\nIt is late"),
        ("{subject}: {Agent note}", "Late: kind"),
        (r"{subject}\n{decision.outcome}\n{body}", "Late\nIt is late"),
    ],
)
def test_a_text_may_be_put_together_from_several_columns(written, text):
    expression = bind(written, TICKETS, where="--map text", unit=Unit.named(""))
    assert expression.of(["Late", "It is late", "kind", ""]) == text
    assert expression.of(["", "", "", ""]) == ""


def test_a_template_names_a_column_that_is_not_there():
    with pytest.raises(DiscretionError, match="there is no column 'bodi'") as error:
        bind("{subject} {bodi}", TICKETS, where="--map text", unit=Unit.named(""))
    assert error.value.fix == "did you mean 'body'?"


def test_a_dotted_path_is_a_column():
    expression = bind("decision.outcome", TICKETS, where="--map answer", unit=Unit.named(""))
    assert expression.of(["", "", "", "approved"]) == "approved"
