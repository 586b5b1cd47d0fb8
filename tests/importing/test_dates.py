from datetime import UTC, datetime

import pytest

from discretion.importing.dates import elapsed, formats_of, iso_moment, moment_in


@pytest.mark.parametrize(
    ("cells", "formats"),
    [
        (["31.03.2026", "01.04.2026"], ["%d.%m.%Y"]),
        (["2026-03-31", "2026-03-31T12:05:00", "", "soon"], []),
        (["03/31/2026", "04/01/2026"], ["%m/%d/%Y"]),
        (["31/03/2026 14:05", "01/04/2026 09:00"], ["%d/%m/%Y %H:%M"]),
        (["2026-03-31", "31.03.2026", "Mar 31 2026"], ["%d.%m.%Y", "%b %d %Y"]),
    ],
)
def test_the_formats_of_a_column_are_found_from_all_its_cells(cells, formats):
    assert sorted(formats_of(cells)) == sorted(formats)


def test_formats_that_cannot_be_told_apart_are_both_named():
    assert set(formats_of(["03/04/2026", "01/02/2026"])) == {"%m/%d/%Y", "%d/%m/%Y"}


@pytest.mark.parametrize(
    "cell",
    ["2026-03-01 10:00:00 UTC", "2026-03-01T10:00:00Z", "2026-03-01 10:00:00 +0000",
     "2026-03-01 10:00:00 GMT", "2026-03-01 12:00:00+02:00"],
)  # fmt: skip
def test_zones_behind_times_are_read(cell):
    assert formats_of([cell]) == ()
    assert iso_moment(cell) == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_zones_behind_other_formats_are_read_too():
    assert formats_of(["31.03.2026 10:00 UTC"]) == ("%d.%m.%Y %H:%M",)
    assert moment_in("31.03.2026 10:00 UTC", "%d.%m.%Y %H:%M") == datetime(
        2026, 3, 31, 10, tzinfo=UTC
    )


def test_seconds_and_milliseconds_since_1970_are_proposed_and_read():
    assert formats_of(["1711888000", "1712665600"]) == ("epoch",)
    assert formats_of(["1711888000123"]) == ("epoch-ms",)
    assert moment_in("1711888000", "epoch") == moment_in("1711888000000", "epoch-ms")
    assert formats_of(["12345", "9999999999"]) == ()


def test_which_dates_a_rule_about_days_may_lie_between():
    columns = {
        "asked": ["05.04.2026", "20.04.2026", "01.05.2026"],
        "bought": ["01.04.2026", "02.04.2026", "28.04.2026"],
        "note": ["a", "b", "c"],
        "born": ["01.01.1980", "02.02.1990", "03.03.1970"],
    }
    assert elapsed(columns) == ("asked", "bought")
    assert elapsed({"a": ["x"], "b": ["y"]}) is None
