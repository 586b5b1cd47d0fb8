"""Probing: what an endpoint supports, found by asking it once."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from discretion.core.arms import Message
from discretion.models.reply_gate import not_log_probabilities, usable
from discretion.models.retry import MishapError
from discretion.models.wire import Reply, WireRequest

SYSTEM = Message("system", "You answer in one word.")
USER = Message("user", "Is ice cold? Answer yes or no.")
"""What a probe asks. No text of the workspace is in it."""

DIGIT = Message("user", "Name one digit from 0 to 9 at random. Answer with the digit alone.")
"""What is drawn many times and scored once, to compare both. It has many likely answers."""
DRAWS = 24
"""Draws that are compared with a score."""
CHANCE = 0.001
"""Draws that differ from a score so much by chance are so rare; they are called different."""

FEW = 5
"""First tokens that a server is asked for where it refuses to give as many as are wanted."""
LEAST = 16
"""Tokens that an answer is given at least where a server refuses to write only one."""

_NOT_THE_OPTIONS = frozenset({401, 402, 408, 429})
"""Statuses that say nothing about the options of a request: every request would meet them."""
_THE_REQUEST = frozenset({200, 400, 413, 422})
"""Statuses by which a server refuses what a request says, so that another may be taken."""


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
    top_p: bool = False
    """It takes ``top_p``, so that 1 is sent. Probes of version 0.1 did not try."""
    least_tokens: int = 1
    """Tokens that a score has to leave room for."""

    @property
    def identity(self) -> dict[str, Any]:
        """As JSON; part of the endpoint's fingerprint."""
        # Written out, since every answer's key rests on it. What came later stands here only where
        # it is set: answers that were asked for in the same way stay known.
        identity: dict[str, Any] = {
            "model": self.model,
            "build": self.build,
            "logprobs": self.logprobs,
            "choices": self.choices,
            "refused": list(self.refused),
            "modern_limit": self.modern_limit,
        }
        if self.top_p:
            identity["top_p"] = True
        if self.least_tokens > 1:
            identity["least_tokens"] = self.least_tokens
        return identity


def probe_from_json(body: dict[str, Any]) -> Probe:
    return Probe(**{**body, "refused": tuple(body["refused"])})


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe found, and what has to be said beside it."""

    probe: Probe
    remark: str = ""
    """Why log-probabilities that came are not used; empty where nothing is wrong with them."""


async def probe(
    ask: Callable[[WireRequest], Awaitable[Reply]],
    options: Sequence[str],
    *,
    top_logprobs: int,
    max_tokens: int,
    modern_limit: bool,
) -> ProbeResult:
    """Ask once with every option; where that is refused, once without, and once more for each.

    An option is kept where the server takes it beside those that it took before, so that what is
    asked in the end was tried as it is. Any status that goes away with the bare request is about
    an option.

    Args:
        max_tokens: the limit that scoring uses.

    Raises:
        MishapError: it answers not even the plain request.
    """
    bare = WireRequest((USER,), max_tokens, modern_limit=modern_limit)
    adds: dict[str, Callable[[WireRequest], WireRequest]] = {
        "logprobs": lambda q: replace(q, top_logprobs=top_logprobs),
        "choices": lambda q: replace(q, choices=2),
        "seed": lambda q: replace(q, seed=1),
        "temperature": lambda q: replace(q, temperature=1.0),
        "system": lambda q: replace(q, messages=(SYSTEM, USER)),
        "top_p": lambda q: replace(q, top_p=1.0),
    }
    wanted = [option for option in options if option != "logprobs" or top_logprobs]
    full = bare
    for option in wanted:
        full = adds[option](full)
    try:
        return _found([await ask(full)], (), full)
    except MishapError as mishap:
        if not _about_options(mishap):
            raise
    replies, taken = await _plainest(ask, bare)
    refused = []
    for option in wanted:
        forms = [adds[option](taken)]
        if option == "logprobs" and top_logprobs > FEW:
            forms.append(replace(taken, top_logprobs=FEW))
        for form in forms:
            try:
                replies.append(await ask(form))
                taken = form
                break
            except MishapError as mishap:
                if not _about_options(mishap):
                    raise
        else:
            refused.append(option)
    return _found(replies, tuple(refused), taken)


async def _plainest(
    ask: Callable[[WireRequest], Awaitable[Reply]], bare: WireRequest
) -> tuple[list[Reply], WireRequest]:
    """The reply to the first plain request that the server takes, and that request: some want
    the other limit of tokens, or room for more of them."""
    # More room is tried before the other name, which a server that does not know it may ignore.
    rooms = dict.fromkeys((bare.max_tokens, max(LEAST, bare.max_tokens)))
    forms = [
        replace(bare, max_tokens=room, modern_limit=modern)
        for modern in (bare.modern_limit, not bare.modern_limit)
        for room in rooms
    ]
    first: MishapError | None = None
    for form in forms:
        try:
            return [await ask(form)], form
        except MishapError as mishap:
            if mishap.status not in _THE_REQUEST:
                raise
            first = first or mishap
    assert first is not None
    raise first


@dataclass(frozen=True, slots=True)
class Comparison:
    """How often a server's draws begin as its log-probabilities say that they should."""

    token: str
    """The likeliest beginning."""
    p: float
    """Its probability by the log-probabilities."""
    drawn: int
    """Draws that began with it."""
    draws: int
    repeats: bool = False
    """Ids of replies came more than once, so that they may be one draw shown again."""

    @property
    def differs(self) -> bool:
        """Whether chance hardly explains it: an exact two-sided binomial test."""
        ways = [
            math.comb(self.draws, k) * self.p**k * (1 - self.p) ** (self.draws - k)
            for k in range(self.draws + 1)
        ]
        as_rare = sum(way for way in ways if way <= ways[self.drawn] * (1 + 1e-9))
        return as_rare < CHANCE

    @property
    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"differs": self.differs}


