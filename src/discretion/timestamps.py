"""Instants: dates and times as judgments carry them, made comparable."""

from __future__ import annotations

from datetime import UTC, datetime

from discretion.errors import DiscretionError


def parse_timestamp(written: str) -> datetime:
    """The moment that an ISO 8601 date or time names: a day is its first moment, and what names no
    time zone is taken to be in UTC.

    Raises:
        DiscretionError: it is none.
    """
    try:
        read = datetime.fromisoformat(written.strip())
    except ValueError:
        raise DiscretionError(
            f"{written!r} is no date", fix="write it like 2026-03-01, or 2026-03-01T09:30"
        ) from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
