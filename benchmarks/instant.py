"""What the benchmarks ask: cases of a usual length, and a model that answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from discretion.core.arms import Ask, CallFailed, Decoding, Prompt, Scored, Written
from discretion.core.cases import Case
from discretion.core.policies import Policy
from discretion.core.prompted import PromptedArm

POLICY = Policy(
    id="returns",
    rule="Items can be returned within 14 days of delivery, unused and with their receipt.",
    purpose="Returns are for goods that disappoint, not for goods that have been used.",
)

TEXT = (
    "A customer writes on day {day} after delivery and asks to return a kettle that was bought "
    "for a birthday. It is unused and in its box, and the receipt is there. The customer says "
    "that the birthday was moved because of an illness in the family, and asks whether the shop "
    "would make an exception this once. Order {number}."
)


@dataclass(frozen=True)
class Instant:
    """A model that answers every prompt at once."""

    answered: Callable[[], object] = object
    """Called after each answer."""
    name: str = "instant"
    fingerprint: str = "instant-1"
    reads_twin: bool = False
    scores: bool = True
    batch: int = 1

    async def score(self, prompts: Sequence[Prompt]) -> Sequence[Scored | CallFailed]:
        # Let the other calls in flight have their turn, as any model does that really waits.
        await asyncio.sleep(0)
        replies = [Scored(-0.4, -1.2, 0.03, _shown(prompt), 160, 0.0) for prompt in prompts]
        self.answered()
        return replies

    async def generate(
        self, prompts: Sequence[Prompt], decoding: Decoding, samples: Sequence[int]
    ) -> Sequence[Written | CallFailed]:
        await asyncio.sleep(0)
        return [
            Written(words[sample % 3 == 0], _shown(prompt), 160, 1, 0.0)
            for prompt, sample in zip(prompts, samples, strict=True)
            for words in [(prompt.choices.grant[0], prompt.choices.refuse[0])]
        ]


def _shown(prompt: Prompt) -> str:
    return "\n\n".join(message.content for message in prompt.messages)


class OneCall(PromptedArm):
    """A prompted arm that asks each case in one order of the answers only, as the peers do."""

    def _asks(self, case: Case) -> list[Ask]:
        return super()._asks(case)[:1]


def cases(count: int) -> list[Case]:
    return [
        Case(
            id=f"{number:016x}",
            policy=POLICY.id,
            scenario=f"returns-{number % 20}",
            text=TEXT.format(day=15 + number % 60, number=number),
        )
        for number in range(count)
    ]
