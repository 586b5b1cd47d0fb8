"""Instants: dates and times from many hands, on one line."""

from __future__ import annotations

import pytest

from discretion.errors import DiscretionError
from discretion.timestamps import parse_timestamp


def test_a_day_is_its_first_moment_in_utc():
    assert (
        parse_timestamp("2026-03-01")
        == parse_timestamp("2026-03-01T00:00:00Z")
        == parse_timestamp("2026-03-01T00:00")
    )


def test_moments_are_compared_across_time_zones():
    assert parse_timestamp("2026-03-01T09:30+02:00") == parse_timestamp("2026-03-01T07:30")
    assert parse_timestamp("2026-03-01T00:30+02:00") < parse_timestamp("2026-03-01")


@pytest.mark.parametrize("written", ["", "yesterday", "2026-13-01", "01.03.2026"])
def test_what_is_no_date_is_said(written):
    with pytest.raises(DiscretionError, match="is no date; write it like 2026-03-01"):
        parse_timestamp(written)
