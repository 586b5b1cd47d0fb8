"""Trying again: which mishaps may pass, and how long to wait before the next attempt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from discretion.canonical import fraction_of

FIRST_S = 0.5
LONGEST_S = 60.0
"""The longest pause of our own making."""
PATIENCE_S = 600.0
"""The longest pause that a server may ask for."""

Result = TypeVar("Result")


class MishapError(Exception):
    """One attempt at a call that came to nothing."""

    def __init__(
        self,
        what: str,
        *,
        said: str = "",
        passes: bool = False,
        after: float | None = None,
        status: int | None = None,
        arrived: bool = False,
        fix: str = "",
        for_all: bool = False,
    ) -> None:
        super().__init__(what)
        self.what = what
        """One clause of our own; it never quotes the server or the case."""
        self.said = said
        """The server's own words, without secrets; they may quote the case."""
        self.passes = passes
        """Trying again can help."""
        self.after = after
        """Seconds that the server asks to wait; None where it says nothing."""
        self.status = status
        """The HTTP status; None where there was no answer."""
        self.arrived = arrived
        """The server may have done the work, and charge for it."""
        self.fix = fix
        """What to do about it; empty where nothing special can be said."""
        self.for_all = for_all
        """Every other call would come to the same: its key, or the account, is at an end."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is tried, and how long to wait in between."""

    attempts: int
    sleep: Callable[[float], Awaitable[None]]

    async def run(self, attempt: Callable[[], Awaitable[Result]], seed: object) -> Result:
        """Its result; the last mishap where every attempt ends in one, or where one will not
        pass."""
        for number in range(1, self.attempts + 1):
            try:
                return await attempt()
            except MishapError as mishap:
                last = number == self.attempts
                if not mishap.passes or last or (mishap.after or 0) > PATIENCE_S:
                    raise _told(mishap, number) from mishap
                await self.sleep(pause(number, mishap.after, fraction_of((seed, number))))
        raise AssertionError("at least one attempt is made")


def pause(attempt: int, after: float | None, fraction: float) -> float:
    """Seconds to wait after an attempt, counted from 1.

    Doubling, and drawn from its upper half, so that calls that failed together do not come back
    together; never less than what the server asks for.
    """
    longest: float = min(LONGEST_S, FIRST_S * 2 ** (attempt - 1))
    own = longest * (1 + fraction) / 2
    return own if after is None else after + own - longest / 2


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait: given as a number, or as a date, which is compared
    with the server's own clock, since ours may differ. None where it asks for nothing that can
    be read."""
    asked = headers.get("retry-after", "").strip()
    try:
        seconds = float(asked)
    except ValueError:
        try:
            then = parsedate_to_datetime(asked)
            now = parsedate_to_datetime(headers.get("date", ""))
            seconds = (then - now).total_seconds()
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if seconds == seconds else None


def _told(mishap: MishapError, attempts: int) -> MishapError:
    if not mishap.passes:
        return mishap
    for_all = (mishap.after or 0) > PATIENCE_S
    if for_all:
        what = f"{mishap.what}, and asks to wait {mishap.after:.0f} s"
    else:
        times = "once" if attempts == 1 else f"{attempts} times"
        what = f"{mishap.what} (tried {times})"
    return MishapError(
        what,
        said=mishap.said,
        passes=True,
        status=mishap.status,
        fix="try again after that" if for_all else mishap.fix,
        for_all=for_all,
    )
