"""Limits: how many at once, how many a minute."""

from __future__ import annotations

import asyncio

from discretion.models.limits import Limits


def test_no_more_are_under_way_than_allowed() -> None:
    most = now = 0

    async def call(limits: Limits) -> None:
        nonlocal most, now
        async with limits.turn():
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.001)
            now -= 1

    async def run() -> None:
        limits = Limits(3, None)
        await asyncio.gather(*(call(limits) for _ in range(12)))

    asyncio.run(run())
    assert most == 3


def begins(per_minute: float | None, calls: int, hold: float = 0.0) -> list[float]:
    """When each of several calls may begin, seconds from now, by a clock that stands still."""
    waits: list[float] = []

    async def run() -> None:
        begun = asyncio.get_running_loop().time()

        async def sleep(seconds: float) -> None:
            waits.append(seconds + asyncio.get_running_loop().time() - begun)

        limits = Limits(100, per_minute, sleep)
        if hold:
            limits.hold(hold)
        for _ in range(calls):
            async with limits.turn():
                pass

    asyncio.run(run())
    return waits


def test_calls_of_a_minute_are_spread_over_it() -> None:
    assert [round(wait) for wait in begins(6, 4)] == [10, 20, 30]


def test_without_a_rate_nobody_waits() -> None:
    assert begins(None, 5) == []


def test_a_server_that_asks_one_caller_to_wait_means_all() -> None:
    assert [round(wait) for wait in begins(None, 3, hold=20)] == [20, 20, 20]
