import pytest

from discretion.importing.dates import formats_of


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
