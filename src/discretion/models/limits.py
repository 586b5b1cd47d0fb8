"""Limits: how many calls are under way at once, and how many begin in a minute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


class Limits:
    """What one endpoint is not to be asked beyond. Belongs to one event loop."""

    def __init__(
        self,
        in_flight: int,
        per_minute: float | None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._places = asyncio.Semaphore(in_flight)
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._sleep = sleep

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place, and for the moment at which the next call may begin."""
        async with self._places:
            now = asyncio.get_running_loop().time()
            begin = max(now, self._next)
            self._next = begin + self._gap
            if begin > now:
                await self._sleep(begin - now)
            yield

    def hold(self, seconds: float) -> None:
        """Let no call begin for so long: a server that asks one caller to wait means all."""
        self._next = max(self._next, asyncio.get_running_loop().time() + seconds)
