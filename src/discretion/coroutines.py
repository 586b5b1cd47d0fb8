"""Coroutines from plain functions: run to the end, also where an event loop is running already."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_sync(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine returns; in a thread of its own where a loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _raise_first(work)
    returned: list[Result] = []
    failed: list[BaseException] = []
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Result]]] = []

    async def stoppable() -> Result:
        begun.append((asyncio.get_running_loop(), asyncio.create_task(work)))
        return await begun[0][1]

    def in_thread() -> None:
        try:
            returned.append(_raise_first(stoppable()))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=in_thread, name="discretion-coroutine")
    thread.start()
    try:
        thread.join()
    except BaseException:
        for loop, task in begun:
            with suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(task.cancel)
        thread.join()
        raise
    if failed:
        raise failed[0]
    return returned[0]


def _raise_first(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it, and raise what went wrong first by itself, not in a group."""
    try:
        return asyncio.run(work)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
