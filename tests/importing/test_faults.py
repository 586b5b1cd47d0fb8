"""Small files that were once read wrongly, one test for each: what is right."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from discretion.errors import DiscretionError
from discretion.importing import Layout, parse_map, read_decisions
from discretion.importing.dates import elapsed, formats_of
from discretion.importing.numerals import AmbiguousNumbersError
from discretion.importing.survey import survey
from discretion.importing.tables import open_table

FAULTS = Path(__file__).parent / "faults"


def read(name, fields, **options):
    return read_decisions(FAULTS / name, Layout(parse_map(fields), **options), secret=bytes(32))


def values(imported):
    return {case.value for case in imported.cases}


def test_amounts_with_points_between_thousands_and_a_euro_behind_are_read():
    imported = read("eur.csv", "text=request,value=amount,answer=outcome")
    assert values(imported) == {Decimal("1234.5"), Decimal(20), Decimal(950)}
    assert imported.unit == "EUR"
    assert not imported.skipped


def test_thousands_beside_decimals_are_asked_about_and_taken_as_said():
    fields = "text=request,value=amount,answer=outcome"
    with pytest.raises(AmbiguousNumbersError) as doubt:
        read("eur_thousands.csv", fields)
    assert doubt.value.column == "amount"
    assert doubt.value.readings == {".": "1.234", ",": "1234"}
    assert "--decimal" in doubt.value.fix
    assert Decimal("20.5") in values(read("eur_thousands.csv", fields, decimal="."))
    with pytest.raises(DiscretionError, match=r"'20\.5' is written differently"):
        read("eur_thousands.csv", fields, decimal=",")


@pytest.mark.parametrize(("sign", "first"), [(",", 1500), (".", Decimal("1.5"))])
def test_a_column_that_could_be_either_is_asked_about(sign, first):
    fields = "text=request,value=amount,limit=limit,answer=decision"
    with pytest.raises(AmbiguousNumbersError, match=r"can be read in two ways: is '1\.500'"):
        read("bug-german.csv", fields)
    assert read("bug-german.csv", fields, decimal=sign).cases[0].value == first


def test_decimal_commas_are_read_as_such():
    imported = read("bug-german2.csv", "text=request,value=amount,limit=limit,answer=decision")
    assert imported.cases[0].value == Decimal("10.01")
    assert {case.limit for case in imported.cases} == {Decimal(10)}


def test_a_column_that_is_open_goes_by_the_other_numbers_of_its_file():
    """0,875 settles the weights, and 1,000 in the limits is no thousand beside them."""
    imported = read(
        "bug-german3.csv", "text=request,value=weight_kg,limit=limit_kg,answer=decision"
    )
    assert imported.cases[0].value == Decimal("1.25")
    assert {case.limit for case in imported.cases} == {Decimal(1)}
    assert any("limit_kg" in note and "comma" in note for note in imported.notes)


def test_entities_become_letters_and_no_number_without_a_cue_becomes_a_mark():
    texts = [case.text for case in read("ent.csv", "text=request,answer=outcome").cases]
    assert texts == [
        "Can I return it late? “gift” 😂 thanks",
        "Invoice for [order 1] was late, see ’note’",
        "Room #214 and floor #12, see section 1234567 of the lease",
        "Model PX90210 kettle, 12345678 cm3",
    ]


def test_nested_objects_are_columns_with_dotted_paths():
    assert set(open_table(FAULTS / "nested.jsonl").header) == {
        "id", "request.text", "request.days", "decision.outcome", "decision.by",
    }  # fmt: skip
    imported = read(
        "nested.jsonl",
        "text=request.text,value=request.days,answer=decision.outcome,rater=decision.by",
    )
    assert imported.cases[0].value == 15
    assert len({judgment.rater for judgment in imported.judgments}) == 3


def test_counts_in_an_object_are_counts():
    fields = "text=text,grants=label_scores.GRANT,refusals=label_scores.REFUSE"
    tallies = read("counts_obj.jsonl", fields).tallies
    assert [(one.rate, one.n) for one in tallies[:2]] == [(0.0, 12), (1 / 12, 12)]


def test_a_title_above_the_table_on_the_second_sheet_is_no_header():
    table = open_table(FAULTS / "cover_header.xlsx")
    assert table.header == ("Request", "Outcome", "Agent", "Days late")
    assert next(table.rows).number == 4
    assert "the sheet" in table.notes[0]
    assert "the header is in row 3" in table.notes[1]


def test_a_sheet_and_a_row_can_be_named():
    table = open_table(FAULTS / "cover_header.xlsx", header_row=4)
    assert table.header[1] == "Approved"
    with pytest.raises(DiscretionError, match="there is nothing in it"):
        open_table(FAULTS / "cover_header.xlsx", sheet="Cover", header_row=9)


def test_two_columns_of_dates_are_offered_the_later_first():
    table = open_table(FAULTS / "dates.csv")
    rows = [row.cells for row in table.rows]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(table.header)}
    assert elapsed(columns) == ("returned", "delivered")
    imported = read(
        "dates.csv",
        "text=request,value=returned - delivered,limit=window,answer=outcome",
        date_format="%d/%m/%Y",
    )
    assert imported.cases[0].value == 31


def test_a_first_line_that_names_the_delimiter_is_honored():
    table = open_table(FAULTS / "bug-sep.csv")
    assert table.header == ("request", "days_late", "decision")
    assert next(table.rows).number == 3


def test_times_with_utc_behind_them_need_no_format():
    cells = survey(FAULTS / "bug-utc.csv").column("asked_at").short
    assert formats_of(cells) == ()
    imported = read("bug-utc.csv", "text=request,value=asked_at - delivered_at,answer=decision")
    assert imported.cases[0].value == 9


def test_seconds_since_1970_are_never_days():
    fields = "text=request,value=returned_at - created_at,answer=decision"
    with pytest.raises(DiscretionError) as error:
        read("bug-epoch.csv", fields)
    assert "look like times in seconds since 1970: 1711888000 is 2024-03-31" in error.value.what
    assert "--date-format epoch" in error.value.fix
    assert read("bug-epoch.csv", fields, date_format="epoch").cases[0].value == 9
    assert read("bug-epoch.csv", fields, unit="seconds").cases[0].value == 9 * 86_400
    assert formats_of(survey(FAULTS / "bug-epoch.csv").column("created_at").short) == ("epoch",)


def test_formulas_without_a_result_are_named():
    with pytest.raises(DiscretionError) as error:
        open_table(FAULTS / "bug-formula.xlsx")
    assert "40 formulas on sheet" in error.value.what
    assert "the first in cell D2" in error.value.what
