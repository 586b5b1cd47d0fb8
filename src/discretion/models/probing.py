"""Probing: what an endpoint supports, found by asking it once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from discretion.arms import Message
from discretion.models.retry import MishapError
from discretion.models.wire import Question, Reply

SYSTEM = Message("system", "You answer in one word.")
USER = Message("user", "Is ice cold? Answer yes or no.")
"""What a probe asks. No text of the workspace is in it."""

FEW = 5
"""First tokens that a server is asked for where it refuses to give as many as are wanted."""

_NOT_THE_OPTIONS = frozenset({401, 402, 403, 404, 408, 429})
"""Statuses that say nothing about the options of a request."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a server supports, and what it says of itself."""

    model: str
    """The model's name in the server's own words; empty where it gives none."""
    build: str
    """The server's fingerprint of what it runs; empty where it gives none."""
    logprobs: int
    """How many first tokens came back with their probabilities."""
    choices: int
    """How many answers one call gave when two were asked for."""
    refused: tuple[str, ...] = ()
    """Options that it refuses; what is not refused may still be ignored."""
    modern_limit: bool = False
    """It wants ``max_completion_tokens``."""

    @property
    def identity(self) -> dict[str, Any]:
        """As JSON; part of the endpoint's fingerprint."""
        # Written out, since every answer's key rests on it: what a later version finds out besides
        # stands here only where it is set.
        return {
            "model": self.model,
            "build": self.build,
            "logprobs": self.logprobs,
            "choices": self.choices,
            "refused": list(self.refused),
            "modern_limit": self.modern_limit,
        }


def probe_from_json(body: dict[str, Any]) -> Probe:
    return Probe(**{**body, "refused": tuple(body["refused"])})


async def probe(
    ask: Callable[[Question], Awaitable[Reply]],
    options: Sequence[str],
    *,
    top_logprobs: int,
    max_tokens: int,
    modern_limit: bool,
) -> Probe:
    """Ask once with every option; where that is refused, once without and once with each.

    Raises:
        MishapError: it answers not even the plain request.
    """
    bare = Question((USER,), max_tokens, modern_limit=modern_limit)
    adds: dict[str, Callable[[Question], Question]] = {
        "logprobs": lambda q: replace(q, top_logprobs=top_logprobs),
        "choices": lambda q: replace(q, choices=2),
        "seed": lambda q: replace(q, seed=1),
        "temperature": lambda q: replace(q, temperature=1.0),
        "system": lambda q: replace(q, messages=(SYSTEM, USER)),
    }
    wanted = [option for option in options if option != "logprobs" or top_logprobs]
    full = bare
    for option in wanted:
        full = adds[option](full)
    try:
        return _found([await ask(full)], (), full.modern_limit)
    except MishapError as mishap:
        if not _about_options(mishap):
            raise
    try:
        replies = [await ask(bare)]
    except MishapError as mishap:
        if not _about_options(mishap):
            raise
        bare = replace(bare, modern_limit=not bare.modern_limit)
        replies = [await ask(bare)]
    refused = []
    for option in wanted:
        forms = [adds[option](bare)]
        if option == "logprobs" and top_logprobs > FEW:
            forms.append(replace(bare, top_logprobs=FEW))
        for form in forms:
            try:
                replies.append(await ask(form))
                break
            except MishapError as mishap:
                if not _about_options(mishap):
                    raise
        else:
            refused.append(option)
    return _found(replies, tuple(refused), bare.modern_limit)


def _about_options(mishap: MishapError) -> bool:
    return mishap.status is not None and mishap.status not in _NOT_THE_OPTIONS


def _found(replies: Sequence[Reply], refused: tuple[str, ...], modern_limit: bool) -> Probe:
    return Probe(
        model=replies[0].model,
        build=replies[0].build,
        logprobs=max(len(reply.top or ()) for reply in replies),
        choices=max(reply.choices for reply in replies),
        refused=refused,
        modern_limit=modern_limit,
    )