async def compare_draws(
    ask: Callable[[WireRequest], Awaitable[Reply]], scored: WireRequest
) -> Comparison | None:
    """Score a question once and draw its answer many times; None where no score came.

    Args:
        scored: how a score is asked for; its messages are replaced.

    Raises:
        MishapError: the server does not answer.
    """
    scored = replace(scored, messages=(DIGIT,), purpose="probe")
    top = (await ask(scored)).top or ()
    if not top or not_log_probabilities(top):
        return None
    masses: dict[str, float] = {}
    for token, log in usable(top):
        masses[token.strip()] = masses.get(token.strip(), 0.0) + math.exp(log)
    masses.pop("", None)
    if not masses:
        return None
    likeliest = max(masses, key=lambda token: masses[token])
    forms = (replace(scored, top_logprobs=0, seed=seed) for seed in range(DRAWS))
    if scored.seed is None:
        forms = (replace(form, seed=None) for form in forms)
    replies = await asyncio.gather(*map(ask, forms))
    ids = [reply.id for reply in replies if reply.id]
    return Comparison(
        token=likeliest,
        p=min(1.0, masses[likeliest]),
        drawn=sum(reply.text.strip().startswith(likeliest) for reply in replies),
        draws=len(replies),
        repeats=len(set(ids)) < len(ids),
    )


def _about_options(mishap: MishapError) -> bool:
    return mishap.status is not None and mishap.status not in _NOT_THE_OPTIONS


def _found(replies: Sequence[Reply], refused: tuple[str, ...], taken: WireRequest) -> ProbeResult:
    wrong = ""
    counts = [0]
    for reply in replies:
        problem = not_log_probabilities(reply.top or ())
        if problem is None:
            counts.append(len(usable(reply.top or ())))
        wrong = problem or wrong
    return ProbeResult(
        Probe(
            model=replies[0].model,
            build=replies[0].build,
            logprobs=0 if wrong else max(counts),
            choices=max(reply.choices for reply in replies),
            refused=refused,
            modern_limit=taken.modern_limit,
            top_p=taken.top_p is not None,
            least_tokens=max(1, min(taken.max_tokens, LEAST)) if taken.top_logprobs else 1,
        ),
        wrong,
    )
