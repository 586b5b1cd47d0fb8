"""A model that says what a test tells it to, and notes what it was asked."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal

from discretion.core.arms import CallFailed, Decoding, Prompt, Scored, Written
from discretion.core.cases import Case, CaseSet
from discretion.core.policies import Policy
from discretion.core.prompted import PromptedArm
from discretion.methods import method

POLICY = Policy(id="returns", rule="Goods may be returned within 14 days.", domain="retail")

Reply = float | str | CallFailed | Scored | BaseException
"""A probability where it is asked for a score, a text where it is to write; an exception is
raised, and fails the whole batch that it comes up in."""


class StandIn:
    """A `Model` in memory: it gives what was enqueued, then what `otherwise` says."""

    def __init__(
        self,
        *,
        scores: bool = True,
        otherwise: Callable[[Prompt], Reply] | None = None,
        batch: int = 1,
        seconds: float = 0.0,
        name: str = "model",
        fingerprint: str = "stand-in",
        reads_twin: bool = False,
    ) -> None:
        self.name, self.fingerprint, self.reads_twin = name, fingerprint, reads_twin
        self.scores, self.batch, self.seconds = scores, batch, seconds
        self.otherwise = otherwise or (lambda prompt: 0.5 if scores else prompt.choices.grant[0])
        self.waiting: deque[Reply] = deque()
        self.asked: list[Prompt] = []
        self.draws: list[int] = []
        """The sample index of each text that was asked for."""
        self.at_once = self.most_at_once = 0
        """Batches under way: now, and the most there ever were."""

    def enqueue(self, *replies: Reply) -> None:
        self.waiting += replies

    async def score(self, prompts: Sequence[Prompt]) -> list[Scored | CallFailed]:
        return [self._scored(reply) for reply in await self._replies(prompts)]

    async def generate(
        self, prompts: Sequence[Prompt], decoding: Decoding, samples: Sequence[int]
    ) -> list[Written | CallFailed]:
        self.draws += samples
        replies = await self._replies(prompts)
        return [
            reply if isinstance(reply, CallFailed) else Written(str(reply), "as seen", 3, 5, 0.25)
            for reply in replies
        ]

    async def _replies(self, prompts: Sequence[Prompt]) -> list[Reply]:
        self.asked += prompts
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            return [self._next(prompt) for prompt in prompts]
        finally:
            self.at_once -= 1

    def _next(self, prompt: Prompt) -> Reply:
        reply = self.waiting.popleft() if self.waiting else self.otherwise(prompt)
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def _scored(self, reply: Reply) -> Scored | CallFailed:
        if isinstance(reply, CallFailed | Scored):
            return reply
        p = float(reply)
        return Scored(math.log(p), math.log1p(-p), 0.0, "as seen", 3, 0.25)


def arm(model: StandIn, name: str = "direct", *, decoding: Decoding | None = None, **more):
    return PromptedArm(
        model, method(name), {"returns": POLICY}, decoding or Decoding(samples=4), **more
    )


def case(number: int, **more) -> Case:
    made = {
        "id": f"case-{number}",
        "policy": "returns",
        "scenario": f"scenario-{number % 6}",
        "domain": "retail",
        "text": f"Customer {number} brings a coat back on day {14 + number}.",
        "value": Decimal(14 + number),
        "limit": Decimal(14),
        "scale": Decimal(14),
        "unit": "days",
        "pair": f"pair-{number}",
    }
    return Case(**{**made, **more})


def case_set(count: int) -> CaseSet:
    return CaseSet(tuple(case(number) for number in range(1, count + 1)), {"returns": POLICY})


def by_case(run, name="model/direct"):
    """An arm's grant probability by case."""
    return {case: estimate.p for case, estimate in run.estimates()[name].items()}


def told(error):
    """The sentence of an error that pytest caught."""
    return str(error.value)
