"""The arm of an agent: asked as it runs, one draw a call, and read by a table of words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from discretion.budgets import Spending, Usage
from discretion.canonical import digest
from discretion.core.answers import Answer, Failure
from discretion.core.arms import Call, Choices, Message, Prompt
from discretion.core.cases import Case
from discretion.core.policies import Policy
from discretion.errors import DiscretionError, StoppedError
from discretion.models.agents.code import Code
from discretion.models.agents.decisions import UnreadError
from discretion.models.agents.settings import AgentSettings, CommandSettings
from discretion.models.agents.slots import encoded, fill, sheet
from discretion.models.limits import Limits
from discretion.models.retry import PATIENCE_S, MishapError, Retries

AS_IS = "as-is"
"""What stands in place of a method: the agent's own way."""
READING_VERSION = 1
"""Raised when requests are made or replies are read in another way, so that old answers are not
used again."""
_KEPT = 20_000
"""Characters of a reply that are kept."""


class Runner(Protocol):
    """What carries a request to an agent and brings its reply."""

    async def ask(self, sent: str) -> str: ...

    async def close(self) -> None: ...

    def clean(self, text: str) -> str:
        """A text without secrets."""
        ...


@dataclass(frozen=True)
class Agent:
    """An agent as the settings describe it."""

    name: str
    settings: AgentSettings
    runner: Runner = field(repr=False)
    code: Code | None = None
    """What it would run on this machine; None where it runs elsewhere."""
    hash: str = ""
    """Of that code, as it was found; empty where it runs elsewhere."""
    barred: str = ""
    """Why it may not be asked yet; empty where it may."""
    place: str = ""
    """Where its answers come from, for the record."""


class AgentArm:
    """An agent asked as it runs. Belongs to one event loop between `open` and `close`."""

    batch = 1

    def __init__(
        self,
        agent: Agent,
        policies: Mapping[str, Policy],
        *,
        fresh: str = "",
        clock: Callable[[], str] = str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.agent, self._policies = agent, policies
        self._fresh, self._clock, self._sleep = fresh, clock, sleep
        settings = agent.settings
        self._reading = settings.reading
        words = settings.words
        granting, refusing = (
            tuple(word for word, meaning in words.items() if meaning == one)
            for one in ("grant", "refuse")
        )
        # It is not asked to choose: these are the words in which its own decision is read.
        self._choices = Choices("", granting, refusing, grant_first=True)
        self._retries = Retries(getattr(settings, "attempts", 1), sleep)
        self._begin(Spending())

    @property
    def name(self) -> str:
        return f"{self.agent.name}/{AS_IS}"

    @property
    def fingerprint(self) -> str:
        return digest((AS_IS, READING_VERSION, self.agent.settings.identity, self.agent.hash))

    async def open(self, spending: Spending) -> None:
        """Begin to pay from a budget.

        Raises:
            DiscretionError: its budget is in tokens, which an agent does not count.
        """
        if spending.budget is not None and spending.budget.unit == "tokens":
            raise DiscretionError(
                "an agent does not say how many tokens it uses",
                where=f"[models.{self.agent.name}]",
                fix="give the budget in calls, or set price_call and give it in money",
            )
        self._begin(spending)

    def _begin(self, spending: Spending) -> None:
        settings = self.agent.settings
        self._spending = spending
        self._limits = Limits(settings.max_in_flight, settings.requests_per_minute, self._sleep)

    async def close(self) -> None:
        await self.agent.runner.close()

    def calls(self, case: Case) -> Sequence[Call]:
        if case.text is None:
            return ()
        sent = self._sent(case)
        prompt = Prompt((Message("user", sent),), self._choices)
        made = digest((self.fingerprint, sent, self._fresh))
        return [
            Call(digest((made, draw)), case.id, prompt, draw)
            for draw in range(self.agent.settings.draws)
        ]

    async def ask(self, calls: Sequence[Call]) -> Sequence[Answer | Failure]:
        return await asyncio.gather(*(self._ask(call) for call in calls))

    def _sent(self, case: Case) -> str:
        settings, asked = self.agent.settings, sheet(case, self._policies[case.policy])
        if isinstance(settings, CommandSettings) and settings.input == "text":
            return _whole("\n\n".join(filter(None, (asked.texts["case"], asked.texts["facts"]))))
        wanted: Any = asked.mapping if settings.request is None else fill(settings.request, asked)
        return encoded(wanted)

    async def _ask(self, call: Call) -> Answer | Failure:
        agent = self.agent
        if agent.barred:
            raise DiscretionError(
                agent.barred,
                where=f"[models.{agent.name}]",
                fix=f"run: discretion models allow {agent.name}",
            )
        if call.prompt is None:
            raise TypeError("an agent was given a call without a request")
        sent = call.prompt.messages[0].content
        begun = time.perf_counter()
        try:
            reply = await self._retries.run(lambda: self._paid(sent), call.key)
        except MishapError as mishap:
            if mishap.for_all:
                raise StoppedError(
                    mishap.what + (f": {mishap.said}" if mishap.said else ""),
                    where=f"[models.{agent.name}]",
                    fix=f"{mishap.fix or 'repair the agent'}; what was answered is kept, and the "
                    "same command goes on from here",
                ) from mishap
            return Failure(call.key, call.case, mishap.what, self._kept(mishap.said))
        seconds = time.perf_counter() - begun
        try:
            decision = self._reading.read(reply)
        except UnreadError as unread:
            return Failure(call.key, call.case, unread.what, self._kept(unread.said))
        return Answer(
            call.key,
            call.case,
            float(decision == "grant"),
            "sampled",
            sample=call.sample,
            prompt=sent,
            text=self._kept(reply),
            seconds=seconds,
            at=self._clock(),
            served_by=agent.place,
            deferred=decision == "defer",
        )

    def _kept(self, text: str) -> str:
        return _whole(self.agent.runner.clean(text)[:_KEPT])

    async def _paid(self, sent: str) -> str:
        """One attempt; paid where it may have been answered."""
        price, where = self.agent.settings.price, f"[models.{self.agent.name}]"
        aside = await self._spending.take(Usage(0, 0), price, where, paid=True)
        cost: Usage | None = None
        try:
            reply = await self._attempt(sent)
            cost = Usage(0, 0)
        except MishapError as mishap:
            if mishap.arrived:
                cost = Usage(0, 0)
            raise
        finally:
            await self._spending.pay(aside, cost, price, where)
        return reply

    async def _attempt(self, sent: str) -> str:
        async with self._limits.turn():
            try:
                return await self.agent.runner.ask(sent)
            except MishapError as mishap:
                if mishap.after is not None and mishap.after <= PATIENCE_S:
                    self._limits.hold(mishap.after)
                raise


def _whole(text: str) -> str:
    """A text without halves of characters, which JSON can name and no file can hold."""
    return text.encode("utf-8", "replace").decode()
