"""Endpoints that ask a server on loopback, and a prompt to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from discretion.budgets import Spending
from discretion.core.arms import Choices, Decoding, Message, Prompt
from discretion.models.endpoint import Endpoint
from discretion.models.endpoint_settings import read_endpoint_settings
from discretion.models.openai import OpenAIDialect
from discretion.models.probing import Probe
from servers.shapes import MODEL

Outcome = TypeVar("Outcome")

PROMPT = Prompt(
    (Message("system", "Decide the case."), Message("user", "A coat on day 15. grant or refuse?")),
    Choices("grant/refuse", ("grant", "Grant", "GRANT"), ("refuse", "Refuse", "REFUSE"), True),
)
PROBED = Probe(model=MODEL, build="fp_1", logprobs=20, choices=2)
NEVER_LOGPROBS = Probe(model=MODEL, build="fp_1", logprobs=0, choices=1)


class Naps:
    """Stands in for sleeping: notes for how long, and wakes at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def endpoint(
    url: str,
    *,
    probed: Probe | None = PROBED,
    dialect: Any = None,
    naps: Naps | None = None,
    **settings: Any,
) -> Endpoint:
    base = url if dialect else f"{url}/v1"
    given = {"base_url": base, "model": "gpt-x", **settings}
    return Endpoint(
        "bot",
        read_endpoint_settings("bot", given),
        dialect or OpenAIDialect(),
        probed=probed,
        sleep=naps or Naps(),
    )


def during(
    one: Endpoint,
    work: Callable[[], Coroutine[Any, Any, Outcome]],
    spending: Spending | None = None,
) -> Outcome:
    """What `work` gives while the endpoint is open."""

    async def run() -> Outcome:
        await one.open(spending or Spending())
        try:
            return await work()
        finally:
            await one.close()

    return asyncio.run(run())


def score(one: Endpoint, prompt: Prompt = PROMPT, spending: Spending | None = None) -> Any:
    return during(one, lambda: one.score([prompt]), spending)[0]


def write(
    one: Endpoint, prompt: Prompt = PROMPT, spending: Spending | None = None, **decoding: Any
) -> Any:
    return during(one, lambda: one.generate([prompt], Decoding(**decoding), [0]), spending)[0]
