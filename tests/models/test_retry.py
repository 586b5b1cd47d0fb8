"""Trying again: pauses that double, spread, and obey the server."""

from __future__ import annotations

import asyncio

import pytest

from discretion.models.retry import LONGEST_S, MishapError, Retries, pause, retry_after

from .endpoints_at_hand import Naps


def test_pauses_double_up_to_a_longest() -> None:
    assert [pause(number, None, 1.0) for number in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert pause(50, None, 1.0) == LONGEST_S


def test_pauses_are_spread_over_half_their_length() -> None:
    assert (pause(3, None, 0.0), pause(3, None, 1.0)) == (1.0, 2.0)


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.999])
def test_a_pause_is_never_shorter_than_what_the_server_asks_for(fraction: float) -> None:
    assert 12 <= pause(2, 12.0, fraction) < 13


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:09 GMT"}, None),
        (
            {
                "retry-after": "Mon, 23 Nov 2026 10:00:09 GMT",
                "date": "Mon, 23 Nov 2026 10:00:00 GMT",
            },
            9.0,
        ),
    ],
)
def test_a_server_asks_in_seconds_or_by_a_date_on_its_own_clock(headers, seconds) -> None:
    assert retry_after(headers) == seconds


def run(retries: Retries, *outcomes: str | MishapError) -> str:
    left = list(outcomes)

    async def attempt() -> str:
        outcome = left.pop(0)
        if isinstance(outcome, MishapError):
            raise outcome
        return outcome

    return asyncio.run(retries.run(attempt, "seed"))


def test_what_passes_is_tried_until_it_works() -> None:
    naps = Naps()
    passing = MishapError("limits", passes=True)
    assert run(Retries(6, naps), passing, passing, "done") == "done"
    assert len(naps.seconds) == 2


def test_what_does_not_pass_is_tried_once() -> None:
    naps = Naps()
    with pytest.raises(MishapError, match=r"^wrong$"):
        run(Retries(6, naps), MishapError("wrong"), "done")
    assert naps.seconds == []


def test_after_the_last_attempt_it_is_said_how_often_it_was_tried() -> None:
    passing = MishapError("limits", passes=True, status=429)
    with pytest.raises(MishapError, match=r"^limits \(tried 2 times\)$") as caught:
        run(Retries(2, Naps()), passing, passing, "done")
    assert caught.value.status == 429
